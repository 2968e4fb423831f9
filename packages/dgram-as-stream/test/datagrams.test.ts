import UDX, { type UdxSocket } from 'udx-native'
import { afterEach, expect, test } from 'vitest'
import { bindDatagrams, type DatagramSocket } from '../src/index.js'

const open: DatagramSocket[] = []
const bind = async (options = {}): Promise<DatagramSocket> => {
  const socket = await bindDatagrams({ host: '127.0.0.1', port: 0, ...options })
  open.push(socket)
  return socket
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((socket) => socket.close()))
})

test('a datagram, and an array of them, arrive with their sender', async () => {
  const [a, b] = [await bind(), await bind()]
  const writer = a.writable.getWriter()
  await writer.write({ to: b.address, bytes: Uint8Array.of(1) })
  await writer.write([2, 3].map((byte) => ({ to: b.address, bytes: Uint8Array.of(byte) })))
  const reader = b.readable.getReader()
  for (const byte of [1, 2, 3]) {
    const { value } = await reader.read()
    expect([...(value?.bytes ?? [])]).toEqual([byte])
    expect(value?.from).toEqual(a.address)
  }
  expect(a.counters()).toMatchObject({ sent: 3, sendFailed: 0 })
  expect(b.receiveBufferBytes).toBeGreaterThan(100_000)
})

test('what the reader has no room for is dropped and counted', async () => {
  const [a, b] = [await bind(), await bind({ receiveQueueDatagrams: 4 })]
  const writer = a.writable.getWriter()
  await writer.write(Array.from({ length: 10 }, (_, i) => ({ to: b.address, bytes: Uint8Array.of(i) })))
  while (b.counters().received < 10) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(b.counters().droppedQueueFull).toBe(6)
  expect([...((await b.readable.getReader().read()).value?.bytes ?? [])]).toEqual([0])
})

test('a datagram that cannot be sent is counted, and the writable goes on', async () => {
  const [a, b] = [await bind(), await bind()]
  const writer = a.writable.getWriter()
  await writer.write({ to: { host: 'not-an-address', port: 9 }, bytes: Uint8Array.of(1) })
  await writer.write({ to: { host: '127.0.0.1', port: 0 }, bytes: Uint8Array.of(1) })
  await writer.write({ to: b.address, bytes: new Uint8Array(70_000) })
  await writer.write({ to: b.address, bytes: Uint8Array.of(7) })
  expect([...((await b.readable.getReader().read()).value?.bytes ?? [])]).toEqual([7])
  expect(a.counters()).toMatchObject({ sent: 1, sendFailed: 3 })
})

test.each([
  ['of the other family', '::1'],
  ['in more text than the system reads', '1111:2222:3333:4444:5555:6666:255.255.255.255%zone'],
  ['with a zone after more text than the system reads', '111:222:3333:4444:5555:6666:255.255.255.255%a'],
])('a thousand datagrams to an address %s are counted, and keep nothing', async (_, host) => {
  const { createSocket } = UDX.prototype
  let native: unknown
  UDX.prototype.createSocket = function (...given) {
    native = createSocket.apply(this, given)
    return native as UdxSocket
  }
  const a = await bind().finally(() => {
    UDX.prototype.createSocket = createSocket
  })
  const bytes = new Uint8Array(1_228)
  await a.writable.getWriter().write(Array.from({ length: 1_000 }, () => ({ to: { host, port: 9 }, bytes })))
  const { _reqs: requests, _free: free } = native as { _reqs: unknown[]; _free: unknown[] }
  expect(requests.length).toBe(free.length)
  expect(a.counters()).toMatchObject({ sent: 0, sendFailed: 1_000 })
})

test('bad addresses and taken ports have codes', async () => {
  const a = await bind()
  await expect(bindDatagrams({ host: 'localhost', port: 0 })).rejects.toMatchObject({ code: 'ADDRESS_SYNTAX' })
  await expect(bindDatagrams({ host: '127.0.0.1', port: 65_536 })).rejects.toMatchObject({ code: 'ADDRESS_SYNTAX' })
  const host = '111:222:3333:4444:5555:6666:255.255.255.255%a' // an address, but in more text than the system reads
  const open = () => a.openStream({ localId: 1, remoteId: 2, to: { host, port: 9 } })
  expect(open).toThrow(expect.objectContaining({ code: 'ADDRESS_SYNTAX' }))
  await expect(bindDatagrams(a.address)).rejects.toMatchObject({ code: 'BIND_FAILED' })
})

test('close ends the readable and frees the port', async () => {
  const a = await bind()
  const reader = a.readable.getReader()
  const end = reader.read()
  await Promise.all([a.close(), a.close()])
  expect((await end).done).toBe(true)
  await (await bindDatagrams(a.address)).close()
})
