/** One file of a site. `path` is relative ('wiki/index.php'); `mode` holds permission bits; `mtimeS` is whole seconds since 1970. */
export interface FileEntry {
  readonly path: string
  readonly mode: number
  readonly mtimeS: number
  readonly bytes: Uint8Array
}

/** A directory that no file implies (it is empty), or whose mode is not 0755. */
export interface DirectoryEntry {
  readonly path: string
  readonly mode: number
}

/** What one request did to one path. A deleted directory is one `delete`, with all that was in it. */
export type FileChange =
  | { readonly type: 'write'; readonly path: string; readonly mode: number; readonly mtimeS: number; readonly bytes: Uint8Array }
  | { readonly type: 'delete'; readonly path: string }
  | { readonly type: 'directory'; readonly path: string; readonly mode: number }
