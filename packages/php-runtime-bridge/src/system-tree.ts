import { pagesOf } from './file-pages.js'
import { emptyTree, type TreeDirectory, type TreeFile, type TreeNode, withEntry } from './file-tree.js'
import type { Overlay, OverlayRules } from './overlay.js'
import type { OverlayNode } from './overlay-node.js'
import { childOf } from './overlay-walk.js'
import { nameOf } from './path.js'
import { INI_PATH, OPENSSL_PATH, opensslConfig, phpIni, SESSION_FOLDER, SITE_FOLDER } from './php-ini.js'
import { noScratch, type Scratch, withFolder } from './scratch.js'
import { settledTree } from './settled-tree.js'

/** Which of a site's paths scripts may write, and which of those are caches. Paths in the site; '' is all of it. */
export interface SiteFolders {
  readonly mutable: readonly string[]
  /** Folders. What is written there is no change; scripts may write there even if it is not in `mutable`. */
  readonly scratch: readonly string[]
}
export const allMutable: SiteFolders = { mutable: [''], scratch: [] }

/** Its configuration is no script's to change. */
export const CONFIGURATION_FILE = 'interpeer.json'
const sessionPath = SESSION_FOLDER.slice(SITE_FOLDER.length + 1)

export function overlayRules({ mutable, scratch }: SiteFolders): OverlayRules {
  return {
    writable: ['/tmp', SESSION_FOLDER, ...[...mutable, ...scratch].map(inSite)],
    fixed: [inSite(CONFIGURATION_FILE)],
    kept: [SITE_FOLDER, '/tmp', `${SITE_FOLDER}/.interpeer`, SESSION_FOLDER],
    site: SITE_FOLDER,
  }
}

function inSite(path: string): string {
  return path === '' ? SITE_FOLDER : `${SITE_FOLDER}/${path}`
}

const SYSTEM_MTIME_S = 1

/** Everything around the site that PHP expects to find: the same for every site and machine. */
function systemTree(): TreeDirectory {
  const shared: TreeDirectory = {
    ...emptyTree,
    entries: new Map<string, TreeNode>([
      [nameOf(INI_PATH), systemFile(phpIni)],
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

function systemFile(text: string): TreeFile {
  return { kind: 'file', mode: 0o444, mtimeS: SYSTEM_MTIME_S, ...pagesOf(Uint8Array.from(text, (letter) => letter.charCodeAt(0))) }
}

const system = systemTree()

/**
 * The file system of a request: the system's tree with the site at SITE_FOLDER, in which the session folder and the scratch folders always are.
 * @param scratch what the scratch folders hold instead of what the site has there
 */
export function mountSite(site: TreeDirectory, folders: SiteFolders = allMutable, scratch: Scratch = noScratch): TreeDirectory {
  let mounted = withFolder(site, sessionPath)
  for (const path of folders.scratch) mounted = withFolder(mounted, path, scratch.get(path))
  return withEntry(system, SITE_FOLDER.slice(1), mounted)
}

/** What a request left in the scratch folders. */
export function scratchOf(files: Overlay, { scratch }: SiteFolders): Scratch {
  const left = new Map<string, TreeDirectory>()
  const site = files.get(SITE_FOLDER)
  for (const path of scratch) {
    let node: OverlayNode | undefined = site
    for (const name of path.split('/')) node = node?.kind === 'directory' ? childOf(node, name) : undefined
    const tree = node && settledTree(node)
    if (tree?.kind === 'directory') left.set(path, tree)
  }
  return left
}
