import { bytesOfPage, FILE_PAGE_BYTES, fitted, type Page, type Pages, readPages, samePage, samePages } from './file-pages.js'
import type { TreeDirectory, TreeFile, TreeNode } from './file-tree.js'
import type { FileChange } from './files.js'
import { isSiteTarget } from './links.js'
import type { OverlayDirectory, OverlayFile, OverlayNode } from './overlay-node.js'
import { childOf, namesIn } from './overlay-walk.js'
import { compareText, isSitePath } from './path.js'

/** Of a file that was there and is no shorter, before or after, only the pages that differ are told. */
export const PATCHED_BYTES_MIN = 256 * 1024
/** All bytes that the changes of one request may hold: also what was only renamed is told anew. */
export const CHANGED_BYTES_MAX = 512 * 1024 * 1024

/**
 * What a request changed below the site's folder, sorted by path (a path that changed its kind: `delete` first). What left the bytes and the
 * mode as they were is no change: content-store keeps the time of a file that is written again as it was. What is told depends on what is there
 * and what was there, not on how it came about.
 * @param left paths in the site that are not told of
 * @returns undefined where a site can't hold what the request left: a path too long or too deep, a link that leads out, more than CHANGED_BYTES_MAX
 */
export function changesBelow(site: OverlayDirectory, left: readonly string[] = []): FileChange[] | undefined {
  const changes = allChangesBelow(site, left)
  return changes?.every(isFit) ? changes : undefined
}

/** The same of any folder: whether a site can hold it is not asked. @returns undefined where it is more than `bytesMax` */
export function allChangesBelow(
  top: OverlayDirectory,
  left: readonly string[] = [],
  bytesMax = CHANGED_BYTES_MAX,
): FileChange[] | undefined {
  const comparison = new Comparison(new Set(left), bytesMax)
  if (top.base) comparison.compareDirectories('', top, top.base)
  if (!comparison.fits) return undefined
  return comparison.changes.sort((a, b) => compareText(a.path, b.path) || rank(a) - rank(b))
}

class Comparison {
  readonly changes: FileChange[] = []
  readonly #left: ReadonlySet<string>
  #bytesLeft: number

  constructor(left: ReadonlySet<string>, bytesMax: number) {
    this.#left = left
    this.#bytesLeft = bytesMax
  }

  get fits(): boolean {
    return this.#bytesLeft >= 0
  }

  compareDirectories(prefix: string, directory: OverlayDirectory, base: TreeDirectory | undefined): void {
    const moved = directory.base !== base
    if (!moved) {
      for (const [name, node] of directory.children) {
        const earlier = base?.entries.get(name)
        if (!isAsItWas(node, earlier)) this.#compare(prefix + name, node, earlier)
      }
      return
    }
    const names = new Set([...namesIn(directory), ...(base?.entries.keys() ?? [])])
    for (const name of names) this.#compare(prefix + name, childOf(directory, name), base?.entries.get(name))
  }

  #compare(path: string, node: OverlayNode | undefined, base: TreeNode | undefined): void {
    if (this.#left.has(path)) return
    if (base && node?.kind !== base.kind) this.changes.push({ type: 'delete', path })
    if (node === undefined) return
    if (node.kind === 'file') this.#compareFiles(path, node, base?.kind === 'file' ? base : undefined)
    else if (node.kind === 'symlink') {
      if (base?.kind !== 'symlink' || base.target !== node.target) this.changes.push({ type: 'symlink', path, target: node.target })
    } else {
      const earlier = base?.kind === 'directory' ? base : undefined
      if (earlier === undefined || earlier.mode !== node.mode) this.changes.push({ type: 'directory', path, mode: node.mode })
      this.compareDirectories(`${path}/`, node, earlier)
    }
  }

  #compareFiles(path: string, { mode, mtimeS, content }: OverlayFile, base: TreeFile | undefined): void {
    const now = content.settle()
    if (base && mode === base.mode && samePages(now, base)) return
    if (base && Math.min(base.size, now.size) >= PATCHED_BYTES_MIN) {
      const parts = partsOf(now, base)
      if (this.#take(parts.length * FILE_PAGE_BYTES)) {
        const copied = parts.map(({ at, page }) => ({ at, bytes: bytesOfPage(page).slice() }))
        this.changes.push({ type: 'patch', path, mode, mtimeS, size: now.size, parts: copied })
      }
    } else if (this.#take(now.size)) this.changes.push({ type: 'write', path, mode, mtimeS, bytes: readPages(now, 0, now.size) })
  }

  /** Before anything is copied. */
  #take(bytes: number): boolean {
    this.#bytesLeft -= bytes
    return this.fits
  }
}

/** The pages that are not what the base, cut or filled up with zeros, has there. */
function partsOf(now: Pages, base: Pages): { at: number; page: Page }[] {
  return now.pages.flatMap((page, index) => {
    const before = base.pages[index]
    const isAsBefore = before === undefined ? isZero(bytesOfPage(page)) : samePage(page, fitted(before, page.length))
    return isAsBefore ? [] : [{ at: index * FILE_PAGE_BYTES, page }]
  })
}

/** Most files were only looked for. */
const isAsItWas = (node: OverlayNode | undefined, earlier: TreeNode | undefined): boolean =>
  node?.kind === 'file' && node.base === earlier && node.mode === node.base?.mode && node.content.isUntouched

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)

/** Whether a site can hold what it leaves. */
export function isFit(change: FileChange): boolean {
  return isSitePath(change.path) && (change.type !== 'symlink' || isSiteTarget(change.target, change.path.split('/').length - 1))
}

function rank(change: FileChange): number {
  return change.type === 'delete' ? 0 : 1
}
