import { bytesOfContentId, type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { BlockSource, type Missing } from './block-source.js'
import type { Block, GetBlock } from './blocks.js'
import { type CutFile, cutFile, FILE_MAX_BYTES, markKnown } from './chunks.js'
import { findEntry } from './directory-blocks.js'
import { editDirectory } from './edit-directory.js'
import { ContentStoreError } from './errors.js'
import { assertStat, type DirectoryEntry, type FileChange, type FileEntry, type FilePatch, IMPLIED_DIRECTORY_MODE } from './files.js'
import { patchFile } from './patch-file.js'
import { segmentsOf } from './paths.js'
import { assertSymlink, type SymlinkEntry } from './symlinks.js'
import type { TreeEntry } from './tree-blocks.js'

/** A tree's root and the blocks that it needs beside those it was made from. */
export interface BuiltTree {
  readonly root: ContentId
  readonly blocks: readonly Block[]
}

/**
 * The tree of these files, directories and symbolic links; directories above them are implied (mode 0o755). The same files give the
 * same root in whatever order. The chunks are views into the files' bytes.
 * @throws {ContentStoreError} FILE_PATH, FILE_STAT, FILE_SYMLINK, FILE_TOO_LARGE; FILE_CONFLICT when two things have one path, or one lies
 * below a file or a link
 */
export function buildTree(
  files: readonly FileEntry[],
  directories: readonly DirectoryEntry[] = [],
  symlinks: readonly SymlinkEntry[] = [],
): BuiltTree {
  assertDistinct([...files, ...symlinks], directories)
  const source = new BlockSource(() => undefined)
  const top = newDirectory(IMPLIED_DIRECTORY_MODE)
  for (const directory of directories) applyOne(source, top, { type: 'directory', ...directory })
  for (const file of files) applyOne(source, top, { type: 'write', ...file })
  for (const symlink of symlinks) applyOne(source, top, { type: 'symlink', ...symlink })
  return seal(source, top)
}

/**
 * The tree that `changes`, in order, make of the tree under `root`, whose blocks are here as far as the changes touch them. Only
 * directories and chunks that change are made anew; `blocks` leaves out what the old tree has in the same place. A write of what is
 * there already (content and mode) changes nothing, not even the time; a patch costs the chunks it touches. What is left is all that counts: the same files and
 * directories give the same root however they came about.
 * @throws {ContentStoreError} FILE_PATH, FILE_STAT, FILE_SYMLINK, FILE_PATCH, FILE_TOO_LARGE; FILE_CONFLICT for a change below a file or a
 * link, and a patch of what is no file; TREE_MALFORMED
 */
export function applyChanges(get: GetBlock, root: ContentId, changes: readonly FileChange[]): BuiltTree | Missing {
  const source = new BlockSource(get)
  return source.finish(() => {
    const top = newDirectory(IMPLIED_DIRECTORY_MODE, root)
    for (const change of changes) source.attempt(() => applyOne(source, top, change))
    return seal(source, top)
  })
}

interface DraftFile {
  readonly type: 'file'
  readonly mode: number
  readonly mtimeS: number
  readonly content: ContentId | null
  readonly size: number
  readonly paged: boolean
  readonly blocks: readonly Block[]
}
interface DraftSymlink {
  readonly type: 'symlink'
  readonly target: string
}
interface DraftDirectory {
  readonly type: 'directory'
  mode: number
  readonly base: ContentId | undefined
  readonly edits: Map<string, Draft | null>
}
type Draft = DraftFile | DraftSymlink | DraftDirectory
const newDirectory = (mode: number, base?: ContentId): DraftDirectory => ({ type: 'directory', mode, base, edits: new Map() })

function applyOne(source: BlockSource, top: DraftDirectory, change: FileChange): void {
  const segments = segmentsOf(change.path)
  const [above, name] = [segments.slice(0, -1), segments.at(-1) as string]
  if (change.type === 'delete') remove(source, top, above, name)
  else if (change.type === 'write') write(source, top, above, name, change)
  else if (change.type === 'patch') patch(source, top, above, name, change)
  else if (change.type === 'symlink') makeSymlink(source, top, above, name, change)
  else makeDirectory(source, top, above, name, change)
}

function write(source: BlockSource, top: DraftDirectory, above: readonly string[], name: string, file: FileEntry): void {
  assertStat(file.path, file.mode, file.mtimeS)
  const parent = enter(source, top, above, file.path)
  const there = childOf(source, parent, name)
  const after = replaced(there, file)
  if (after !== there) parent.edits.set(name, after)
}

function patch(source: BlockSource, top: DraftDirectory, above: readonly string[], name: string, given: FilePatch): void {
  assertStat(given.path, given.mode, given.mtimeS)
  const parent = enter(source, top, above, given.path)
  const there = childOf(source, parent, name)
  if (there?.type !== 'file') throw new ContentStoreError({ code: 'FILE_CONFLICT', path: given.path })
  const after = withContent(there, given, patchFile(source, there, given))
  if (after !== there) parent.edits.set(name, after)
}

function makeSymlink(source: BlockSource, top: DraftDirectory, above: readonly string[], name: string, symlink: SymlinkEntry): void {
  assertSymlink(symlink)
  const parent = enter(source, top, above, symlink.path)
  parent.edits.set(name, { type: 'symlink', target: symlink.target })
}

function makeDirectory(
  source: BlockSource,
  top: DraftDirectory,
  above: readonly string[],
  name: string,
  { path, mode }: DirectoryEntry,
): void {
  assertStat(path, mode)
  const parent = enter(source, top, above, path)
  const there = childOf(source, parent, name)
  const directory = there?.type === 'directory' ? there : newDirectory(mode)
  directory.mode = mode
  parent.edits.set(name, directory)
}

/** What is at that name now: as the changes so far left it, or as it is stored. */
function childOf(source: BlockSource, { base, edits }: DraftDirectory, name: string): Draft | undefined {
  const edited = edits.get(name)
  if (edited !== undefined) return edited ?? undefined
  const entry = base === undefined ? undefined : findEntry(source, base, name)
  if (entry === undefined) return undefined
  if (entry.type === 'directory') return newDirectory(entry.mode, contentIdOfBytes(entry.node))
  if (entry.type === 'symlink') return { type: 'symlink', target: entry.target }
  const { mode, mtimeS, size, paged } = entry
  return { type: 'file', mode, mtimeS, size, paged, content: entry.content && contentIdOfBytes(entry.content), blocks: [] }
}

function enter(source: BlockSource, top: DraftDirectory, segments: readonly string[], path: string): DraftDirectory {
  let directory = top
  for (const segment of segments) {
    const child = childOf(source, directory, segment) ?? newDirectory(IMPLIED_DIRECTORY_MODE)
    if (child.type !== 'directory') throw new ContentStoreError({ code: 'FILE_CONFLICT', path })
    directory.edits.set(segment, child)
    directory = child
  }
  return directory
}

function remove(source: BlockSource, top: DraftDirectory, segments: readonly string[], name: string): void {
  let directory = top
  for (const segment of segments) {
    const child = childOf(source, directory, segment)
    if (child?.type !== 'directory') return
    directory.edits.set(segment, child)
    directory = child
  }
  directory.edits.set(name, null)
}

function replaced(there: Draft | undefined, file: FileEntry): DraftFile {
  const { path, bytes } = file
  if (bytes.length > FILE_MAX_BYTES) {
    throw new ContentStoreError({ code: 'FILE_TOO_LARGE', path, bytes: bytes.length, maxBytes: FILE_MAX_BYTES })
  }
  return withContent(there, file, cutFile(bytes))
}

/** The file after a write. One whose content is there already keeps its time, and its mode unless that changed: then it is `there` itself. */
function withContent(there: Draft | undefined, { mode, mtimeS }: { mode: number; mtimeS: number }, cut: CutFile): DraftFile {
  if (there?.type !== 'file' || there.content !== cut.content || there.paged !== cut.paged) return { type: 'file', mode, mtimeS, ...cut }
  return there.mode === mode ? there : { ...there, mode }
}

function seal(source: BlockSource, top: DraftDirectory): BuiltTree {
  const made = new Map<ContentId, Block>()
  const root = sealDirectory(source, top, (block) => made.set(block.cid, block))
  return { root, blocks: [...made.values()].filter(({ cid }) => !source.known.has(cid)) }
}

function sealDirectory(source: BlockSource, directory: DraftDirectory, emit: (block: Block) => void): ContentId {
  const edits = [...directory.edits].map(([name, draft]) => {
    const old = directory.base === undefined ? undefined : findEntry(source, directory.base, name)
    return { name, entry: draft === null ? null : entryOf(source, name, draft, old, emit) }
  })
  return editDirectory(source, emit, directory.base, edits)
}
function entryOf(source: BlockSource, name: string, draft: Draft, old: TreeEntry | undefined, emit: (block: Block) => void): TreeEntry {
  if (draft.type === 'directory') {
    return { type: 'directory', name, mode: draft.mode, node: bytesOfContentId(sealDirectory(source, draft, emit)) }
  }
  if (draft.type === 'symlink') return { type: 'symlink', name, target: draft.target }
  if (draft.blocks.length > 0 && old?.type === 'file') markKnown(source, old.content && contentIdOfBytes(old.content), old)
  for (const block of draft.blocks) emit(block)
  const { mode, mtimeS, size, paged, content } = draft
  return { type: 'file', name, mode, mtimeS, size, paged, content: content && bytesOfContentId(content) }
}

/** @param leaves files and links: what has nothing below it */
function assertDistinct(leaves: readonly { readonly path: string }[], directories: readonly DirectoryEntry[]): void {
  const paths = new Set<string>()
  for (const { path } of [...leaves, ...directories]) {
    segmentsOf(path)
    if (paths.has(path)) throw new ContentStoreError({ code: 'FILE_CONFLICT', path })
    paths.add(path)
  }
  const below = new Set<string>()
  for (const path of paths) for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) below.add(path.slice(0, at))
  for (const { path } of leaves) if (below.has(path)) throw new ContentStoreError({ code: 'FILE_CONFLICT', path })
}
