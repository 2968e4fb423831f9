import type { Page } from './file-pages.js'
import type { TreeDirectory, TreeFile, TreeNode } from './file-tree.js'

/** Trees share folders with those they were derived from, so that each is added up once. */
const known = new WeakMap<TreeNode, number>()

/** Bytes of files that a tree holds in memory: what is shared, within it or with other trees, counts each time. */
export function memoryOf(node: TreeNode): number {
  const seen = known.get(node)
  if (seen !== undefined) return seen
  let bytes = 0
  if (node.kind === 'file') for (const page of node.pages) bytes += page instanceof Uint8Array ? page.length : 0
  else if (node.kind === 'directory') for (const entry of node.entries.values()) bytes += memoryOf(entry)
  known.set(node, bytes)
  return bytes
}

/** The files of a tree that hold most in memory, as few as leave at most `bytesMax` to the others. */
export function largestInMemory(tree: TreeDirectory, bytesMax: number): ReadonlySet<TreeFile> {
  const files: TreeFile[] = []
  const gather = (node: TreeNode) => {
    if (node.kind === 'file' && memoryOf(node) > 0) files.push(node)
    else if (node.kind === 'directory' && memoryOf(node) > 0) for (const entry of node.entries.values()) gather(entry)
  }
  gather(tree)
  files.sort((a, b) => memoryOf(b) - memoryOf(a))
  const chosen = new Set<TreeFile>()
  let left = memoryOf(tree)
  for (const file of files) {
    if (left <= bytesMax) break
    left -= memoryOf(file)
    chosen.add(file)
  }
  return chosen
}

/** The same tree with other pages of the same content: what `replace` leaves as it is stays shared. */
export function withPages<T extends TreeNode>(node: T, replace: (file: TreeFile) => readonly Page[]): T
export function withPages(node: TreeNode, replace: (file: TreeFile) => readonly Page[]): TreeNode {
  if (node.kind === 'symlink') return node
  if (node.kind === 'file') {
    const pages = replace(node)
    return pages === node.pages ? node : { ...node, pages }
  }
  let entries: Map<string, TreeNode> | undefined
  for (const [name, entry] of node.entries) {
    const other = withPages(entry, replace)
    if (other !== entry) entries = (entries ?? new Map(node.entries)).set(name, other)
  }
  return entries === undefined ? node : { ...node, entries }
}
