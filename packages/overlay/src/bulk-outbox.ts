import type { Desk } from './core-events.js'
import { type BulkFrame, FRAME_PART_BYTES } from './messages.js'

const PEER_BYTES_MAX = 64 * 1024 * 1024
const GLOBAL_BYTES_MAX = 256 * 1024 * 1024
const ENTRIES_MAX = 1_024

export type OutgoingKind = BulkFrame['kind']
/** What there is for bodies one way. */
export interface Room {
  /** By all sessions with this peer. */
  heldByPeer(): number
  /** Has a stranger that holds more give something up; false when there is none. */
  make(bytes: number): boolean
}
interface Entry {
  readonly kind: OutgoingKind
  readonly id: number
  readonly body: Uint8Array
  at: number
}

/** Bodies on their way out, in turns of one frame each, so that a small reply never waits for a big one. */
export class BulkOutbox {
  readonly #desk: Desk
  readonly #entries = new Map<string, Entry>() // a Map keeps order: what had its turn goes to the end
  readonly #room: Room
  #bytes = 0
  #answerBytes = 0

  constructor(desk: Desk, room: Room) {
    this.#desk = desk
    this.#room = room
  }

  get bytes(): number {
    return this.#bytes
  }

  /** How much of it is what the other side asked for. */
  get answerBytes(): number {
    return this.#answerBytes
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0
  }

  /** False, and nothing added, when too much waits already. */
  add(kind: OutgoingKind, id: number, body: Uint8Array): boolean {
    if (this.#entries.size >= (body.length > 0 ? ENTRIES_MAX : 2 * ENTRIES_MAX)) return false
    if (body.length > 0 && !this.#hasRoomFor(body.length)) return false
    this.#entries.set(`${kind} ${id}`, { kind, id, body, at: 0 })
    this.#charge(kind, body.length)
    return true
  }

  remove(kind: OutgoingKind, id: number): void {
    const entry = this.#entries.get(`${kind} ${id}`)
    if (entry === undefined) return
    this.#entries.delete(`${kind} ${id}`)
    this.#charge(kind, -entry.body.length)
  }

  next(): BulkFrame | undefined {
    const first = this.#entries.entries().next()
    if (first.done) return undefined
    const [name, entry] = first.value
    const { kind, id, body } = entry
    const part = body.subarray(entry.at, entry.at + FRAME_PART_BYTES)
    entry.at += part.length
    const last = entry.at >= body.length
    this.#entries.delete(name)
    if (last) this.#charge(kind, -body.length)
    else this.#entries.set(name, entry)
    return { kind, id, last, part }
  }

  /** Drops what the dead stream had begun to carry, and replies, which only made sense on it. The rest waits for the next stream. */
  dropBegun(): Entry[] {
    const dropped = [...this.#entries.values()].filter(({ kind, at }) => at > 0 || (kind !== 'message' && kind !== 'request'))
    for (const { kind, id } of dropped) this.remove(kind, id)
    return dropped
  }

  /** Takes out everything. */
  clear(): Entry[] {
    const all = [...this.#entries.values()]
    for (const { kind, id } of all) this.remove(kind, id)
    return all
  }

  #hasRoomFor(bytes: number): boolean {
    if (this.#room.heldByPeer() + bytes > PEER_BYTES_MAX) return false
    const { held } = this.#desk
    while (held.outgoingBytes + bytes > GLOBAL_BYTES_MAX) if (!this.#room.make(bytes)) return false
    return true
  }

  #charge(kind: OutgoingKind, bytes: number): void {
    this.#bytes += bytes
    if (kind === 'reply' || kind === 'error') this.#answerBytes += bytes
    this.#desk.held.outgoingBytes += bytes
  }
}
