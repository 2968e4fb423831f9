import { createHash } from 'node:crypto'
import { contentIdOfBytes } from '@interpeer/crypto-ids'

/*
 * Roots and blocks of maps straight from the rules of content-store.cddl, and from nothing of `src`: no trie, bits as text, CBOR by hand.
 */
export interface Entry {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly sum: bigint
}
export const sha256 = (...parts: readonly (Uint8Array | string)[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(typeof part === 'string' ? Buffer.from(part, 'hex') : part)
  return hash.digest()
}
/** A number of so many bytes, in hexadecimal. */
export const uint = (value: bigint | number, bytes: number): string => value.toString(16).padStart(2 * bytes, '0')
export const bytesOfHexes = (...parts: readonly (Uint8Array | string)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)))

/** A node as it stands in a block, and what its parent says of it. */
export interface RuleNode {
  readonly hash: Buffer
  readonly sum: bigint
  readonly records: Buffer
  /** Binary CIDs. */
  readonly links: readonly Buffer[]
  /** All blocks below, raw ones too: by the CID as text. */
  readonly blocks: ReadonlyMap<string, Buffer>
}
export const weightOf = ({ records, links }: Pick<RuleNode, 'records' | 'links'>): number => records.length + 41 * links.length

const shortSum = (sum: bigint): string => {
  const hex = sum === 0n ? '' : uint(sum, Math.ceil(sum.toString(16).length / 2))
  return uint(hex.length / 2, 1) + hex
}
const cidOf = (codec: string, bytes: Uint8Array): Buffer => bytesOfHexes(`01${codec}1220`, sha256(bytes))

export function ruleLeaf({ key, value, sum }: Entry): RuleNode {
  const hash = sha256('01', uint(sum, 16), uint(key.length, 2), key, sha256(value))
  const head = bytesOfHexes(uint(key.length, 2), key, shortSum(sum))
  if (value.length <= 512)
    return { hash, sum, records: bytesOfHexes('01', head, uint(value.length, 2), value), links: [], blocks: new Map() }
  const cid = cidOf('55', value)
  return { hash, sum, records: bytesOfHexes('02', head), links: [cid], blocks: new Map([[contentIdOfBytes(cid), Buffer.from(value)]]) }
}
export function ruleInner(bit: number, left: RuleNode, right: RuleNode): RuleNode {
  return {
    hash: sha256('02', uint(bit, 2), left.hash, uint(left.sum, 16), right.hash, uint(right.sum, 16)),
    sum: left.sum + right.sum,
    records: bytesOfHexes(`00${uint(bit, 2)}`, left.records, right.records),
    links: [...left.links, ...right.links],
    blocks: new Map([...left.blocks, ...right.blocks]),
  }
}
/** A node in a block of its own, as its parent's block has it. */
export function ruleApart(node: RuleNode): RuleNode {
  const { cid, bytes } = ruleBlock(node)
  const records = bytesOfHexes('03', node.hash, shortSum(node.sum), uint(weightOf(node), 2))
  return { ...node, records, links: [cid], blocks: new Map([...node.blocks, [contentIdOfBytes(cid), bytes]]) }
}
const head = (major: number, size: number): Buffer =>
  Buffer.from(size < 24 ? [major + size] : size < 256 ? [major + 24, size] : [major + 25, size >> 8, size & 255])
export function ruleBlock({ links, records }: Pick<RuleNode, 'links' | 'records'>): { readonly cid: Buffer; readonly bytes: Buffer } {
  const tagged = links.map((cid) => bytesOfHexes('d82a582500', cid))
  const bytes = Buffer.concat([Buffer.of(0x83, 8), head(0x80, links.length), ...tagged, head(0x40, records.length), records])
  return { cid: cidOf('71', bytes), bytes }
}

const known = new WeakMap<Uint8Array, string>()
/** A key's bits as text, by the numbers that inner nodes have. */
export function ruleBits(key: Uint8Array): string {
  const written =
    known.get(key) ??
    [...key]
      .map((byte) => `1${byte.toString(2).padStart(8, '0')}`)
      .join('')
      .padEnd(9 * 257, '0')
  known.set(key, written)
  return written
}
/** The first bit in which not all keys are alike. */
export function ruleBit(keys: readonly Uint8Array[]): number {
  const all = keys.map(ruleBits)
  let bit = 0
  while (all.every((one) => one[bit] === all[0]?.[bit])) bit++
  return bit
}

export function naiveNode(entries: readonly Entry[], place: (node: RuleNode, tooHeavy: boolean) => RuleNode = placed): RuleNode {
  if (entries.length === 1) return ruleLeaf(entries[0] as Entry)
  const bit = ruleBit(entries.map(({ key }) => key))
  const [left, right] = ['0', '1'].map((side) =>
    naiveNode(
      entries.filter(({ key }) => ruleBits(key)[bit] === side),
      place,
    ),
  ) as [RuleNode, RuleNode]
  const tooHeavy = 3 + weightOf(left) + weightOf(right) > 4096
  return ruleInner(bit, place(left, tooHeavy), place(right, tooHeavy))
}
const placed = (node: RuleNode, tooHeavy: boolean): RuleNode => (tooHeavy && weightOf(node) > 1024 ? ruleApart(node) : node)

export const naiveRoot = (entries: readonly Entry[]): Buffer => (entries.length === 0 ? sha256('00') : naiveNode(entries).hash)
/** All blocks of a map by name, the root's last. */
export function naiveBlocks(entries: readonly Entry[]): ReadonlyMap<string, Buffer> {
  return entries.length === 0 ? new Map() : ruleApart(naiveNode(entries)).blocks
}
