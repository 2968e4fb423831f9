import type { ContentId } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { BlockSource, type Missing } from '../block-source.js'
import { BLOCK_MAX_BYTES, type GetBlock } from '../blocks.js'
import { emptyHash } from './hashes.js'
import { bitOf } from './keys.js'
import { decodeMapBlock, malformedMap } from './map-block.js'
import { createMapCache, type MapCache, type NodeCache } from './map-cache.js'
import { blockOfApart, type Inner, type Leaf, type Node, VALUE_INLINE_MAX_BYTES, type Whole } from './nodes.js'

/**
 * One state of a map. `hash` is what others are told and proofs are checked with; `block` is where it is stored, and follows from the
 * entries just as the hash does. Whatever `block` brings is checked against `hash`, so only the hash has to come from a trusted place.
 */
export interface MapRoot {
  /** 32 bytes: the hash of the top node (content-store.cddl). */
  readonly hash: Uint8Array
  /** The block of the top node; null for the empty map, which needs none. */
  readonly block: ContentId | null
}

export const emptyMap = (): MapRoot => ({ hash: emptyHash(), block: null })

/** The nodes of maps, read from blocks: each is what the node above it says, or the walk ends with MAP_MALFORMED. */
export class MapSource {
  readonly blocks: BlockSource
  readonly cache: NodeCache
  constructor(get: GetBlock, cache: MapCache = createMapCache()) {
    this.blocks = new BlockSource(get)
    this.cache = cache as NodeCache // there is no other kind
  }

  /** Runs a walk from a map's top node, which is undefined in an empty map. */
  walk<T>(root: MapRoot, from: (top: Whole | undefined) => T): T | Missing {
    return this.blocks.finish(() => from(this.top(root)))
  }
  /** @throws {MissingBlock} @throws {ContentStoreError} MAP_MALFORMED */
  top({ hash, block }: MapRoot): Whole | undefined {
    const top = block === null ? undefined : this.#read(block)
    if (!sameBytes(top?.hash ?? emptyHash(), hash)) throw malformedMap(block, 'another map than the hash says')
    return top
  }

  /** The node itself, which is below bit `above`. @throws {MissingBlock} @throws {ContentStoreError} MAP_MALFORMED */
  open(node: Node, above: number): Whole {
    if (node.type !== 'apart') return node
    const block = blockOfApart(node)
    const whole = this.#read(block)
    if (!sameBytes(whole.hash, node.hash) || whole.sum !== node.sum || whole.weight !== node.weight) {
      throw malformedMap(block, 'another node than the one above it says')
    }
    if (whole.type === 'inner' && whole.bit <= above) throw malformedMap(block, 'bits out of order')
    return whole
  }
  #read(block: ContentId): Whole {
    const known = this.cache.get(block)
    if (known !== undefined) return known
    const read = decodeMapBlock(block, this.blocks.read(block))
    this.cache.set(block, read)
    return read
  }

  /** The leaf where `key` would be found: of all keys none has more bits in common with it. @throws {MissingBlock} */
  nearest(top: Whole, key: Uint8Array): Leaf {
    return this.follow(top, (node) => bitOf(key, node.bit) === 1)
  }
  /** Goes down by turns until it comes to a leaf, whose key has to agree with all of them. @throws {MissingBlock} */
  follow(top: Whole, isRight: (node: Inner) => boolean): Leaf {
    const turns: { readonly bit: number; readonly right: boolean }[] = []
    let node = top
    while (node.type === 'inner') {
      const [bit, right] = [node.bit, isRight(node)]
      turns.push({ bit, right })
      node = this.open(right ? node.right : node.left, bit)
    }
    const { key } = node
    if (turns.some(({ bit, right }) => (bitOf(key, bit) === 1) !== right)) throw malformedMap(null, 'a key in the wrong place')
    return node
  }

  /** @throws {MissingBlock} @throws {ContentStoreError} MAP_MALFORMED */
  valueOf({ value }: Leaf): Uint8Array {
    if (typeof value !== 'string') return value
    const bytes = this.blocks.read(value)
    if (bytes.length <= VALUE_INLINE_MAX_BYTES || bytes.length > BLOCK_MAX_BYTES)
      throw malformedMap(value, 'a value that is not kept apart')
    return bytes
  }
}
