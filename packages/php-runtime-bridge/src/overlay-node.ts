import type { TreeDirectory, TreeFile } from './file-tree.js'

/** A file as one request sees it. `bytes` belongs to the base until `owned`, and may be longer than `size` when owned. */
export interface OverlayFile {
  readonly kind: 'file'
  readonly inode: number
  readonly base: TreeFile | undefined
  mode: number
  mtimeS: number
  bytes: Uint8Array
  size: number
  owned: boolean
}

/** `children` holds what this request looked up or changed; undefined there means deleted. The rest is in `base`. */
export interface OverlayDirectory {
  readonly kind: 'directory'
  readonly inode: number
  readonly base: TreeDirectory | undefined
  mode: number
  mtimeS: number
  readonly children: Map<string, OverlayNode | undefined>
}
export type OverlayNode = OverlayFile | OverlayDirectory

/** A file tree has no times for directories: those that this request did not change carry this one. */
const DIRECTORY_MTIME_S = 1

export function fileOver(base: TreeFile, inode: number): OverlayFile {
  const { mode, mtimeS, bytes } = base
  return { kind: 'file', inode, base, mode, mtimeS, bytes, size: bytes.length, owned: false }
}

export function directoryOver(base: TreeDirectory, inode: number): OverlayDirectory {
  return { kind: 'directory', inode, base, mode: base.mode, mtimeS: DIRECTORY_MTIME_S, children: new Map() }
}
