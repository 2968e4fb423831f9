import { constants, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TreeFiles } from '@interpeer/content-store'
import type { FileChange } from '@interpeer/php-runtime-bridge'
import { isFolder, putChanges } from '../folder/put-changes.js'
import { readFolder } from '../folder/read-folder.js'

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`)
const foldersAbove = (path: string): string[] => {
  const names = path.split('/')
  return names.slice(1).map((_, i) => names.slice(0, i + 1).join('/'))
}

/**
 * What scripts wrote, beside the folder that they run on: `files/` has what they made or changed, `deleted.json` the paths that they removed. Both can be
 * looked at with anything.
 */
export class KeptChanges {
  readonly #site: string
  readonly #files: string
  readonly #list: string
  #deleted: Set<string>

  /** @param site the folder that scripts run on */
  constructor(site: string, folder: string) {
    this.#site = site
    this.#files = join(folder, 'files')
    this.#list = join(folder, 'deleted.json')
    mkdirSync(this.#files, { recursive: true, mode: 0o700 })
    this.#deleted = new Set(existsSync(this.#list) ? (JSON.parse(readFileSync(this.#list, 'utf8')) as string[]) : [])
  }

  /** What scripts did before, as changes to the folder. */
  async changes(): Promise<FileChange[]> {
    const { files, directories, symlinks }: TreeFiles = (await readFolder(this.#files)).files()
    return [
      ...[...this.#deleted].map((path) => ({ type: 'delete', path }) as const),
      ...directories.map((entry) => ({ type: 'directory', ...entry }) as const),
      ...symlinks.map((entry) => ({ type: 'symlink', ...entry }) as const),
      ...files.map((entry) => ({ type: 'write', ...entry }) as const),
    ]
  }

  put(changes: readonly FileChange[]): void {
    putChanges(this.#files, changes, (path, to) => copyFileSync(join(this.#site, path), to, constants.COPYFILE_FICLONE))
    const before = this.#deleted
    const deleted = new Set(before)
    for (const { type, path } of changes) {
      if (type === 'delete') {
        for (const one of deleted) if (isWithin(one, path)) deleted.delete(one)
        deleted.add(path)
      } else if (type !== 'directory') deleted.delete(path)
    }
    this.#write(deleted)
  }

  /** What was saved in the folder itself holds: what scripts did to the same paths is forgotten. Of a folder that is the folder alone, not what lies in it. */
  forget(saved: readonly FileChange[]): void {
    const isKept = ({ type, path }: FileChange): boolean => type === 'directory' && isFolder(this.#files, path)
    putChanges(
      this.#files,
      saved.map((change) => (isKept(change) ? change : { type: 'delete', path: change.path })),
    )
    const deleted = new Set(this.#deleted)
    for (const change of saved) this.#bringBack(change, deleted)
    this.#write(deleted)
  }

  /** A path that was saved is there again, with the folders that it lies in; what else lay in those when scripts removed them stays removed, and in it, where it is a folder. */
  #bringBack({ type, path }: FileChange, deleted: Set<string>): void {
    const above = [...deleted].filter((one) => isWithin(path, one))
    if (type !== 'directory') for (const one of deleted) if (isWithin(one, path)) deleted.delete(one)
    if (type === 'delete') return
    for (const one of above) {
      deleted.delete(one)
      const ways = [...foldersAbove(path), ...(type === 'directory' ? [path] : [])].filter((folder) => isWithin(folder, one))
      const beside = ways.flatMap((folder) => this.#namesIn(folder).map((name) => `${folder}/${name}`))
      for (const other of beside) if (!isWithin(path, other)) deleted.add(other)
    }
  }

  #namesIn(path: string): readonly string[] {
    return isFolder(this.#site, path) ? readdirSync(join(this.#site, path)) : []
  }

  #write(deleted: Set<string>): void {
    this.#deleted = deleted
    writeFileSync(`${this.#list}.new`, JSON.stringify([...deleted].sort()))
    renameSync(`${this.#list}.new`, this.#list)
  }
}
