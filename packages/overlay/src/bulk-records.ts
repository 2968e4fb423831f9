import { aeadOpen, aeadSeal, hkdfSha256 } from '@interpeer/crypto-ids'
import { type BulkFrame, bulkFrame, FRAME_HEAD_BYTES, FRAME_PART_BYTES } from './messages.js'
import { type NoiseKeys, nonceOf } from './noise.js'

const LENGTH_BYTES = 4
const TAG_BYTES = 16
const RECORD_BYTES_MAX = 1 + FRAME_HEAD_BYTES + FRAME_PART_BYTES + TAG_BYTES

export interface BulkKeys {
  readonly sendKey: Uint8Array
  readonly receiveKey: Uint8Array
}

/** The two keys of one bulk stream: HKDF over the session's exporter key, with both stream ids in it, so no key serves twice. */
export function bulkKeysOf(keys: NoiseKeys, initiatorStream: number, responderStream: number, isInitiator: boolean): BulkKeys {
  const label = Uint8Array.from('interpeer bulk', (character) => character.charCodeAt(0))
  const info = new Uint8Array(label.length + 8)
  info.set(label)
  new DataView(info.buffer).setUint32(label.length, initiatorStream)
  new DataView(info.buffer).setUint32(label.length + 4, responderStream)
  const both = hkdfSha256(keys.exporterKey, keys.handshakeHash, info, 64)
  const [first, second] = [both.slice(0, 32), both.slice(32)]
  return isInitiator ? { sendKey: first, receiveKey: second } : { sendKey: second, receiveKey: first }
}

/** Frames into sealed records. */
export class RecordWriter {
  readonly #key: Uint8Array
  #counter = 0

  constructor(key: Uint8Array) {
    this.#key = key
  }

  write(frame: BulkFrame): Uint8Array {
    const head = bulkFrame.encode(frame)
    const plain = new Uint8Array(1 + head.length + frame.part.length)
    plain[0] = head.length
    plain.set(head, 1)
    plain.set(frame.part, 1 + head.length)
    const record = new Uint8Array(LENGTH_BYTES + plain.length + TAG_BYTES)
    new DataView(record.buffer).setUint32(0, plain.length + TAG_BYTES)
    record.set(aeadSeal(this.#key, nonceOf(this.#counter++), record.subarray(0, LENGTH_BYTES), plain), LENGTH_BYTES)
    return record
  }
}

/** Sealed records, arriving in pieces of any size, into frames. */
export class RecordReader {
  readonly #key: Uint8Array
  #counter = 0
  #head = new Uint8Array(LENGTH_BYTES)
  #body: Uint8Array | undefined
  #filled = 0

  constructor(key: Uint8Array) {
    this.#key = key
  }

  /** The frames that these bytes complete, or undefined when the stream is broken: forged, too long, not a frame. */
  read(bytes: Uint8Array): BulkFrame[] | undefined {
    const frames: BulkFrame[] = []
    for (let at = 0; at < bytes.length; ) {
      const into = this.#body ?? this.#head
      const taken = Math.min(into.length - this.#filled, bytes.length - at)
      into.set(bytes.subarray(at, at + taken), this.#filled)
      this.#filled += taken
      at += taken
      if (this.#filled < into.length) break
      this.#filled = 0
      if (this.#body === undefined) {
        const length = new DataView(this.#head.buffer).getUint32(0)
        if (length <= TAG_BYTES || length > RECORD_BYTES_MAX) return undefined
        this.#body = new Uint8Array(length)
        continue
      }
      const frame = this.#frameOf(this.#body)
      this.#body = undefined
      if (frame === undefined) return undefined
      frames.push(frame)
    }
    return frames
  }

  #frameOf(sealed: Uint8Array): BulkFrame | undefined {
    const plain = aeadOpen(this.#key, nonceOf(this.#counter++), this.#head, sealed)
    if (plain === undefined) return undefined
    const partAt = 1 + (plain[0] ?? 0)
    const part = plain.subarray(partAt)
    if (partAt > plain.length || part.length > FRAME_PART_BYTES) return undefined
    try {
      const head = bulkFrame.decode(plain.subarray(1, partAt))
      // a part costs its keeper the same however small it is: all but the last are full, or else small ones would pile up for next to nothing
      return head.last || part.length === FRAME_PART_BYTES ? { ...head, part } : undefined
    } catch {
      return undefined // a WireError: the peer speaks another version, or worse; either way the stream is of no use
    }
  }
}
