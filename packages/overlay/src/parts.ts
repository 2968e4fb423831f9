import { concatBytes } from '@interpeer/wire-codec'
import type { Desk } from './core-events.js'
import { cellPart, PART_BYTES, PARTS_MAX } from './messages.js'

const WAITING_MAX = 64
const PATIENCE_MS = 5_000
const GLOBAL_BYTES_MAX = 256 * 1024 * 1024

/** The longest message that goes as cells. */
export const CELL_MESSAGE_BYTES_MAX = PART_BYTES * PARTS_MAX

/** A message of at most 8 cells, as the encoded `cell-part`s that carry it. */
export function partsOf(id: number, bytes: Uint8Array): Uint8Array[] {
  const count = Math.max(1, Math.ceil(bytes.length / PART_BYTES))
  return Array.from({ length: count }, (_, index) =>
    cellPart.encode({ id, index, count, part: bytes.subarray(index * PART_BYTES, (index + 1) * PART_BYTES) }),
  )
}

interface Waiting {
  readonly parts: (Uint8Array | undefined)[]
  missing: number
  readonly expiresAtMs: number
}

/** Puts parts together again: in any order, at most 64 messages at once, each given up after five seconds. */
export class PartsWaiting {
  readonly #desk: Desk
  readonly #waiting = new Map<number, Waiting>()
  #lost = 0

  constructor(desk: Desk) {
    this.#desk = desk
  }

  /** The whole message, when this part completes it. Bad parts change nothing. */
  accept(cell: Uint8Array): Uint8Array | undefined {
    const { id, index, count, part } = cellPart.decode(cell)
    if (count < 1 || count > PARTS_MAX || index >= count || (index < count - 1 && part.length !== PART_BYTES)) return undefined
    if (count === 1) return part
    const waiting = this.#waiting.get(id) ?? this.#start(id, count)
    if (waiting.parts.length !== count || waiting.parts[index] !== undefined) return undefined
    waiting.parts[index] = part
    waiting.missing--
    this.#desk.held.incomingBytes += part.length
    if (waiting.missing > 0) {
      if (this.#desk.held.incomingBytes > GLOBAL_BYTES_MAX) this.#drop(id)
      return undefined
    }
    this.#release(id)
    return concatBytes(...waiting.parts.filter((one) => one !== undefined))
  }

  /** How many messages were given up since the last call. */
  expire(): number {
    for (const [id, { expiresAtMs }] of this.#waiting) {
      if (expiresAtMs > this.#desk.nowMs) break // in the order they began
      this.#drop(id)
    }
    const lost = this.#lost
    this.#lost = 0
    return lost
  }

  /** Gives up all. */
  clear(): void {
    for (const id of [...this.#waiting.keys()]) this.#drop(id)
  }

  #start(id: number, count: number): Waiting {
    const oldest = this.#waiting.keys().next()
    if (this.#waiting.size >= WAITING_MAX && !oldest.done) this.#drop(oldest.value)
    const waiting: Waiting = { parts: new Array(count), missing: count, expiresAtMs: this.#desk.nowMs + PATIENCE_MS }
    this.#waiting.set(id, waiting)
    return waiting
  }

  #drop(id: number): void {
    this.#release(id)
    this.#lost++
  }

  #release(id: number): void {
    for (const part of this.#waiting.get(id)?.parts ?? []) this.#desk.held.incomingBytes -= part?.length ?? 0
    this.#waiting.delete(id)
  }
}
