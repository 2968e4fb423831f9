import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { DirectoryEntry, FileChange, FileEntry, SymlinkEntry } from '@interpeer/php-runtime-bridge'

export interface FolderContent {
  readonly files: readonly FileEntry[]
  readonly directories: readonly DirectoryEntry[]
  readonly symlinks: readonly SymlinkEntry[]
}

/** All of a folder that its maker trusts, as the runtime loads it, sorted by path. Anything but files, folders and links throws. */
export function readSiteFolder(folder: string): FolderContent {
  const [files, directories, symlinks]: [FileEntry[], DirectoryEntry[], SymlinkEntry[]] = [[], [], []]
  const enter = (above: string): void => {
    for (const name of readdirSync(join(folder, above)).sort()) {
      const path = above === '' ? name : `${above}/${name}`
      const about = lstatSync(join(folder, path))
      const mode = about.mode & 0o777
      if (about.isSymbolicLink()) symlinks.push({ path, target: readlinkSync(join(folder, path)) })
      else if (about.isDirectory()) {
        directories.push({ path, mode })
        enter(path)
      } else if (about.isFile()) {
        files.push({ path, mode, mtimeS: Math.floor(about.mtimeMs / 1000), bytes: readFileSync(join(folder, path)) })
      } else throw new Error(`${path} is no file, folder or link`)
    }
  }
  enter('')
  return { files, directories, symlinks }
}

/** Does to a folder what a request did to its site. */
export function changeSiteFolder(folder: string, changes: readonly FileChange[]): void {
  for (const change of changes) {
    const path = join(folder, change.path)
    if (change.type === 'patch') {
      truncateSync(path, change.size)
      const file = openSync(path, 'r+')
      for (const { at, bytes } of change.parts) writeSync(file, bytes, 0, bytes.length, at)
      closeSync(file)
    } else {
      if (change.type === 'delete' || change.type === 'symlink') rmSync(path, { recursive: true, force: true })
      mkdirSync(dirname(path), { recursive: true })
      if (change.type === 'symlink') symlinkSync(change.target, path)
      if (change.type === 'directory') mkdirSync(path, { recursive: true })
      if (change.type === 'write') writeFileSync(path, change.bytes)
    }
    if (change.type === 'write' || change.type === 'patch' || change.type === 'directory') chmodSync(path, change.mode)
    if (change.type === 'write' || change.type === 'patch') lutimesSync(path, change.mtimeS, change.mtimeS)
  }
}

/** When everything in a built site was last changed: 14 November 2023. */
const BUILT_AT_S = 1_700_000_000

/**
 * Gives everything in a folder one time, always the same, so that building it again gives the same tree.
 * @param caches paths of what is to be a second younger than what it was made of
 */
export function setTimes(folder: string, caches: readonly string[] = []): void {
  const younger = caches.map((path) => join(folder, path))
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const timeS = younger.some((one) => path === one || path.startsWith(`${one}/`)) ? BUILT_AT_S + 1 : BUILT_AT_S
    lutimesSync(path, timeS, timeS)
  }
}

/** A digest of names, modes, links and bytes; times are left out, and files that do not count. */
export function digestOfFolder(folder: string, counts: (path: string) => boolean = () => true): string {
  const { files, directories, symlinks } = readSiteFolder(folder)
  const hash = createHash('sha256')
  for (const { path, mode, bytes } of files.filter((file) => counts(file.path)))
    hash.update(`file ${path}\0${mode} ${bytes.length}\n`).update(bytes)
  for (const { path, mode } of directories) hash.update(`directory ${path}\0${mode}\n`)
  for (const { path, target } of symlinks) hash.update(`link ${path}\0${target}\n`)
  return hash.digest('hex')
}
