import { bytesOfContentId, type ContentId } from '@interpeer/crypto-ids'
import type { BlockSource } from './block-source.js'
import type { Block } from './blocks.js'
import { childSpot, gatherEntries, type PartSpot, placeOf, readPart, WHOLE } from './directory-blocks.js'
import { compareNames } from './paths.js'
import { FAN_CHILDREN, LEAF_MAX_ENTRIES, linked, sealBlock, type TreeEntry } from './tree-blocks.js'

/** Part of a directory while it changes: as it is stored, or in memory and not yet a block. */
type Part =
  | { readonly type: 'kept'; readonly cid: ContentId; readonly spot: PartSpot; readonly count: number }
  | { readonly type: 'leaf'; readonly entries: readonly TreeEntry[]; readonly count: number }
  | { readonly type: 'fan'; readonly children: readonly Part[]; readonly count: number }

/** What becomes of a name. Null: nothing is there any more. */
export interface Edit {
  readonly name: string
  readonly entry: TreeEntry | null
}

/**
 * The directory that `edits`, one a name, make of `base` (undefined = of an empty one). Emits its blocks, old ones too.
 * @throws {MissingBlock}
 */
export function editDirectory(
  source: BlockSource,
  emit: (block: Block) => void,
  base: ContentId | undefined,
  edits: readonly Edit[],
): ContentId {
  const placed = edits.map((edit) => ({ ...edit, digits: placeOf(edit.name) }))
  const part = base === undefined ? buildPart(additions(placed), '') : editPart(source, base, WHOLE, placed)
  return sealPart(part, emit)
}

interface PlacedEdit extends Edit {
  readonly digits: string
}

function editPart(source: BlockSource, cid: ContentId, spot: PartSpot, edits: readonly PlacedEdit[]): Part {
  const block = readPart(source, cid, spot)
  if (block.type === 'leaf') {
    const edited = new Set(edits.map(({ name }) => name))
    return buildPart([...block.entries.filter(({ name }) => !edited.has(name)), ...additions(edits)], spot.place)
  }
  const children = block.children.map((child, digit): Part => {
    const mine = edits.filter(({ digits }) => Number.parseInt(digits.charAt(spot.place.length), 16) === digit)
    if (!child) return buildPart(additions(mine), spot.place + digit.toString(16))
    const [childCid, its] = [linked(cid, child.node, 'dag-cbor'), childSpot(spot, digit, child.count)]
    return mine.length === 0 ? { type: 'kept', cid: childCid, spot: its, count: child.count } : editPart(source, childCid, its, mine)
  })
  const count = countOf(children)
  if (count > LEAF_MAX_ENTRIES) return { type: 'fan', children, count }
  const entries: TreeEntry[] = []
  for (const child of children) takeEntries(source, child, entries)
  return buildPart(entries, spot.place)
}

const additions = (edits: readonly Edit[]): TreeEntry[] => edits.flatMap(({ entry }) => (entry === null ? [] : [entry]))
const countOf = (parts: readonly Part[]): number => parts.reduce((sum, { count }) => sum + count, 0)

function takeEntries(source: BlockSource, part: Part, entries: TreeEntry[]): void {
  if (part.type === 'kept') gatherEntries(source, part.cid, part.spot, entries)
  else if (part.type === 'leaf') entries.push(...part.entries)
  else for (const child of part.children) takeEntries(source, child, entries)
}

function buildPart(entries: readonly TreeEntry[], place: string): Part {
  if (entries.length <= LEAF_MAX_ENTRIES) {
    return { type: 'leaf', entries: entries.toSorted((a, b) => compareNames(a.name, b.name)), count: entries.length }
  }
  const groups = Array.from({ length: FAN_CHILDREN }, (): TreeEntry[] => [])
  for (const entry of entries) groups[Number.parseInt(placeOf(entry.name).charAt(place.length), 16)]?.push(entry)
  const children = groups.map((group, digit) => buildPart(group, place + digit.toString(16)))
  return { type: 'fan', children, count: entries.length }
}

function sealPart(part: Part, emit: (block: Block) => void): ContentId {
  if (part.type === 'kept') return part.cid
  const block =
    part.type === 'leaf'
      ? sealBlock({ type: 'leaf', entries: part.entries })
      : sealBlock({
          type: 'fan',
          children: part.children.map((child) =>
            child.count === 0 ? null : { count: child.count, node: bytesOfContentId(sealPart(child, emit)) },
          ),
        })
  emit(block)
  return block.cid
}
