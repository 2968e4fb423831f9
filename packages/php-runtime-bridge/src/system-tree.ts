import { emptyTree, findNode, type TreeDirectory, type TreeFile, type TreeNode, withEntry } from './file-tree.js'
import { nameOf } from './path.js'
import { INI_PATH, OPENSSL_PATH, opensslConfig, phpIni, SESSION_FOLDER, SITE_FOLDER, startupIni } from './php-ini.js'
import type { PhpExtension } from './php-version.js'

/** Prefixes that a script may change. The folders named here themselves can be neither removed nor renamed. */
export const writableFolders: readonly string[] = [SITE_FOLDER, '/tmp', `${SITE_FOLDER}/.interpeer`, SESSION_FOLDER]

const SYSTEM_MTIME_S = 1

/** Everything around the site that PHP expects to find: the same for every site and machine. */
function systemTree(ini: string): TreeDirectory {
  const shared: TreeDirectory = {
    ...emptyTree,
    entries: new Map<string, TreeNode>([
      [nameOf(INI_PATH), systemFile(ini)],
      [nameOf(OPENSSL_PATH), systemFile(opensslConfig)],
      ['preload', emptyTree],
    ]),
  }
  const folders: [string, TreeNode][] = [
    ['dev', emptyTree],
    ['internal', withEntry(emptyTree, 'shared', shared)],
    ['request', emptyTree],
    ['tmp', { ...emptyTree, mode: 0o777 }],
  ]
  return { ...emptyTree, entries: new Map(folders) }
}

/** What PHP finds when it starts. */
export function startupTree(extensions: readonly PhpExtension[]): TreeDirectory {
  return mountSite(emptyTree, extensions.length === 0 ? system : systemTree(startupIni(extensions)))
}

function systemFile(text: string): TreeFile {
  return { kind: 'file', mode: 0o444, mtimeS: SYSTEM_MTIME_S, bytes: Uint8Array.from(text, (letter) => letter.charCodeAt(0)) }
}

const system = systemTree(phpIni)

/** The file system of a request: the system's tree with the site at SITE_FOLDER, in which the session folder always is. */
export function mountSite(site: TreeDirectory, around = system): TreeDirectory {
  return withEntry(around, SITE_FOLDER.slice(1), withFolder(site, SESSION_FOLDER.slice(SITE_FOLDER.length + 1)))
}

/** The tree with a folder that may be missing; unchanged where a file stands in the way. */
function withFolder(tree: TreeDirectory, path: string): TreeDirectory {
  const slash = path.indexOf('/')
  const name = slash < 0 ? path : path.slice(0, slash)
  const node = findNode(tree, name) ?? emptyTree
  if (node.kind === 'file') return tree
  return withEntry(tree, name, slash < 0 ? node : withFolder(node, path.slice(slash + 1)))
}
