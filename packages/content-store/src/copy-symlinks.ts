import { bytesOfContentId, type ContentId } from '@interpeer/crypto-ids'
import type { BuiltTree } from './apply-changes.js'
import { BlockSource, type Missing } from './block-source.js'
import type { Block, GetBlock } from './blocks.js'
import { entriesOf } from './directory-blocks.js'
import { editDirectory } from './edit-directory.js'
import { IMPLIED_DIRECTORY_MODE } from './files.js'
import { followPath, type Place, placeBelow, topPlace } from './follow-path.js'
import { pathFault } from './paths.js'
import type { TreeEntry } from './tree-blocks.js'
import { DEFAULT_TREE_LIMITS, type TreeLimits, tooLarge } from './tree-limits.js'

/** Names looked up on the ways of all links of one tree: each can cost a block read. */
const NAMES_FOLLOWED_MAX = 10_000

/**
 * The tree with a copy of what it leads to in place of every symbolic link, for readers that know no links; a link that leads nowhere,
 * in a circle, or to a directory that it lies in is left out. Depends on the tree alone, so that all who do it agree. A tree without
 * links is its own copy: `root` is the same and `blocks` is empty. Limits count what is copied each time; a
 * directory of more than 256 entries has to fit them with all its links.
 * @throws {ContentStoreError} TREE_MALFORMED, TREE_TOO_LARGE
 */
export function copySymlinks(get: GetBlock, root: ContentId, limits: TreeLimits = {}): BuiltTree | Missing {
  const source = new BlockSource(get)
  return source.finish(() => {
    const copying = new Copying(source, { ...DEFAULT_TREE_LIMITS, ...limits })
    const copy = copyBelow(copying, topPlace(root, IMPLIED_DIRECTORY_MODE), '', [])
    return { root: copy, blocks: [...copying.made.values()].filter(({ cid }) => !source.known.has(cid)) }
  })
}

class Copying {
  #entries = 0
  #bytes = 0
  #names = 0
  readonly made = new Map<ContentId, Block>()
  readonly source: BlockSource
  readonly #limits: Required<TreeLimits>
  constructor(source: BlockSource, limits: Required<TreeLimits>) {
    this.source = source
    this.#limits = limits
  }
  /** What is in a directory. @throws {ContentStoreError} TREE_MALFORMED, TREE_TOO_LARGE */
  entriesOf(directory: ContentId): readonly TreeEntry[] {
    return entriesOf(this.source, directory, this.#entries, this.#limits.maxEntries)
  }
  /** @throws {ContentStoreError} TREE_TOO_LARGE */
  count(bytes: number): void {
    const { maxEntries, maxBytes } = this.#limits
    this.#entries++
    this.#bytes += bytes
    if (this.#entries > maxEntries) throw tooLarge(`more than ${maxEntries} entries`)
    if (this.#bytes > maxBytes) throw tooLarge(`more than ${maxBytes} bytes`)
  }
  /** @throws {ContentStoreError} TREE_TOO_LARGE */
  readonly countName = (): void => {
    if (++this.#names > NAMES_FOLLOWED_MAX) throw tooLarge(`links over more than ${NAMES_FOLLOWED_MAX} names`)
  }
}

/** @param above where the copy lies, '' or with a slash at its end; @param within the places that it is copied into */
function copyBelow(copying: Copying, place: Place, above: string, within: readonly string[]): ContentId {
  const { source, made } = copying
  const inside = [...within, nameOf(place)]
  let changed = false
  const entries: TreeEntry[] = []
  for (const entry of copying.entriesOf(place.cid)) {
    const path = above + entry.name
    const fault = pathFault(path)
    if (fault !== undefined) {
      throw tooLarge(`with links copied, a path ${fault}`)
    }
    source.attempt(() => {
      const copy = copyOf(copying, place, entry, path, inside)
      if (copy !== entry) changed = true
      if (copy !== undefined) entries.push(copy)
    })
  }
  if (!changed) return place.cid
  const edits = entries.map((entry) => ({ name: entry.name, entry }))
  return editDirectory(source, (block) => made.set(block.cid, block), undefined, edits)
}

/** What stands in place of an entry: itself if nothing below it changes; undefined if it is left out. */
function copyOf(copying: Copying, place: Place, entry: TreeEntry, path: string, inside: readonly string[]): TreeEntry | undefined {
  const found =
    entry.type === 'file'
      ? ({ type: 'file', entry } as const)
      : entry.type === 'directory'
        ? ({ type: 'directory', place: placeBelow(place, entry) } as const)
        : followPath(copying.source, place, [entry.name], copying.countName)
  if (found === undefined) return undefined
  copying.count(found.type === 'file' ? found.entry.size : 0)
  if (found.type === 'file') return found.entry === entry ? entry : { ...found.entry, name: entry.name }
  if (inside.includes(nameOf(found.place))) return undefined
  const cid = copyBelow(copying, found.place, `${path}/`, inside)
  if (entry.type === 'directory' && cid === found.place.cid) return entry
  return { type: 'directory', name: entry.name, mode: found.place.mode, node: bytesOfContentId(cid) }
}

const nameOf = ({ names }: Place): string => names.join('/')
