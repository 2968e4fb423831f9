import type { ContentId } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { type Block, type BlockStore, blockOf, memoryBlockStore, RECORD_MAX_BYTES } from '../src/index.js'
import { AGES_MAX, ageNameOf, readAges, writeAges } from '../src/references/ages.js'
import { ALL, GRACE_MS, world } from './collector-world.js'
import { noise } from './trees.js'

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

test('they are written as dates: the next start has another clock, and a date that jumped while one ran is no age', async () => {
  const store = memoryBlockStore()
  const block = blockOf(noise(10), 'raw')
  const date = { ms: 1_000 * GRACE_MS }
  const first = world(store, { dateMs: () => date.ms })
  first.clock.nowMs = 77.5
  await first.blocks.put([block])
  await first.look()
  date.ms += 500 * GRACE_MS // set forward, and no time passes
  const second = world(store, { ages: first.ages(), dateMs: () => date.ms })
  expect(await second.collect(ALL)).toMatchObject({ deletedBlocks: 0 })
  date.ms -= 700 * GRACE_MS
  second.clock.nowMs = 0.75 * GRACE_MS
  const third = world(store, { ages: second.ages(), dateMs: () => date.ms })
  await third.look()
  third.clock.nowMs = 0.25 * GRACE_MS - 2
  expect(await third.collect(ALL)).toMatchObject({ deletedBlocks: 0 })
  third.clock.nowMs = 0.25 * GRACE_MS
  expect(await third.collect(ALL)).toMatchObject({ deletedBlocks: 1 })
  date.ms = 0 // a machine that lost its clock
  await third.blocks.put([block])
  await third.look()
  third.clock.nowMs = 9 * GRACE_MS
  expect(readAges(third.ages(), 0).get(ageNameOf(block.cid))).toBe(0)
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
