import { CARD_BYTES, CARD_MARGIN_BYTES, CARD_SHIFT, CARD_TABLE_BYTES } from '../meter/cards.js'
import type { StackBounds } from '../meter/meter.js'

/** Pieces by which memory is compared: those of one page table's entries would cost more calls, larger ones more copying. */
const PIECE_BYTES = 16 * 1024
const ZEROS = Buffer.alloc(PIECE_BYTES)

export interface KeptMemory {
  /** What memory holds from address 0 on; above it is zero. */
  readonly memory: Uint8Array
  /** One byte for each piece of it: 0 where the piece is all zeros. */
  readonly filled: Uint8Array
}

/** A copy that all threads can read. Its zeros take no memory: nothing is written there. */
export function sharedCopy(bytes: Uint8Array): KeptMemory {
  const memory = new Uint8Array(new SharedArrayBuffer(bytes.length))
  const filled = new Uint8Array(new SharedArrayBuffer(Math.ceil(bytes.length / PIECE_BYTES)))
  const source = bufferOf(bytes)
  for (let piece = 0; piece < filled.length; piece++) {
    const [from, to] = [piece * PIECE_BYTES, Math.min((piece + 1) * PIECE_BYTES, bytes.length)]
    if (source.compare(ZEROS, 0, to - from, from, to) === 0) continue
    filled[piece] = 1
    memory.set(bytes.subarray(from, to), from)
  }
  return { memory, filled }
}

/** Fills memory that nothing was written to yet: what stays zero is not even looked at, which alone would cost a page fault for each page. */
export function fillMemory(target: Uint8Array, { memory, filled }: KeptMemory): void {
  const [now, kept] = [bufferOf(target), bufferOf(memory)]
  for (let piece = 0; piece < filled.length; piece++) {
    if (filled[piece] !== 0) kept.copy(now, piece * PIECE_BYTES, piece * PIECE_BYTES, Math.min((piece + 1) * PIECE_BYTES, memory.length))
  }
}

/** Makes `target` what was kept, whatever it was: zero from there to `end`, above which it is. Pages that are zero and untouched stay without memory. */
export function restoreMemory(target: Uint8Array, { memory, filled }: KeptMemory, end: number): void {
  const [now, kept] = [bufferOf(target), bufferOf(memory)]
  for (let piece = 0; piece < filled.length; piece++) {
    const [from, to] = [piece * PIECE_BYTES, Math.min((piece + 1) * PIECE_BYTES, memory.length)]
    if (filled[piece] === 0) zero(now, from, to)
    else if (kept.compare(now, from, to, from, to) !== 0) kept.copy(now, from, from, to)
  }
  for (let from = memory.length; from < end; from += PIECE_BYTES) zero(now, from, Math.min(from + PIECE_BYTES, end))
}

/**
 * Makes `target`, which was made what was kept, the same again: only the cards that it noted since are not what they were, and of the stack all above
 * its lowest. They are clean then.
 * @param cards address of the table of cards
 * @param whole whether the table may have notes of cards beyond all memory: made by what trapped there
 */
export function restoreCards(target: Uint8Array, { memory }: KeptMemory, cards: number, { floor, top }: StackBounds, whole: boolean): void {
  const [now, kept] = [bufferOf(target), bufferOf(memory)]
  // a copy: the table lies in what is restored
  const noted = Buffer.from(target.subarray(cards, cards + (whole ? CARD_TABLE_BYTES : Math.ceil(target.length / CARD_BYTES))))
  const [stackFrom, stackEnd] = [floor >>> CARD_SHIFT, top >>> CARD_SHIFT]
  for (let card = noted.indexOf(1); card >= 0; card = noted.indexOf(1, card + 1)) {
    const from = Math.max(0, card * CARD_BYTES - CARD_MARGIN_BYTES)
    if (from >= target.length) break
    if (card >= stackFrom && card < stackEnd) card = stackEnd
    // cards side by side are one piece
    while (noted[card + 1] === 1 && (card + 1 < stackFrom || card >= stackEnd)) card++
    const to = Math.min((card + 1) * CARD_BYTES + CARD_MARGIN_BYTES, target.length)
    const keptTo = Math.max(from, Math.min(to, memory.length))
    if (keptTo > from) kept.copy(now, from, from, keptTo)
    now.fill(0, keptTo, to)
  }
  now.fill(0, cards, cards + noted.length)
}

function zero(now: Buffer, from: number, to: number): void {
  if (ZEROS.compare(now, from, to, 0, to - from) !== 0) now.fill(0, from, to)
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
}
