import { type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { BlockSource, type Missing } from './block-source.js'
import type { GetBlock } from './blocks.js'
import { childSpot, gatherEntries, type PartSpot, readPart, WHOLE } from './directory-blocks.js'
import { compareNames, pathFault, segmentsOf } from './paths.js'
import { targetFault } from './symlinks.js'
import { linked, malformed, type TreeEntry } from './tree-blocks.js'

/** What lies at a path, without what lies below it. */
export type TreeNode =
  | {
      readonly type: 'file'
      readonly mode: number
      readonly mtimeS: number
      readonly size: number
      readonly paged: boolean
      readonly content: ContentId | null
    }
  | { readonly type: 'directory'; readonly mode: number }
  | { readonly type: 'symlink'; readonly target: string }

export interface TreeChange {
  readonly path: string
  /** Undefined: it was added. */
  readonly before: TreeNode | undefined
  /** Undefined: it was removed. */
  readonly after: TreeNode | undefined
}
export interface TreeDiff {
  /** Sorted by path, segment by segment; a directory comes before what is in it. */
  readonly changes: readonly TreeChange[]
  /** The `from` of the next page. Undefined: that was all. */
  readonly next: string | undefined
}
export interface TreeRange {
  /** The first path wanted. Default: the first there is. */
  readonly from?: string
  /** Most changes of one page, at least 1. Default 1,000. */
  readonly limit?: number
  /**
   * How many parts of directories, of up to 256 entries each, are read before a page ends, if it has any changes by then. Twice as many
   * are TREE_TOO_LARGE. Default 4,096.
   */
  readonly maxParts?: number
}
const DEFAULTS = { limit: 1000, maxParts: 4096 }
/** How many missing blocks one page asks for: nobody knows how much more is in them. */
const MISSING_AT_ONCE = 64

/**
 * What makes the tree `after` of the tree `before`: each path that differs, in a directory that came or went each path below it too.
 * Blocks that both have are not read, so it costs as much as there are changes.
 * @throws {ContentStoreError} FILE_PATH, TREE_MALFORMED; TREE_TOO_LARGE
 */
export function diffTrees(
  get: GetBlock,
  before: ContentId,
  after: ContentId,
  { from, limit = DEFAULTS.limit, maxParts = DEFAULTS.maxParts }: TreeRange = {},
): TreeDiff | Missing {
  const source = new BlockSource(get)
  const difference = new Difference(source, Math.max(1, limit), maxParts)
  return source.finish(() => {
    if (before !== after) difference.compare(before, after, [], from === undefined ? [] : segmentsOf(from))
    return { changes: difference.changes, next: difference.next }
  })
}

/** The two entries of one name. */
interface Pair {
  readonly name: string
  readonly before: TreeEntry | undefined
  readonly after: TreeEntry | undefined
}

class Difference {
  readonly changes: TreeChange[] = []
  next: string | undefined
  readonly #source: BlockSource
  readonly #limit: number
  readonly #maxParts: number
  constructor(source: BlockSource, limit: number, maxParts: number) {
    this.#source = source
    this.#limit = limit
    this.#maxParts = maxParts
    source.maxParts = 2 * maxParts
  }
  get #isFull(): boolean {
    return this.next !== undefined || this.#source.missingCount >= MISSING_AT_ONCE
  }
  /** Where blocks are missing there can be any number of directories to compare and no change to show. */
  get #hasReadEnough(): boolean {
    return this.#source.partsRead >= this.#maxParts && (this.changes.length > 0 || this.#source.missingCount > 0)
  }

  /** Two directories at one place, of which either may be none; not the same one. @param from what of them is wanted first */
  compare(before: ContentId | undefined, after: ContentId | undefined, above: readonly string[], from: readonly string[]): void {
    const [first, ...below] = from
    for (const pair of this.#pairs(before, after)) {
      const order = first === undefined ? 1 : compareNames(pair.name, first)
      if (order < 0) continue
      if (this.#isFull) return
      const names = [...above, pair.name]
      const path = names.join('/')
      const [old, young] = [directoryOf(pair.before), directoryOf(pair.after)]
      if (old !== young && this.#hasReadEnough) this.next = path
      if (this.next !== undefined) return
      this.#check(pair.before, before, path, above.length)
      this.#check(pair.after, after, path, above.length)
      if (order > 0 || below.length === 0) this.#report(path, pair)
      if (this.next !== undefined) return
      if (old !== young) this.#source.attemptOnce(`${old} ${young}`, () => this.compare(old, young, names, order === 0 ? below : []))
    }
  }

  /** The entries that are not alike in both, sorted by name. */
  #pairs(before: ContentId | undefined, after: ContentId | undefined): readonly Pair[] {
    const [old, young]: [TreeEntry[], TreeEntry[]] = [[], []]
    this.#gather(before, after, WHOLE, WHOLE, old, young)
    const names = new Map<string, Pair>()
    for (const entry of old) names.set(entry.name, { name: entry.name, before: entry, after: undefined })
    for (const entry of young) names.set(entry.name, { name: entry.name, before: names.get(entry.name)?.before, after: entry })
    return [...names.values()].filter((pair) => !isAlike(pair.before, pair.after)).sort((a, b) => compareNames(a.name, b.name))
  }

  /** All entries of two parts of a directory, but for smaller parts that both have. */
  #gather(
    a: ContentId | undefined,
    b: ContentId | undefined,
    spotA: PartSpot,
    spotB: PartSpot,
    old: TreeEntry[],
    young: TreeEntry[],
  ): void {
    if (a === b) return
    const source = this.#source
    if (a === undefined || b === undefined) {
      if (a !== undefined) gatherEntries(source, a, spotA, old)
      if (b !== undefined) gatherEntries(source, b, spotB, young)
      return
    }
    source.attemptOnce(`parts ${a} ${b}`, () => {
      const parts = [
        [a, spotA],
        [b, spotB],
      ] as const
      const read: ReturnType<typeof readPart>[] = []
      for (const [cid, spot] of parts) source.attempt(() => read.push(readPart(source, cid, spot)))
      const [partA, partB] = read
      if (partA === undefined || partB === undefined) return // one is missing, and both are asked for if both are
      if (partA.type === 'leaf' || partB.type === 'leaf') {
        gatherEntries(source, a, spotA, old)
        gatherEntries(source, b, spotB, young)
        return
      }
      for (let digit = 0; digit < partA.children.length; digit++) {
        const [childA, childB] = [partA.children[digit], partB.children[digit]]
        this.#gather(
          childA ? linked(a, childA.node, 'dag-cbor') : undefined,
          childB ? linked(b, childB.node, 'dag-cbor') : undefined,
          childSpot(spotA, digit, childA?.count ?? 0),
          childSpot(spotB, digit, childB?.count ?? 0),
          old,
          young,
        )
      }
    })
  }

  #check(entry: TreeEntry | undefined, directory: ContentId | undefined, path: string, depth: number): void {
    if (entry === undefined || directory === undefined) return
    const fault = pathFault(path) ?? (entry.type === 'symlink' ? targetFault(entry.target, depth) : undefined)
    if (fault !== undefined) throw malformed(directory, fault)
  }

  #report(path: string, pair: Pair): void {
    const [before, after] = [nodeOf(pair.before), nodeOf(pair.after)]
    if (before?.type === 'directory' && after?.type === 'directory' && before.mode === after.mode) return
    if (this.changes.length >= this.#limit) this.next = path
    else this.changes.push({ path, before, after })
  }
}

const directoryOf = (entry: TreeEntry | undefined): ContentId | undefined =>
  entry?.type === 'directory' ? contentIdOfBytes(entry.node) : undefined

function nodeOf(entry: TreeEntry | undefined): TreeNode | undefined {
  if (entry === undefined) return undefined
  if (entry.type === 'directory') return { type: 'directory', mode: entry.mode }
  if (entry.type === 'symlink') return { type: 'symlink', target: entry.target }
  const { mode, mtimeS, size, paged, content } = entry
  return { type: 'file', mode, mtimeS, size, paged, content: content && contentIdOfBytes(content) }
}

function isAlike(a: TreeEntry | undefined, b: TreeEntry | undefined): boolean {
  if (a?.type === 'directory' && b?.type === 'directory') return a.mode === b.mode && sameBytes(a.node, b.node)
  if (a?.type === 'symlink' && b?.type === 'symlink') return a.target === b.target
  if (a?.type !== 'file' || b?.type !== 'file') return false
  const isSame = a.mode === b.mode && a.mtimeS === b.mtimeS && a.size === b.size && a.paged === b.paged
  return isSame && sameBytes(a.content ?? new Uint8Array(), b.content ?? new Uint8Array())
}
