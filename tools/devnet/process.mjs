import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** What ends takes part of a second where nothing else runs. */
const STOP_MS = 30_000

/** What makes a Node.js program end with whoever started it here: flags that stand before the program's own file. */
export const ENDING_WITH_PARENT = ['--import', new URL('end-with-parent.mjs', import.meta.url).href]

/**
 * Starts a child that says `{"ready": …}` on stdout once it works.
 * @returns {{ ready: Promise<any>, exited: Promise<number | string>, pid: number, stop: () => Promise<number | string> }}
 */
export function startProcess(program, words, name) {
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors = (errors + text).slice(-4000)
  })
  const exited = new Promise((done) => child.on('exit', (code, signal) => done(code ?? signal ?? 1)).on('error', () => done(1)))
  const ready = new Promise((done, failed) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{"ready"')) done(JSON.parse(line).ready)
    })
    void exited.then((code) => failed(new Error(`${name} ended with code ${code}${errors === '' ? '' : `:\n${errors.trim()}`}`)))
    child.on('error', failed)
  })
  ready.catch(() => {})
  const stop = async () => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    const code = await exited
    clearTimeout(timer)
    return code
  }
  return { ready, exited, pid: child.pid ?? 0, stop }
}
