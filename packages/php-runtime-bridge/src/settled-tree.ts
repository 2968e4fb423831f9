import type { TreeNode } from './file-tree.js'
import type { OverlayNode } from './overlay-node.js'

/**
 * A node as it is now, as a tree that shares bytes with it, and with its base what was not changed: for as long as nothing is written to the overlay.
 * Directories have no times in a tree, so that they lose theirs.
 */
export function settledTree(node: OverlayNode): TreeNode {
  if (node.kind === 'symlink') return node.base ?? { kind: 'symlink', target: node.target }
  if (node.kind === 'file') {
    const { base, mode, mtimeS, content } = node
    const pages = content.settle()
    if (base && pages.pages === base.pages && mode === base.mode && mtimeS === base.mtimeS) return base
    return { kind: 'file', mode, mtimeS, size: pages.size, pages: pages.pages }
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
