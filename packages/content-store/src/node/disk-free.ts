import { statfsSync } from 'node:fs'

/** What the disk below a folder has left for this user. */
export function diskFreeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}
