import { createHash, randomBytes } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { bindDatagrams, type DatagramSocket, type ReliableStream } from '../src/index.js'

const open: DatagramSocket[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((socket) => socket.close()))
})

async function pair(options = {}): Promise<{ sockets: DatagramSocket[]; a: ReliableStream; b: ReliableStream }> {
  const sockets = [await bindDatagrams({ host: '127.0.0.1', port: 0 }), await bindDatagrams({ host: '127.0.0.1', port: 0 })] as const
  open.push(...sockets)
  const a = sockets[0].openStream({ localId: 11, remoteId: 22, to: sockets[1].address })
  const b = sockets[1].openStream({ localId: 22, remoteId: 11, to: sockets[0].address, ...options })
  return { sockets: [...sockets], a, b }
}

test('10 MB arrive whole and in order while datagrams share the socket; both ends close', async () => {
  const { sockets, a, b } = await pair()
  const body = randomBytes(10_000_000)
  const send = async (): Promise<void> => {
    const writer = a.writable.getWriter()
    for (let at = 0; at < body.length; at += 65_536) await writer.write(body.subarray(at, at + 65_536))
    await writer.close()
  }
  const echo = sockets[1]?.readable.getReader()
  const [hash] = [createHash('sha256')]
  const receive = async (): Promise<void> => {
    for await (const bytes of b.readable) hash.update(bytes)
    await b.writable.close()
  }
  const beside = sockets[0]?.writable.getWriter()
  await beside?.write({ to: sockets[1]?.address ?? { host: '', port: 0 }, bytes: Uint8Array.of(5) })
  await Promise.all([send(), receive(), a.readable.getReader().closed])
  expect(hash.digest('hex')).toBe(createHash('sha256').update(body).digest('hex'))
  expect([...((await echo?.read())?.value?.bytes ?? [])]).toEqual([5])
  expect(await Promise.all([a.closed, b.closed])).toEqual([undefined, undefined])
})

test('a destroyed stream resets the other end with a code, and both ids are free again', async () => {
  const { sockets, a, b } = await pair()
  await a.writable.getWriter().write(Uint8Array.of(1))
  const reader = b.readable.getReader()
  await reader.read()
  a.destroy()
  await expect(reader.read()).rejects.toMatchObject({ code: 'STREAM_RESET' })
  expect((await b.closed)?.code).toBe('STREAM_RESET')
  expect(await a.closed).toBeUndefined()
  await expect(b.writable.getWriter().write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'STREAM_RESET' })
  sockets[0]?.openStream({ localId: 11, remoteId: 22, to: { host: '127.0.0.1', port: 9 } })
})

test('a reader that does not keep up ends the stream instead of filling the memory', async () => {
  const { a, b } = await pair({ receiveQueueBytes: 100_000 })
  const writer = a.writable.getWriter()
  const write = async (): Promise<void> => {
    for (;;) await writer.write(new Uint8Array(50_000))
  }
  await expect(write()).rejects.toMatchObject({ code: 'STREAM_RESET' })
  expect((await b.closed)?.code).toBe('STREAM_OVERFLOW')
})

test('a sender is held back when nobody answers', async () => {
  const [socket] = [await bindDatagrams({ host: '127.0.0.1', port: 0 })]
  open.push(socket)
  const stream = socket.openStream({ localId: 1, remoteId: 2, to: { host: '127.0.0.1', port: 9 } })
  const writer = stream.writable.getWriter()
  let written = 0
  const write = async (): Promise<void> => {
    for (;;) {
      await writer.ready
      void writer.write(new Uint8Array(65_536)).catch(() => {})
      written++
    }
  }
  await Promise.race([write().catch(() => {}), new Promise((resolve) => setTimeout(resolve, 200))])
  expect(written).toBeLessThan(20)
})

test('ids and addresses are checked', async () => {
  const { sockets } = await pair()
  const to = { host: '127.0.0.1', port: 9 }
  const openWith =
    (localId: number, remoteId = 3, at = to) =>
    (): unknown =>
      sockets[0]?.openStream({ localId, remoteId, to: at })
  expect(openWith(11)).toThrow(expect.objectContaining({ code: 'STREAM_ID_TAKEN' }))
  expect(openWith(0)).toThrow(expect.objectContaining({ code: 'STREAM_ID_RANGE' }))
  expect(openWith(2 ** 32)).toThrow(expect.objectContaining({ code: 'STREAM_ID_RANGE' }))
  expect(openWith(1, 2, { host: 'x', port: 1 })).toThrow(expect.objectContaining({ code: 'ADDRESS_SYNTAX' }))
  await sockets[0]?.close()
  expect(openWith(1)).toThrow(expect.objectContaining({ code: 'SOCKET_CLOSED' }))
})
