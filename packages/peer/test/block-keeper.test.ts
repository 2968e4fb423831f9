import { blockOf, buildTree, type ContentStore, ContentStoreError, type LiveRoots, memoryStore } from '@interpeer/content-store'
import type { ContentId } from '@interpeer/crypto-ids'
import { afterEach, expect, test } from 'vitest'
import { BlockKeeper, type KeeperOptions } from '../src/node/block-keeper.js'
import { putWhenRoom } from '../src/node/put-when-room.js'

const GRACE_MS = 1_000
const blockAt = (n: number, size = 1_000) => blockOf(new Uint8Array(size).fill(n), 'raw')
const undo: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const step of undo.splice(0)) await step()
})
function keep(store: ContentStore, more: Partial<KeeperOptions> = {}) {
  const counts = new Map<string, number>()
  const [warned, about]: [string[], object[]] = [[], []]
  const clock = { nowMs: 0, dateMs: 1_700_000_000_000 }
  const roots: { held: ContentId[]; wanted: ContentId[] } = { held: [], wanted: [] }
  const warn = (facts: object, sentence: string): void => {
    about.push(facts)
    warned.push(sentence)
  }
  const log = { debug: () => {}, info: () => {}, warn, error: () => {} }
  const keeper = new BlockKeeper({
    ...{ store, log, graceMs: GRACE_MS, everyMs: 3_600_000, now: () => clock.dateMs + clock.nowMs, nowMs: () => clock.nowMs },
    roots: (): LiveRoots => roots,
    mend: async () => {},
    tidy: async () => {},
    count: (code, by = 1) => void counts.set(code, (counts.get(code) ?? 0) + by),
    ...more,
  })
  undo.push(() => keeper.close())
  return { keeper, counts, warned, about, clock, roots }
}

test('while a block below a held root is missing nothing goes; it is fetched again, and then the rest goes', async () => {
  const store = memoryStore()
  const tree = buildTree([{ path: 'a', mode: 0o644, mtimeS: 0, bytes: new Uint8Array(200_000) }])
  const lost = tree.blocks.find(({ cid }) => cid !== tree.root) as (typeof tree.blocks)[number]
  await store.blocks.put([...tree.blocks.filter((block) => block !== lost), blockAt(1)])
  const mended: ContentId[] = []
  const { keeper, counts, warned, clock, roots } = keep(store, {
    mend: async (cids) => {
      mended.push(...cids)
      await keeper.blocks.put([lost])
    },
  })
  roots.held.push(tree.root)
  await keeper.collect()
  clock.nowMs = GRACE_MS
  expect([mended, counts.get('COLLECTION_REFUSED'), store.blocks.has(blockAt(1).cid)]).toEqual([[lost.cid], 1, true])
  expect(warned[0]).toMatch(/nothing is deleted/)
  await keeper.collect()
  expect(store.blocks.has(blockAt(1).cid)).toBe(false)
  expect(Object.fromEntries(counts)).toEqual({ COLLECTION_REFUSED: 1, COLLECTED_BLOCKS: 1, COLLECTED_BYTES: 1_000 })
  expect(tree.blocks.every(({ cid }) => store.blocks.has(cid))).toBe(true)
})

test('one repair at a time, however many runs find blocks spoiled; the next one begins when it has ended', async () => {
  const lost = blockAt(1)
  const ends: (() => void)[] = []
  const { keeper, counts, warned, roots } = keep(memoryStore(), {
    mend: () => new Promise((_, reject) => ends.push(() => reject(new Error('nobody has it')))),
  })
  roots.held.push(lost.cid)
  for (let i = 0; i < 3; i++) await keeper.collect()
  expect([ends.length, counts.get('COLLECTION_REFUSED')]).toEqual([1, 3])
  ends[0]?.()
  await expect.poll(() => warned.at(-1)).toMatch(/could not be fetched/)
  await keeper.collect()
  expect(ends).toHaveLength(2)
})

test('blocks are refused where records still have room, and what nothing needs makes room at once', async () => {
  const maxBytes = 80_000
  const store = memoryStore({ maxBytes })
  const { keeper, roots } = keep(store, { maxBytes })
  const kept = Array.from({ length: 70 }, (_, i) => blockAt(i))
  roots.wanted.push(...kept.map(({ cid }) => cid))
  await keeper.blocks.put(kept)
  await expect(keeper.blocks.put([blockAt(200)])).rejects.toMatchObject({ code: 'STORE_FULL' })
  await store.records('locks').put([['lock', new Uint8Array(9_000)]])
  roots.wanted.splice(0, 20)
  await keeper.blocks.put([blockAt(200)])
  expect(keeper.blocks.has(blockAt(200).cid)).toBe(true)
  expect(kept.slice(20).every(({ cid }) => keeper.blocks.has(cid))).toBe(true)
  expect(keeper.usedBytes).toBeLessThan(70_000 + 9_000)
})

test('ages outlive a restart; where the record of them is spoiled each grace begins anew', async () => {
  const store = memoryStore()
  await store.blocks.put([blockAt(1)])
  await keep(store).keeper.collect()
  const second = keep(store)
  second.clock.nowMs = GRACE_MS
  const spoiled = keep({
    ...store,
    records: (name) => ({ ...store.records(name), get: () => new Uint8Array([0xff]) }),
    blocks: { ...store.blocks, delete: async () => expect.unreachable() },
  })
  spoiled.clock.nowMs = GRACE_MS
  expect(spoiled.warned).toHaveLength(1)
  await spoiled.keeper.collect()
  await second.keeper.collect()
  expect(store.blocks.has(blockAt(1).cid)).toBe(false)
})

test('a clock that is set back or forward neither keeps a put from making room nor makes a grace longer or shorter', async () => {
  const [HOURS, maxBytes] = [5 * 3_600_000, 80_000]
  const store = memoryStore({ maxBytes })
  let jumpMs = HOURS
  const { keeper, clock, roots } = keep(store, {
    maxBytes,
    tidy: async () => {
      clock.dateMs -= HOURS // between what was noted before and what is noted from now on
    },
    roots: () => {
      clock.dateMs += jumpMs // in the middle of a walk
      jumpMs = 0
      return roots
    },
  })
  await keeper.blocks.put(Array.from({ length: 70 }, (_, i) => blockAt(i)))
  roots.held.push(...Array.from({ length: 70 }, (_, i) => blockAt(i).cid))
  await expect(keeper.blocks.put([blockAt(200)])).rejects.toMatchObject({ code: 'STORE_FULL' }) // a run, and the clock goes forward
  roots.held.splice(0, 10)
  await keeper.blocks.put([blockAt(200)])
  expect(keeper.blocks.has(blockAt(200).cid)).toBe(true)

  await keeper.collect() // what was not needed any more is noted; the clock goes back
  const loose = () => [...store.blocks.list()].length - roots.held.length
  expect(loose()).toBeGreaterThan(0)
  jumpMs = HOURS
  await keeper.collect() // forward and back
  expect(loose()).toBeGreaterThan(0)
  clock.nowMs += GRACE_MS
  await keeper.collect()
  expect(loose()).toBe(0)
})

test('a peer that does not know what it needs deletes nothing, says so, and tries again', async () => {
  const store = memoryStore()
  await store.blocks.put([blockAt(1)])
  const { keeper, counts } = keep(store, {
    ...{ graceMs: 0, everyMs: 5 },
    roots: () => {
      throw new Error('the claims can not be read')
    },
  })
  keeper.start()
  await expect.poll(() => counts.get('COLLECTION_FAILED') ?? 0).toBeGreaterThan(1)
  expect(store.blocks.has(blockAt(1).cid)).toBe(true)
})

test('while a claim can not be read nothing is deleted, the record is named once, and a put without room waits for room like any other', async () => {
  const maxBytes = 80_000
  const store = memoryStore({ maxBytes })
  let isSpoiled = true
  const { keeper, counts, warned, about } = keep(store, {
    maxBytes,
    roots: () => {
      if (isSpoiled) throw new ContentStoreError({ code: 'RECORD_CORRUPT', key: 'job/peer' })
      return { held: [], wanted: [] }
    },
  })
  await keeper.blocks.put(Array.from({ length: 70 }, (_, i) => blockAt(i)))
  await keeper.blocks.put(
    Array.from({ length: 5 }, (_, i) => blockAt(70 + i)),
    { urgent: true },
  )
  const full: boolean[] = []
  const putting = putWhenRoom([blockAt(200)], {
    store: keeper.blocks,
    signal: new AbortController().signal,
    count: () => {},
    onFull: (isFull) => void full.push(isFull),
  })
  await expect.poll(() => full).toEqual([true])
  await expect(keeper.blocks.put([blockAt(201)])).rejects.toMatchObject({ code: 'STORE_FULL' })
  expect([...store.blocks.list()]).toHaveLength(75)
  expect(counts.get('COLLECTION_REFUSED')).toBeGreaterThanOrEqual(2) // who waits for room tries again
  expect([counts.get('COLLECTION_FAILED'), warned.length, about]).toEqual([undefined, 1, [{ record: 'job/peer' }]])
  isSpoiled = false
  await putting
  expect(full).toEqual([true, false])
})

test('a peer that closes does not wait for a run to end, and nothing is deleted after that', async () => {
  const store = memoryStore()
  await store.blocks.put(Array.from({ length: 200 }, (_, i) => blockAt(i)))
  let deletions = 0
  const slow: ContentStore = {
    ...store,
    blocks: {
      ...store.blocks,
      delete: async (cids) => {
        deletions++
        if (deletions === 1) closing = keeper.close()
        await store.blocks.delete(cids)
      },
    },
  }
  let closing: Promise<void> | undefined
  const { keeper, counts } = keep(slow, { graceMs: 0, everyMs: 1 })
  keeper.start()
  await expect.poll(() => deletions).toBe(1)
  await closing
  expect([deletions, counts.get('COLLECTION_FAILED')]).toEqual([1, undefined])
})

test('nor for the end of a walk', async () => {
  const store = memoryStore()
  const files = Array.from({ length: 300 }, (_, i) => ({ path: `${i}/${i}`, mode: 0o644, mtimeS: 0, bytes: new Uint8Array() }))
  const tree = buildTree(files) // 300 folders
  await store.blocks.put(tree.blocks)
  let [gets, closing]: [number, Promise<void> | undefined] = [0, undefined]
  const counted: ContentStore = {
    ...store,
    blocks: {
      ...store.blocks,
      get: (cid) => {
        gets++
        closing ??= keeper.close()
        return store.blocks.get(cid)
      },
    },
  }
  const { keeper, roots } = keep(counted, { everyMs: 1 })
  roots.wanted.push(tree.root)
  keeper.start()
  await expect.poll(() => gets).toBeGreaterThan(0)
  await closing
  expect(gets).toBeLessThan(150)
})
