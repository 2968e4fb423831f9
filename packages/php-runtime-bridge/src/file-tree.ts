import { PhpRuntimeError } from './errors.js'
import { type Pages, pagesOf, patchPages, samePages } from './file-pages.js'
import { digestsAfter, type FileDigests } from './file-pieces.js'
import type { DirectoryEntry, FileChange, FileEntry, SymlinkEntry } from './files.js'
import { isSiteTarget, LINK_HOPS_MAX } from './links.js'
import { isSitePath } from './path.js'

export interface TreeFile extends Pages {
  readonly kind: 'file'
  readonly mode: number
  readonly mtimeS: number
  /** Of a file longer than a piece. What is found is put in; trees that a clone was made of have their own. */
  readonly digests?: FileDigests
}
export interface TreeDirectory {
  readonly kind: 'directory'
  readonly mode: number
  readonly entries: ReadonlyMap<string, TreeNode>
}
export interface TreeSymlink {
  readonly kind: 'symlink'
  readonly target: string
}
/** Immutable; trees share what they have in common. Plain data, so a structured clone of several trees shares it too. */
export type TreeNode = TreeFile | TreeDirectory | TreeSymlink

type Content = Pages & Pick<TreeFile, 'digests'>
/** A file whose content is in pages already. */
export type PagedFile = Omit<FileEntry, 'bytes'> & Pages & Pick<TreeFile, 'digests'>

const DIRECTORY_MODE = 0o755
export const emptyTree: TreeDirectory = { kind: 'directory', mode: DIRECTORY_MODE, entries: new Map() }

/**
 * Directories above an entry are implied (mode 0755).
 * @throws {PhpRuntimeError} PATH_INVALID (a link's target too); PATH_CLASH where two entries have one path, or one lies below a file or a link
 */
export function treeOf(
  files: readonly (FileEntry | PagedFile)[],
  directories: readonly DirectoryEntry[] = [],
  symlinks: readonly SymlinkEntry[] = [],
): TreeDirectory {
  const editor = new TreeEditor(emptyTree)
  const seen = new Set<string>()
  const once = (path: string) => {
    if (seen.has(path)) throw new PhpRuntimeError({ code: 'PATH_CLASH', path })
    seen.add(path)
  }
  for (const { path, mode } of directories) {
    once(path)
    editor.makeDirectory(path, mode)
  }
  for (const file of files) {
    once(file.path)
    if (editor.write(file)?.kind === 'directory') throw new PhpRuntimeError({ code: 'PATH_CLASH', path: file.path })
  }
  for (const link of symlinks) {
    once(link.path)
    if (editor.link(link)?.kind === 'directory') throw new PhpRuntimeError({ code: 'PATH_CLASH', path: link.path })
  }
  return editor.finish()
}

/**
 * The tree after `changes`, in order: the same tree that content-store's applyChanges makes of them. A write takes the place of
 * whatever was there, but one of equal content leaves the time; a directory that is there keeps what is in it; deleting what is not
 * there does nothing. Costs the directories on the way to each change, not the size of the tree.
 * @throws {PhpRuntimeError} PATH_INVALID, PATH_CLASH (a change below a file or a link; a patch of what is no file, or that does not fit it)
 */
export function deriveTree(from: TreeDirectory, changes: readonly FileChange[]): TreeDirectory {
  const editor = new TreeEditor(from)
  for (const change of changes) {
    if (change.type === 'write') editor.write(change)
    else if (change.type === 'patch') editor.patch(change)
    else if (change.type === 'directory') editor.makeDirectory(change.path, change.mode)
    else if (change.type === 'symlink') editor.link(change)
    else editor.delete(change.path)
  }
  return editor.finish()
}

/** @returns undefined where nothing is; links are not followed. '' is the tree itself. */
export function findNode(tree: TreeDirectory, path: string): TreeNode | undefined {
  let node: TreeNode | undefined = tree
  if (path === '') return node
  for (const name of path.split('/')) {
    if (node?.kind !== 'directory') return undefined
    node = node.entries.get(name)
  }
  return node
}

/** The same with links followed, on the way and at its end: undefined where they lead nowhere or in a circle. */
export function followNode(tree: TreeDirectory, path: string): TreeFile | TreeDirectory | undefined {
  return new Way(tree).go(path)
}

/**
 * What is there along a way: at `path`, then at each of `names` behind it, for as long as there is something. Each is gone once, however many there are;
 * no more are found than folders in each other and links that one way has.
 */
export function followAlong(tree: TreeDirectory, path: string, names: readonly string[]): (TreeFile | TreeDirectory)[] {
  const way = new Way(tree)
  const found: (TreeFile | TreeDirectory)[] = []
  let node = way.go(path)
  for (let i = 0; node !== undefined; i++) {
    found.push(node)
    const name = names[i]
    node = node.kind === 'file' || name === undefined ? undefined : way.go(name)
  }
  return found
}

/** A way through a tree, from where it came to. */
class Way {
  readonly #above: TreeDirectory[] = []
  #directory: TreeDirectory
  #hops = 0

  constructor(tree: TreeDirectory) {
    this.#directory = tree
  }

  /** @returns undefined where nothing is, and for a file that is not at its end: it ends there */
  go(path: string): TreeFile | TreeDirectory | undefined {
    const ahead = path === '' ? [] : path.split('/').reverse()
    for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
      if (name === '..') {
        const parent = this.#above.pop()
        if (parent === undefined) return undefined
        this.#directory = parent
        continue
      }
      const node = this.#directory.entries.get(name)
      if (node === undefined) return undefined
      if (node.kind === 'file') return ahead.length === 0 ? node : undefined
      if (node.kind === 'symlink') {
        if (++this.#hops > LINK_HOPS_MAX) return undefined
        ahead.push(...node.target.split('/').reverse())
        continue
      }
      this.#above.push(this.#directory)
      this.#directory = node
    }
    return this.#directory
  }
}

/** The same tree with `node` put at one name at its top. */
export function withEntry(tree: TreeDirectory, name: string, node: TreeNode): TreeDirectory {
  return { ...tree, entries: new Map(tree.entries).set(name, node) }
}

const contentOf = ({ size, pages, digests }: PagedFile) => ({ size, pages, ...(digests === undefined ? {} : { digests }) })

interface Draft {
  readonly kind: 'directory'
  mode: number
  readonly entries: Map<string, TreeNode>
}

/** Copies each directory at most once, when it is first changed. */
class TreeEditor {
  readonly #drafts = new Set<TreeNode>()
  readonly #root: Draft

  constructor(from: TreeDirectory) {
    this.#root = this.#draft(from)
  }

  /** @returns what was there */
  write(file: FileEntry | PagedFile): TreeNode | undefined {
    const { path, mode, mtimeS } = file
    return this.#put(path, { mode, mtimeS }, () => ('bytes' in file ? pagesOf(file.bytes) : contentOf(file)))
  }

  patch({ path, mode, mtimeS, size, parts }: FileChange & { type: 'patch' }): void {
    this.#put(path, { mode, mtimeS }, (earlier) => {
      const after = earlier?.kind === 'file' ? patchPages(earlier, size, parts) : undefined
      if (after === undefined) throw new PhpRuntimeError({ code: 'PATH_CLASH', path })
      return after
    })
  }

  #put(
    path: string,
    stat: { mode: number; mtimeS: number },
    contentOver: (earlier: TreeNode | undefined) => Content,
  ): TreeNode | undefined {
    const { parent, name } = this.#place(path)
    const earlier = parent.entries.get(name)
    const content = contentOver(earlier)
    const same = earlier?.kind === 'file' && samePages(earlier, content)
    if (same) parent.entries.set(name, { ...earlier, mode: stat.mode })
    else {
      const digests = content.digests ?? digestsAfter(content, earlier?.kind === 'file' ? earlier : undefined)
      parent.entries.set(name, { kind: 'file', ...stat, ...content, ...(digests === undefined ? {} : { digests }) })
    }
    return earlier
  }

  /** @returns what was there */
  link({ path, target }: SymlinkEntry): TreeNode | undefined {
    const { parent, name } = this.#place(path)
    if (!isSiteTarget(target, path.split('/').length - 1)) throw new PhpRuntimeError({ code: 'PATH_INVALID', path })
    const earlier = parent.entries.get(name)
    parent.entries.set(name, { kind: 'symlink', target })
    return earlier
  }

  makeDirectory(path: string, mode: number): void {
    const { parent, name } = this.#place(path)
    if (parent.entries.get(name)?.kind !== 'directory') parent.entries.delete(name)
    this.#enter(parent, name, path).mode = mode
  }

  delete(path: string): void {
    if (!isSitePath(path)) throw new PhpRuntimeError({ code: 'PATH_INVALID', path })
    if (findNode(this.#root, path) === undefined) return
    const { parent, name } = this.#place(path)
    parent.entries.delete(name)
  }

  finish(): TreeDirectory {
    return this.#root
  }

  #place(path: string): { parent: Draft; name: string } {
    if (!isSitePath(path)) throw new PhpRuntimeError({ code: 'PATH_INVALID', path })
    const names = path.split('/')
    const name = names.pop() as string
    let parent = this.#root
    for (const part of names) parent = this.#enter(parent, part, path)
    return { parent, name }
  }

  #enter(parent: Draft, name: string, path: string): Draft {
    const node = parent.entries.get(name)
    if (node !== undefined && node.kind !== 'directory') throw new PhpRuntimeError({ code: 'PATH_CLASH', path })
    if (node && this.#drafts.has(node)) return node as Draft
    const draft = this.#draft(node ?? emptyTree)
    parent.entries.set(name, draft)
    return draft
  }

  #draft(from: TreeDirectory): Draft {
    const draft: Draft = { kind: 'directory', mode: from.mode, entries: new Map(from.entries) }
    this.#drafts.add(draft)
    return draft
  }
}
