import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { type Overlay, openOverlay } from '../../src/node/index.js'
import { network, signerOf } from '../keys.js'

const children: ChildProcess[] = []
const overlays: Overlay[] = []
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(overlays.splice(0).map((overlay) => overlay.close()))
})

async function start(number: number, port = 0): Promise<{ child: ChildProcess; port: number }> {
  const script = fileURLToPath(new URL('child.mjs', import.meta.url))
  const child = spawn(process.execPath, [script, String(number), String(port)], { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  const [line] = await once(child.stdout as NonNullable<typeof child.stdout>, 'data')
  return { child, port: JSON.parse(String(line)).port }
}

test('kill -9 and restart within a second: requests succeed again well within a second, with no help from outside', async () => {
  const first = await start(7)
  const overlay = await openOverlay({ signer: signerOf(1), network, host: '127.0.0.1', port: 0 })
  overlays.push(overlay)
  const { peerId } = signerOf(7)
  overlay.setAddress(peerId, { host: '127.0.0.1', port: first.port })
  expect((await overlay.request(peerId, new Uint8Array(10))).length).toBe(10)
  const underWay = overlay.request(peerId, new Uint8Array(1)).catch(() => undefined)
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  const lost = overlay.request(peerId, new Uint8Array(10)).then(
    () => 'answered',
    (error) => error,
  )
  await start(7, first.port)
  const restartedAt = performance.now()
  let reply: Uint8Array | undefined
  while (reply === undefined) {
    reply = await overlay.request(peerId, new Uint8Array(20), { timeoutMs: 30_000 }).catch((error) => {
      if (!error.retryable) throw error
      return undefined
    })
  }
  expect(performance.now() - restartedAt).toBeLessThan(20_000) // generous: the machines that test are busy. No time limit had to end
  expect(reply.length).toBe(20)
  expect(await lost).toMatchObject({ code: 'REQUEST_FAILED', retryable: true })
  await underWay
})

test('a process ends by itself once its overlay is closed: nothing keeps it', async () => {
  const { child, port } = await start(8)
  const overlay = await openOverlay({ signer: signerOf(1), network, host: '127.0.0.1', port: 0 })
  overlays.push(overlay)
  const { peerId } = signerOf(8)
  overlay.setAddress(peerId, { host: '127.0.0.1', port })
  await overlay.request(peerId, new Uint8Array(100_000))
  const pending = overlay.request(peerId, new Uint8Array(1), { timeoutMs: 1_000 }).then(
    () => 'answered',
    (error) => error.code,
  )
  child.stdin?.destroy()
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  expect(['answered', 'REQUEST_FAILED', 'REQUEST_TIMEOUT']).toContain(await pending)
})
