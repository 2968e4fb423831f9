import { type ContentId, sha256 } from '@interpeer/crypto-ids'
import { encodeCbor, hexOf } from '@interpeer/wire-codec'
import type { BlockSource } from './block-source.js'
import { contentCodecOf, FILE_MAX_BYTES, PAGED_MIN_BYTES } from './chunks.js'
import { statFault } from './files.js'
import { compareNames, nameFault, PATH_MAX_DEPTH } from './paths.js'
import { targetFault } from './symlinks.js'
import { decoded, FAN_CHILDREN, LEAF_MAX_ENTRIES, linked, malformed, type TreeBlockOf, type TreeEntry } from './tree-blocks.js'
import { tooLarge } from './tree-limits.js'

/*
 * A directory of up to 256 entries is one leaf block, sorted by name. A larger one is a fan of 16: an entry's place is the
 * hexadecimal SHA-256 of its name, the first digit chooses the child, the next digit the child's child, until a part fits a leaf.
 * So the blocks depend on what is in the directory and on nothing else, and one change rewrites one leaf and the few fans above
 * it. Nobody can make it deep but by grinding hashes.
 */
const PLACE_DIGITS_MAX = 20

/** Where an entry belongs in a fan. */
export const placeOf = (name: string): string => hexOf(sha256(encodeCbor(name)))

/** Which part of a directory a block is: the digits that all places in it begin with, and how many entries its parent promised. */
export interface PartSpot {
  readonly place: string
  readonly count?: number
}
export const WHOLE: PartSpot = { place: '' }

export const childSpot = (spot: PartSpot, digit: number, count: number): PartSpot => ({ place: spot.place + digit.toString(16), count })

/**
 * One block of a directory, checked: sorted, valid, in its place, and of the only shape its entries can have.
 * @throws {ContentStoreError} TREE_MALFORMED, TREE_TOO_LARGE
 * @throws {MissingBlock}
 */
export function readPart(source: BlockSource, cid: ContentId, spot: PartSpot): TreeBlockOf<'leaf'> | TreeBlockOf<'fan'> {
  if (++source.partsRead > source.maxParts) throw tooLarge(`more than ${source.maxParts} parts of directories`)
  return source.lately(`${cid} ${spot.place} ${spot.count}`, () => checkedPart(source, cid, spot))
}
function checkedPart(source: BlockSource, cid: ContentId, spot: PartSpot): TreeBlockOf<'leaf'> | TreeBlockOf<'fan'> {
  const block = decoded(cid, source.read(cid))
  const fault = block.type === 'leaf' ? leafFault(cid, block, spot) : block.type === 'fan' ? fanFault(block, spot) : 'not a directory'
  if (block.type === 'chunks' || fault !== undefined) throw malformed(cid, fault ?? 'not a directory')
  return block
}

function leafFault(cid: ContentId, { entries }: TreeBlockOf<'leaf'>, { place, count }: PartSpot): string | undefined {
  if (count !== undefined && entries.length !== count) return 'another number of entries than its parent says'
  for (const [i, entry] of entries.entries()) {
    const before = entries[i - 1]
    if (before !== undefined && compareNames(before.name, entry.name) >= 0) return 'names out of order'
    if (place !== '' && !placeOf(entry.name).startsWith(place)) return 'a name in the wrong place'
    const fault = nameFault(entry.name) ?? entryFault(cid, entry)
    if (fault !== undefined) return fault
  }
  return undefined
}
function entryFault(cid: ContentId, entry: TreeEntry): string | undefined {
  if (entry.type === 'directory') {
    linked(cid, entry.node, 'dag-cbor')
    return statFault(entry.mode, 0)
  }
  // how deep it lies is not known here: whoever follows it, or lists it, looks again
  if (entry.type === 'symlink') return targetFault(entry.target, PATH_MAX_DEPTH)
  if (entry.size > FILE_MAX_BYTES) return 'a file too large'
  if (entry.paged && entry.size < PAGED_MIN_BYTES) return 'a paged file too small'
  if ((entry.size === 0) !== (entry.content === null)) return 'content and size disagree'
  if (entry.content !== null) linked(cid, entry.content, contentCodecOf(entry))
  return statFault(entry.mode, entry.mtimeS)
}
function fanFault({ children }: TreeBlockOf<'fan'>, { place, count }: PartSpot): string | undefined {
  if (place.length >= PLACE_DIGITS_MAX) return 'a fan too deep'
  if (children.length !== FAN_CHILDREN) return 'a fan without 16 places'
  const sum = promisedBy(children)
  if (children.some((child) => child?.count === 0)) return 'an empty part in a fan'
  if (count !== undefined && sum !== count) return 'another number of entries than its parent says'
  return sum <= LEAF_MAX_ENTRIES ? 'a fan that fits a leaf' : undefined
}

const promisedBy = (children: TreeBlockOf<'fan'>['children']): number => children.reduce((sum, child) => sum + (child?.count ?? 0), 0)

/** The entry of that name, if any. @throws {MissingBlock} */
export function findEntry(source: BlockSource, directory: ContentId, name: string): TreeEntry | undefined {
  const digits = placeOf(name)
  let [cid, spot] = [directory, WHOLE]
  for (;;) {
    const block = readPart(source, cid, spot)
    if (block.type === 'leaf') return block.entries.find((entry) => entry.name === name)
    const digit = Number.parseInt(digits.charAt(spot.place.length), 16)
    const child = block.children[digit]
    if (!child) return undefined
    ;[cid, spot] = [linked(cid, child.node, 'dag-cbor'), childSpot(spot, digit, child.count)]
  }
}

/** All entries of a directory or a part, in no order. What is missing is left out, and is in `source.missing`. */
export function gatherEntries(source: BlockSource, cid: ContentId, spot: PartSpot, entries: TreeEntry[]): void {
  source.attemptOnce(cid, () => {
    const block = readPart(source, cid, spot)
    if (block.type === 'leaf') for (const entry of block.entries) entries.push(entry)
    else
      block.children.forEach((child, digit) => {
        if (child) gatherEntries(source, linked(cid, child.node, 'dag-cbor'), childSpot(spot, digit, child.count), entries)
      })
  })
}

/**
 * All entries, sorted by name. What a fan promises is looked at before it is gone into: a few blocks can promise any number.
 * @param count of the entries found before
 * @throws {ContentStoreError} TREE_MALFORMED, TREE_TOO_LARGE
 */
export function entriesOf(source: BlockSource, directory: ContentId, count: number, maxEntries: number): readonly TreeEntry[] {
  const entries: TreeEntry[] = []
  source.attempt(() => {
    const block = readPart(source, directory, WHOLE)
    if (block.type === 'fan' && count + promisedBy(block.children) > maxEntries) throw tooLarge(`more than ${maxEntries} entries`)
    gatherEntries(source, directory, WHOLE, entries)
  })
  return entries.sort((a, b) => compareNames(a.name, b.name))
}
