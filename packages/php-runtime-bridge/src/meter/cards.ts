import { unsupported } from './fault.js'
import { Kind, shapeOf } from './module-shape.js'

/** Memory is noted by cards of 4 KiB. */
export const CARD_SHIFT = 12
export const CARD_BYTES = 1 << CARD_SHIFT
/** So many bytes around a noted card may have been written too: where a store goes beyond it, or came close to one that was noted. */
export const CARD_MARGIN_BYTES = 256
/** One byte for each card that an address of 32 bits can name: so no address leads out of the table. */
export const CARD_TABLE_BYTES = 2 ** (32 - CARD_SHIFT)

/**
 * The table of cards. Nothing but a note is written there, nor to the card before it and the one behind it (the margins): what tries to traps, so that a
 * script that breaks PHP open cannot hide what it wrote.
 */
export interface CardTable {
  /** Address of the byte for card 0: a multiple of a card's size. */
  readonly at: number
  /** What must not be written to, as cards: how many, and the first. */
  readonly first: number
  readonly count: number
  /** Address behind all of it. */
  readonly end: number
}

/** @param from an address: the table with its margins lies above it */
export function cardTableAbove(from: number): CardTable {
  const first = Math.ceil(from / CARD_BYTES)
  const count = CARD_TABLE_BYTES / CARD_BYTES + 2
  return { at: (first + 1) * CARD_BYTES, first, count, end: (first + count) * CARD_BYTES }
}

/** Where a module's heap begins, before it has a table of cards there. @throws {PhpRuntimeError} METER_UNSUPPORTED */
export function heapBaseOf(bytes: Uint8Array): number {
  const { exports, globals } = shapeOf(bytes)
  const found = exports.get('__heap_base')
  const base = found?.kind === Kind.global ? globals[found.index]?.constant : undefined
  return base ?? unsupported('no exported address __heap_base', 0)
}
