import { ContentStoreError } from './errors.js'
import type { SymlinkEntry } from './symlinks.js'

/** A file with its content. */
export interface FileEntry {
  /** Relative, '/' between names: 'data/wiki.sqlite'. At most 1,024 bytes, 32 names, 255 bytes a name; no empty name, '.', '..', backslash or NUL. */
  readonly path: string
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number
  /** Seconds since the Unix epoch, not negative. */
  readonly mtimeS: number
  readonly bytes: Uint8Array
}
export interface DirectoryEntry {
  readonly path: string
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number
}
/** What becomes of a large file that is there: its first bytes as they were, up to `size` (zeros after its end), and the parts put over them. */
export interface FilePatch {
  readonly path: string
  readonly mode: number
  readonly mtimeS: number
  readonly size: number
  /** In order, none empty, none over another, all within `size`. */
  readonly parts: readonly { readonly at: number; readonly bytes: Uint8Array }[]
}
/**
 * What a change leaves at its path. A write, a directory or a link makes the directories above it (mode 0o755) and takes the place of
 * whatever was there; but a file or a link is never turned into a directory by a change below it: no change is made through a link.
 * A patch changes a file that is there and follows no link. A directory that is there keeps what is in it. A delete takes everything below along; where nothing is, it changes nothing.
 */
export type FileChange =
  | ({ readonly type: 'write' } & FileEntry)
  | ({ readonly type: 'patch' } & FilePatch)
  | ({ readonly type: 'directory' } & DirectoryEntry)
  | ({ readonly type: 'symlink' } & SymlinkEntry)
  | { readonly type: 'delete'; readonly path: string }

export const IMPLIED_DIRECTORY_MODE = 0o755
const MODE_MAX = 0o7777

/** @throws {ContentStoreError} FILE_STAT */
export function assertStat(path: string, mode: number, mtimeS = 0): void {
  const fault = statFault(mode, mtimeS)
  if (fault !== undefined) throw new ContentStoreError({ code: 'FILE_STAT', path, reason: fault })
}
export function statFault(mode: number, mtimeS: number): string | undefined {
  if (!Number.isInteger(mode) || mode < 0 || mode > MODE_MAX) return 'mode is not 0 to 0o7777'
  if (!Number.isSafeInteger(mtimeS) || mtimeS < 0) return 'mtimeS is not a whole number of seconds since 1970'
  return undefined
}
