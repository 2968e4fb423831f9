import { createHash } from 'node:crypto'
import { type Block, editMap, emptyMap, type GetBlock, type MapCache, type MapEdit, type MapRoot, type Missing } from '../src/index.js'
import { whole } from './trees.js'

/*
 * The root of a map straight from the rule of map.cddl, and from nothing of `src`: no trie, no blocks, bits as text.
 */
export interface Entry {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly sum: bigint
}
const sha256 = (...parts: readonly (Uint8Array | string)[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(typeof part === 'string' ? Buffer.from(part, 'hex') : part)
  return hash.digest()
}
const bits = (key: Uint8Array): string =>
  [...key]
    .map((byte) => `1${byte.toString(2).padStart(8, '0')}`)
    .join('')
    .padEnd(9 * 257, '0')
const uint = (value: bigint | number, bytes: number): string => value.toString(16).padStart(2 * bytes, '0')
const sumOf = (entries: readonly Entry[]): bigint => entries.reduce((all, { sum }) => all + sum, 0n)

export function naiveRoot(entries: readonly Entry[]): Buffer {
  if (entries.length === 0) return sha256('00')
  return naiveNode(entries.map((entry) => ({ ...entry, bits: bits(entry.key) })))
}
function naiveNode(entries: readonly (Entry & { readonly bits: string })[]): Buffer {
  const [first] = entries as [Entry & { readonly bits: string }]
  if (entries.length === 1) return sha256('01', uint(first.sum, 16), uint(first.key.length, 2), first.key, sha256(first.value))
  let bit = 0
  while (entries.every((entry) => entry.bits[bit] === first.bits[bit])) bit++
  const [left, right] = [entries.filter((entry) => entry.bits[bit] === '0'), entries.filter((entry) => entry.bits[bit] === '1')]
  return sha256('02', uint(bit, 2), naiveNode(left), uint(sumOf(left), 16), naiveNode(right), uint(sumOf(right), 16))
}

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
