import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyChanges, buildTree, type DirectoryEntry, type FileChange, type FileEntry, readTree } from '../src/index.js'
import { coded, getFrom, holding, noise, whole } from './trees.js'

/** The obvious file system: what is at each path, and nothing else. */
class Model {
  readonly entries = new Map<string, FileEntry | DirectoryEntry>()
  /** False if the change is one that nothing may do: it would have a file with something below it. */
  apply(change: FileChange): boolean {
    const { path } = change
    const now = this.entries.get(path)
    if (change.type === 'delete') this.clear(path)
    else {
      const names = path.split('/')
      const above = names.slice(1).map((_, i) => names.slice(0, i + 1).join('/'))
      if (above.some((directory) => 'bytes' in (this.entries.get(directory) ?? {}))) return false
      for (const directory of above) if (!this.entries.has(directory)) this.entries.set(directory, { path: directory, mode: 0o755 })
      const same = change.type === 'write' && now !== undefined && 'bytes' in now && Buffer.compare(now.bytes, change.bytes) === 0
      if (!same && !(change.type === 'directory' && now !== undefined && !('bytes' in now))) this.clear(path)
      const { type: _, ...entry } = change
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
    return [...this.entries.values()].filter((entry) => !('bytes' in entry))
  }
}

const anyPath = fc.array(fc.constantFrom('a', 'b', 'ä', 'z\u{1f600}'), { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))
const anyMode = fc.constantFrom(0o644, 0o600)
const contents = [0, 3, 65_536, 70_000, 140_000].flatMap((size) => [noise(size, 1), noise(size, 2)])
const anyBytes = fc.constantFrom(...contents)
const anyChange: fc.Arbitrary<FileChange> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('write' as const), path: anyPath, mode: anyMode, mtimeS: fc.nat(9), bytes: anyBytes }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('delete' as const), path: anyPath }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('directory' as const), path: anyPath, mode: anyMode }) },
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
        expect(tree.root).toBe(buildTree(model.files, model.directories).root)
      }
      const read = whole(readTree(store.get, tree.root))
      expect(new Map(read.files.map((file) => [file.path, file]))).toEqual(new Map(model.files.map((file) => [file.path, file])))
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
