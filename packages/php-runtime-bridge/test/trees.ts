import { bytesOf } from '../src/file-pages.js'
import type { TreeDirectory } from '../src/file-tree.js'

/** 'path mode content' of all that is in a tree, whatever way it is stored. */
export function listTree(tree: TreeDirectory, prefix = ''): string[] {
  return [...tree.entries].flatMap(([name, node]) => {
    if (node.kind === 'symlink') return [`${prefix}${name} -> ${node.target}`]
    if (node.kind === 'file') return [`${prefix}${name} ${node.mode} ${Buffer.from(bytesOf(node)).toString('latin1')}`]
    return [`${prefix}${name}/ ${node.mode}`, ...listTree(node, `${prefix}${name}/`)]
  })
}
