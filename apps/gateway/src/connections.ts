import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { isLoopback, visitorOf } from './visitor-address.js'

/** Connections at a time: in all, and of one address. */
const ALL_MAX = 4_096
const VISITOR_MAX = 512
/** Whoever takes nothing of what is sent to it, looked at so many times in a row, is gone or means harm: after a minute. */
const LOOK_MS = 15_000
const LOOKS = 4

/** Bounds what visitors hold of a server: how many connections, and how long with an answer that they do not read. Returns what ends it. */
export function boundConnections(server: Server): () => void {
  server.maxConnections = ALL_MAX
  const open = new Map<Socket, { place: string; looks: number }>()
  const counts = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const visitor = visitorOf(socket.remoteAddress)
    const count = (counts.get(visitor) ?? 0) + 1
    if (count > VISITOR_MAX && !isLoopback(visitor)) return void socket.destroy()
    counts.set(visitor, count)
    open.set(socket, { place: '', looks: 0 })
    socket.once('close', () => {
      open.delete(socket)
      const left = (counts.get(visitor) ?? 1) - 1
      if (left > 0) counts.set(visitor, left)
      else counts.delete(visitor)
    })
  })
  const timer = setInterval(() => {
    for (const [socket, seen] of open) {
      const place = unsentOf(socket)
      seen.looks = place !== undefined && place === seen.place ? seen.looks + 1 : 0
      seen.place = place ?? ''
      if (seen.looks >= LOOKS) socket.destroy()
    }
  }, LOOK_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/**
 * How far its sending has come; undefined where nothing waits to be sent, whoever waits for whom. A long answer is one write, of which Node itself says only in the
 * handle how much is left.
 */
function unsentOf(socket: Socket): string | undefined {
  if (socket.writableLength === 0) return undefined
  const { _handle: handle } = socket as { readonly _handle?: { readonly writeQueueSize?: number } | null }
  return `${socket.bytesWritten - socket.writableLength} ${handle?.writeQueueSize ?? ''}`
}
