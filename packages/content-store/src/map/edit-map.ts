import type { ContentId } from '@interpeer/crypto-ids'
import { compareBytes, sameBytes } from '@interpeer/wire-codec'
import { type Missing, MissingBlock } from '../block-source.js'
import { BLOCK_MAX_BYTES, type Block, blockOf, type GetBlock } from '../blocks.js'
import { ContentStoreError } from '../errors.js'
import { SUM_MAX } from './hashes.js'
import { assertKey, bitOf, firstDifference, LEAF_BIT } from './keys.js'
import type { MapCache } from './map-cache.js'
import { emptyMap, type MapRoot, MapSource } from './map-source.js'
import { type Apart, apartOf, type Leaf, leafOf, type Node, VALUE_INLINE_MAX_BYTES, type Whole } from './nodes.js'
import { TrieBuilder } from './trie-builder.js'

/** An entry to be put into a map. */
export interface MapPut {
  readonly type: 'put'
  /** 0 to 256 bytes. */
  readonly key: Uint8Array
  /** 0 bytes to 1 MiB. Above 512 bytes it becomes a raw block, which is a view into it. */
  readonly value: Uint8Array
  /** What the entry adds to the map's sum: 0 (the default) to 2^128 - 1. */
  readonly sum?: bigint
}
/** What becomes of a key. */
export type MapEdit = MapPut | { readonly type: 'delete'; readonly key: Uint8Array }

/** A map after edits, and the blocks that it needs beside those of the map before. */
export interface EditedMap {
  readonly root: MapRoot
  readonly blocks: readonly Block[]
}

/**
 * The map that `edits` make of the one at `root`. Of several for one key the last counts; deleting what is not there, and putting what
 * is there, changes nothing. The same entries give the same root and the same blocks, however they came about. Reads and writes only
 * what lies on the way to the keys edited, and what then fits into one block with it.
 * @throws {ContentStoreError} MAP_KEY, MAP_VALUE, MAP_SUM (for one entry, or all together beyond 2^128 - 1), MAP_MALFORMED
 */
export function editMap(get: GetBlock, root: MapRoot, edits: readonly MapEdit[], cache?: MapCache): EditedMap | Missing {
  const edited = tradeBlocks(get, root, edits, cache)
  if ('missing' in edited) return edited
  const values = new Map(edited.values.made.map((block) => [block.cid, block]))
  return { root: edited.root, blocks: [...values.values(), ...edited.nodes.made] }
}

/** A map after edits, and what became of the blocks of the map before. */
export interface TradedBlocks {
  readonly root: MapRoot
  /** No two nodes have the same block. */
  readonly nodes: Trade
  /** One for each entry: several may have the same long value, before and after. */
  readonly values: Trade
}
interface Trade {
  readonly made: readonly Block[]
  /** What the map has no more. */
  readonly dropped: readonly ContentId[]
}

/** @throws {ContentStoreError} as `editMap` */
export function tradeBlocks(get: GetBlock, root: MapRoot, edits: readonly MapEdit[], cache?: MapCache): TradedBlocks | Missing {
  const sorted = lastOfEachKey(edits)
  const source = new MapSource(get, cache)
  const builder = new TrieBuilder(source)
  const traded = source.walk(root, (top): TradedBlocks => {
    const { changes, values } = changesOf(source, top, sorted)
    if (source.blocks.missing.length > 0) throw new MissingBlock()
    if (changes.length === 0) return { root, nodes: { made: [], dropped: [] }, values }
    if (top === undefined || root.block === null) addLeaves(changes, builder)
    else rebuild(source, apartOf(top, root.block), changes, builder)
    const { root: after = emptyMap(), ...nodes } = builder.finish()
    return { root: after, nodes, values }
  })
  if (!('missing' in traded)) builder.remember()
  return traded
}

function lastOfEachKey(edits: readonly MapEdit[]): readonly MapEdit[] {
  for (const edit of edits) {
    assertKey(edit.key)
    if (edit.type === 'put') assertPut(edit)
  }
  const sorted = edits.toSorted((a, b) => compareBytes(a.key, b.key)) // stable: the last of one key stays the last
  return sorted.filter(({ key }, i) => {
    const next = sorted[i + 1]
    return next === undefined || !sameBytes(key, next.key)
  })
}
function assertPut({ value, sum = 0n }: MapPut): void {
  if (value.length > BLOCK_MAX_BYTES) {
    throw new ContentStoreError({ code: 'MAP_VALUE', bytes: value.length, maxBytes: BLOCK_MAX_BYTES })
  }
  if (sum < 0n || sum > SUM_MAX) throw new ContentStoreError({ code: 'MAP_SUM' })
}

/** An edit that changes something. */
interface Change {
  readonly key: Uint8Array
  /** What the key gets; undefined: nothing. */
  readonly leaf: Leaf | undefined
  /** The first bit in which no key of the map before has what this one has: where its way leaves the trie. LEAF_BIT: it was there. */
  readonly leaves: number
}

/** Looks up every edit's key, so that one round finds most blocks that are missing. Sorted like `edits`. */
function changesOf(source: MapSource, top: Whole | undefined, edits: readonly MapEdit[]) {
  const changes: Change[] = []
  const values: { readonly made: Block[]; readonly dropped: ContentId[] } = { made: [], dropped: [] }
  for (const edit of edits) {
    source.blocks.attempt(() => {
      const near = top && source.nearest(top, edit.key)
      const leaves = near ? firstDifference(edit.key, near.key) : 0
      const before = near !== undefined && leaves === LEAF_BIT ? near : undefined
      if (edit.type === 'delete' && before === undefined) return
      const { leaf, block } = edit.type === 'put' ? leafOfPut(edit) : { leaf: undefined }
      if (before !== undefined && leaf !== undefined && sameBytes(before.hash, leaf.hash)) return
      if (block !== undefined) values.made.push(block)
      if (typeof before?.value === 'string') values.dropped.push(before.value)
      changes.push({ key: leaf?.key ?? edit.key, leaf, leaves })
    })
  }
  return { changes, values }
}
function leafOfPut({ key, value, sum = 0n }: MapPut): { readonly leaf: Leaf; readonly block?: Block } {
  const own = Uint8Array.from(key)
  if (value.length <= VALUE_INLINE_MAX_BYTES) return { leaf: leafOf(own, sum, Uint8Array.from(value)) }
  const block = blockOf(value, 'raw')
  return { leaf: leafOf(own, sum, block.cid), block }
}

/** Part of the trie that `changes[from]` up to `changes[to]` concern. */
interface Part {
  readonly node: Node
  /** The bit of the node above it. */
  readonly above: number
  readonly from: number
  readonly to: number
}

/** Gives the builder, in the order of keys, the new leaves and what stays, with the largest parts of the trie that nothing changes in. */
function rebuild(source: MapSource, top: Apart, changes: readonly Change[], builder: TrieBuilder): void {
  const todo: (Part | number)[] = [{ node: top, above: -1, from: 0, to: changes.length }]
  const leafTask = (node: Leaf): Part => ({ node, above: LEAF_BIT, from: 0, to: 0 })
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (typeof part === 'number') builder.gap(part)
    else if (part.from === part.to) builder.add(part.node)
    else {
      const node = source.open(part.node, part.above)
      const bit = node.type === 'leaf' ? LEAF_BIT : node.bit
      // Keys that leave the trie above this node come before or after all keys below it.
      let [from, to] = [part.from, part.to]
      while (from < to && isBeside(changes[from] as Change, bit, 0)) from++
      while (to > from && isBeside(changes[to - 1] as Change, bit, 1)) to--
      addLeaves(changes.slice(part.from, from), builder, changes[from - 1]?.leaves)
      const after = changes.slice(to, part.to)
      for (let i = after.length - 1; i >= 0; i--) {
        const { key, leaf, leaves } = after[i] as Change
        if (leaf !== undefined) todo.push(leafTask(leaf))
        todo.push(i === 0 ? leaves : firstDifference((after[i - 1] as Change).key, key))
      }
      if (from === to) {
        todo.push({ ...part, from, to })
        continue
      }
      if (part.node.type === 'apart') builder.drop(part.node)
      if (node.type === 'inner') {
        const middle = firstWithBit(changes, node.bit, from, to)
        todo.push({ node: node.right, above: bit, from: middle, to }, bit, { node: node.left, above: bit, from, to: middle })
      } else {
        const { leaf } = changes[from] as Change // the only one: its key is the leaf's
        if (leaf !== undefined) todo.push(leafTask(leaf))
      }
    }
  }
}
const isBeside = ({ key, leaves }: Change, bit: number, side: 0 | 1): boolean => leaves < bit && bitOf(key, leaves) === side

function firstWithBit(changes: readonly Change[], bit: number, from: number, to: number): number {
  let [low, high] = [from, to]
  while (low < high) {
    const middle = (low + high) >> 1
    if (bitOf((changes[middle] as Change).key, bit) === 1) high = middle
    else low = middle + 1
  }
  return low
}

/** Leaves side by side, each with the gap to the next; `gapAfter` follows the last. */
function addLeaves(changes: readonly Change[], builder: TrieBuilder, gapAfter?: number): void {
  for (const [i, { key, leaf }] of changes.entries()) {
    if (leaf !== undefined) builder.add(leaf)
    const next = changes[i + 1]
    const gap = next === undefined ? gapAfter : firstDifference(key, next.key)
    if (gap !== undefined) builder.gap(gap)
  }
}
