import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { afterEach, expect, test } from 'vitest'
import { OverlayCore } from '../../src/core.js'
import { type Overlay, openOverlay } from '../../src/node/index.js'
import { network, otherNetwork, signerOf } from '../keys.js'

const open: Overlay[] = []
const openOne = async (number: number, options = {}): Promise<Overlay> => {
  const overlay = await openOverlay({ signer: signerOf(number), network, host: '127.0.0.1', port: 0, ...options })
  open.push(overlay)
  return overlay
}
async function pair(): Promise<readonly [Overlay, Overlay]> {
  const [a, b] = [await openOne(1), await openOne(2)]
  a.setAddress(b.peerId, b.address)
  b.onRequest(async (_, body) => body)
  return [a, b]
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((overlay) => overlay.close()))
})

test('messages of every size arrive with their sender; the receiver can answer without knowing an address', async () => {
  const [a, b] = await pair()
  const heard: number[] = []
  b.onMessage((from, bytes) => {
    expect(from).toBe(a.peerId)
    heard.push(bytes.length)
    b.send(from, bytes.subarray(0, 3))
  })
  const echoed: number[] = []
  a.onMessage((_, bytes) => echoed.push(bytes.length))
  const sizes = [0, 1, 1_180, 1_181, 9_440, 9_441, 1_048_576]
  for (const size of sizes) a.send(b.peerId, new Uint8Array(size))
  await expect.poll(() => echoed.length, { interval: 2 }).toBe(sizes.length)
  expect(heard.sort((x, y) => x - y)).toEqual(sizes)
  expect(b.addressOf(a.peerId)).toEqual(a.address)
  a.send(b.peerId, new Uint8Array(1_048_577))
  expect(a.counters().MESSAGE_TOO_LARGE).toBe(1)
})

test('a datagram that the core can not take is counted, and the next ones are read', async () => {
  const [a, b] = await pair()
  const step = OverlayCore.prototype.step
  let left = 1
  OverlayCore.prototype.step = function (...given) {
    if (given[0].type === 'datagram' && left-- > 0) throw new Error('a fault in the core')
    return step.apply(this, given)
  }
  try {
    expect(await a.request(b.peerId, new Uint8Array([7]))).toEqual(new Uint8Array([7]))
  } finally {
    OverlayCore.prototype.step = step
  }
  expect((a.counters().DATAGRAM_FAILED ?? 0) + (b.counters().DATAGRAM_FAILED ?? 0)).toBe(1)
})

test('a step of time that the core can not take is counted and told, and the next one comes', async () => {
  const told: unknown[] = []
  const a = await openOne(1, { log: (event: string, details: unknown) => told.push([event, details]) })
  const { step } = OverlayCore.prototype
  const fault = new Error('a fault in the core')
  let times = 0
  OverlayCore.prototype.step = function (...given) {
    if (given[0].type === 'time' && times++ === 0) throw fault
    return step.apply(this, given)
  }
  try {
    a.setAddress(signerOf(2).peerId, { host: '127.0.0.1', port: 9 })
    a.send(signerOf(2).peerId, new Uint8Array(1)) // dials, so that it wants to be woken
    await expect.poll(() => times).toBeGreaterThan(2)
  } finally {
    OverlayCore.prototype.step = step
  }
  expect(told).toEqual([['time-failed', { error: fault }]])
  expect(a.counters()).toMatchObject({ TIME_FAILED: 1 })
})

test('10 MB each way arrive whole, and a small request is not stuck behind them', async () => {
  const [a, b] = await pair()
  const body = new Uint8Array(randomBytes(10_000_000))
  let isOver = false
  const big = a.request(b.peerId, body).finally(() => {
    isOver = true
  })
  for (let i = 0; i < 2; i++) await a.request(b.peerId, new Uint8Array(1))
  expect(isOver).toBe(false)
  expect(Buffer.compare(await big, body)).toBe(0)
  expect(a.counters()).toMatchObject({ incomingBytes: 0, outgoingBytes: 0 })
})

test('many requests at once are answered each with its own reply', async () => {
  const [a, b] = await pair()
  const bodies = Array.from({ length: 60 }, (_, i) => new Uint8Array(i * 1_000).fill(i))
  const replies = await Promise.all(bodies.map((body) => a.request(b.peerId, body)))
  replies.forEach((reply, i) => {
    expect(reply).toEqual(bodies[i])
  })
})

test('a handler that throws, a time limit, an abort, a closed overlay: each has its code', async () => {
  const [a, b] = await pair()
  const logged: string[] = []
  const c = await openOne(3, { log: (event: string) => logged.push(event) })
  c.onRequest(async () => {
    throw new Error('secret words')
  })
  b.onRequest(() => new Promise(() => {}))
  a.setAddress(c.peerId, c.address)
  await expect(a.request(c.peerId, new Uint8Array(1))).rejects.toMatchObject({ code: 'REFUSED', message: 'REFUSED', retryable: false })
  expect(logged).toEqual(['handler-failed'])
  await expect(a.request(b.peerId, new Uint8Array(1), { timeoutMs: 50 })).rejects.toMatchObject({
    code: 'REQUEST_TIMEOUT',
    retryable: true,
  })
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 20)
  await expect(a.request(b.peerId, new Uint8Array(1), controller)).rejects.toMatchObject({ code: 'REQUEST_ABORTED' })
  await expect(a.request(b.peerId, new Uint8Array(1), controller)).rejects.toMatchObject({ code: 'REQUEST_ABORTED' })
  expect(() => a.setAddress(b.peerId, { host: 'localhost', port: 1 })).toThrow(expect.objectContaining({ code: 'ADDRESS_SYNTAX' }))
  const cut = a.request(b.peerId, new Uint8Array(1))
  await Promise.all([a.close(), expect(cut).rejects.toMatchObject({ code: 'CLOSED' })])
  await expect(a.request(b.peerId, new Uint8Array(1))).rejects.toMatchObject({ code: 'CLOSED' })
})

test('peers of different networks do not understand each other', async () => {
  const [a, b] = [await openOne(1), await openOne(2, { network: otherNetwork })]
  a.setAddress(b.peerId, b.address)
  b.onRequest(async (_, body) => body)
  await expect(a.request(b.peerId, new Uint8Array(1), { timeoutMs: 400 })).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' })
  await expect.poll(() => b.counters().HANDSHAKE_BROKEN).toBeGreaterThan(0)
})

test('10,000 hostile datagrams on the real socket, udx headers among them, and everything works after', async () => {
  const [a, b] = await pair()
  await a.request(b.peerId, new Uint8Array(1))
  const socket = createSocket('udp4')
  const noise = randomBytes(1_500)
  const [sizes, heads] = [
    [4, 5, 20, 40, 1_228, 1_300],
    [[], [0xff, 1, 0, 0], [0, 0, 0, 0]],
  ]
  for (let i = 0; i < 10_000; i++) {
    const bytes = Buffer.from(noise.subarray(i % 200, (i % 200) + (sizes[i % 6] ?? 0)))
    bytes.set(heads[i % 3] ?? [])
    if (bytes.length > 4) bytes[4] = i % 6
    await new Promise<unknown>((resolve) => socket.send(bytes, b.address.port, '127.0.0.1', resolve))
  }
  socket.close()
  const reply = await a.request(b.peerId, new Uint8Array(500))
  expect(reply.length).toBe(500)
  const counters = b.counters()
  expect((counters.DATAGRAM_MALFORMED ?? 0) + (counters.DATAGRAM_STRAY_BULK ?? 0)).toBeGreaterThan(1_000)
  expect(counters.sessions).toBeLessThan(70)
})

test('close lets go of port, timers and streams, at once and twice', async () => {
  const [a, b] = await pair()
  await a.request(b.peerId, new Uint8Array(100_000))
  const { address } = a
  const startedAt = performance.now()
  await Promise.all([a.close(), a.close(), b.close()])
  expect(performance.now() - startedAt).toBeLessThan(10_000) // it waits for no time limit of its own; the machines that test are busy
  expect((await openOne(1, { port: address.port })).address).toEqual(address)
})
