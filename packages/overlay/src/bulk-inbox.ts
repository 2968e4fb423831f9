import { concatBytes } from '@interpeer/wire-codec'
import type { Desk } from './core-events.js'
import type { BulkFrame } from './messages.js'

const PEER_BYTES_MAX = 48 * 1024 * 1024
const GLOBAL_BYTES_MAX = 256 * 1024 * 1024

/** Bodies on their way in, bounded for each peer and for all together. */
export class BulkInbox {
  readonly #desk: Desk
  readonly #bodies = new Map<string, { readonly parts: Uint8Array[]; bytes: number }>()
  #bytes = 0

  constructor(desk: Desk) {
    this.#desk = desk
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
    const { held } = this.#desk
    const isFull = this.#bytes + part.length > PEER_BYTES_MAX || held.incomingBytes + part.length > GLOBAL_BYTES_MAX
    if (isFull || body.bytes + part.length > maxBytes) {
      this.drop(kind, id)
      return 'too-large'
    }
    if (last && body.parts.length === 0) return part
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

  #charge(bytes: number): void {
    this.#bytes += bytes
    this.#desk.held.incomingBytes += bytes
  }
}
