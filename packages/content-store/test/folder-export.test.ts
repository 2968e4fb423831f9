import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ContentId } from '@interpeer/crypto-ids'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Block, blockOf, buildTree, type FileEntry, type Missing, memoryBlockStore, type SymlinkEntry } from '../src/index.js'
import { exportBuiltFolder as exportFolder } from './built.js'
import { coded, database, fileAt, noise } from './trees.js'

let base: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'content-export-'))
})
afterEach(() => rmSync(base, { recursive: true }))

async function stored(files: readonly FileEntry[], ...more: [{ path: string; mode: number }[]?, SymlinkEntry[]?]) {
  const tree = buildTree(files, ...more)
  const store = memoryBlockStore()
  await store.put(tree.blocks)
  return { root: tree.root, get: store.get, store }
}

test('export writes to an empty folder only', async () => {
  const one = await stored([fileAt('a')])
  writeFileSync(join(base, 'file'), '')
  await expect(exportFolder(one.get, one.root, base)).rejects.toThrow(coded('EXPORT_NOT_EMPTY'))
  const readOnly = await stored([fileAt('r/o')], [{ path: 'r', mode: 0o555 }], [{ path: 'r/l', target: 'o' }])
  await exportFolder(readOnly.get, readOnly.root, join(base, 'new'))
  expect(readFileSync(join(base, 'new', 'r', 'l'), 'utf8')).toBe('r/o')
  expect(statSync(join(base, 'new', 'r')).mode & 0o777).toBe(0o555)
  chmodSync(join(base, 'new', 'r'), 0o755)
})

test('export leaves no set-id bits', async () => {
  const { get, root } = await stored([fileAt('a', 'a', 0o6755)], [{ path: 'd', mode: 0o1777 }])
  await exportFolder(get, root, join(base, 'new'))
  expect([statSync(join(base, 'new', 'a')).mode & 0o7777, statSync(join(base, 'new', 'd')).mode & 0o7777]).toEqual([0o755, 0o777])
})

test('export makes links last: nothing is ever written through one', async () => {
  const links = [
    { path: 'a', target: 'z' },
    { path: 'm/up', target: '..' },
  ]
  const { get, root } = await stored([fileAt('m/f'), fileAt('z/f')], [], links)
  let linksSeen = 0
  const out = join(base, 'new')
  await exportFolder(get, root, out, {
    onProgress: ({ files }) => {
      if (files < 2)
        linksSeen += readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isSymbolicLink()).length
    },
  })
  expect(linksSeen).toBe(0)
  expect([lstatSync(join(out, 'a')).isSymbolicLink(), readFileSync(join(out, 'm', 'up', 'a', 'f'), 'utf8')]).toEqual([true, 'z/f'])
})

test('export says what is missing, and obeys limits', async () => {
  const { get, root, store } = await stored([fileAt('a', 'x'.repeat(100)), fileAt('b', noise(200_000))])
  await expect(exportFolder(get, root, join(base, 'new'), { maxBytes: 1000 })).rejects.toThrow(coded('TREE_TOO_LARGE'))
  await expect(exportFolder(get, root, join(base, 'new'), { maxEntries: 1 })).rejects.toThrow(coded('TREE_TOO_LARGE'))
  const chunk = buildTree([fileAt('a', noise(65_536))]).blocks[0] as Block // the first of b's
  await store.delete([chunk.cid])
  expect(((await exportFolder(get, root, join(base, 'new'))) as Missing).missing).toEqual([chunk.cid])
  await store.delete([root])
  expect(await exportFolder(get, root, join(base, 'newer'))).toEqual({ missing: [root] })
})

test('an export that fails has stopped writing when it rejects, and says what failed first', async () => {
  const { get, root } = await stored(Array.from({ length: 400 }, (_, i) => fileAt(`f${i}`)))
  const out = join(base, 'new')
  let calls = 0
  const onProgress = (): void => {
    if (++calls >= 5) throw new Error(`call ${calls}`)
  }
  await expect(exportFolder(get, root, out, { onProgress })).rejects.toThrow('call 5')
  const there = readdirSync(out).length
  expect(there).toBeLessThanOrEqual(4 + 8) // those before, and one of each writer
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect([readdirSync(out).length, calls]).toEqual([there, 5])
})

test('export names all missing chunks of a file, and leaves no part of a file', async () => {
  const bytes = database(400_000)
  const { get, root, store } = await stored([fileAt('a', bytes), fileAt('d/b')])
  const lost = [2, 4].map((i) => blockOf(bytes.subarray(i * 65_536, (i + 1) * 65_536), 'raw').cid)
  await store.delete(lost)
  const out = join(base, 'new')
  expect(await exportFolder(get, root, out)).toEqual({ missing: lost })
  expect(readdirSync(out, { recursive: true })).not.toContain('a')
  const spoilt = (cid: ContentId): Uint8Array | undefined => (lost.includes(cid) ? bytes.subarray(0, 7) : get(cid))
  await expect(exportFolder(spoilt, root, join(base, 'newer'))).rejects.toThrow(coded('TREE_MALFORMED'))
  expect(readdirSync(join(base, 'newer'))).not.toContain('a')
})
