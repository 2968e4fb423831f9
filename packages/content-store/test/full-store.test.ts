import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { applyChanges, blockOf, buildTree, type ContentStore, memoryStore, missingBlocks, openCollector } from '../src/index.js'
import { openLmdbStore } from '../src/node/index.js'
import { openBuiltSqliteStore } from './built.js'
import { canMount, onSmallDisk } from './small-disk.js'
import { coded, fileAt, noise, writeAt } from './trees.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'content-store-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('on disk too a put that finds the store full makes room: a site that changes for ever lives in the room of a few versions', async () => {
  const maxBytes = 2_000_000
  const store = openLmdbStore(folder, { maxBytes })
  let [tree, nowMs] = [buildTree([fileAt('start.txt')]), 0]
  const collector = openCollector({
    ...{ store: store.blocks, graceMs: 1, nowMs: () => nowMs },
    roots: () => ({ held: [tree.root], wanted: [] }),
  })
  await collector.blocks.put(tree.blocks)
  for (let step = 1; step <= 60; step++) {
    nowMs += 10
    if (step % 3 === 0) await collector.look()
    const changed = applyChanges(collector.blocks.get, tree.root, [writeAt(`page${step % 2}.txt`, noise(200_000, step))])
    if ('missing' in changed) throw new Error('the site lost a block')
    await collector.blocks.put(changed.blocks)
    tree = changed
    expect(store.usedBytes()).toBeLessThanOrEqual(maxBytes)
  }
  expect(missingBlocks(store.blocks.get, tree.root)).toEqual([])
  const next = applyChanges(collector.blocks.get, tree.root, [writeAt('large.bin', noise(2_100_000))])
  await expect(collector.blocks.put('blocks' in next ? next.blocks : [])).rejects.toThrow(coded('STORE_FULL'))
  expect(missingBlocks(store.blocks.get, tree.root)).toEqual([])
  await store.close()
})

const LIMIT = { maxBytes: 800_000 }
test.each<[string, () => ContentStore]>([
  ['memory', () => memoryStore(LIMIT)],
  ['lmdb', () => openLmdbStore(folder, LIMIT)],
  ['sqlite', () => openBuiltSqliteStore(folder, LIMIT)],
])('a store that is full (%s) takes a few urgent blocks more, also through a collector, and leaves records their room', async (_, open) => {
  const store = open()
  const { blocks } = openCollector({ store: store.blocks, graceMs: 1, nowMs: () => 0, roots: () => ({ held: [], wanted: [] }) })
  const put = (seed: number, how?: { urgent: boolean }) => blocks.put([blockOf(noise(10_000, seed), 'raw')], how)
  const putUntilFull = async (from: number, how?: { urgent: boolean }): Promise<number> => {
    for (let seed = from; ; seed++) {
      try {
        await put(seed, how)
      } catch (error) {
        expect(error).toMatchObject({ code: 'STORE_FULL' })
        return seed - from
      }
    }
  }
  expect(await putUntilFull(0)).toBeGreaterThan(20)
  const urgent = await putUntilFull(1_000, { urgent: true })
  expect(urgent).toBeGreaterThanOrEqual(1)
  expect(urgent).toBeLessThanOrEqual(5)
  await expect(put(2_000)).rejects.toThrow(coded('STORE_FULL'))
  await store.records('groups').put([['a', noise(20_000, 1)]])
  expect(store.usedBytes()).toBeLessThanOrEqual(LIMIT.maxBytes)
  await store.close()
})

test.skipIf(!canMount)('a disk that is full of what nothing refers to takes new blocks, again and again', () => {
  const built = (name: string): string => JSON.stringify(new URL(`../dist/${name}`, import.meta.url).href)
  const script = `
    import { blockOf, openCollector } from ${built('index.js')}
    import { openLmdbStore } from ${built('node/index.js')}
    const blockAt = (i) => blockOf(new Uint8Array(20_000).fill(i).fill(i >> 8, 0, 9), 'raw')
    const store = openLmdbStore(process.argv[1])
    let nowMs = 0
    const { blocks, look } = openCollector({ store: store.blocks, roots: () => ({ held: [], wanted: [] }), graceMs: 1, nowMs: () => nowMs })
    let [put, refused] = [0, 0]
    while (put < 2_000) {
      const ten = Array.from({ length: 10 }, (_, i) => blockAt(put + i))
      try { await blocks.put(ten); put += 10 } catch (error) { if (error.code !== 'STORE_FULL' || ++refused > 50) throw error; await look(); nowMs += 2 }
    }
    console.log(put, refused > 0, [...store.blocks.list()].length < 500)
    await store.close()`
  expect(onSmallDisk(14, folder, script).trim()).toBe('2000 true true')
})
