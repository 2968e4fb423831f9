import { ContentStoreError } from '../errors.js'

/** A varint of more would be a length of more than 2^28. */
const LENGTH_BYTES_MAX = 4

/**
 * The sections of an archive: each is its length, as a varint, and so many bytes. `@ipld/car`'s reader takes any length at its word and
 * gathers that much; here a section that is too long is refused when its length is read.
 */
export class CarFrames {
  readonly #source: AsyncIterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array()
  #at = 0
  #bytes = 0
  readonly #maxBytes: number

  /** @param maxBytes of the whole archive */
  constructor(source: AsyncIterable<Uint8Array>, maxBytes: number) {
    this.#source = source[Symbol.asyncIterator]()
    this.#maxBytes = maxBytes
  }

  /**
   * The next section, in an array of its own; undefined at the end.
   * @throws {ContentStoreError} CAR_MALFORMED, CAR_TOO_LARGE
   */
  async next(maxLength: number): Promise<Uint8Array | undefined> {
    const length = await this.#length()
    if (length === undefined) return undefined
    if (length === 0) throw malformed('an empty section')
    if (length > maxLength) throw new ContentStoreError({ code: 'CAR_TOO_LARGE', reason: `a section of ${length} bytes` })
    const section = new Uint8Array(length)
    for (let done = 0; done < length; ) {
      if (!(await this.#fill())) throw malformed('it ends early')
      const part = this.#chunk.subarray(this.#at, this.#at + length - done)
      section.set(part, done)
      done += part.length
      this.#at += part.length
    }
    return section
  }

  /** Tells the source that no more is wanted. */
  async end(): Promise<void> {
    await this.#source.return?.()
  }

  async #length(): Promise<number | undefined> {
    let length = 0
    for (let i = 0; i < LENGTH_BYTES_MAX; i++) {
      if (!(await this.#fill())) {
        if (i === 0) return undefined
        throw malformed('it ends early')
      }
      const byte = this.#chunk[this.#at++] as number
      length += (byte & 0x7f) * 128 ** i
      if (byte < 0x80) {
        if (byte === 0 && i > 0) throw malformed('a length in more bytes than it needs')
        return length
      }
    }
    throw new ContentStoreError({ code: 'CAR_TOO_LARGE', reason: 'a section of more than 2^28 bytes' })
  }

  /** Whether there is at least one more byte. */
  async #fill(): Promise<boolean> {
    while (this.#at === this.#chunk.length) {
      const next = await this.#source.next()
      if (next.done === true) return false
      this.#bytes += next.value.length
      if (this.#bytes > this.#maxBytes) throw new ContentStoreError({ code: 'CAR_TOO_LARGE', reason: `more than ${this.#maxBytes} bytes` })
      this.#chunk = next.value
      this.#at = 0
    }
    return true
  }
}

export const malformed = (reason: string, cause?: unknown): ContentStoreError =>
  new ContentStoreError({ code: 'CAR_MALFORMED', reason }, { cause })
