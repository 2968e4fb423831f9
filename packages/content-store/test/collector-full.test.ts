import { expect, test } from 'vitest'
import { type Block, type BlockStore, blockOf, ContentStoreError, memoryBlockStore } from '../src/index.js'
import { ALL, GRACE_MS, site, world } from './collector-world.js'
import { coded, noise } from './trees.js'

test('a put that finds the store full makes room by itself; when nothing may go it is refused', async () => {
  const { clock, blocks, look } = world(memoryBlockStore({ maxBytes: 10_000 }))
  await blocks.put([blockOf(noise(8_000, 1), 'raw')])
  const next = blockOf(noise(8_000, 2), 'raw')
  await expect(blocks.put([next])).rejects.toThrow(coded('STORE_FULL'))
  await look()
  clock.nowMs = 2 * GRACE_MS
  await blocks.put([next])
  expect(blocks.get(next.cid)).toEqual(next.bytes)
})

test('where it is told so, a put does not wait for the grace, and takes the longest unreferenced first', async () => {
  const { store, clock, blocks, look, collect } = world(memoryBlockStore({ maxBytes: 10_000 }), { pressedGraceMs: 0 })
  const [first, second, third, fourth] = [1, 2, 3, 4].map((seed) => blockOf(noise(4_000, seed), 'raw')) as [Block, Block, Block, Block]
  await blocks.put([second])
  await look()
  clock.nowMs = 1
  await blocks.put([first])
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: 0 })
  await blocks.put([third])
  expect([first, second, third].map(({ cid }) => store.has(cid))).toEqual([true, false, true])
  await blocks.put([fourth]) // what it takes now was never looked at before
  expect([...store.list()].length).toBe(2)
})

test('a put that needs more than one round of room gets it; a store with nothing to give is walked once, not at every put', async () => {
  const memory = memoryBlockStore()
  let [walks, used] = [0, 5]
  const counted: BlockStore = {
    ...memory,
    list: () => {
      walks++
      return memory.list()
    },
    put: async (blocks) => {
      if (used > 2) throw new ContentStoreError({ code: 'STORE_FULL', neededBytes: 1 })
      await memory.put(blocks)
    },
    delete: async (cids) => {
      await memory.delete(cids)
      used -= cids.length
    },
  }
  const loose = Array.from({ length: 5 }, (_, i) => blockOf(noise(10, i + 1), 'raw'))
  await memory.put(loose)
  const { clock, blocks, look } = world(counted)
  await look()
  const next = blockOf(noise(10, 9), 'raw')
  for (let i = 0; i < 9; i++) await expect(blocks.put([next])).rejects.toThrow(coded('STORE_FULL'))
  expect(walks).toBe(2) // the look, and the first that found nothing due
  clock.nowMs = GRACE_MS
  await blocks.put([next])
  expect([blocks.has(next.cid), used]).toEqual([true, 2])
})

test('a store that is full of what is needed is not walked all the time', async () => {
  const memory = memoryBlockStore({ maxBytes: 100 })
  let walks = 0
  const slow: BlockStore = {
    ...memory,
    list: () => {
      walks++
      clock.nowMs += 50 // so long takes a walk
      return memory.list()
    },
  }
  const { clock, blocks, roots } = world(slow, { pressedGraceMs: 0 })
  const kept = blockOf(noise(80), 'raw')
  await blocks.put([kept])
  roots.add(kept.cid)
  for (let i = 0; i < 100; i++) {
    await expect(blocks.put([blockOf(noise(20, 2), 'raw')])).rejects.toThrow(coded('STORE_FULL'))
    clock.nowMs += 10
  }
  expect(walks).toBe(2)
  roots.clear()
  clock.nowMs += 500
  await blocks.put([blockOf(noise(20, 2), 'raw')])
  expect(walks).toBe(3)
})

test('a run that leaves what is younger than its grace does not keep a put from taking that', async () => {
  const memory = memoryBlockStore({ maxBytes: 10_000 })
  const slow: BlockStore = {
    ...memory,
    list: () => {
      clock.nowMs += 50 // so long takes a walk
      return memory.list()
    },
  }
  const { clock, store, blocks, collect } = world(slow, { pressedGraceMs: 0 })
  await blocks.put([blockOf(noise(8_000, 1), 'raw')])
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: 0, keptBlocks: 1 })
  const next = blockOf(noise(8_000, 2), 'raw')
  await blocks.put([next])
  expect([...store.list()]).toEqual([next.cid])
})

test('a full store with a spoiled block is not walked for each put, nor for the repair that the walk itself began', async () => {
  const memory = memoryBlockStore({ maxBytes: 200_000 })
  const slow: BlockStore = {
    ...memory,
    list: () => {
      clock.nowMs += 50 // so long takes a walk
      return memory.list()
    },
  }
  const tree = site(1)
  const lost = tree.blocks.find(({ bytes }) => bytes.length > 30_000) as Block
  let [runs, isWhole] = [0, false]
  const repairs: Promise<void>[] = []
  const { clock, blocks, roots } = world(slow, {
    pressedGraceMs: 0,
    onCollected: ({ spoiled }) => {
      runs++
      expect(spoiled).toEqual(isWhole ? [] : [lost.cid])
      if (!isWhole && repairs.length < 20) repairs.push(blocks.put([lost]))
    },
  })
  await memory.put(tree.blocks.filter((block) => block !== lost))
  const there = tree.blocks.reduce((sum, block) => sum + (block === lost ? 0 : block.bytes.length), 0)
  const loose = [66_000, 175_000 - there - 66_000].map((size) => blockOf(noise(size, size), 'raw')) as [Block, Block]
  await memory.put(loose) // an eighth is left to records
  roots.add(tree.root)
  for (let i = 0; i < 100; i++) {
    await expect(blocks.put([blockOf(noise(20_000, 2), 'raw')])).rejects.toThrow(coded('STORE_FULL'))
    clock.nowMs += 10
  }
  for (const repair of await Promise.allSettled(repairs)) expect(repair.status).toBe('rejected')
  expect(runs).toBe(1)
  await memory.delete([loose[0].cid])
  await blocks.put([lost])
  isWhole = true
  await blocks.put([blockOf(noise(20_000, 2), 'raw')]) // at once
  expect([runs, memory.has(loose[1].cid)]).toEqual([2, false])
})

test('a put that could make no room because the run failed is refused as full, and says why; it gets room once runs succeed', async () => {
  const why = new ContentStoreError({ code: 'RECORD_CORRUPT', key: 'k' })
  const failed: unknown[] = []
  let isFailing = true
  const roots = () => {
    if (isFailing) throw why
    return { held: [], wanted: [] }
  }
  const { blocks } = world(memoryBlockStore({ maxBytes: 10_000 }), { pressedGraceMs: 0, roots, onFailed: (error) => failed.push(error) })
  await blocks.put([blockOf(noise(8_000, 1), 'raw')])
  const next = blockOf(noise(8_000, 2), 'raw')
  await expect(blocks.put([next])).rejects.toMatchObject({ code: 'STORE_FULL', failure: { neededBytes: 8_000 }, cause: why })
  expect(failed).toEqual([why])
  isFailing = false
  await blocks.put([next])
  expect(blocks.has(next.cid)).toBe(true)
})
