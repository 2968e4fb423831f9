import { type BigIntStats, closeSync, constants, existsSync, fstatSync, lstatSync, openSync } from 'node:fs'
import { sep } from 'node:path'

/** A folder that is being read. */
export interface OpenFolder {
  /** The way to what is in it, for system calls; '.' is the folder itself. */
  readonly at: (name: string) => string
  readonly stats: BigIntStats
  readonly close: () => void
}

const FOLDER_FLAGS = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0)
/** Linux shows open descriptors as files, through which a name is looked up as `openat` does: Node has no call for that. */
const DESCRIPTORS = '/proc/self/fd'
const hasDescriptors = process.platform === 'linux' && existsSync(DESCRIPTORS)

/**
 * Opens a folder, if it is one and no link. On Linux what is in it is reached through its descriptor: so it is this folder that is
 * read, whatever is put in its place, or in that of a folder above it. Elsewhere it is reached by its path.
 * @throws Node's own error
 */
export function openFolder(path: string): OpenFolder {
  if (!hasDescriptors) {
    const stats = lstatSync(path, { bigint: true })
    if (!stats.isDirectory()) throw new Error('not a folder')
    return { at: (name) => `${path}${sep}${name}`, stats, close: () => {} }
  }
  const descriptor = openSync(path, FOLDER_FLAGS)
  return {
    at: (name) => `${DESCRIPTORS}/${descriptor}/${name}`,
    stats: fstatSync(descriptor, { bigint: true }),
    close: () => closeSync(descriptor),
  }
}

/** Whether both are of the same folder. */
export const isSameFolder = (a: BigIntStats, b: BigIntStats): boolean => a.ino === b.ino && a.dev === b.dev
