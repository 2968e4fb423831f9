import {
  type ContentStoreError,
  type FileEntry,
  listTree,
  readFile,
  readTree,
  type TreeFiles,
  type TreeListing,
} from '@interpeer/content-store'
import { type ImportOptions, importFolder, type LeftOut } from '@interpeer/content-store/node'
import type { ContentId } from '@interpeer/crypto-ids'

/** A folder as it was at one time, read by the rules that publishing has: nothing outside it, no device, no file that changed meanwhile. */
export interface FolderSnapshot {
  /** Equal folders have equal roots. */
  readonly root: ContentId
  readonly listing: TreeListing
  /** What does not fit into a site, where the options leave that out. */
  readonly leftOut: readonly LeftOut[]
  readonly leftOutCount: number
  /** Everything with its content, copied at each call. */
  readonly files: () => TreeFiles
  readonly file: (path: string) => FileEntry | undefined
}

/**
 * Reads a whole folder into memory. @throws {ContentStoreError} as `importFolder` does
 */
export async function readFolder(folder: string, options: ImportOptions = {}): Promise<FolderSnapshot> {
  const blocks = new Map<ContentId, Uint8Array>()
  const put = async (given: readonly { readonly cid: ContentId; readonly bytes: Uint8Array }[]) => {
    for (const { cid, bytes } of given) if (!blocks.has(cid)) blocks.set(cid, bytes.slice())
  }
  const { root, leftOut, leftOutCount } = await importFolder(folder, { put }, options)
  const get = (cid: ContentId) => blocks.get(cid)
  return {
    root,
    leftOut,
    leftOutCount,
    listing: whole(listTree(get, root)),
    files: () => whole(readTree(get, root)),
    file: (path) => whole(readFile(get, root, path)).file,
  }
}

/** Whether a folder was written to while it was read: it may be whole a moment later. */
export const changedMeanwhile = (error: unknown): boolean => {
  const { code } = error as Partial<ContentStoreError>
  return code === 'IMPORT_CHANGED' || code === 'IMPORT_UNREADABLE'
}

/** All blocks are here: they were just made. */
function whole<T extends object>(found: T | { readonly missing: readonly ContentId[] }): T {
  if ('missing' in found) throw new Error('a block of the folder that was just read is missing')
  return found
}
