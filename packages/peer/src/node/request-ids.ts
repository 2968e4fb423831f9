import { randomBytes } from 'node:crypto'

const ID_BYTES = 16
const DRAWN_BYTES = 256 * ID_BYTES

/** Random ids for requests, drawn many at a time: to ask the system for each costs as much as to sign with a few others. */
export class RequestIds {
  #drawn = new Uint8Array(0)
  #next = 0

  next(): Uint8Array {
    if (this.#next >= this.#drawn.length) {
      this.#drawn = new Uint8Array(randomBytes(DRAWN_BYTES))
      this.#next = 0
    }
    const id = this.#drawn.slice(this.#next, this.#next + ID_BYTES)
    this.#next += ID_BYTES
    return id
  }
}
