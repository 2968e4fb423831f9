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

test('bad addresses and taken ports have codes', async () => {
  const a = await bind()
  await expect(bindDatagrams({ host: 'localhost', port: 0 })).rejects.toMatchObject({ code: 'ADDRESS_SYNTAX' })
  await expect(bindDatagrams({ host: '127.0.0.1', port: 65_536 })).rejects.toMatchObject({ code: 'ADDRESS_SYNTAX' })
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
