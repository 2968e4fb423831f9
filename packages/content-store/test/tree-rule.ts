import { createHash } from 'node:crypto'

/*
 * The rules of src/tree.cddl, as plainly as they can be written and with nothing of the code that they rule: vectors are made by this,
 * and the code is held to it.
 */

export interface RuleFile {
  readonly path: string
  readonly mode: number
  readonly mtimeS: number
  readonly bytes: Uint8Array
}
export interface RuleDirectory {
  readonly path: string
  readonly mode: number
}
export interface RuleSymlink {
  readonly path: string
  readonly target: string
}

/** CBOR of what tree blocks have: integers, text, booleans, null, lists, and links. */
export type Item = number | string | boolean | null | Buffer | readonly Item[]
export function cbor(item: Item): Buffer {
  if (item === null) return Buffer.from('f6', 'hex')
  if (typeof item === 'boolean') return Buffer.from(item ? 'f5' : 'f4', 'hex')
  if (typeof item === 'number') return head(0, item)
  if (typeof item === 'string') return Buffer.concat([head(3, Buffer.byteLength(item)), Buffer.from(item)])
  if (Buffer.isBuffer(item)) return Buffer.concat([Buffer.from('d82a5825', 'hex'), Buffer.from([0]), item]) // a link: 37 bytes under tag 42
  return Buffer.concat([head(4, item.length), ...item.map(cbor)])
}
function head(major: number, value: number): Buffer {
  const [m, bytes] = [major << 5, Buffer.alloc(8)]
  bytes.writeBigUInt64BE(BigInt(value))
  if (value < 24) return Buffer.from([m | value])
  for (const [i, length] of [1, 2, 4, 8].entries()) {
    if (value < 2 ** (8 * length)) return Buffer.concat([Buffer.from([m | (24 + i)]), bytes.subarray(8 - length)])
  }
  throw new RangeError('too large')
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()
const cidOf = (codec: 0x55 | 0x71, bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from([1, codec, 0x12, 32]), sha256(bytes)])

/** A CID as text: base32 without padding, 'b' in front. */
export function textOf(cid: Buffer): string {
  let bits = ''
  for (const byte of cid) bits += byte.toString(2).padStart(8, '0')
  bits = bits.padEnd(Math.ceil(bits.length / 5) * 5, '0')
  return `b${(bits.match(/.{5}/g) ?? []).map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(five, 2)]).join('')}`
}

/** Blocks by the text of their CIDs. */
export class RuleBlocks {
  readonly bytes = new Map<string, Buffer>()
  raw(bytes: Uint8Array): Buffer {
    return this.#keep(0x55, Buffer.from(bytes))
  }
  block(item: Item): Buffer {
    return this.#keep(0x71, cbor(item))
  }
  #keep(codec: 0x55 | 0x71, bytes: Buffer): Buffer {
    const cid = cidOf(codec, bytes)
    this.bytes.set(textOf(cid), bytes)
    return cid
  }
}

export const pagedOf = (bytes: Uint8Array): boolean => Buffer.from(bytes.subarray(0, 16)).toString('latin1') === 'SQLite format 3\0'

/** The lengths of a file's chunks. */
export function cutsOf(size: number, paged: boolean): number[] {
  const lengths: number[] = []
  let rest = size
  while (!paged && rest >= 1048576) {
    lengths.push(1048576)
    rest -= 1048576
  }
  while (rest > 0) {
    lengths.push(Math.min(65536, rest))
    rest -= Math.min(65536, rest)
  }
  return lengths
}

export function contentOf(blocks: RuleBlocks, bytes: Uint8Array): Buffer | null {
  const chunks: Buffer[] = []
  let at = 0
  for (const length of cutsOf(bytes.length, pagedOf(bytes))) {
    chunks.push(blocks.raw(bytes.subarray(at, at + length)))
    at += length
  }
  if (chunks.length <= 1) return chunks[0] ?? null
  if (chunks.length <= 256) return blocks.block([2, chunks])
  const lists: Buffer[] = []
  for (let i = 0; i < chunks.length; i += 256) lists.push(blocks.block([2, chunks.slice(i, i + 256)]))
  return blocks.block([2, lists])
}

/** An entry as it is written, with its name. */
interface NamedItem {
  readonly name: string
  readonly item: Item
}
export function directoryOf(blocks: RuleBlocks, entries: readonly NamedItem[], digit = 0): Buffer {
  if (entries.length <= 256) {
    const sorted = [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
    return blocks.block([0, sorted.map(({ item }) => item)])
  }
  const children = Array.from('0123456789abcdef', (hex): Item => {
    const mine = entries.filter(({ name }) => sha256(cbor(name)).toString('hex')[digit] === hex)
    return mine.length === 0 ? null : [mine.length, directoryOf(blocks, mine, digit + 1)]
  })
  return blocks.block([1, children])
}

/** The tree of these files, directories and links: the text of its root, and all its blocks. */
export function treeByRule(
  files: readonly RuleFile[],
  directories: readonly RuleDirectory[],
  symlinks: readonly RuleSymlink[],
): { root: string; blocks: Map<string, Buffer> } {
  const blocks = new RuleBlocks()
  const modes = new Map<string, number>()
  for (const { path } of [...files, ...directories, ...symlinks]) {
    const names = path.split('/')
    for (let i = 1; i < names.length; i++) modes.set(names.slice(0, i).join('/'), 0o755)
  }
  for (const { path, mode } of directories) modes.set(path, mode)
  const make = (path: string): Buffer => {
    const prefix = path === '' ? '' : `${path}/`
    const isHere = (other: string): boolean => other !== '' && other.startsWith(prefix) && !other.slice(prefix.length).includes('/')
    const nameOf = (other: string): string => other.slice(prefix.length)
    const items: NamedItem[] = []
    for (const file of files.filter((one) => isHere(one.path))) {
      const name = nameOf(file.path)
      const { bytes } = file
      items.push({ name, item: [0, name, file.mode, file.mtimeS, bytes.length, pagedOf(bytes), contentOf(blocks, bytes)] })
    }
    for (const [directory, mode] of modes) {
      const name = nameOf(directory)
      if (isHere(directory)) items.push({ name, item: [1, name, mode, make(directory)] })
    }
    for (const { path: link, target } of symlinks) {
      const name = nameOf(link)
      if (isHere(link)) items.push({ name, item: [2, name, target] })
    }
    return directoryOf(blocks, items)
  }
  const root = textOf(make(''))
  return { root, blocks: blocks.bytes }
}
