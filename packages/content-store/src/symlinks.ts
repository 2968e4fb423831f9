import { ContentStoreError } from './errors.js'
import { nameFault, PATH_MAX_BYTES, segmentsOf, utf8Length } from './paths.js'

/** A symbolic link. It has no mode and no time of its own. */
export interface SymlinkEntry {
  readonly path: string
  /**
   * Where it leads, from the directory it lies in: first any number of '..', then names: '../media/logo.png'. It stays inside the
   * tree; what it names need not be there. At most 1,024 bytes.
   */
  readonly target: string
}

/** So many links are followed on the way to one file; after that the way leads nowhere. */
export const SYMLINK_HOPS_MAX = 32

/**
 * What is wrong with a target, if anything, for a link in a directory `depth` below the top. A '..' after a name would be resolved
 * from wherever that name leads, if it is a link too, and so could leave the tree: it may stand at the beginning only.
 */
export function targetFault(target: string, depth: number): string | undefined {
  if (target.length > PATH_MAX_BYTES || !target.isWellFormed()) return 'a target that is too long, or not well-formed Unicode'
  if (utf8Length(target) > PATH_MAX_BYTES) return 'a target that is too long'
  const segments = target.split('/')
  const names = segments.findIndex((segment) => segment !== '..')
  if (names === -1 ? segments.length > depth : names > depth) return 'a target outside the tree'
  for (const name of names === -1 ? [] : segments.slice(names)) {
    const fault = nameFault(name)
    if (fault !== undefined) return `a target with ${fault}`
  }
  return undefined
}

/** @throws {ContentStoreError} FILE_PATH, FILE_SYMLINK */
export function assertSymlink({ path, target }: SymlinkEntry): void {
  const reason = targetFault(target, segmentsOf(path).length - 1)
  if (reason !== undefined) throw new ContentStoreError({ code: 'FILE_SYMLINK', path, reason })
}
