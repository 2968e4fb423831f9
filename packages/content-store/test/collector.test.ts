import type { ContentId } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  applyChanges,
  type Block,
  type BlockStore,
  blockOf,
  buildTree,
  type CollectorOptions,
  ContentStoreError,
  memoryBlockStore,
  missingBlocks,
  openCollector,
  RECORD_MAX_BYTES,
} from '../src/index.js'
import { AGES_MAX, ageNameOf, readAges, writeAges } from '../src/references/ages.js'
import { coded, fileAt, noise, writeAt } from './trees.js'

const GRACE_MS = 1_000
/** A store with a collector, and a clock and roots that the test sets. */
function world(store: BlockStore = memoryBlockStore(), more: Partial<CollectorOptions> = {}) {
  const clock = { nowMs: 0 }
  const [roots, wanted] = [new Set<ContentId>(), new Set<ContentId>()]
  const live = () => ({ held: roots, wanted })
  const collector = openCollector({ store, roots: live, graceMs: GRACE_MS, nowMs: () => clock.nowMs, ...more })
  return { store, clock, roots, wanted, ...collector }
}
const site = (seed: number) => buildTree([fileAt('a.bin', noise(150_000, seed)), fileAt('same.txt', 'alike')])
const ALL = Number.MAX_SAFE_INTEGER

describe('collection', () => {
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

  describe('ages', () => {
    const restart = (from: ReturnType<typeof world>, store: BlockStore, ages: Uint8Array) => {
      const next = world(store, { ages, nowMs: () => from.clock.nowMs })
      return { ...next, clock: from.clock }
    }
    test('a peer that restarts more often than the grace collects all the same', async () => {
      const store = memoryBlockStore()
      const block = blockOf(noise(10), 'raw')
      let opened = world(store)
      await opened.blocks.put([block])
      await opened.look()
      for (let i = 1; i <= 4; i++) {
        opened.clock.nowMs = (i * GRACE_MS) / 4
        opened = restart(opened, store, opened.ages())
        expect(store.has(block.cid)).toBe(true)
        await opened.collect(ALL)
      }
      expect(store.has(block.cid)).toBe(false)
    })

    test('what is put or referred to after the restart has a whole grace; a clock that went back keeps nothing for ever', async () => {
      const store = memoryBlockStore()
      const [again, referred, back] = [1, 2, 3].map((seed) => blockOf(noise(10, seed), 'raw')) as [Block, Block, Block]
      const first = world(store)
      first.clock.nowMs = 50 * GRACE_MS
      await first.blocks.put([again, referred, back])
      await first.look()
      first.clock.nowMs = 49 * GRACE_MS
      const second = restart(first, store, first.ages())
      second.clock.nowMs = 49.5 * GRACE_MS
      await second.blocks.put([again])
      second.roots.add(referred.cid)
      await second.look()
      second.roots.clear()
      second.clock.nowMs = 50 * GRACE_MS - 1
      await second.look()
      second.clock.nowMs = 50 * GRACE_MS
      expect(await second.collect(ALL)).toMatchObject({ deletedBlocks: 1 })
      expect([again, referred, back].map(({ cid }) => store.has(cid))).toEqual([true, true, false])
    })

    test('they are bounded, the oldest first, and no block seems older than it is', () => {
      const cidOf = (i: number) => `bafkreix${i.toString(36).padStart(14, '_')}` as ContentId
      const since = new Map(Array.from({ length: AGES_MAX + 10 }, (_, i) => [cidOf(i), Math.floor(i / 1_000)]))
      const record = writeAges(since)
      expect(record.length).toBeLessThan(RECORD_MAX_BYTES)
      const ages = readAges(record, 1_000_000)
      expect(ages.size).toBe(AGES_MAX)
      for (const [cid, ms] of since) {
        const known = ages.get(ageNameOf(cid))
        if (known !== undefined) expect(known - ms >= 0 && known - ms < 4).toBe(true)
      }
      expect(ages.has(ageNameOf(cidOf(AGES_MAX + 9)))).toBe(false)
      expect(() => readAges(record.subarray(1), 0)).toThrow()
    })
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
})
