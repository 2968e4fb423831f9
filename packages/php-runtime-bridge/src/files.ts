/** One file of a site. `path` is relative ('wiki/index.php'); `mode` holds permission bits; `mtimeS` is whole seconds since 1970. */
export interface FileEntry {
  readonly path: string
  readonly mode: number
  readonly mtimeS: number
  readonly bytes: Uint8Array
}

/** The same of a file that is not held whole. */
export interface FileStream extends Omit<FileEntry, 'bytes'> {
  /** In bytes. */
  readonly size: number
  /** The content in order, in pieces of any length: `size` bytes in all. Taken once at most. */
  read(): Iterable<Uint8Array>
}

/** A directory that no file implies (it is empty), or whose mode is not 0755. */
export interface DirectoryEntry {
  readonly path: string
  readonly mode: number
}

/** A symbolic link, as content-store has them: from the folder it lies in, first any number of '..', then names; never outside the site. */
export interface SymlinkEntry {
  readonly path: string
  readonly target: string
}

/**
 * What one request did to one path. A deleted directory is one `delete`, with all that was in it. A `patch` says what became of a large file
 * that was there: its first bytes as they were, up to `size` (zeros after its end), and `parts` put over them, in order, none over another.
 */
export type FileChange =
  | { readonly type: 'write'; readonly path: string; readonly mode: number; readonly mtimeS: number; readonly bytes: Uint8Array }
  | { readonly type: 'delete'; readonly path: string }
  | {
      readonly type: 'patch'
      readonly path: string
      readonly mode: number
      readonly mtimeS: number
      readonly size: number
      readonly parts: readonly { readonly at: number; readonly bytes: Uint8Array }[]
    }
  | { readonly type: 'directory'; readonly path: string; readonly mode: number }
  | { readonly type: 'symlink'; readonly path: string; readonly target: string }
