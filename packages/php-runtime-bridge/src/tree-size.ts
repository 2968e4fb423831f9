import type { TreeDirectory } from './file-tree.js'

interface TreeSize {
  readonly entries: number
  readonly bytes: number
}
/** A little less than a peer loads of one tree (100,000 entries and 8 GiB): a site that nobody can load again is lost. */
const ENTRIES_MAX = 99_000
const BYTES_MAX = 8176 * 1024 * 1024

/** Trees share folders with those they were derived from, so that each is added up once. */
const known = new WeakMap<TreeDirectory, TreeSize>()

/** Whether a site of this tree can still be loaded by who does not have it. */
export function isLoadable(tree: TreeDirectory): boolean {
  const { entries, bytes } = sizeOf(tree)
  return entries <= ENTRIES_MAX && bytes <= BYTES_MAX
}

function sizeOf(tree: TreeDirectory): TreeSize {
  const seen = known.get(tree)
  if (seen) return seen
  let [entries, bytes] = [tree.entries.size, 0]
  for (const node of tree.entries.values()) {
    if (node.kind === 'file') bytes += node.size
    if (node.kind !== 'directory') continue
    const size = sizeOf(node)
    entries += size.entries
    bytes += size.bytes
  }
  const size = { entries, bytes }
  known.set(tree, size)
  return size
}
