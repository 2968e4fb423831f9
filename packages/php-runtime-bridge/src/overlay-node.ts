import { FileContent } from './file-content.js'
import type { TreeDirectory, TreeFile, TreeSymlink } from './file-tree.js'

/** A file as one request sees it. */
export interface OverlayFile {
  readonly kind: 'file'
  readonly inode: number
  readonly base: TreeFile | undefined
  mode: number
  mtimeS: number
  readonly content: FileContent
  /** Whether a name leads here; how many descriptors do. What neither leads to is gone. */
  named: boolean
  opens: number
}

/** `children` holds what this request looked up or changed; undefined there means deleted. The rest is in `base`. `count`: names in both. */
export interface OverlayDirectory {
  readonly kind: 'directory'
  readonly inode: number
  readonly base: TreeDirectory | undefined
  mode: number
  mtimeS: number
  readonly children: Map<string, OverlayNode | undefined>
  count: number
}

export interface OverlaySymlink {
  readonly kind: 'symlink'
  readonly inode: number
  readonly base: TreeSymlink | undefined
  readonly target: string
}
export type OverlayNode = OverlayFile | OverlayDirectory | OverlaySymlink

/** A file tree has no times for directories and links: those that this request did not change carry this one. */
export const UNDATED_MTIME_S = 1

export function fileOver(base: TreeFile, inode: number): OverlayFile {
  const { mode, mtimeS } = base
  return { kind: 'file', inode, base, mode, mtimeS, content: new FileContent(base), named: true, opens: 0 }
}

export function directoryOver(base: TreeDirectory, inode: number): OverlayDirectory {
  const { mode, entries } = base
  return { kind: 'directory', inode, base, mode, mtimeS: UNDATED_MTIME_S, children: new Map(), count: entries.size }
}
