import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'

const PROCESS = new URL('../devnet/process.mjs', import.meta.url).href
/** A child that lives until it is ended, and whoever connects to it sees that. */
const CHILD = `
const server = require('node:net').createServer((socket) => socket.on('error', () => {}).write('here'))
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ ready: server.address().port })))`
/** Starts it as networks do. */
const PARENT = `
import { ENDING_WITH_PARENT, startProcess } from '${PROCESS}'
const child = startProcess(process.execPath, [...ENDING_WITH_PARENT, '--eval', ${JSON.stringify(CHILD)}], 'child')
console.log(await child.ready)
setInterval(() => {}, 1000)`

test('a process of a local network ends when whoever started it is killed', async () => {
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', PARENT], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise<number>((found) => createInterface({ input: parent.stdout }).once('line', (line) => found(Number(line))))
  const socket = connect(port, '127.0.0.1')
  const closed = new Promise<void>((done) => socket.on('error', () => {}).on('close', () => done()))
  const [hello] = await once(socket, 'data')
  expect(String(hello)).toBe('here')
  parent.kill('SIGKILL')
  await closed
})
