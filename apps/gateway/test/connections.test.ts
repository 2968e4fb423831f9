import { EventEmitter } from 'node:events'
import type { Server, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AnswerRoom } from '../src/answer-room.js'
import { boundConnections } from '../src/connections.js'
import { type Listening, listen } from '../src/listen.js'
import { visitorOf } from '../src/visitor-address.js'

const MIB = 1024 * 1024
const STEADY = { timeout: 60_000 }
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
let http: Listening | undefined
afterEach(async () => {
  vi.useRealTimers()
  await http?.close()
})

/** A server that says `/big` at once and `/wait` never. */
async function serverOf(bytes: number) {
  const sockets = new Map<string, Socket>()
  const app = () => {
    const hono = new Hono<{ Bindings: HttpBindings }>()
    hono.get('/wait', ({ env }) => {
      sockets.set('wait', env.incoming.socket)
      return new Promise<Response>(() => {})
    })
    hono.get('/:name', ({ env, req }) => {
      sockets.set(req.param('name'), env.incoming.socket)
      return new Response(new Uint8Array(bytes))
    })
    return hono
  }
  http = await listen({ host: '127.0.0.1', port: 0, bodyMaxBytes: 1, app })
  const { port } = http
  const get = (name: string) => {
    const socket = connect(port, '127.0.0.1')
    socket.write(`GET /${name} HTTP/1.1\r\nHost: a\r\n\r\n`)
    return socket
  }
  return { get, sockets }
}
/** Bytes that a connection still has to send. */
const left = (socket: Socket | undefined): number =>
  (socket as { _handle?: { writeQueueSize: number } } | undefined)?._handle?.writeQueueSize ?? 0

function take(socket: Socket, bytes: number): Promise<void> {
  let taken = 0
  return new Promise((resolve) => {
    const onData = (part: Buffer) => {
      taken += part.length
      if (taken < bytes) return
      socket.off('data', onData).pause()
      resolve()
    }
    socket.on('data', onData).resume()
  })
}

test('who takes nothing of an answer for a minute is cut off, not who takes it slowly, nor who waits for one', async () => {
  const { get, sockets } = await serverOf(96 * MIB)
  const [stalled, slow, waiting] = [get('stalled'), get('slow'), get('wait')]
  const [theirs, its, other] = await vi.waitUntil(() => {
    const all = ['stalled', 'slow', 'wait'].map((name) => sockets.get(name) as Socket)
    return all.every((socket) => socket !== undefined) && left(all[0]) > 0 && left(all[1]) > 0 && all
  }, STEADY)
  for (let look = 0; look < 6; look++) {
    const before = left(its)
    await take(slow, 8 * MIB)
    await vi.waitUntil(() => left(its) < before, STEADY)
    await vi.advanceTimersByTimeAsync(15_000)
  }
  expect([theirs?.destroyed, its?.destroyed, other?.destroyed]).toEqual([true, false, false])
  for (const socket of [stalled, slow, waiting]) socket.destroy()
})

test('a request may be long on its way, but not what it says of itself', async () => {
  const { get, sockets } = await serverOf(1)
  const socket = get('any')
  const { server } = (await vi.waitUntil(() => sockets.get('any'), STEADY)) as unknown as { server: Server }
  expect([server.requestTimeout, server.headersTimeout, server.maxConnections]).toEqual([0, 60_000, 4_096])
  socket.destroy()
})

const socketOf = (remoteAddress: string) => {
  const destroy = () => {
    socket.destroyed = true
  }
  const socket = Object.assign(new EventEmitter(), { remoteAddress, destroyed: false, destroy })
  return socket
}

test('one address has 512 connections; this machine itself, through which all may come, has as many as there are', () => {
  const server = new EventEmitter()
  const end = boundConnections(server as unknown as Server)
  const come = (address: string) => {
    const socket = socketOf(address)
    server.emit('connection', socket)
    return socket
  }
  const sockets = Array.from({ length: 512 }, (_, i) => come(`2001:db8::${i.toString(16)}`))
  expect(sockets.some(({ destroyed }) => destroyed)).toBe(false)
  expect([come('2001:db8::f:1').destroyed, come('2001:db8:0:1::1').destroyed]).toEqual([true, false])
  sockets[0]?.emit('close')
  expect([come('2001:db8::f:1').destroyed, come('2001:db8::f:1').destroyed]).toEqual([false, true])
  for (const own of ['::ffff:127.0.0.1', '::1'])
    expect(Array.from({ length: 600 }, () => come(own)).some(({ destroyed }) => destroyed)).toBe(false)
  end()
})

test('an address is one visitor; of IPv6 the first half is', () => {
  expect(visitorOf('192.0.2.1')).toBe('192.0.2.1')
  expect(visitorOf('::ffff:192.0.2.1')).toBe('192.0.2.1')
  expect(visitorOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2')
  expect(visitorOf('2001:db8:1:2::9')).toBe('2001:db8:1:2')
  expect(visitorOf('2001:db8::9')).toBe('2001:db8:0:0')
  expect(visitorOf('::1')).toBe('0:0:0:0')
  expect(visitorOf(undefined)).toBe('')
})

test('an answer has its room until it has left, or its connection is gone with all that waited behind it', () => {
  const room = new AnswerRoom()
  const sending = (socket: EventEmitter) => Object.assign(new EventEmitter(), { req: { socket } }) as unknown as ServerResponse
  const [one, two] = [socketOf('192.0.2.1'), socketOf('192.0.2.1')]
  const first = sending(one)
  expect(room.take(first, 'site', 30 * MIB)).toBe(true)
  expect(room.take(sending(two), 'site', 20 * MIB)).toBe(true)
  expect(room.take(sending(two), 'site', 14 * MIB)).toBe(true)
  expect([room.take(sending(two), 'site', 1), room.take(sending(two), 'site', 0)]).toEqual([false, true])
  expect(room.take(sending(socketOf('192.0.2.2')), 'site', 60 * MIB)).toBe(true)
  expect(room.take(sending(socketOf('192.0.2.3')), 'site', 5 * MIB)).toBe(false) // the site's share
  first.emit('close')
  one.emit('close')
  expect([room.take(sending(one), 'site', 30 * MIB), room.take(sending(one), 'site', 1)]).toEqual([true, false])
  two.emit('close')
  expect([room.take(sending(one), 'site', 34 * MIB), room.take(sending(one), 'site', 1)]).toEqual([true, false])
})
