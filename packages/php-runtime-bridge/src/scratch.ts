import { emptyTree, findNode, type TreeDirectory, type TreeNode, withEntry } from './file-tree.js'

/** What the scratch folders of a site hold, by their path in the site. */
export type Scratch = ReadonlyMap<string, TreeDirectory>
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
 * Caches that reads leave for reads: a convenience of this peer's, no part of any site's state. Kept for a state's root, so that they are gone
 * when the state changes; those that were used longest ago go first, and one that is too large alone is not kept.
 */
export class ScratchStore {
  readonly #limits: ScratchLimits
  readonly #kept = new Map<string, Kept>()
  #bytes = 0
  #entries = 0

  constructor(limits: ScratchLimits = scratchLimits) {
    this.#limits = limits
  }

  get(root: string): Scratch {
    const kept = this.#kept.get(root)
    if (kept === undefined) return noScratch
    this.#kept.delete(root)
    this.#kept.set(root, kept)
    return kept.scratch
  }

  /** @param site what the root names: of what its folders share with it nothing is counted */
  put(root: string, scratch: Scratch, site: TreeDirectory): void {
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

  drop(root: string): void {
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

/** The tree with a folder there, and those above it, unless something is in the way. `folder` takes the place of one that is there. */
export function withFolder(tree: TreeDirectory, path: string, folder?: TreeDirectory): TreeDirectory {
  const slash = path.indexOf('/')
  const name = slash < 0 ? path : path.slice(0, slash)
  const node = tree.entries.get(name)
  if (node !== undefined && node.kind !== 'directory') return tree
  const inside = node ?? emptyTree
  return withEntry(tree, name, slash < 0 ? (folder ?? inside) : withFolder(inside, path.slice(slash + 1), folder))
}
