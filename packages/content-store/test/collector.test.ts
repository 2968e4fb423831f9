import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyChanges, type Block, type BlockStore, blockOf, buildTree, memoryBlockStore, missingBlocks } from '../src/index.js'
import { ALL, GRACE_MS, site, world } from './collector-world.js'
import { fileAt, noise, writeAt } from './trees.js'

test('what has had no reference for the whole grace goes, when room is needed, and nothing else', async () => {
  const { store, clock, roots, blocks, look, collect } = world()
  const [kept, gone] = [site(1), site(2)]
  await blocks.put([...kept.blocks, ...gone.blocks])
  roots.add(kept.root)
  await look()
  clock.nowMs = GRACE_MS - 1
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: 0 })
  clock.nowMs = GRACE_MS
  expect(await look()).toMatchObject({ deletedBlocks: 0 })
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: gone.blocks.length - 1, keptBlocks: 0 }) // one block is in both
  expect(missingBlocks(store.get, kept.root)).toEqual([])
  expect(store.has(gone.root)).toBe(false)
})

test('no more than needed goes, longest unreferenced first', async () => {
  const { store, clock, blocks, look, collect } = world()
  const [first, second] = [blockOf(noise(5_000, 1), 'raw'), blockOf(noise(5_000, 2), 'raw')]
  await blocks.put([first])
  await look()
  clock.nowMs = 10
  await blocks.put([second])
  await look()
  clock.nowMs = 10 + GRACE_MS
  expect(await collect(1)).toEqual({ deletedBlocks: 1, freedBytes: 5_000, keptBlocks: 1, spoiled: [] })
  expect([store.has(first.cid), store.has(second.cid)]).toEqual([false, true])
})

test('a block that is put again, or referred to again, begins a new grace', async () => {
  const { store, clock, roots, blocks, look, collect } = world()
  const [a, b] = [blockOf(noise(10, 1), 'raw'), blockOf(noise(10, 2), 'raw')]
  await blocks.put([a, b])
  await look()
  clock.nowMs = GRACE_MS
  await blocks.put([a])
  roots.add(b.cid)
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: 0 })
  roots.clear()
  await look()
  clock.nowMs = 2 * GRACE_MS - 1
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: 0 })
  clock.nowMs = 2 * GRACE_MS
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: 2 })
  expect(store.has(a.cid)).toBe(false)
})

test('while a live block can’t be read nothing goes: what hangs below it is not known', async () => {
  const store = memoryBlockStore()
  const tree = site(1)
  const spoiled = new Set([tree.root])
  const { clock, roots, collect, look } = world({ ...store, get: (cid) => (spoiled.has(cid) ? undefined : store.get(cid)) })
  await store.put([...tree.blocks, blockOf(noise(10), 'raw')])
  roots.add(tree.root)
  await look()
  clock.nowMs = GRACE_MS
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: 0, spoiled: [tree.root] })
  spoiled.clear()
  await look()
  clock.nowMs = 2 * GRACE_MS
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: 1, spoiled: [] })
  expect(missingBlocks(store.get, tree.root)).toEqual([])
})

test('links to what is not here, and blocks that are no CBOR of ours, cost nothing and stop nothing', async () => {
  const { store, clock, wanted, blocks, look, collect } = world()
  const odd = blockOf(Uint8Array.of(0xfb, 1, 2, 3), 'dag-cbor')
  const partly = site(3)
  await blocks.put([odd, ...partly.blocks.filter(({ cid }) => cid === partly.root)])
  wanted
    .add(odd.cid)
    .add(partly.root)
    .add(blockOf(noise(3), 'raw').cid)
  await look()
  clock.nowMs = GRACE_MS
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: 0, spoiled: [] })
  expect(store.has(odd.cid)).toBe(true)
})

test('a block missing below a held root stops the collector, below one that is still wanted it does not', async () => {
  const { store, clock, roots, wanted, collect, look } = world()
  const tree = site(1)
  const [lost] = tree.blocks.filter(({ cid }) => cid.startsWith('bafyrei') && cid !== tree.root) as [Block]
  await store.put([...tree.blocks.filter(({ cid }) => cid !== lost.cid), blockOf(noise(10), 'raw')])
  wanted.add(tree.root) // walked first, as a part of something; what is held below it counts all the same
  roots.add(tree.root)
  await look()
  clock.nowMs = GRACE_MS
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: 0, spoiled: [lost.cid] })
  roots.clear()
  expect(await collect(ALL)).toMatchObject({ deletedBlocks: 1 + 3, spoiled: [] }) // the loose one, and three chunks below the lost one
})

test('over any history of edits and collections, with crashes in the middle of deletions, no live tree loses a block', async () => {
  const act = fc.oneof(
    fc.record({ type: fc.constant('edit' as const), file: fc.nat(5), seed: fc.nat(3) }),
    fc.record({ type: fc.constant('unpin' as const), which: fc.nat(5) }),
    fc.record({ type: fc.constant('wait' as const), ms: fc.nat(1_500) }),
    fc.record({ type: fc.constant('collect' as const), bytes: fc.nat(400_000), crashAfter: fc.nat(3) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
      const memory = memoryBlockStore()
      let crashAfter = ALL
      const store: BlockStore = {
        ...memory,
        delete: async (cids) => {
          if (crashAfter-- <= 0) throw new Error('the machine stops here')
          await memory.delete(cids)
        },
      }
      let opened = world(store)
      let latest = buildTree([fileAt('start.txt')])
      await opened.blocks.put(latest.blocks)
      opened.roots.add(latest.root)
      for (const one of acts) {
        if (one.type === 'edit') {
          const changed = applyChanges(memory.get, latest.root, [writeAt(`f${one.file}`, noise(70_000, one.seed + 1))])
          if ('missing' in changed) throw new Error('the latest tree lost a block')
          await opened.blocks.put(changed.blocks)
          if (!opened.roots.has(changed.root)) opened.roots.add(changed.root)
          latest = changed
        } else if (one.type === 'unpin') {
          const old = [...opened.roots].filter((root) => root !== latest.root)
          if (old.length > 0) opened.roots.delete(old[one.which % old.length] as (typeof old)[number])
        } else if (one.type === 'wait') opened.clock.nowMs += one.ms
        else if (one.type === 'collect') {
          crashAfter = one.crashAfter
          try {
            await opened.collect(one.bytes)
          } catch {
            const { roots, clock } = opened
            opened = world(store) // started again: what it knew about ages is gone
            for (const root of roots) opened.roots.add(root)
            opened.clock.nowMs = clock.nowMs
          }
          crashAfter = ALL
        }
        for (const root of opened.roots) expect(missingBlocks(memory.get, root)).toEqual([])
      }
    }),
    { numRuns: 150 },
  )
})
