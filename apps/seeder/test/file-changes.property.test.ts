import { applyChanges, buildTree, type FileChange, memoryBlockStore, readTree } from '@interpeer/content-store'
import { bytesOf, deriveTree, type TreeDirectory, treeOf } from '@interpeer/php-runtime-bridge'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const anyName = fc.constantFrom('a', 'b', 'c')
const anyPath = fc.array(anyName, { minLength: 1, maxLength: 2 }).map((names) => names.join('/'))
const anyStat = { path: anyPath, mode: fc.constantFrom(0o600, 0o644), mtimeS: fc.nat(9) }
const bytesFor = (size: number, step: number) => new Uint8Array(size).map((_, i) => (i * step) >> 8)
const contents = [bytesFor(0, 1), bytesFor(5, 300), bytesFor(70_000, 3), bytesFor(200_000, 7)]
const anyPatch = fc
  .record({
    type: fc.constant('patch' as const),
    ...anyStat,
    size: fc.constantFrom(3, 65_536, 150_000, 300_000),
    parts: fc.array(fc.record({ at: fc.constantFrom(0, 65_530, 131_072, 200_000), bytes: fc.constantFrom(...contents.slice(1, 3)) })),
  })
  .map((patch) => {
    const sorted = patch.parts.toSorted((x, y) => x.at - y.at)
    return {
      ...patch,
      parts: sorted.filter(({ at, bytes }, i) => at + bytes.length <= Math.min(patch.size, sorted[i + 1]?.at ?? patch.size)),
    }
  })
const anyChange: fc.Arbitrary<FileChange> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('write' as const), ...anyStat, bytes: fc.constantFrom(...contents) }) },
  { weight: 4, arbitrary: anyPatch },
  fc.record({ type: fc.constant('directory' as const), path: anyPath, mode: fc.constantFrom(0o700, 0o755) }),
  fc.record({ type: fc.constant('delete' as const), path: anyPath }),
  fc.record({ type: fc.constant('symlink' as const), path: anyPath, target: fc.constantFrom('a', '../b', '../../c', '..', 'a/../b') }),
)

const files = ['a', 'b/c'].map((path) => ({ path, mode: 0o644, mtimeS: 10, bytes: bytesFor(300_000, 5) }))

const of = (bytes: Uint8Array) =>
  `${bytes.length} ${Buffer.from(bytes).toString('base64').slice(0, 4000)} ${bytes.reduce((sum, byte) => (sum * 31 + byte) | 0, 0)}`

/** 'path …' of all that is in a tree of the runtime's. */
function listed(tree: TreeDirectory, prefix = ''): string[] {
  return [...tree.entries].flatMap(([name, node]) => {
    if (node.kind === 'symlink') return [`${prefix}${name} -> ${node.target}`]
    if (node.kind === 'file') return [`${prefix}${name} ${node.mode} ${node.mtimeS} ${of(bytesOf(node))}`]
    return [`${prefix}${name}/ ${node.mode}`, ...listed(node, `${prefix}${name}/`)]
  })
}

test('the runtime and the store make the same tree of the same changes, or both refuse them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyChange, { maxLength: 20 }), async (changes) => {
      const store = memoryBlockStore()
      const first = buildTree(files)
      await store.put(first.blocks)
      let [root, tree] = [first.root, treeOf(files)]
      for (const change of changes) {
        let [next, derived]: [ReturnType<typeof applyChanges> | undefined, TreeDirectory | undefined] = [undefined, undefined]
        try {
          next = applyChanges(store.get, root, [change])
        } catch {}
        try {
          derived = deriveTree(tree, [change])
        } catch {}
        expect(next === undefined, JSON.stringify(change.path)).toBe(derived === undefined)
        if (next === undefined || derived === undefined || 'missing' in next) continue
        await store.put(next.blocks)
        root = next.root
        tree = derived
      }
      const read = readTree(store.get, root)
      if ('missing' in read) throw new Error('missing')
      const stored = [
        ...read.files.map(({ path, mode, mtimeS, bytes }) => `${path} ${mode} ${mtimeS} ${of(bytes)}`),
        ...read.directories.map(({ path, mode }) => `${path}/ ${mode}`),
        ...read.symlinks.map(({ path, target }) => `${path} -> ${target}`),
      ]
      expect(listed(tree).sort()).toEqual(stored.sort())
      expect(listed(treeOf(read.files, read.directories, read.symlinks)).sort()).toEqual(stored)
    }),
    { numRuns: 100 },
  )
})
