import { changesBelow } from './changes.js'
import type { TreeNode } from './file-tree.js'
import type { FileChange } from './files.js'
import { childOf, namesIn, type Overlay } from './overlay.js'
import type { OverlayDirectory, OverlayNode } from './overlay-node.js'
import { isSitePath } from './path.js'

/**
 * The files as they are now, as a tree that shares bytes with them: for another overlay over it, for as long as nothing is written to this one.
 * Directories have no times in a tree, so that they lose theirs.
 */
export function settledTree(node: OverlayNode): TreeNode {
  if (node.kind === 'file') {
    const { base, mode, mtimeS, owned, bytes, size } = node
    if (base && !owned && mode === base.mode && mtimeS === base.mtimeS) return base
    return { kind: 'file', mode, mtimeS, bytes: bytes.subarray(0, size) }
  }
  const { base, mode } = node
  const entries = new Map(base?.entries)
  let changed = base?.mode !== mode
  for (const [name, child] of node.children) {
    const settled = child && settledTree(child)
    if (settled === entries.get(name)) continue
    changed = true
    if (settled === undefined) entries.delete(name)
    else entries.set(name, settled)
  }
  return base && !changed ? base : { kind: 'directory', mode, entries }
}

/** How many files and folders a request has looked at or made. */
export function nodesOf(node: OverlayNode): number {
  if (node.kind === 'file') return 1
  let count = 1
  for (const child of node.children.values()) if (child) count += nodesOf(child)
  return count
}

/**
 * Makes what `fork`, an overlay over `settledTree` of this one, changed below some folders a change of this one. Files that both have stay the same
 * nodes: whoever holds them open sees what they became.
 * @returns how much that was; undefined where a site can't hold what it left: nothing is changed then
 */
export function adoptFork(
  files: Overlay,
  fork: Overlay,
  folders: readonly string[],
  nowS: number,
): { readonly nodes: number; readonly bytes: number } | undefined {
  const changed = folders.map((folder) => ({ folder, changes: changesBelow(directoryAt(fork, folder)) }))
  if (!changed.every(({ changes }) => changes.every(({ path }) => isSitePath(path)))) return undefined
  files.withoutLimits(() => {
    for (const { folder, changes } of changed) for (const change of changes) apply(files, `${folder}/${change.path}`, change, nowS)
  })
  const all = changed.flatMap(({ changes }) => changes)
  return { nodes: all.length, bytes: all.reduce((total, change) => total + (change.type === 'write' ? change.bytes.length : 0), 0) }
}

function apply(files: Overlay, path: string, change: FileChange, nowS: number): void {
  const node = files.find(path)
  if (change.type === 'delete') {
    if (node) remove(files, path, node, nowS)
    return
  }
  if (change.type === 'directory') {
    if (node) files.changeMode(path, change.mode)
    else files.makeDirectory(path, change.mode, nowS)
    return
  }
  const file = node?.kind === 'file' ? node : files.create(path, change.mode, nowS)
  file.mode = change.mode
  files.resize(file, 0)
  files.write(file, change.bytes, 0, change.mtimeS)
}

function remove(files: Overlay, path: string, node: OverlayNode, nowS: number): void {
  if (node.kind === 'file') {
    files.unlink(path, nowS)
    return
  }
  for (const name of namesIn(node)) {
    const child = childOf(node, name)
    if (child) remove(files, `${path}/${name}`, child, nowS)
  }
  files.removeDirectory(path, nowS)
}

function directoryAt(files: Overlay, path: string): OverlayDirectory {
  const node = files.get(path)
  if (node.kind !== 'directory') throw new Error(`${path} is always a folder`)
  return node
}
