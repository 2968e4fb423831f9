import { emptyTree, findNode, type TreeDirectory, type TreeNode, withEntry } from './file-tree.js'

/** What the scratch paths of a site hold. */
export type Scratch = ReadonlyMap<string, TreeNode>
export const noScratch: Scratch = new Map()

export interface ScratchLimits {
  /** Bytes of all files kept, of all sites. */
  readonly bytesMax: number
  /** Files, folders and links kept, of all sites. */
  readonly entriesMax: number
}
const scratchLimits: ScratchLimits = { bytesMax: 64 * 1024 * 1024, entriesMax: 20_000 }

interface Kept {
  readonly scratch: Scratch
  readonly bytes: number
  readonly entries: number
}

/**
 * Caches that reads leave for reads: a convenience of this peer's, no part of any site's state. Kept for one tree, so that they are gone
 * when the state changes; those that were used longest ago go first, and one that is too large alone is not kept.
 */
export class ScratchStore {
  readonly #limits: ScratchLimits
  readonly #kept = new Map<number, Kept>()
  #bytes = 0
  #entries = 0

  constructor(limits: ScratchLimits = scratchLimits) {
    this.#limits = limits
  }

  get(root: number): Scratch {
    const kept = this.#kept.get(root)
    if (kept === undefined) return noScratch
    this.#kept.delete(root)
    this.#kept.set(root, kept)
    return kept.scratch
  }

  /** @param site the tree: of what scratch shares with it nothing is counted */
  put(root: number, scratch: Scratch, site: TreeDirectory): void {
    this.drop(root)
    const size = { bytes: 0, entries: 0 }
    for (const [path, tree] of scratch) measure(tree, findNode(site, path), size)
    if (size.entries === 0 || size.bytes > this.#limits.bytesMax || size.entries > this.#limits.entriesMax) return
    this.#kept.set(root, { scratch, ...size })
    this.#bytes += size.bytes
    this.#entries += size.entries
    for (const [oldest] of this.#kept) {
      if (this.#bytes <= this.#limits.bytesMax && this.#entries <= this.#limits.entriesMax) return
      this.drop(oldest)
    }
  }

  drop(root: number): void {
    const kept = this.#kept.get(root)
    if (kept === undefined) return
    this.#kept.delete(root)
    this.#bytes -= kept.bytes
    this.#entries -= kept.entries
  }
}

function measure(node: TreeNode, shared: TreeNode | undefined, size: { bytes: number; entries: number }): void {
  if (node === shared) return
  size.entries++
  if (node.kind === 'file') size.bytes += node.size
  if (node.kind !== 'directory') return
  const below = shared?.kind === 'directory' ? shared.entries : undefined
  for (const [name, child] of node.entries) measure(child, below?.get(name), size)
}

/** The tree with a folder there, and those above it, unless something is in the way. */
export function withFolder(tree: TreeDirectory, path: string): TreeDirectory {
  return placed(tree, path, (there) => there ?? emptyTree)
}

/** The tree with `node` there, in place of what was, unless something is in the way. */
export function withNode(tree: TreeDirectory, path: string, node: TreeNode): TreeDirectory {
  return placed(tree, path, () => node)
}

function placed(tree: TreeDirectory, path: string, nodeOver: (there: TreeNode | undefined) => TreeNode): TreeDirectory {
  const slash = path.indexOf('/')
  const name = slash < 0 ? path : path.slice(0, slash)
  const there = tree.entries.get(name)
  if (slash < 0) return withEntry(tree, name, nodeOver(there))
  if (there !== undefined && there.kind !== 'directory') return tree
  return withEntry(tree, name, placed(there ?? emptyTree, path.slice(slash + 1), nodeOver))
}
