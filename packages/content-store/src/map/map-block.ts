import { bytesOfContentId, type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { bytesMax, decodeWith, encodeWith, type Infer, link, list, sameBytes, variants, WireError } from '@interpeer/wire-codec'
import { type Block, blockOf } from '../blocks.js'
import { ContentStoreError } from '../errors.js'
import { HASH_BYTES, SUM_BYTES } from './hashes.js'
import { BIT_MAX, bitOf, firstDifference, KEY_MAX_BYTES } from './keys.js'
import {
  type Apart,
  apartChildren,
  BLOCK_MAX_WEIGHT,
  innerOf,
  type Leaf,
  leafOf,
  type Node,
  sumBytes,
  VALUE_INLINE_MAX_BYTES,
  type Whole,
} from './nodes.js'

/** More links than this have no room beside what they belong to. */
const LINKS_MAX = 96
/** The block's CBOR beside its records and links. */
export const HEADS_MAX_BYTES = 8
/** One block of a map (content-store.cddl): a node, and all below it that is not apart, one record after another. */
export const mapBlock = variants({ map: [8, { links: list(link, LINKS_MAX), records: bytesMax(BLOCK_MAX_WEIGHT) }] })

const [INNER, LEAF, LEAF_WITH_LINK, APART] = [0, 1, 2, 3]
const [RAW, DAG_CBOR] = [Uint8Array.of(1, 0x55, 0x12, 32), Uint8Array.of(1, 0x71, 0x12, 32)]

/** The block of a node. Its children are apart where they have to be. */
export function encodeMapBlock(top: Whole): Block {
  const writer = new RecordWriter(top.weight)
  const todo: Node[] = [top]
  for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
    if (node.type === 'inner') {
      writer.put(INNER, 1)
      writer.put(node.bit, 2)
      todo.push(node.right, node.left)
    } else if (node.type === 'apart') {
      writer.put(APART, 1)
      writer.copy(node.hash)
      writer.putSum(node.sum)
      writer.put(node.weight, 2)
      writer.links.push(node.cid)
    } else {
      const { key, value } = node
      writer.put(typeof value === 'string' ? LEAF_WITH_LINK : LEAF, 1)
      writer.put(key.length, 2)
      writer.copy(key)
      writer.putSum(node.sum)
      if (typeof value === 'string') writer.links.push(bytesOfContentId(value))
      else {
        writer.put(value.length, 2)
        writer.copy(value)
      }
    }
  }
  return blockOf(encodeWith(mapBlock, { type: 'map', links: writer.links, records: writer.records }), 'dag-cbor')
}

class RecordWriter {
  readonly links: Uint8Array[] = []
  readonly #bytes: Uint8Array
  #at = 0
  constructor(maxBytes: number) {
    this.#bytes = new Uint8Array(maxBytes)
  }
  get records(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }
  put(value: number, size: 1 | 2): void {
    if (size === 2) this.#bytes[this.#at++] = value >> 8
    this.#bytes[this.#at++] = value & 0xff
  }
  copy(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }
  putSum(sum: bigint): void {
    const size = sumBytes(sum)
    this.put(size, 1)
    for (let rest = sum, i = size - 1; i >= 0; i--, rest >>= 8n) this.#bytes[this.#at + i] = Number(rest & 0xffn)
    this.#at += size
  }
}

/** A node with a key below it, where one is in the same block. */
interface Read {
  readonly node: Node
  readonly key: Uint8Array | undefined
}

/**
 * Reads a block and hashes all its nodes. What it refuses is no block that `encodeMapBlock` could have made of the nodes in it; whether
 * it is the block that was asked for shows its top's hash.
 * @throws {ContentStoreError} MAP_MALFORMED
 */
export function decodeMapBlock(cid: ContentId, bytes: Uint8Array): Whole {
  try {
    return readTop(decodeWith(mapBlock, bytes, BLOCK_MAX_WEIGHT + HEADS_MAX_BYTES))
  } catch (cause) {
    if (!(cause instanceof WireError || cause instanceof Fault || cause instanceof ContentStoreError)) throw cause
    throw malformedMap(cid, cause.message, cause)
  }
}
class Fault extends Error {}
export const malformedMap = (cid: ContentId | null, reason: string, cause?: Error): ContentStoreError =>
  new ContentStoreError({ code: 'MAP_MALFORMED', cid, reason }, { cause })

function readTop(block: Infer<typeof mapBlock>): Whole {
  const records = new Records(block)
  const open: { readonly bit: number; left: Read | undefined }[] = []
  for (;;) {
    const bit = records.bitOfInner()
    if (bit !== undefined) {
      if (bit > BIT_MAX || bit <= (open.at(-1)?.bit ?? -1)) throw new Fault('bits out of order')
      open.push({ bit, left: undefined })
      continue
    }
    let read = records.outer()
    while (open.at(-1)?.left !== undefined) {
      const { bit: above, left } = open.pop() as { bit: number; left: Read }
      read = joined(above, left, read)
    }
    const parent = open.at(-1)
    if (parent !== undefined) parent.left = read
    else return records.end(read.node)
  }
}

function joined(bit: number, left: Read, right: Read): Read {
  const [leftApart, rightApart] = apartChildren(left.node, right.node)
  if ((left.node.type === 'apart') !== leftApart || (right.node.type === 'apart') !== rightApart) throw new Fault('cut in another place')
  const bothKeys = left.key !== undefined && right.key !== undefined
  if (bothKeys && firstDifference(left.key, right.key) !== bit) throw new Fault('keys that differ in another bit')
  if ((left.key && bitOf(left.key, bit)) === 1 || (right.key && bitOf(right.key, bit)) === 0) throw new Fault('a key on the wrong side')
  return { node: innerOf(bit, left.node, right.node), key: left.key ?? right.key }
}

class Records {
  readonly #bytes: Uint8Array
  readonly #links: readonly Uint8Array[]
  #at = 0
  #linkAt = 0
  constructor({ records, links }: Infer<typeof mapBlock>) {
    this.#bytes = new Uint8Array(records) // what is sliced from it is then a plain array too
    this.#links = links
  }
  /** The bit of the inner node that comes next, if one does. */
  bitOfInner(): number | undefined {
    if (this.#bytes[this.#at] !== INNER) return undefined
    this.#at++
    return this.#number(2)
  }
  /** The leaf, or the node apart, that comes next. */
  outer(): Read {
    const type = this.#number(1)
    if (type === APART) return { node: this.#apart(), key: undefined }
    if (type !== LEAF && type !== LEAF_WITH_LINK) throw new Fault('a record of no kind')
    const leaf = this.#leaf(type === LEAF_WITH_LINK)
    return { node: leaf, key: leaf.key }
  }
  #leaf(withLink: boolean): Leaf {
    const length = this.#number(2)
    if (length > KEY_MAX_BYTES) throw new Fault('a key too long')
    const key = this.#copy(length)
    const sum = this.#sum()
    if (withLink) {
      const cid = this.#link(RAW)
      return leafOf(key, sum, contentIdOfBytes(cid))
    }
    const size = this.#number(2)
    if (size > VALUE_INLINE_MAX_BYTES) throw new Fault('a value that has to be apart')
    return leafOf(key, sum, this.#copy(size))
  }
  #apart(): Apart {
    const hash = this.#copy(HASH_BYTES)
    const sum = this.#sum()
    const weight = this.#number(2)
    if (weight > BLOCK_MAX_WEIGHT) throw new Fault('a node that fits no block')
    return { type: 'apart', hash, sum, weight, cid: this.#link(DAG_CBOR), block: undefined }
  }
  #sum(): bigint {
    const size = this.#number(1)
    if (size > SUM_BYTES || (size > 0 && this.#bytes[this.#at] === 0)) throw new Fault('a sum in another form')
    let sum = 0n
    for (let left = size; left > 0; ) {
      const part = Math.min(left, 6)
      sum = (sum << BigInt(8 * part)) | BigInt(this.#number(part))
      left -= part
    }
    return sum
  }
  #number(size: number): number {
    let value = 0
    for (let i = 0; i < size; i++) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new Fault('it ends early')
      value = value * 256 + byte
    }
    return value
  }
  #copy(size: number): Uint8Array {
    const end = this.#at + size
    if (end > this.#bytes.length) throw new Fault('it ends early')
    const copy = this.#bytes.slice(this.#at, end)
    this.#at = end
    return copy
  }
  #link(prefix: Uint8Array): Uint8Array {
    const cid = this.#links[this.#linkAt++]
    if (cid === undefined || !sameBytes(cid.subarray(0, 4), prefix)) throw new Fault('a link of another kind')
    return cid
  }
  /** The top, if nothing comes after it. */
  end(top: Node): Whole {
    if (this.#at !== this.#bytes.length || this.#linkAt !== this.#links.length) throw new Fault('more than one node at the top')
    if (top.type === 'apart') throw new Fault('a node apart at the top')
    return top
  }
}
