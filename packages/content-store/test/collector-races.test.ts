import { expect, test } from 'vitest'
import { type BlockStore, blockOf, type CollectorOptions, memoryBlockStore, missingBlocks } from '../src/index.js'
import { ALL, GRACE_MS, site, world } from './collector-world.js'
import { noise } from './trees.js'

/** 200 loose blocks, then two sites, all old enough to go but for what the roots reach. */
async function old(store: BlockStore, more: Partial<CollectorOptions>) {
  const opened = world(store, more)
  const [kept, saved] = [site(1), site(2)]
  await store.put(Array.from({ length: 200 }, (_, i) => blockOf(noise(50, i + 9), 'raw')))
  await opened.look()
  opened.clock.nowMs = 1
  await store.put([...kept.blocks, ...saved.blocks])
  opened.roots.add(kept.root)
  await opened.look()
  opened.clock.nowMs = 1 + GRACE_MS
  return { ...opened, saved }
}

test('a root that comes while the collector walks keeps all below it', async () => {
  let [pauses, armed] = [0, false]
  const store = memoryBlockStore()
  const { roots, saved, collect } = await old(store, {
    sliceBlocks: 1,
    pause: async () => {
      if (armed && ++pauses === 1) roots.add(saved.root)
    },
  })
  armed = true
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: 200 })
  expect(roots.has(saved.root)).toBe(true) // it did pause
  expect(missingBlocks(store.get, saved.root)).toEqual([])
})

test('a root that comes between two deletions keeps all below it that is still there', async () => {
  const memory = memoryBlockStore()
  const { roots, saved, collect } = await old(
    {
      ...memory,
      delete: async (cids) => {
        await memory.delete(cids)
        roots.add(saved.root)
      },
    },
    {},
  )
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: 200 })
  expect(missingBlocks(memory.get, saved.root)).toEqual([])
})

test('a block that something referred to for a moment in the middle of a run begins a new grace', async () => {
  const memory = memoryBlockStore()
  const { roots, clock, saved, look, collect } = await old(
    {
      ...memory,
      delete: async (cids) => {
        await memory.delete(cids)
        if (roots.size === 1) roots.add(saved.root)
      },
    },
    {},
  )
  await collect(ALL)
  roots.delete(saved.root)
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: 0 })
  await look()
  clock.nowMs += GRACE_MS
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: saved.blocks.length - 1 })
})

test('a put of a block that is being deleted waits, and the block is there afterwards', async () => {
  const memory = memoryBlockStore()
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const slow: BlockStore = { ...memory, delete: (cids) => held.then(() => memory.delete(cids)) }
  const { clock, blocks, look, collect } = world(slow)
  const block = blockOf(noise(10), 'raw')
  await blocks.put([block])
  await look()
  clock.nowMs = GRACE_MS
  const collecting = collect(ALL)
  await Promise.resolve().then(() => Promise.resolve())
  const putting = blocks.put([block])
  release()
  await Promise.all([collecting, putting])
  expect(blocks.has(block.cid)).toBe(true)
})

test('what is put during a hold stays with all below it, until the hold ends', async () => {
  const { store, clock, blocks, hold, collect, look } = world()
  const tree = site(1)
  await blocks.put(tree.blocks.filter(({ cid }) => cid !== tree.root))
  await look()
  clock.nowMs = 2 * GRACE_MS
  const release = hold()
  await blocks.put(tree.blocks.filter(({ cid }) => cid === tree.root)) // it links to what has been due for long
  clock.nowMs = 9 * GRACE_MS
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: 0 })
  expect(missingBlocks(store.get, tree.root)).toEqual([])
  release()
  release()
  await look()
  clock.nowMs = 10 * GRACE_MS
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: tree.blocks.length })
})

test('a fetch that goes on during a run finds what it found there', async () => {
  const [store, tree] = [memoryBlockStore(), site(2)]
  const list = tree.blocks.filter(({ cid }) => cid.startsWith('bafyrei') && cid !== tree.root)
  let [pauses, isFetching] = [0, false]
  const opened = await old(store, {
    sliceBlocks: 1,
    pause: async () => {
      if (!isFetching || ++pauses !== 8) return // by then the walk has passed the top, and the list was not there
      const { blocks } = opened
      await blocks.put(list)
      expect(tree.blocks.every(({ cid }) => blocks.has(cid))).toBe(true) // so the fetch asks for nothing more
    },
  })
  await store.delete(list.map(({ cid }) => cid))
  isFetching = true
  opened.wanted.add(tree.root)
  await opened.collect(ALL)
  expect(pauses).toBeGreaterThan(8)
  expect(missingBlocks(store.get, tree.root)).toEqual([])
})

test('a fetch whose put was under way when a run began finds what it found there', async () => {
  const [store, tree] = [memoryBlockStore(), site(2)]
  const list = tree.blocks.filter(({ cid }) => cid.startsWith('bafyrei') && cid !== tree.root)
  let [pauses, isLate, land] = [0, false, (): void => {}]
  const landing = new Promise<void>((resolve) => {
    land = resolve
  })
  let putting = Promise.resolve()
  const opened = await old(
    { ...store, put: (blocks) => (isLate ? landing.then(() => store.put(blocks)) : store.put(blocks)) },
    {
      sliceBlocks: 1,
      pause: async () => {
        if (!isLate || ++pauses !== 8) return // by then the walk has passed the top, and the list was not there
        land()
        await putting
        expect(tree.blocks.every(({ cid }) => opened.blocks.has(cid))).toBe(true) // so the fetch asks for nothing more
      },
    },
  )
  await store.delete(list.map(({ cid }) => cid))
  isLate = true
  opened.wanted.add(tree.root)
  putting = opened.blocks.put(list)
  await opened.collect(ALL)
  expect(pauses).toBeGreaterThan(8)
  expect(missingBlocks(store.get, tree.root)).toEqual([])
})

test('what is being deleted is as good as gone: who needs it brings it again', async () => {
  const memory = memoryBlockStore()
  const block = blockOf(noise(10), 'raw')
  const seen: boolean[] = []
  const { clock, blocks, look, collect } = world({
    ...memory,
    delete: async (cids) => {
      await Promise.resolve()
      seen.push(memory.has(block.cid), blocks.has(block.cid), blocks.get(block.cid) !== undefined)
      await memory.delete(cids)
    },
  })
  await blocks.put([block])
  await look()
  clock.nowMs = GRACE_MS
  await collect(ALL)
  expect(seen).toEqual([true, false, false])
  await blocks.put([block])
  expect(blocks.has(block.cid)).toBe(true)
})

test('roots are asked for when the walk has come to its end, and before each deletion, not in each slice', async () => {
  let [asked, pauses] = [0, 0]
  const trees = Array.from({ length: 20 }, (_, i) => site(i))
  const { store, collect } = world(memoryBlockStore(), {
    sliceBlocks: 1,
    graceMs: 0,
    pause: async () => void pauses++,
    roots: () => {
      asked++
      return { held: trees.map(({ root }) => root), wanted: [] }
    },
  })
  await store.put([...trees.flatMap(({ blocks }) => blocks), ...Array.from({ length: 100 }, (_, i) => blockOf(noise(50, i + 99), 'raw'))])
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: 100 })
  expect(pauses).toBeGreaterThan(20)
  expect(asked).toBe(2 + 2 + 1) // the walk begins and ends; two deletions; nothing is left
})
