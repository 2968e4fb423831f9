import type { FileEntry, TreeListing } from '@interpeer/content-store'
import type { FileChange } from '@interpeer/php-runtime-bridge'

type Entry = { readonly kind: 'file' | 'directory' | 'symlink'; readonly sameAs: string }

/**
 * What was done to a folder between two looks, as changes to put over a site: sorted by path, what is gone first of all. A file that was only touched is
 * no change.
 * @param read content of a file of `after`
 */
export function listingChanges(before: TreeListing, after: TreeListing, read: (path: string) => FileEntry | undefined): FileChange[] {
  const [old, now] = [entriesOf(before), entriesOf(after)]
  const gone = [...old.keys()].filter((path) => now.get(path)?.kind !== old.get(path)?.kind)
  const top = new Set(gone)
  const deletes = gone.filter((path) => !parentsOf(path).some((parent) => top.has(parent)))
  const isNew = (path: string): boolean => now.get(path)?.sameAs !== old.get(path)?.sameAs
  const changes: FileChange[] = deletes.map((path) => ({ type: 'delete', path }))
  for (const { path, mode } of after.directories) if (isNew(path)) changes.push({ type: 'directory', path, mode })
  for (const { path, target } of after.symlinks) if (isNew(path)) changes.push({ type: 'symlink', path, target })
  for (const { path, mode, mtimeS } of after.files) {
    if (!isNew(path)) continue
    const file = read(path)
    if (file !== undefined) changes.push({ type: 'write', path, mode, mtimeS, bytes: file.bytes })
  }
  return changes
}

function entriesOf({ files, directories, symlinks }: TreeListing): ReadonlyMap<string, Entry> {
  return new Map<string, Entry>([
    ...directories.map(({ path, mode }) => [path, { kind: 'directory', sameAs: `directory ${mode}` }] as const),
    ...symlinks.map(({ path, target }) => [path, { kind: 'symlink', sameAs: `symlink ${target}` }] as const),
    ...files.map(({ path, mode, content }) => [path, { kind: 'file', sameAs: `file ${mode} ${content}` }] as const),
  ])
}

function parentsOf(path: string): string[] {
  const names = path.split('/')
  return names.slice(1).map((_, i) => names.slice(0, i + 1).join('/'))
}
