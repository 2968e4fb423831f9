import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyChanges, buildTree, type FileChange, type FileEntry, readFile } from '../src/index.js'
import { coded, database, getFrom, holding, noise, whole } from './trees.js'

type Patch = FileChange & { type: 'patch' }
const file = (bytes: Uint8Array): FileEntry => ({ path: 'd/f', mode: 0o644, mtimeS: 5, bytes })
const patchOf = (size: number, ...parts: Patch['parts'][number][]): Patch => ({
  type: 'patch',
  path: 'd/f',
  mode: 0o644,
  mtimeS: 7,
  size,
  parts,
})

const contentsOf = (...sizes: number[]): Uint8Array[] => sizes.flatMap((size) => [noise(size, 1), database(size)])
const anyBase = fc.constantFrom(...contentsOf(0, 3, 65_536, 70_000, 200_000, 2 ** 20 + 9))
/** Parts at the edges of chunks and in the middle; a database may become none, and the other way round. */
const anyPatch = fc
  .record({
    size: fc.constantFrom(0, 2, 16, 65_535, 65_536, 131_073, 2 ** 20 + 9, 2 ** 20 + 65_536),
    parts: fc.array(
      fc.record({ at: fc.constantFrom(0, 1, 65_535, 65_536, 100_000, 2 ** 20 - 1), bytes: fc.constantFrom(...contentsOf(1, 20, 70_000)) }),
      { maxLength: 4 },
    ),
  })
  .map(({ size, parts }) => {
    const sorted = parts.toSorted((a, b) => a.at - b.at)
    return patchOf(size, ...sorted.filter(({ at, bytes }, i) => at + bytes.length <= Math.min(size, sorted[i + 1]?.at ?? size)))
  })

/** What a patch says, done to all of the bytes. */
function patched(before: Uint8Array, { size, parts }: Patch): Uint8Array {
  const bytes = new Uint8Array(size)
  bytes.set(before.subarray(0, size))
  for (const part of parts) bytes.set(part.bytes, part.at)
  return bytes
}

test('patches give the tree that whole writes give, one by one or together', async () => {
  await fc.assert(
    fc.asyncProperty(anyBase, fc.array(anyPatch, { minLength: 1, maxLength: 4 }), async (base, patches) => {
      const tree = buildTree([file(base)])
      const store = await holding(tree)
      let [bytes, root, mtimeS] = [base, tree.root, 5]
      for (const patch of patches) {
        const after = patched(bytes, patch)
        if (Buffer.compare(after, bytes) !== 0) mtimeS = 7
        bytes = after
        const next = whole(applyChanges(store.get, root, [patch]))
        await store.put(next.blocks)
        root = next.root
        expect(root).toBe(buildTree([{ ...file(bytes), mtimeS }]).root)
      }
      const together = whole(applyChanges(getFrom(tree), tree.root, patches))
      expect(together.root).toBe(root)
      const bare = await holding(tree, together)
      expect(Buffer.compare(whole(readFile(bare.get, root, 'd/f')).file?.bytes ?? noise(1), bytes)).toBe(0)
    }),
    { numRuns: 40 },
  )
})

test('one page of a database of 20 MB costs its chunk, two lists and the directories; other chunks are not read', () => {
  const tree = buildTree([file(database(20_000_000))])
  const get = getFrom(tree)
  let read = 0
  const counted: typeof get = (cid) => {
    read += get(cid)?.length ?? 0
    return get(cid)
  }
  const next = whole(applyChanges(counted, tree.root, [patchOf(20_000_000, { at: 4096 * 1000, bytes: noise(4096, 3) })]))
  expect(next.blocks).toHaveLength(5)
  expect(read).toBeLessThan(3 * 65_536)
})

test('blocks that a patch needs and that are not here are told', () => {
  const tree = buildTree([file(noise(200_000))])
  const [chunk] = tree.blocks.filter(({ bytes }) => bytes.length === 65_536)
  const get = getFrom(tree)
  const without = (cid: string) => (cid === chunk?.cid ? undefined : get(cid as never))
  expect(applyChanges(without as never, tree.root, [patchOf(200_000, { at: 5, bytes: noise(9) })])).toEqual({ missing: [chunk?.cid] })
})

test.each([
  ['FILE_PATCH', patchOf(10, { at: 8, bytes: noise(3) })],
  ['FILE_PATCH', patchOf(10, { at: 3, bytes: noise(3) }, { at: 5, bytes: noise(3) })],
  ['FILE_PATCH', patchOf(10, { at: 3, bytes: noise(0) })],
  ['FILE_PATCH', patchOf(-1)],
  ['FILE_PATCH', patchOf(10, { at: 0.5, bytes: noise(1) })],
  ['FILE_TOO_LARGE', patchOf(2 ** 33)],
  ['FILE_STAT', { ...patchOf(1), mode: -1 }],
  ['FILE_CONFLICT', { ...patchOf(1), path: 'd' }],
  ['FILE_CONFLICT', { ...patchOf(1), path: 'd/none' }],
  ['FILE_CONFLICT', { ...patchOf(1), path: 'd/f/x' }],
])('%s: a patch that fits nothing', (code, patch) => {
  const tree = buildTree([file(noise(10))])
  expect(() => applyChanges(getFrom(tree), tree.root, [patch])).toThrow(coded(code))
})
