import type { Pages } from './file-pages.js'
import type { TreeDirectory } from './file-tree.js'
import { compareText } from './path.js'

/**
 * The canonical form of a file tree, to be hashed: entries sorted by name, each name with its length before it, so that no two trees have the same.
 * @param digestOf hexadecimal digest of a file's content
 */
export function* treeForm(tree: TreeDirectory, digestOf: (content: Pages) => string): Generator<string> {
  yield `d${tree.mode};${tree.entries.size};`
  for (const [name, node] of [...tree.entries].sort(([a], [b]) => compareText(a, b))) {
    yield `${name.length}:${name}`
    if (node.kind === 'directory') yield* treeForm(node, digestOf)
    else if (node.kind === 'symlink') yield `l${node.target.length}:${node.target}`
    else yield `f${node.mode};${node.mtimeS};${digestOf(node)};`
  }
}
