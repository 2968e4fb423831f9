import { chmod, mkdir, open, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ContentStoreError } from '../errors.js'
import { segmentsOf } from '../paths.js'
import type { TreeFiles } from '../read-tree.js'

const PERMISSIONS = 0o777

/**
 * Writes a tree's files to a folder, which is made, or is there and empty: so nothing in it can lead a write elsewhere. Modes (without
 * set-id bits) and times are restored.
 * @throws {ContentStoreError} EXPORT_NOT_EMPTY, FILE_PATH; and Node's own error when the disk refuses (rejects)
 */
export async function exportFolder({ files, directories }: TreeFiles, folder: string): Promise<void> {
  for (const { path } of [...files, ...directories]) segmentsOf(path)
  await mkdir(folder, { recursive: true })
  if ((await readdir(folder)).length > 0) throw new ContentStoreError({ code: 'EXPORT_NOT_EMPTY', path: folder })
  for (const { path } of directories) await mkdir(join(folder, path), { recursive: true })
  for (const { path, mode, mtimeS, bytes } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    const file = await open(join(folder, path), 'wx')
    try {
      await file.writeFile(bytes)
      await file.chmod(mode & PERMISSIONS)
      await file.utimes(mtimeS, mtimeS)
    } finally {
      await file.close()
    }
  }
  // last, and the deepest first: a directory may be read-only
  for (const { path, mode } of directories.toSorted((a, b) => b.path.length - a.path.length)) {
    await chmod(join(folder, path), mode & PERMISSIONS)
  }
}
