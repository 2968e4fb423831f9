import { sha256 } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  applyChanges,
  buildTree,
  type DirectoryEntry,
  type FileChange,
  type FileEntry,
  readFile,
  readTree,
  type SymlinkEntry,
} from '../src/index.js'
import { treeByRule } from './tree-rule.js'
import { bytesOf, coded, database, getFrom, holding, noise, whole } from './trees.js'

const isLeaf = (entry: object | undefined): entry is FileEntry | SymlinkEntry =>
  entry !== undefined && ('bytes' in entry || 'target' in entry)

/** The obvious file system: what is at each path, and nothing else. */
class Model {
  readonly entries = new Map<string, FileEntry | DirectoryEntry | SymlinkEntry>()
  /** False if the change is one that nothing may do: it would have a file with something below it. */
  apply(change: FileChange): boolean {
    const { path } = change
    const now = this.entries.get(path)
    if (change.type === 'delete') this.clear(path)
    else {
      const names = path.split('/')
      const above = names.slice(1).map((_, i) => names.slice(0, i + 1).join('/'))
      if (above.some((directory) => isLeaf(this.entries.get(directory)))) return false
      for (const directory of above) if (!this.entries.has(directory)) this.entries.set(directory, { path: directory, mode: 0o755 })
      if (!(change.type === 'directory' && now !== undefined && !isLeaf(now))) this.clear(path)
      const { type: _, ...entry } = change
      const same = 'bytes' in entry && now !== undefined && 'bytes' in now && Buffer.compare(now.bytes, entry.bytes) === 0
      this.entries.set(path, same ? { ...entry, mtimeS: now.mtimeS } : entry)
    }
    return true
  }
  clear(path: string): void {
    for (const key of [...this.entries.keys()]) if (key === path || key.startsWith(`${path}/`)) this.entries.delete(key)
  }
  get files(): FileEntry[] {
    return [...this.entries.values()].filter((entry) => 'bytes' in entry)
  }
  get directories(): DirectoryEntry[] {
    return [...this.entries.values()].filter((entry): entry is DirectoryEntry => !isLeaf(entry))
  }
  get symlinks(): SymlinkEntry[] {
    return [...this.entries.values()].filter((entry) => 'target' in entry)
  }
}

const anyPath = fc.array(fc.constantFrom('a', 'b', 'ä', 'z\u{1f600}'), { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))
/** A target that a link at `path` may have. */
const anyTarget = (path: string): fc.Arbitrary<string> =>
  fc.tuple(fc.nat(path.split('/').length - 1), anyPath).map(([ups, way]) => '../'.repeat(ups) + way)
const anyMode = fc.constantFrom(0o644, 0o600)
const contentsOf = (...sizes: number[]): Uint8Array[] => sizes.flatMap((size) => [noise(size, 1), database(size)])
const anyBytes = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...contentsOf(0, 3, 65_536, 70_000)) },
  { weight: 1, arbitrary: fc.constantFrom(...contentsOf(2 ** 20 + 9)) },
)
/** Comparing many megabytes member by member takes long: their hashes say the same. */
const told = <T extends { readonly bytes: Uint8Array }>(file: T) => ({ ...file, bytes: Buffer.from(sha256(file.bytes)).toString('hex') })
const anyChange: fc.Arbitrary<FileChange> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('write' as const), path: anyPath, mode: anyMode, mtimeS: fc.nat(9), bytes: anyBytes }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('delete' as const), path: anyPath }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('directory' as const), path: anyPath, mode: anyMode }) },
  { weight: 1, arbitrary: anyPath.chain((path) => anyTarget(path).map((target) => ({ type: 'symlink' as const, path, target }))) },
)

test('any changes in any batches give the tree of what is left', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(anyChange, { maxLength: 4 }), { maxLength: 6 }), async (batches) => {
      const model = new Model()
      let tree = buildTree([])
      const store = await holding(tree)
      for (const batch of batches) {
        const accepted = batch.filter((change) => model.apply(change))
        const refused = batch.length > accepted.length
        if (refused) expect(() => applyChanges(store.get, tree.root, batch)).toThrow(coded('FILE_CONFLICT'))
        const next = whole(applyChanges(store.get, tree.root, accepted))
        if (next.root === tree.root) expect(next.blocks).toEqual([])
        await store.put(next.blocks)
        tree = next
        expect(tree.root).toBe(treeByRule(model.files, model.directories, model.symlinks).root)
        expect(buildTree(model.files, model.directories, model.symlinks).root).toBe(tree.root)
      }
      const read = whole(readTree(store.get, tree.root))
      expect(new Map(read.files.map((file) => [file.path, told(file)]))).toEqual(
        new Map(model.files.map((file) => [file.path, told(file)])),
      )
      expect(new Set(read.symlinks)).toEqual(new Set(model.symlinks))
      expect(new Set(read.directories.map(({ path }) => path))).toEqual(new Set(model.directories.map(({ path }) => path)))
    }),
    { numRuns: 100 },
  )
})

test('a directory that grows and shrinks over 256 entries has one form', () => {
  const name = (i: number): string => `n${i}`
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(400), fc.boolean()), { minLength: 1, maxLength: 300 }),
      fc.integer({ min: 200, max: 300 }),
      (edits, size) => {
        const present = new Set(Array.from({ length: size }, (_, i) => name(i)))
        const file = (path: string): FileEntry => ({ path, mode: 0o644, mtimeS: 0, bytes: new Uint8Array() })
        const before = buildTree([...present].map(file))
        const changes = edits.map(([i, add]): FileChange => {
          if (add) present.add(name(i))
          else present.delete(name(i))
          return add ? { type: 'write', ...file(name(i)) } : { type: 'delete', path: name(i) }
        })
        const after = whole(applyChanges(getFrom(before), before.root, changes))
        expect(after.root).toBe(buildTree([...present].map(file)).root)
      },
    ),
    { numRuns: 40 },
  )
})

test('the order of the files does not matter', () => {
  const files = Array.from({ length: 300 }, (_, i) => ({ path: `d${i % 3}/f${i}`, mode: 0o644, mtimeS: i, bytes: noise(i) }))
  const { root } = buildTree(files)
  fc.assert(
    fc.property(fc.shuffledSubarray(files, { minLength: files.length }), (shuffled) => buildTree(shuffled).root === root),
    { numRuns: 10 },
  )
})

const smallChange = anyChange.map((change): FileChange => (change.type === 'write' ? { ...change, bytes: bytesOf(change.path) } : change))

test('reading a file goes the way that POSIX goes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(smallChange, { maxLength: 12 }), async (changes) => {
      const model = new Model()
      for (const change of changes) model.apply(change)
      const tree = buildTree(model.files, model.directories, model.symlinks)
      const store = await holding(tree)
      for (const path of pathsOf(model)) {
        expect(whole(readFile(store.get, tree.root, path)).file?.bytes).toEqual(readByModel(model, path))
      }
    }),
    { numRuns: 200 },
  )
})

/** Every path of the model, and what its links might lead to one name further on. */
const pathsOf = (model: Model): string[] => [...model.entries.keys()].flatMap((path) => [path, `${path}/a`, `${path}/b`])

/** What `cat path` prints, if anything: the whole way in plain words, each link resolved from where it lies. */
function readByModel(model: Model, path: string): Uint8Array | undefined {
  const real = realPath(model, path.split('/'))
  const entry = real === undefined ? undefined : model.entries.get(real)
  return entry !== undefined && 'bytes' in entry ? (entry as FileEntry).bytes : undefined
}
function realPath(model: Model, names: readonly string[], hops = 0): string | undefined {
  let real: string[] = []
  for (const [i, name] of names.entries()) {
    if (name === '..') {
      real = real.slice(0, -1)
      continue
    }
    const here = [...real, name].join('/')
    const entry = model.entries.get(here)
    if (entry === undefined || ('bytes' in entry && i < names.length - 1)) return undefined
    if (!('target' in entry)) real.push(name)
    else return hops >= 32 ? undefined : realPath(model, [...real, ...entry.target.split('/'), ...names.slice(i + 1)], hops + 1)
  }
  return real.join('/')
}
