import { expect, test } from 'vitest'
import { buildTree, CHUNK_BYTES, type OpenFile, openTree, readTree } from '../src/index.js'
import { coded, database, fileAt, getFrom, whole } from './trees.js'

const MIB = 1024 * 1024
const contentOf = (file: OpenFile) => Buffer.concat([...file.read()])
const finished = <T>(steps: Generator<number, T>): { readonly yielded: readonly number[]; readonly result: T } => {
  const yielded: number[] = []
  for (;;) {
    const step = steps.next()
    if (step.done) return { yielded, result: step.value }
    yielded.push(step.value)
  }
}

const large = Buffer.alloc(2 * MIB + 5000, 'something that is not the same everywhere ')
const files = [fileAt('empty', ''), fileAt('index.php'), fileAt('large', large), fileAt('wiki.db', database(257 * CHUNK_BYTES))]
const built = buildTree(files, [{ path: 'cache', mode: 0o700 }])

test('what is read chunk by chunk is what readTree reads', () => {
  const open = whole(openTree(getFrom(built), built.root))
  const { files: read, ...others } = whole(readTree(getFrom(built), built.root))
  expect(open.files.map((file) => ({ path: file.path, mode: file.mode, mtimeS: file.mtimeS, size: file.size }))).toEqual(
    read.map(({ bytes, ...file }) => ({ ...file, size: bytes.length })),
  )
  for (const [index, file] of open.files.entries()) expect(contentOf(file).equals(read[index]?.bytes ?? Buffer.of(1))).toBe(true)
  expect({ directories: open.directories, symlinks: open.symlinks }).toEqual(others)
  expect(open.lacks).toBe(false)
})

test('nothing of the content is read before it is asked for, and no chunk before the one ahead is taken', () => {
  const read: string[] = []
  const get = getFrom(built)
  const open = whole(
    openTree((cid) => {
      read.push(cid)
      return get(cid)
    }, built.root),
  )
  const opened = read.length
  const steps = open.files
    .find(({ path }) => path === 'large')
    ?.read()
    [Symbol.iterator]()
  steps?.next()
  const [first] = built.blocks.filter(({ bytes }) => bytes.length === MIB)
  expect(opened).toBe(2)
  expect(read.slice(opened)).toHaveLength(2)
  expect(read.at(-1)).toBe(first?.cid)
})

test('a file ends early where a block is not here, and all that is missing is found in steps', () => {
  const chunks = built.blocks.filter(({ cid, bytes }) => cid !== built.root && bytes.length === CHUNK_BYTES)
  const gone = new Set([chunks[1]?.cid, chunks[200]?.cid])
  const get = getFrom(built)
  const open = whole(openTree((cid) => (gone.has(cid) ? undefined : get(cid)), built.root))
  const file = open.files.find(({ path }) => path === 'wiki.db') as OpenFile
  expect(open.lacks).toBe(false)
  expect(contentOf(file).length).toBeLessThan(file.size)
  expect(open.lacks).toBe(true)
  const { yielded, result } = finished(open.lookForMissing())
  expect(new Set(result.missing)).toEqual(gone)
  expect(yielded.reduce((sum, bytes) => sum + bytes, 0)).toBe(open.files.reduce((sum, { size }) => sum + size, 0))
})

test('where very much is missing, as much of it is said as is looked for at a time', () => {
  const many = buildTree(Array.from({ length: 4_200 }, (_, i) => fileAt(`file-${i}`, `content ${i}`)))
  const content = new Set(
    many.blocks.filter(({ bytes }) => Buffer.from(bytes).toString('latin1').startsWith('content ')).map(({ cid }) => cid),
  )
  const get = getFrom(many)
  const open = whole(openTree((cid) => (content.has(cid) ? undefined : get(cid)), many.root))
  const { result } = finished(open.lookForMissing())
  expect(content.size).toBe(4_200)
  expect(new Set(result.missing).size).toBe(4_096)
  expect(result.missing.every((cid) => content.has(cid))).toBe(true)
})

test('a folder that is missing is said at once; a tree with too much in it is refused', () => {
  expect(openTree(() => undefined, built.root)).toEqual({ missing: [built.root] })
  expect(() => openTree(getFrom(built), built.root, { maxBytes: MIB })).toThrow(coded('TREE_TOO_LARGE'))
})
