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

/** Whether what is compared can hold something at a path, or a link there with this target. */
type Holds = (path: string, target?: string) => boolean
export const siteHolds: Holds = (path, target) =>
  isSitePath(path) && (target === undefined || isSiteTarget(target, path.split('/').length - 1))

/** What it took to find changes. */
export interface ComparingWork {
  /** Names that lead to something else than before, or that something else led to. */
  names: number
  /** Of files that were compared with what was there before: whole, where they are others, else what was written. */
  bytes: number
}

/**
 * What a request changed below the site's folder, sorted by path (a path that changed its kind: `delete` first). What left the bytes and the
 * mode as they were is no change: content-store keeps the time of a file that is written again as it was. What is told depends on what is there
 * and what was there, not on how it came about.
 * @param left paths in the site that are not told of
 * @returns undefined where a site can't hold what the request left: a path too long or too deep, a link that leads out, more than CHANGED_BYTES_MAX
 */
export function changesBelow(site: OverlayDirectory, left: readonly string[] = []): FileChange[] | undefined {
  return comparedBelow(site, siteHolds, left).changes
}

/** The same of any folder, and what it took: also where it holds nothing of the kind, which ends it. */
export function comparedBelow(
  top: OverlayDirectory,
  holds: Holds,
  left: readonly string[] = [],
): { readonly changes: FileChange[] | undefined; readonly work: ComparingWork } {
  const comparison = new Comparison(holds, new Set(left))
  if (top.base) comparison.compareDirectories('', top, top.base)
  const { fits, work, changes } = comparison
  return { changes: fits ? changes.sort((a, b) => compareText(a.path, b.path) || rank(a) - rank(b)) : undefined, work }
}

/** Ends at the first thing that does not fit: paths of folders put into each other could fill any memory, and files take long to read. */
class Comparison {
  readonly changes: FileChange[] = []
  readonly work: ComparingWork = { names: 0, bytes: 0 }
  readonly #holds: Holds
  readonly #left: ReadonlySet<string>
  #bytesLeft = CHANGED_BYTES_MAX
  #fits = true

  constructor(holds: Holds, left: ReadonlySet<string>) {
    this.#holds = holds
    this.#left = left
  }

  get fits(): boolean {
    return this.#fits
  }

  compareDirectories(prefix: string, directory: OverlayDirectory, base: TreeDirectory | undefined): void {
    if (!this.#fits) return
    const moved = directory.base !== base
    if (!moved) {
      for (const [name, node] of directory.children) {
        const earlier = base?.entries.get(name)
        if (!isAsItWas(node, earlier)) this.#compare(prefix + name, node, earlier)
        if (!this.#fits) return
      }
      return
    }
    const names = new Set([...namesIn(directory), ...(base?.entries.keys() ?? [])])
    for (const name of names) {
      this.#compare(prefix + name, childOf(directory, name), base?.entries.get(name))
      if (!this.#fits) return
    }
  }

  #compare(path: string, node: OverlayNode | undefined, base: TreeNode | undefined): void {
    if (this.#left.has(path)) return
    // of what was moved nothing may be told, and the folders in it can still go too deep
    if (node !== undefined && node.base !== base && !this.#fit(this.#holds(path))) return
    this.work.names++
    if (base && node?.kind !== base.kind) this.#tell({ type: 'delete', path })
    if (node === undefined) return
    if (node.kind === 'file') this.#compareFiles(path, node, base?.kind === 'file' ? base : undefined)
    else if (node.kind === 'symlink') {
      if (base?.kind !== 'symlink' || base.target !== node.target) this.#tell({ type: 'symlink', path, target: node.target })
    } else {
      const earlier = base?.kind === 'directory' ? base : undefined
      if (earlier === undefined || earlier.mode !== node.mode) this.#tell({ type: 'directory', path, mode: node.mode })
      this.compareDirectories(`${path}/`, node, earlier)
    }
  }

  #compareFiles(path: string, { mode, mtimeS, content, base: own }: OverlayFile, base: TreeFile | undefined): void {
    // another file counts as a whole, and before it is looked at: also where it comes out the same
    const isAnother = base === undefined || own !== base
    if (isAnother && !this.#take(content.size)) return
    if (base !== undefined) this.work.bytes += isAnother ? content.size : content.charge
    const now = content.settle()
    if (base && mode === base.mode && samePages(now, base)) return
    if (base && Math.min(base.size, now.size) >= PATCHED_BYTES_MIN) {
      const parts = partsOf(now, base)
      if (!isAnother && !this.#take(parts.length * FILE_PAGE_BYTES)) return
      const copied = parts.map(({ at, page }) => ({ at, bytes: bytesOfPage(page).slice() }))
      this.#tell({ type: 'patch', path, mode, mtimeS, size: now.size, parts: copied })
    } else if (isAnother || this.#take(now.size)) this.#tell({ type: 'write', path, mode, mtimeS, bytes: readPages(now, 0, now.size) })
  }

  /** Before anything is copied. */
  #take(bytes: number): boolean {
    this.#bytesLeft -= bytes
    return this.#fit(this.#bytesLeft >= 0)
  }

  #tell(change: FileChange): void {
    if (this.#fit(this.#holds(change.path, change.type === 'symlink' ? change.target : undefined))) this.changes.push(change)
  }

  #fit(fits: boolean): boolean {
    this.#fits &&= fits
    return fits
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

function rank(change: FileChange): number {
  return change.type === 'delete' ? 0 : 1
}
