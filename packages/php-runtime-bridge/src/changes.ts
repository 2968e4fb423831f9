import { sameBytes, type TreeNode } from './file-tree.js'
import type { FileChange } from './files.js'
import { childOf, namesIn } from './overlay.js'
import type { OverlayDirectory, OverlayFile, OverlayNode } from './overlay-node.js'
import { compareText } from './path.js'

/**
 * What a request changed below `top`, sorted by path (a path that changed its kind: `delete` first). What left the bytes and the
 * mode as they were is no change: content-store keeps the time of a file that is written again as it was.
 */
export function changesBelow(top: OverlayDirectory): FileChange[] {
  const changes: FileChange[] = []
  if (top.base) compareDirectories('', top, top.base, changes)
  return changes.sort((a, b) => compareText(a.path, b.path) || rank(a) - rank(b))
}

function compareNodes(path: string, node: OverlayNode | undefined, base: TreeNode | undefined, changes: FileChange[]): void {
  if (base && node?.kind !== base.kind) changes.push({ type: 'delete', path })
  if (!node) return
  if (node.kind === 'file') {
    if (base?.kind !== 'file' || !sameFile(node, base)) changes.push(writeOf(path, node))
    return
  }
  const earlier = base?.kind === 'directory' ? base : undefined
  if (earlier === undefined || earlier.mode !== node.mode) changes.push({ type: 'directory', path, mode: node.mode })
  compareDirectories(`${path}/`, node, earlier, changes)
}

function compareDirectories(
  prefix: string,
  directory: OverlayDirectory,
  base: (TreeNode & { kind: 'directory' }) | undefined,
  changes: FileChange[],
): void {
  const moved = directory.base !== base
  const names = moved ? new Set([...namesIn(directory), ...(base?.entries.keys() ?? [])]) : [...directory.children.keys()]
  for (const name of names) compareNodes(prefix + name, childOf(directory, name), base?.entries.get(name), changes)
}

function sameFile(file: OverlayFile, base: TreeNode & { kind: 'file' }): boolean {
  if (file.mode !== base.mode || file.size !== base.bytes.length) return false
  return file.bytes === base.bytes || sameBytes(file.bytes.subarray(0, file.size), base.bytes)
}

function writeOf(path: string, file: OverlayFile): FileChange {
  return { type: 'write', path, mode: file.mode, mtimeS: file.mtimeS, bytes: file.bytes.slice(0, file.size) }
}

function rank(change: FileChange): number {
  return change.type === 'delete' ? 0 : 1
}
