import { isWithin, kindOfPath, type SiteConfiguration } from './configuration/site-configuration.js'
import { pagesOf } from './file-pages.js'
import { emptyTree, type TreeDirectory, type TreeFile, type TreeNode, withEntry } from './file-tree.js'
import { CHILD_PATH, EVENT_PATH, LIBRARY_PATH, phpChild, phpEvent, phpLibrary } from './host-calls/php-library.js'
import type { Overlay, Writability } from './overlay.js'
import type { OverlayNode } from './overlay-node.js'
import { childOf } from './overlay-walk.js'
import { nameOf, parentOf } from './path.js'
import { INI_PATH, OPENSSL_PATH, opensslConfig, phpIni, SESSION_FOLDER, SITE_FOLDER } from './php-ini.js'
import { phpRouter, ROUTER_PATH } from './router-script.js'
import { noScratch, type Scratch, withFolder, withNode } from './scratch.js'
import { settledTree } from './settled-tree.js'

/** Folders that are always there: they can be neither removed nor renamed. */
const pinnedFolders: readonly string[] = [SITE_FOLDER, '/tmp', `${SITE_FOLDER}/.interpeer`, SESSION_FOLDER]

/** What a request to a site may change: what its configuration lets it, and what lasts for the request only. */
export function writabilityOf(configuration: SiteConfiguration): Writability {
  const inSite = (path: string) => path.slice(SITE_FOLDER.length + 1)
  return {
    isWritable: (path) =>
      isWithin(path, '/tmp') || (isWithin(path, SITE_FOLDER) && kindOfPath(configuration, inSite(path)) !== 'immutable'),
    isPinned: (path) => pinnedFolders.includes(path),
    site: SITE_FOLDER,
  }
}

const SYSTEM_MTIME_S = 1

/**
 * Everything around the site that PHP expects to find.
 * @param more files of its folder that only PHP's start needs: content by path
 */
function systemTree(more: ReadonlyMap<string, Uint8Array> = new Map()): TreeDirectory {
  const shared: TreeDirectory = {
    ...emptyTree,
    entries: new Map<string, TreeNode>([
      [nameOf(INI_PATH), systemFile(phpIni)],
      [nameOf(OPENSSL_PATH), systemFile(opensslConfig)],
      [nameOf(LIBRARY_PATH), systemFile(phpLibrary)],
      [nameOf(CHILD_PATH), systemFile(phpChild)],
      [nameOf(ROUTER_PATH), systemFile(phpRouter)],
      [nameOf(EVENT_PATH), systemFile(phpEvent)],
      ['preload', emptyTree],
      ...Array.from(more, ([path, bytes]): [string, TreeNode] => [nameOf(path), { ...systemFile(''), ...pagesOf(bytes) }]),
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

/** What requests find around their site: the same for every site and machine. */
const system = systemTree()

/** What PHP finds around the site while an image is made: files of its own, by path, in place of the usual ones. */
export function systemTreeWith(files: ReadonlyMap<string, Uint8Array>): TreeDirectory {
  return systemTree(files)
}

/** Of sites that were mounted before: trees never change, and each request asks. */
const mounted = new WeakMap<TreeDirectory, TreeDirectory>()

/** The file system of a request: the system's tree with the site at SITE_FOLDER, in which the session folder always is. */
export function mountSite(site: TreeDirectory, around = system): TreeDirectory {
  if (around !== system) return mountedIn(around, site)
  const before = mounted.get(site)
  if (before !== undefined) return before
  const tree = mountedIn(system, site)
  mounted.set(site, tree)
  return tree
}

function mountedIn(around: TreeDirectory, site: TreeDirectory): TreeDirectory {
  return withEntry(around, SITE_FOLDER.slice(1), withFolder(site, SESSION_FOLDER.slice(SITE_FOLDER.length + 1)))
}

/** The site as a read finds it: with what reads before it left in scratch, and the folders above, so that making those is no change. */
export function withScratch(site: TreeDirectory, { scratch }: SiteConfiguration, kept: Scratch = noScratch): TreeDirectory {
  let mounted = site
  for (const path of scratch) {
    const above = parentOf(`/${path}`).slice(1)
    if (above !== '') mounted = withFolder(mounted, above)
    const node = kept.get(path)
    if (node !== undefined) mounted = withNode(mounted, path, node)
  }
  return mounted
}

/** What a request left in scratch. */
export function scratchOf(files: Overlay, { scratch }: SiteConfiguration): Scratch {
  const left = new Map<string, TreeNode>()
  for (const path of scratch) {
    let node: OverlayNode | undefined = files.get(SITE_FOLDER)
    for (const name of path.split('/')) node = node?.kind === 'directory' ? childOf(node, name) : undefined
    if (node !== undefined) left.set(path, settledTree(node))
  }
  return left
}
