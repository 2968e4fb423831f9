import type { ReliableStream } from '@interpeer/dgram-as-stream'

export interface PumpEnds {
  nextRecord(): Uint8Array | undefined
  onBytes(bytes: Uint8Array): void
  onClosed(): void
}

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

  wake(): void {
    if (!this.#isWriting) void this.#write()
  }

  destroy(): void {
    this.#stream.destroy()
  }

  get closed(): Promise<unknown> {
    return this.#stream.closed
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    try {
      for (;;) {
        if ((this.#writer.desiredSize ?? 0) <= 0) await this.#writer.ready
        const record = this.#ends.nextRecord()
        if (record === undefined) break
        this.#writer.write(record).catch(() => {}) // the stream died: `closed` says so
      }
    } catch {
      // `ready` rejects when the stream dies, and `closed` says so
    }
    this.#isWriting = false
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
