import { concatBytes } from '@interpeer/wire-codec'
import type { Room } from './bulk-outbox.js'
import type { Desk } from './core-events.js'
import type { BulkFrame } from './messages.js'

const PEER_BYTES_MAX = 48 * 1024 * 1024
const GLOBAL_BYTES_MAX = 256 * 1024 * 1024

/** Bodies on their way in, bounded for each peer and for all together. */
export class BulkInbox {
  readonly #desk: Desk
  readonly #bodies = new Map<string, { readonly parts: Uint8Array[]; bytes: number }>()
  readonly #room: Room
  #bytes = 0

  constructor(desk: Desk, room: Room) {
    this.#desk = desk
    this.#room = room
  }

  get bytes(): number {
    return this.#bytes
  }

  has(kind: BulkFrame['kind'], id: number): boolean {
    return this.#bodies.has(`${kind} ${id}`)
  }

  countOf(kind: BulkFrame['kind']): number {
    let count = 0
    for (const name of this.#bodies.keys()) if (name.startsWith(kind)) count++
    return count
  }

  /** The whole body when this part was the last, 'more' while it isn't, 'too-large' (and all of it dropped) when it can't be held. */
  accept({ kind, id, last, part }: BulkFrame, maxBytes: number): Uint8Array | 'more' | 'too-large' {
    const name = `${kind} ${id}`
    const body = this.#bodies.get(name) ?? { parts: [], bytes: 0 }
    const isWhole = last && body.parts.length === 0 // takes no room: nothing of it has to be kept
    if (body.bytes + part.length > maxBytes || !(isWhole || this.#hasRoomFor(part.length))) {
      this.drop(kind, id)
      return 'too-large'
    }
    if (isWhole) return part
    body.parts.push(part)
    body.bytes += part.length
    this.#bodies.set(name, body)
    this.#charge(part.length)
    if (!last) return 'more'
    this.drop(kind, id)
    return concatBytes(...body.parts)
  }

  drop(kind: BulkFrame['kind'], id: number): void {
    const body = this.#bodies.get(`${kind} ${id}`)
    if (body === undefined) return
    this.#bodies.delete(`${kind} ${id}`)
    this.#charge(-body.bytes)
  }

  clear(): void {
    this.#bodies.clear()
    this.#charge(-this.#bytes)
  }

  #hasRoomFor(bytes: number): boolean {
    if (this.#room.heldByPeer() + bytes > PEER_BYTES_MAX) return false
    const { held } = this.#desk
    while (held.incomingBytes + bytes > GLOBAL_BYTES_MAX) if (!this.#room.make(bytes)) return false
    return true
  }

  #charge(bytes: number): void {
    this.#bytes += bytes
    this.#desk.held.incomingBytes += bytes
  }
}
