import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { BodyRoom } from '@interpeer/peer/node'
import { visitorOf } from './visitor-address.js'

const MIB = 1024 * 1024
/** Answers that are made and not taken yet: of one address, of one site, and in all. */
const SHARES = { visitorBytes: 64 * MIB, siteBytes: 128 * MIB, allBytes: 256 * MIB }

/** Memory for what browsers asked for and do not read: each answer has its share until its last byte has left, or its connection is gone. */
export class AnswerRoom {
  readonly #room = new BodyRoom(SHARES)
  /** What is on its way over each connection. One that breaks off does not tell the answers that wait behind another. */
  readonly #unsent = new WeakMap<Socket, Set<() => void>>()

  /** Whether there is room for an answer of so many bytes. */
  take(outgoing: ServerResponse, site: string, bytes: number): boolean {
    const { socket } = outgoing.req
    if (bytes === 0 || socket.destroyed) return true // it is not sent
    const of = { visitor: visitorOf(socket.remoteAddress), site }
    if (!this.#room.take(of, bytes)) return false
    const unsent = this.#unsent.get(socket) ?? this.#watch(socket)
    const give = () => {
      if (unsent.delete(give)) this.#room.give(of, bytes)
    }
    unsent.add(give)
    outgoing.once('close', give)
    return true
  }

  #watch(socket: Socket): Set<() => void> {
    const unsent = new Set<() => void>()
    this.#unsent.set(socket, unsent)
    socket.once('close', () => {
      for (const give of [...unsent]) give()
    })
    return unsent
  }
}
