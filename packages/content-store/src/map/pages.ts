import { compareBytes } from '@interpeer/wire-codec'
import { assertKey } from './keys.js'
import type { MapSource } from './map-source.js'

/** What to read of a map, in the order of keys, and how much of it at once. */
export interface MapRange {
  /** The least key wanted. Default: the first there is. */
  readonly from?: Uint8Array
  /** Keys from this one on are not wanted. Default: all to the last. */
  readonly to?: Uint8Array
  /** Most entries or changes of one page, at least 1. Default 1,000. */
  readonly limit?: number
  /** When the values are larger than this the page ends; it has at least one entry. Default 16 MiB. */
  readonly maxBytes?: number
}
const DEFAULTS = { limit: 1000, maxBytes: 16 * 1024 * 1024 }
/** How many missing blocks one page asks for: nobody knows how much more is in them. */
const MISSING_AT_ONCE = 64

/** Something found under a key; `read` gets its values, and their bytes. */
export interface Found<T> {
  readonly key: Uint8Array
  readonly read: () => { readonly item: T; readonly bytes: number }
}
export interface Page<T> {
  readonly items: readonly T[]
  /** The key of what comes next. Undefined: nothing does. */
  readonly next: Uint8Array | undefined
}

/**
 * Gathers what is found until the page is full. What is missing is passed over, so that one round finds more of it.
 * @param find undefined: there is no more. After it threw MissingBlock it goes on behind what is missing.
 */
export function pageOf<T>(source: MapSource, range: MapRange, find: () => Found<T> | undefined): Page<T> {
  const { to, limit = DEFAULTS.limit, maxBytes = DEFAULTS.maxBytes } = range
  const items: T[] = []
  let [bytes, ended]: [number, boolean] = [0, false]
  let next: Uint8Array | undefined
  const add = ({ key, read }: Found<T>): void => {
    if (items.length === 0 || items.length < limit) {
      const { item, bytes: size } = read()
      bytes += size
      if (items.length === 0 || bytes <= maxBytes) return void items.push(item)
    }
    next = Uint8Array.from(key)
    ended = true
  }
  while (!ended && source.blocks.missing.length < MISSING_AT_ONCE) {
    source.blocks.attempt(() => {
      const found = find()
      if (found === undefined || (to !== undefined && compareBytes(found.key, to) >= 0)) ended = true
      else add(found)
    })
  }
  return { items, next }
}

/** @throws {ContentStoreError} MAP_KEY */
export function assertRange({ from, to }: MapRange): void {
  for (const key of [from, to]) if (key !== undefined) assertKey(key)
}
