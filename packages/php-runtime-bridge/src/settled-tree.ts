import type { SettleWork } from './file-content.js'
import type { TreeNode } from './file-tree.js'
import type { OverlayNode } from './overlay-node.js'

/**
 * A node as it is now, as a tree that shares bytes with it, and with its base what was not changed: for as long as nothing is written to the overlay.
 * Directories have no times in a tree, so that they lose theirs.
 * @param work to which what this takes is added
 */
export function settledTree(node: OverlayNode, work?: SettleWork): TreeNode {
  if (node.kind === 'symlink') return node.base ?? { kind: 'symlink', target: node.target }
  if (node.kind === 'file') {
    const { base, mode, mtimeS, content } = node
    const pages = content.settle(work)
    if (base && pages.pages === base.pages && mode === base.mode && mtimeS === base.mtimeS) return base
    return { kind: 'file', mode, mtimeS, size: pages.size, pages: pages.pages }
  }
  const { base, mode, children } = node
  if (work) work.entries += children.size
  // the base's names are copied only where something is another than there
  let entries: Map<string, TreeNode> | undefined
  const copied = () => {
    if (entries === undefined) {
      entries = new Map(base?.entries)
      if (work) work.entries += entries.size
    }
    return entries
  }
  for (const [name, child] of children) {
    const settled = child && settledTree(child, work)
    if (settled === base?.entries.get(name)) continue
    if (settled === undefined) copied().delete(name)
    else copied().set(name, settled)
  }
  return base && base.mode === mode && entries === undefined ? base : { kind: 'directory', mode, entries: copied() }
}
