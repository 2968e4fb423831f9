import { bytesOfContentId, type ContentId, contentIdOfBytes, sha256 } from '@interpeer/crypto-ids'
import { ContentStoreError } from '../errors.js'
import { innerHash, leafHash, SUM_MAX } from './hashes.js'

/*
 * A map is a binary trie of as many leaves as it has entries. An inner node stands at the first bit in which keys below it differ:
 * those with a 0 are on its left, those with a 1 on its right. So the entries alone decide the trie.
 */

/** A node in memory: a leaf, an inner node, or what is known of one that lies in a block of its own. */
export type Node = Whole | Apart
/** A node with what is below it, down to the nodes that are apart. */
export type Whole = Leaf | Inner

interface Sized {
  /** 32 bytes (hashes.ts). */
  readonly hash: Uint8Array
  /** Of all entries below. */
  readonly sum: bigint
  /** Bytes that its record takes in a block, with all records below it (map-block.ts). Of a node that is apart: in its own block. */
  readonly weight: number
}
export interface Leaf extends Sized {
  readonly type: 'leaf'
  readonly key: Uint8Array
  /** The value, or the name of the raw block that holds it. */
  readonly value: Uint8Array | ContentId
}
export interface Inner extends Sized {
  readonly type: 'inner'
  /** In which bit the keys on the left and right differ first. */
  readonly bit: number
  readonly left: Node
  readonly right: Node
}
export interface Apart extends Sized {
  readonly type: 'apart'
  /** The 36 bytes of its block's id. */
  readonly cid: Uint8Array
  /** The same as text, once it was needed. */
  block: ContentId | undefined
}

/** A value up to this size is kept in the leaf, a longer one in a raw block of its own. */
export const VALUE_INLINE_MAX_BYTES = 512
/** An inner node that weighs no more is one record with all below it. */
export const BLOCK_MAX_WEIGHT = 4096
/** Below a node that would weigh more, every child heavier than this is put into a block of its own. */
export const APART_ABOVE_WEIGHT = 1024
/** A link in a block: CBOR tag 42 over 37 bytes. */
const LINK_WEIGHT = 41
const INNER_WEIGHT = 3

const sumWeight = (sum: bigint): number => 1 + sumBytes(sum)
/** How many bytes a sum needs. */
export function sumBytes(sum: bigint): number {
  if (sum <= 0xffff_ffffn) return sum === 0n ? 0 : sum <= 0xffn ? 1 : sum <= 0xffffn ? 2 : sum <= 0xff_ffffn ? 3 : 4
  return Math.ceil(sum.toString(16).length / 2)
}

export const blockOfApart = (node: Apart): ContentId => {
  node.block ??= contentIdOfBytes(node.cid)
  return node.block
}
export function apartOf({ hash, sum, weight }: Whole, block: ContentId): Apart {
  return { type: 'apart', hash, sum, weight, cid: bytesOfContentId(block), block }
}
/** What a node weighs where its parent is. */
export const weightIn = (node: Node): number =>
  node.type === 'apart' ? 1 + node.hash.length + sumWeight(node.sum) + 2 + LINK_WEIGHT : node.weight

/** SHA-256 of the leaf's value: 32 bytes. */
export const valueHashOf = (value: Leaf['value']): Uint8Array =>
  typeof value === 'string' ? bytesOfContentId(value).subarray(4) : sha256(value)

export function leafOf(key: Uint8Array, sum: bigint, value: Leaf['value']): Leaf {
  const weight = 3 + key.length + sumWeight(sum) + (typeof value === 'string' ? LINK_WEIGHT : 2 + value.length)
  return { type: 'leaf', key, sum, value, weight, hash: leafHash(key, sum, valueHashOf(value)) }
}

/** @throws {ContentStoreError} MAP_SUM */
export function innerOf(bit: number, left: Node, right: Node): Inner {
  const sum = left.sum + right.sum
  if (sum > SUM_MAX) throw new ContentStoreError({ code: 'MAP_SUM' })
  const weight = INNER_WEIGHT + weightIn(left) + weightIn(right)
  return { type: 'inner', bit, left, right, sum, weight, hash: innerHash(bit, left, right) }
}

/**
 * Which children of an inner node lie in blocks of their own, from what both weigh by themselves. It follows from the entries below
 * alone, so every map has one form in blocks, whatever became of it before.
 */
export function apartChildren(left: Node, right: Node): readonly [left: boolean, right: boolean] {
  if (INNER_WEIGHT + left.weight + right.weight <= BLOCK_MAX_WEIGHT) return [false, false]
  return [left.weight > APART_ABOVE_WEIGHT, right.weight > APART_ABOVE_WEIGHT]
}
