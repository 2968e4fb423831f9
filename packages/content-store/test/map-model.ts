import { type Block, editMap, emptyMap, type GetBlock, type MapCache, type MapEdit, type MapRoot, type Missing } from '../src/index.js'
import type { Entry } from './map-rule.js'
import { whole } from './trees.js'

/** A store that every edit is put into. Blocks are kept by name, so `size` says how many different ones there are. */
export class Shelf {
  readonly blocks = new Map<string, Uint8Array>()
  root: MapRoot = emptyMap()
  readonly get: GetBlock = (cid) => this.blocks.get(cid)
  readonly cache: MapCache | undefined
  constructor(cache?: MapCache) {
    this.cache = cache
  }

  edit(edits: readonly MapEdit[]): readonly Block[] {
    const { root, blocks } = whole(editMap(this.get, this.root, edits, this.cache))
    for (const { cid, bytes } of blocks) this.blocks.set(cid, bytes)
    this.root = root
    return blocks
  }
  put(entries: readonly (Omit<Entry, 'sum'> & { readonly sum?: bigint })[]): readonly Block[] {
    return this.edit(entries.map((entry) => ({ type: 'put', ...entry })))
  }
  delete(...keys: readonly Uint8Array[]): readonly Block[] {
    return this.edit(keys.map((key) => ({ type: 'delete', key })))
  }
}

/** Runs a walk on a store that has nothing but what the walk asks for, as a peer does that fetches. */
export function fetching<T extends object>(
  from: GetBlock,
  run: (get: GetBlock) => T | Missing,
): { readonly result: T; readonly rounds: number; readonly fetched: number } {
  const here = new Map<string, Uint8Array>()
  for (let rounds = 0; ; rounds++) {
    const result = run((cid) => here.get(cid))
    if (!('missing' in result)) return { result, rounds, fetched: here.size }
    for (const cid of result.missing) {
      const bytes = from(cid)
      if (bytes === undefined || here.has(cid)) throw new Error(`asked for ${cid}`)
      here.set(cid, bytes)
    }
  }
}

/** Numbers that look random and are the same in every run: `below(n)` is 0 to n - 1. */
export function dice(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}
export const key = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text))
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const byKey = (a: Entry, b: Entry): number => Buffer.compare(a.key, b.key)
