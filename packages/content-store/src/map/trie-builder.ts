import type { ContentId } from '@interpeer/crypto-ids'
import type { Block } from '../blocks.js'
import { encodeMapBlock } from './map-block.js'
import type { MapRoot, MapSource } from './map-source.js'
import { type Apart, apartChildren, apartOf, blockOfApart, type Inner, innerOf, type Node, type Whole } from './nodes.js'

/**
 * Builds a trie from its nodes in the order of their keys, and between two neighbours the first bit in which keys of theirs differ:
 * where it is least, the topmost inner node stands. Every node made is final, so what has to be apart is a block at once.
 */
export class TrieBuilder {
  readonly #source: MapSource
  readonly #nodes: Node[] = []
  /** Between two of them each; they only grow. */
  readonly #gaps: number[] = []
  #gap: number | undefined
  readonly #made: { readonly block: Block; readonly top: Whole }[] = []
  readonly #dropped: ContentId[] = []
  constructor(source: MapSource) {
    this.#source = source
  }

  /** What came before and what comes next differ first in `bit`. With nothing between two gaps, the lesser counts. */
  gap(bit: number): void {
    if (this.#nodes.length > 0) this.#gap = Math.min(bit, this.#gap ?? bit)
  }
  /** A node that is apart keeps its block; any other becomes part of a new one. */
  add(node: Node): void {
    if (this.#gap !== undefined) {
      this.#joinBelow(this.#gap)
      this.#gaps.push(this.#gap)
      this.#gap = undefined
    }
    this.#nodes.push(node)
  }
  /** The block of a node that is taken apart: the new trie has it no more. */
  drop(node: Apart): void {
    this.#dropped.push(blockOfApart(node))
  }
  /** The whole trie's root, undefined if nothing was added, the blocks that were not there before, and those that are not any more. */
  finish(): { readonly root: MapRoot | undefined; readonly made: readonly Block[]; readonly dropped: readonly ContentId[] } {
    this.#joinBelow(-1)
    const [node] = this.#nodes
    const top = node && this.#apart(node)
    const root = top && { hash: top.hash, block: blockOfApart(top) }
    return { root, made: this.#made.map(({ block }) => block), dropped: this.#dropped }
  }
  /** Remembers the new blocks. */
  remember(): void {
    for (const { block, top } of this.#made) this.#source.cache.set(block.cid, top)
  }

  #joinBelow(bit: number): void {
    while ((this.#gaps.at(-1) ?? -1) > bit) {
      const [right, left] = [this.#nodes.pop() as Node, this.#nodes.pop() as Node]
      this.#nodes.push(this.#joined(this.#gaps.pop() as number, left, right))
    }
  }
  #joined(bit: number, left: Node, right: Node): Inner {
    const [leftApart, rightApart] = apartChildren(left, right)
    return innerOf(bit, leftApart ? this.#apart(left) : this.#inline(left, bit), rightApart ? this.#apart(right) : this.#inline(right, bit))
  }
  #inline(node: Node, above: number): Node {
    let inlined = node
    this.#source.blocks.attempt(() => {
      inlined = this.#source.open(node, above)
      if (node.type === 'apart') this.drop(node)
    })
    return inlined // still apart if its block is missing: then this trie is thrown away
  }
  #apart(node: Node): Apart {
    if (node.type === 'apart') return node
    const block = encodeMapBlock(node)
    this.#made.push({ block, top: node })
    return apartOf(node, block.cid)
  }
}
