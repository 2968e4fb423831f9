import { CARD_BYTES, CARD_MARGIN_BYTES, CARD_SHIFT } from '../meter/cards.js'
import { sha256 } from './sha256.js'

/** Log that is kept as it is; what came before it is folded into one hash, so that a transcript is bounded however long a request runs. */
export const LOG_BYTES_MAX = 16 * 1024
const HEAD_BYTES = 40
const DIGEST_BYTES = 32
/** The longest transcript of one request. */
export const TRANSCRIPT_BYTES_MAX = HEAD_BYTES + LOG_BYTES_MAX + DIGEST_BYTES

const CALL_BYTES_MAX = 64
const SAMPLE_BYTES = 8
const WORD_BYTES = 4
/** Below lies nothing: an argument that small is a number, not an address. */
const LOWEST_ADDRESS = 1024
/** The heap's start, where small values live: at each call one word of it is looked at, at the end one of each piece. */
const HOT_BYTES = 512 * 1024
const DENSE_BYTES = 1024
const SPARSE_BYTES = 4096

/** Where PHP works, in bytes of its memory: the heap's first chunk, and the part of the stack that scripts usually reach. */
export interface WorkingPlaces {
  readonly heap: number
  readonly heapEnd: number
  readonly stack: number
  readonly stackEnd: number
}
export type CallValue = number | bigint | undefined

/** To make room for a log takes longer than to fill it: of logs that ended. */
const rooms: Uint8Array<ArrayBuffer>[] = []
const ROOMS_MAX = 2

/**
 * What a run did on its way, which its answer does not show: each system call in order with arguments and result, and with a mix of words of
 * PHP's memory; at the end words of its heap and stack. Where is looked depends on all that was seen before, so only who runs the script knows.
 * All of it is the same on every machine.
 */
export class ExecutionLog {
  #bytes = new Uint8Array(0)
  #view = new DataView(this.#bytes.buffer)
  #places: WorkingPlaces | undefined
  #length = 0
  #calls = 0
  #seen = 0
  #foldedBytes = 0
  #chain: Uint8Array = new Uint8Array(DIGEST_BYTES)

  /** A script is about to run. Without it the log stays empty: files are sent, and requests refused, without running anything. */
  begin(places: WorkingPlaces): void {
    this.#places = places
    this.#bytes = rooms.pop() ?? new Uint8Array(LOG_BYTES_MAX)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** One system call that came back, with the first `count` of these arguments. `memory` is PHP's, as the call left it. */
  call(number: number, args: readonly CallValue[], count: number, result: CallValue, stackPointer: number, memory: DataView): void {
    if (this.#places === undefined) return
    if (this.#length + CALL_BYTES_MAX > LOG_BYTES_MAX) this.#fold()
    const view = this.#view
    let at = this.#length
    let seen = mixed(this.#seen, stackPointer)
    view.setUint8(at, number)
    view.setUint8(at + 1, count)
    at += 2
    for (let i = 0; i < count; i++) {
      const value = int32Of(args[i])
      view.setInt32(at, value, true)
      at += WORD_BYTES
      if (value >= LOWEST_ADDRESS && value < memory.byteLength - WORD_BYTES) seen = mixed(seen, wordAt(memory, value & ~3))
    }
    seen = mixed(seen, wordAt(memory, this.#places.heap + (seen & (HOT_BYTES - WORD_BYTES))))
    view.setInt32(at, int32Of(result), true)
    view.setInt32(at + WORD_BYTES, seen, true)
    this.#seen = seen
    this.#length = at + 2 * WORD_BYTES
    this.#calls++
  }

  /**
   * The request ended. Of the words looked at, those that it changed: `before` is PHP's memory as the request found it.
   * @param cards a byte for each card of memory: where neither its own nor one close to it is noted, a word of the heap is what it was, and need not be looked at
   */
  end(memory: DataView, before: DataView, cards?: Uint8Array): void {
    if (this.#places === undefined) return
    const { heap, heapEnd, stack, stackEnd } = this.#places
    // one note there stands for all that lies above it
    this.#sample(stack, stackEnd, DENSE_BYTES, memory, before, undefined)
    this.#sample(heap, heap + HOT_BYTES, DENSE_BYTES, memory, before, cards)
    this.#sample(heap + HOT_BYTES, heapEnd, SPARSE_BYTES, memory, before, cards)
  }

  /**
   * Calls and folded bytes (32 bits each, little-endian), the hash of what was folded (zeros where nothing was), the log since,
   * and the digest of the answer. The log is at its end then.
   */
  transcript(answerDigest: Uint8Array): Uint8Array {
    const out = new Uint8Array(HEAD_BYTES + this.#length + DIGEST_BYTES)
    const view = new DataView(out.buffer)
    view.setUint32(0, this.#calls, true)
    view.setUint32(4, this.#foldedBytes, true)
    out.set(this.#chain, 8)
    out.set(this.#bytes.subarray(0, this.#length), HEAD_BYTES)
    out.set(answerDigest, HEAD_BYTES + this.#length)
    if (this.#places !== undefined && rooms.length < ROOMS_MAX) rooms.push(this.#bytes)
    this.#places = undefined
    return out
  }

  /** One word of each piece. */
  #sample(from: number, to: number, pieceBytes: number, memory: DataView, before: DataView, cards: Uint8Array | undefined): void {
    let seen = this.#seen
    let isNear = true
    for (let piece = from; piece < to; piece += pieceBytes) {
      seen = mixed(seen, piece)
      // most cards were written to by nobody, nor were those beside them
      if (cards !== undefined && (piece & (CARD_BYTES - 1)) === 0) isNear = isNotedNear(cards, piece >>> CARD_SHIFT)
      if (!isNear) continue
      const at = piece + (seen & (pieceBytes - WORD_BYTES))
      if (cards !== undefined && !isNoted(cards, at)) continue
      const word = wordAt(memory, at)
      if (word === wordAt(before, at)) continue
      seen = mixed(seen, word)
      if (this.#length + SAMPLE_BYTES > LOG_BYTES_MAX) this.#fold()
      this.#view.setUint32(this.#length, at, true)
      this.#view.setInt32(this.#length + WORD_BYTES, word, true)
      this.#length += SAMPLE_BYTES
    }
    this.#seen = seen
  }

  #fold(): void {
    this.#chain = sha256([this.#chain, this.#bytes.subarray(0, this.#length)])
    this.#foldedBytes += this.#length
    this.#length = 0
  }
}

const isNotedNear = (cards: Uint8Array, card: number): boolean => cards[card] === 1 || cards[card - 1] === 1 || cards[card + 1] === 1

function isNoted(cards: Uint8Array, at: number): boolean {
  return cards[(at - CARD_MARGIN_BYTES) >>> CARD_SHIFT] === 1 || cards[(at + CARD_MARGIN_BYTES + WORD_BYTES) >>> CARD_SHIFT] === 1
}

function int32Of(value: CallValue): number {
  return typeof value === 'bigint' ? Number(BigInt.asIntN(32, value)) : (value ?? 0) | 0
}

/**
 * A word of memory; what may be (the upper half of) a NaN counts as one and the same: its sign is the machine's (see the README), and a script
 * that never shows it must not tell machines apart.
 */
function wordAt(memory: DataView, at: number): number {
  const word = memory.getInt32(at, true)
  return (word & NAN_EXPONENT) === NAN_EXPONENT ? NAN_EXPONENT : word
}
const NAN_EXPONENT = 0x7f80_0000

/** Spreads both words over 32 bits. It hides nothing: the log is hashed later. */
function mixed(seen: number, word: number): number {
  const product = Math.imul(seen ^ word, 0x9e37_79b1)
  return product ^ (product >>> 15)
}
