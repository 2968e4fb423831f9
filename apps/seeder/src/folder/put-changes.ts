import {
  chmodSync,
  closeSync,
  constants,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { FileChange } from '@interpeer/php-runtime-bridge'

const PERMISSIONS = 0o777
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0

/**
 * Does to a folder what a script did to its site. No link is followed on the way: what a path has to lie in becomes a folder, whatever was there.
 * @param base gives the file that a patch is put over, where the folder has none: copied to the path it is given
 */
export function putChanges(folder: string, changes: readonly FileChange[], base?: (path: string, to: string) => void): void {
  mkdirSync(folder, { recursive: true })
  for (const change of changes) {
    const at = join(folder, change.path)
    if (change.type === 'delete') {
      if (isWayReal(folder, change.path)) rmSync(at, { recursive: true, force: true })
      continue
    }
    makeWay(folder, change.path)
    if (change.type === 'directory') makeFolder(at, change.mode)
    else if (change.type === 'symlink') {
      rmSync(at, { recursive: true, force: true })
      symlinkSync(change.target, at)
    } else if (change.type === 'write') writeWhole(at, change)
    else {
      if (kindAt(at) !== 'file') {
        rmSync(at, { recursive: true, force: true })
        base?.(change.path, at)
      }
      patch(at, change)
    }
  }
}

function writeWhole(at: string, { bytes, mode, mtimeS }: FileChange & { type: 'write' }): void {
  if (kindAt(at) === 'directory') rmSync(at, { recursive: true })
  const beside = join(dirname(at), `.interpeer-${process.pid}`) // a name of its own: that of the file may be as long as names can be
  rmSync(beside, { recursive: true, force: true }) // of one that was broken off
  try {
    writeFileSync(beside, bytes, { flag: 'wx' })
    finish(beside, mode, mtimeS)
    renameSync(beside, at) // whoever reads it has the one or the other
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}

function patch(at: string, { size, parts, mode, mtimeS }: FileChange & { type: 'patch' }): void {
  const file = openSync(at, constants.O_RDWR | constants.O_CREAT | NO_FOLLOW, 0o600)
  try {
    ftruncateSync(file, size)
    for (const part of parts)
      for (let done = 0; done < part.bytes.length; ) done += writeSync(file, part.bytes, done, undefined, part.at + done)
  } finally {
    closeSync(file)
  }
  finish(at, mode, mtimeS)
}

/** Owners can always read and write what is theirs: it is to be read again. */
function finish(at: string, mode: number, mtimeS: number): void {
  chmodSync(at, (mode & PERMISSIONS) | 0o600)
  utimesSync(at, mtimeS, mtimeS)
}

function makeFolder(at: string, mode: number): void {
  if (kindAt(at) !== 'directory') {
    rmSync(at, { recursive: true, force: true })
    mkdirSync(at)
  }
  chmodSync(at, (mode & PERMISSIONS) | 0o700)
}

function makeWay(folder: string, path: string): void {
  const above = dirname(path)
  if (above === '.') return
  for (const [i] of above.split('/').entries()) {
    const at = join(folder, ...above.split('/').slice(0, i + 1))
    if (kindAt(at) === 'directory') continue
    rmSync(at, { force: true })
    mkdirSync(at)
  }
}

/** Whether there is a folder at a path, with no link on the way. */
export const isFolder = (folder: string, path: string): boolean => isWayReal(folder, path) && kindAt(join(folder, path)) === 'directory'

const isWayReal = (folder: string, path: string): boolean =>
  path.split('/').every((_, i, names) => i === 0 || kindAt(join(folder, ...names.slice(0, i))) === 'directory')

function kindAt(at: string): 'file' | 'directory' | 'other' | undefined {
  const stats = lstatSync(at, { throwIfNoEntry: false })
  if (stats === undefined) return undefined
  return stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other'
}
