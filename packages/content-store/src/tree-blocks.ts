import { type Codec, type ContentId, codecOf, contentIdOfBytes } from '@interpeer/crypto-ids'
import {
  bool,
  decodeWith,
  encodeWith,
  type Infer,
  link,
  list,
  nullable,
  struct,
  text,
  uint16,
  uint32,
  uint53,
  variants,
  WireError,
} from '@interpeer/wire-codec'
import { BLOCK_MAX_BYTES, type Block, blockOf } from './blocks.js'
import { ContentStoreError } from './errors.js'
import { NAME_MAX_BYTES, PATH_MAX_BYTES } from './paths.js'

/** The most entries one leaf block has, and the most links one chunk list has. */
export const LEAF_MAX_ENTRIES = 256
export const CHUNKS_PER_LIST = 256
export const FAN_CHILDREN = 16

const name = text(NAME_MAX_BYTES)
const treeEntry = variants({
  file: [0, { name, mode: uint16, mtimeS: uint53, size: uint53, paged: bool, content: nullable(link) }],
  directory: [1, { name, mode: uint16, node: link }],
  symlink: [2, { name, target: text(PATH_MAX_BYTES) }],
})
const fanChild = struct({ count: uint32, node: link })
/** The three kinds of block a file tree is made of (content-store.cddl). */
export const treeBlock = variants({
  leaf: [0, { entries: list(treeEntry, LEAF_MAX_ENTRIES) }],
  fan: [1, { children: list(nullable(fanChild), FAN_CHILDREN) }],
  chunks: [2, { parts: list(link, CHUNKS_PER_LIST) }],
})
export type TreeEntry = Infer<typeof treeEntry>
export type TreeEntryOf<T extends TreeEntry['type']> = Extract<TreeEntry, { type: T }>
export type TreeBlock = Infer<typeof treeBlock>
export type TreeBlockOf<T extends TreeBlock['type']> = Extract<TreeBlock, { type: T }>

export const sealBlock = (block: TreeBlock): Block => blockOf(encodeWith(treeBlock, block), 'dag-cbor')

/** @throws {ContentStoreError} TREE_MALFORMED when the bytes under `cid` are not this kind of block */
export function openBlock<T extends TreeBlock['type']>(cid: ContentId, bytes: Uint8Array, type: T): TreeBlockOf<T> {
  const block = decoded(cid, bytes)
  if (block.type !== type) throw malformed(cid, `a ${type} block was expected`)
  return block as TreeBlockOf<T>
}
export function decoded(cid: ContentId, bytes: Uint8Array): TreeBlock {
  try {
    return decodeWith(treeBlock, bytes, BLOCK_MAX_BYTES)
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause
    throw new ContentStoreError({ code: 'TREE_MALFORMED', cid, reason: cause.message }, { cause })
  }
}

/** The id behind a link, which has to name content of this kind. @throws {ContentStoreError} TREE_MALFORMED in block `parent` */
export function linked(parent: ContentId, target: Uint8Array, codec: Codec): ContentId {
  const cid = idOfLink(parent, target)
  if (codecOf(cid) !== codec) throw malformed(parent, `a link to ${codec} content was expected`)
  return cid
}
function idOfLink(parent: ContentId, target: Uint8Array): ContentId {
  try {
    return contentIdOfBytes(target)
  } catch (cause) {
    throw new ContentStoreError({ code: 'TREE_MALFORMED', cid: parent, reason: 'a link of another kind' }, { cause })
  }
}

export const malformed = (cid: ContentId, reason: string): ContentStoreError =>
  new ContentStoreError({ code: 'TREE_MALFORMED', cid, reason })
