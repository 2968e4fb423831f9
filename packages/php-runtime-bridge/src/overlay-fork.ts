import { type ComparingWork, comparedBelow, siteHolds } from './changes.js'
import type { FileChange } from './files.js'
import type { Overlay } from './overlay.js'
import type { OverlayDirectory } from './overlay-node.js'
import { PATH_UNITS_MAX } from './path.js'

/**
 * Makes what `fork`, an overlay over `settledTree` of this one, changed below some folders a change of this one. Files that both have stay the same
 * nodes: whoever holds them open sees what they became.
 * @returns what it took to find that, and how much it was: undefined where a site can't hold what it left; nothing is changed then
 */
export function adoptFork(
  files: Overlay,
  fork: Overlay,
  folders: readonly string[],
  nowS: number,
): { readonly compared: ComparingWork; readonly adopted: { readonly nodes: number; readonly bytes: number } | undefined } {
  const compared = { names: 0, bytes: 0 }
  const changed: { folder: string; changes: readonly FileChange[] }[] = []
  for (const folder of folders) {
    // renames can make paths that are longer than any call could name
    const isNamed = (path: string) => folder.length + 1 + path.length < PATH_UNITS_MAX
    const { changes, work } = comparedBelow(directoryAt(fork, folder), folder === fork.site ? siteHolds : isNamed)
    compared.names += work.names
    compared.bytes += work.bytes
    if (changes === undefined) return { compared, adopted: undefined }
    changed.push({ folder, changes })
  }
  files.withoutLimits(() => {
    for (const { folder, changes } of changed) for (const change of changes) apply(files, `${folder}/${change.path}`, change, nowS)
  })
  const all = changed.flatMap(({ changes }) => changes)
  return { compared, adopted: { nodes: all.length, bytes: all.reduce((total, change) => total + bytesIn(change), 0) } }
}

function bytesIn(change: FileChange): number {
  if (change.type === 'patch') return change.parts.reduce((total, { bytes }) => total + bytes.length, 0)
  return change.type === 'write' ? change.bytes.length : 0
}

function apply(files: Overlay, path: string, change: FileChange, nowS: number): void {
  const place = files.place(path, 'entry')
  const { node } = place
  if (change.type === 'delete' || change.type === 'symlink') {
    if (node) files.removeAll({ ...place, node }, nowS)
    if (change.type === 'symlink') files.makeLink(path, change.target, nowS)
    return
  }
  if (change.type === 'directory') {
    if (node) files.changeMode(path, change.mode)
    else files.makeDirectory(path, change.mode, nowS)
    return
  }
  const file = node?.kind === 'file' ? node : files.create(place, change.mode, nowS)
  file.mode = change.mode
  const { size, parts } = change.type === 'patch' ? change : { size: 0, parts: [{ at: 0, bytes: change.bytes }] }
  files.resize(file, size)
  for (const { at, bytes } of parts) files.write(file, bytes, at, change.mtimeS)
  file.mtimeS = change.mtimeS
}

function directoryAt(files: Overlay, path: string): OverlayDirectory {
  const node = files.get(path)
  if (node.kind !== 'directory') throw new Error(`${path} is always a folder`)
  return node
}
