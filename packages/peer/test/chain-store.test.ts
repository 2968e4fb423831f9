import { ContentStoreError, memoryStore, type RecordStore } from '@interpeer/content-store'
import { decodeBlock } from '@interpeer/vote-chain'
import { hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { networkApplication } from '../src/network/index.js'
import { ChainStore } from '../src/node/chain-store.js'
import { networkGenesis } from './network-world.js'
import { chainTo, openedChain } from './one-chain.js'

// the one peer that there is certifies alone, so nothing but this store keeps the chain
const genesis = networkGenesis({ checkpointCycles: 4, lookBack: 2 }, 1)
class Crash extends Error {}

/** Records that die at the nth write: what was written before stays. */
function mortal(records: RecordStore, writes: { left: number }): RecordStore {
  const orDie = <T>(write: () => T): T => {
    if (writes.left-- <= 0) throw new Crash()
    return write()
  }
  return { ...records, put: (entries) => orDie(() => records.put(entries)), delete: (keys) => orDie(() => records.delete(keys)) }
}
const opened = (records: RecordStore, counted: string[] = []) => openedChain(genesis, records, counted)
const runTo = (records: RecordStore, height: number, hashes?: Map<number, string>) => chainTo(genesis, records, height, hashes)

async function copied(records: RecordStore): Promise<RecordStore> {
  const copy = memoryStore().records('chain')
  await copy.put([...records.list('')])
  return copy
}

test('a crash at any write leaves a chain that opens, at that block or the one before', async () => {
  const begun = memoryStore().records('chain')
  const earlier = await runTo(begun, 6)
  for (let writes = 0; ; writes++) {
    const records = await copied(begun)
    const hashes = new Map(earlier)
    const died = await runTo(mortal(records, { left: writes }), 9, hashes).then(
      () => false,
      (error) => {
        if (!(error instanceof Crash)) throw error
        return true
      },
    )
    const last = Math.max(...hashes.keys())
    const { tip } = opened(records).state
    expect([last, last - 1]).toContain(tip.height)
    expect(hexOf(tip.hash)).toBe(hashes.get(tip.height))
    if (!died) {
      expect(writes).toBeGreaterThan(6) // a vote's, at the least, and a block's for each height
      break
    }
    if (writes % 5 === 0) await runTo(records, last + 2) // and goes on from there
  }
})

test('it opens from the newest checkpoint, and needs no block before it', async () => {
  const records = memoryStore().records('chain')
  const hashes = await runTo(records, 13)
  expect(opened(records).store.checkpoints).toEqual([12, 8, 4])
  await records.delete(Array.from({ length: 12 }, (_, i) => `block/${String(i + 1).padStart(16, '0')}`))
  const { tip } = opened(records).state
  expect([tip.height, hexOf(tip.hash)]).toEqual([13, hashes.get(13)])
})

test('three checkpoints are kept, and no parts that none of them needs', async () => {
  const records = memoryStore().records('chain')
  await runTo(records, 21)
  expect([...records.list('checkpoint/')]).toHaveLength(3)
  const before = [...records.list('part/')].length
  const { store, state } = opened(records)
  expect(store.checkpoints).toEqual([20, 16, 12])
  const named = new Set(networkApplication(genesis.network).snapshots?.of(state.tip.state).parts.keys())
  expect(before).toBeLessThan(3 * named.size + 8)
  expect(named.size).toBeGreaterThan(3)
})

test('certificates that nobody needs any more are dropped, and the chain opens from its first block all the same', async () => {
  const short = networkGenesis({ checkpointCycles: 4, lookBack: 2, activeCycles: 8 }, 1)
  const records = memoryStore().records('chain')
  const hashes = await chainTo(short, records, 32)
  const bare = [...records.list('block/')].flatMap(([key, bytes]) =>
    decodeBlock(bytes).certificate === null ? [Number(key.slice(6))] : [],
  )
  expect(bare).toEqual([1, 2, 3, 5, 6, 7]) // 24 heights back, but for checkpoints
  await records.delete([...records.list('checkpoint')].map(([key]) => key))
  const { tip } = openedChain(short, records).state
  expect([tip.height, hexOf(tip.hash)]).toEqual([32, hashes.get(32)])
})

test('what a crash left of a checkpoint that was given up goes with the next one, its parts when all are known', async () => {
  const begun = memoryStore().records('chain')
  await runTo(begun, 13)
  const held: (readonly [string, Uint8Array])[] = [...begun.list('checkpoint/'), ...begun.list('part/')]
  await runTo(begun, 17)
  await begun.put(held) // as if nothing had been deleted
  expect([...begun.list('checkpoint/')]).toHaveLength(4)
  await runTo(begun, 21)
  expect([...begun.list('checkpoint/')].map(([key]) => Number(key.slice(11)))).toEqual([12, 16, 20])
  const records = await copied(begun)
  await runTo(records, 33) // three in one run: which parts each needs is known
  const { state, store } = opened(records)
  expect([...records.list('part/')].length).toBeLessThan(
    3 * (networkApplication(genesis.network).snapshots?.of(state.tip.state).parts.size ?? 0),
  )
  expect(store.checkpoints).toEqual([32, 28, 24])
})

test('a spoiled part or checkpoint costs the time to apply blocks, and no more', async () => {
  for (const spoiled of ['checkpoint/0000000000000008', 'checkpoints', 'part/']) {
    const records = memoryStore().records('chain')
    const hashes = await runTo(records, 9)
    const bad = spoiled.endsWith('/') ? new Set([...records.list(spoiled)].map(([key]) => key)) : new Set([spoiled])
    const damaged: RecordStore = {
      ...records,
      get: (key) => {
        if (bad.has(key)) throw new ContentStoreError({ code: 'RECORD_CORRUPT', key })
        return records.get(key)
      },
    }
    const counted: string[] = []
    const { tip } = opened(damaged, counted).state
    expect([tip.height, hexOf(tip.hash)]).toEqual([9, hashes.get(9)])
    expect(counted).toContain('CHAIN_CHECKPOINT_UNREADABLE')
  }
})

/** Records of which some can't be read. */
function spoiled(records: RecordStore, isBad: (key: string) => boolean): RecordStore {
  return {
    ...records,
    get: (key) => {
      if (isBad(key)) throw new ContentStoreError({ code: 'RECORD_CORRUPT', key })
      return records.get(key)
    },
  }
}
const blockKey = (height: number): string => `block/${String(height).padStart(16, '0')}`

test('a block that can not be read costs the blocks from it on, and not those before', async () => {
  const records = memoryStore().records('chain')
  const hashes = await runTo(records, 11)
  const counted: string[] = []
  const { tip } = opened(
    spoiled(records, (key) => key === blockKey(10)),
    counted,
  ).state
  expect([tip.height, hexOf(tip.hash)]).toEqual([9, hashes.get(9)])
  expect(counted).toContain('CHAIN_BLOCK_UNREADABLE')
  // without checkpoints too
  await records.delete([...records.list('checkpoint')].map(([key]) => key))
  expect(opened(spoiled(records, (key) => key === blockKey(5))).state.tip.height).toBe(4)
})

test('who has no first block opens at what can be read of its checkpoints, and never at the genesis', async () => {
  const records = memoryStore().records('chain')
  await runTo(records, 14)
  await records.delete(Array.from({ length: 8 }, (_, i) => blockKey(i + 1)))
  const at = (isBad: (key: string) => boolean) => opened(spoiled(records, isBad)).state.tip.height
  expect(at((key) => key === 'checkpoints')).toBe(14)
  expect(at((key) => key.endsWith('12') && key.startsWith('checkpoint/'))).toBe(14)
  expect(at((key) => key === blockKey(13))).toBe(12)
  const unreadable = expect.objectContaining({ failure: { code: 'CHAIN_UNREADABLE', checkpoints: [12, 8, 4] } })
  expect(() => at((key) => key.startsWith('part/'))).toThrow(unreadable)
  expect(() => at((key) => key.startsWith('checkpoint/'))).toThrow(unreadable)
})

test('what a peer voted for may be larger than one record, and a small one takes the place of a large one', async () => {
  const store = new ChainStore(memoryStore().records('chain'), () => {})
  expect(store.record).toBeUndefined()
  for (const bytes of [7_000_000, 3, 4_194_304, 4_194_305]) {
    const record = Uint8Array.from({ length: bytes }, (_, i) => i & 0xff)
    await store.persist(record)
    expect(store.record?.length).toBe(bytes)
    expect(store.record?.at(-1)).toBe((bytes - 1) & 0xff)
  }
})
