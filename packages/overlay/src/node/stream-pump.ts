import type { ReliableStream } from '@interpeer/dgram-as-stream'
import { concatBytes } from '@interpeer/wire-codec'

export interface PumpEnds {
  nextRecord(): Uint8Array | undefined
  onBytes(bytes: Uint8Array): void
  onClosed(): void
}

/** Records are written together up to so many bytes: less than what the stream takes before it asks to wait. */
const TOGETHER_BYTES = 16 * 1024

/** Moves bytes between one udx stream and the core: reads at once, writes records only while the stream has room. */
export class StreamPump {
  readonly #stream: ReliableStream
  readonly #ends: PumpEnds
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  #isWriting = false

  constructor(stream: ReliableStream, ends: PumpEnds) {
    this.#stream = stream
    this.#ends = ends
    this.#writer = stream.writable.getWriter()
    void this.#read()
    void stream.closed.then(() => ends.onClosed())
  }

  /** There is something to write: it goes with all else that there is at the end of this turn. */
  wake(): void {
    if (this.#isWriting) return
    this.#isWriting = true
    setImmediate(() => void this.#write())
  }

  destroy(): void {
    this.#stream.destroy()
  }

  get closed(): Promise<unknown> {
    return this.#stream.closed
  }

  async #write(): Promise<void> {
    try {
      for (;;) {
        if ((this.#writer.desiredSize ?? 0) <= 0) await this.#writer.ready
        const records = this.#nextRecords()
        if (records.length === 0) break
        this.#writer.write(records.length === 1 ? (records[0] as Uint8Array) : concatBytes(...records)).catch(() => {}) // the stream died: `closed` says so
      }
    } catch {
      // `ready` rejects when the stream dies, and `closed` says so
    }
    this.#isWriting = false
  }

  /** Short ones together: each write costs, and makes a packet of its own. */
  #nextRecords(): readonly Uint8Array[] {
    const records: Uint8Array[] = []
    for (let bytes = 0; bytes < TOGETHER_BYTES; ) {
      const record = this.#ends.nextRecord()
      if (record === undefined) break
      records.push(record)
      bytes += record.length
    }
    return records
  }

  async #read(): Promise<void> {
    const reader = this.#stream.readable.getReader()
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) break
        this.#ends.onBytes(value)
      }
    } catch {
      // reset or overflow: `closed` says so
    }
    this.#stream.destroy() // the other side's end is the end of both directions: neither side half-closes
  }
}
