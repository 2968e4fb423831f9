import { randomFillSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Block, blockOf, type ContentStore } from '@interpeer/content-store'
import { openLmdbStore, openSqliteStore } from '@interpeer/content-store/node'
import { FsBlockstore } from 'blockstore-fs'
import { NextToLast } from 'blockstore-fs/sharding'
import { LevelBlockstore } from 'blockstore-level'
import { CID } from 'multiformats/cid'
import { equals } from 'multiformats/hashes/digest'
import { sha256 } from 'multiformats/hashes/sha2'
import { type Figure, percentile } from '../figures.ts'

const [BLOCK_BYTES, IN_FLIGHT, BATCHES] = [64 * 1024, 8, 150]

/**
 * Stores on disk: blocks of 64 KiB, eight at once, durable when put, hashed when put and again when read; all put and then all read in
 * another order. The stores take turns, a batch each. What a figure states is the median time of a batch.
 *
 * The peers of themselves sync nothing and hash nothing. For the same work blockstore-level writes with LevelDB's `sync`, what
 * blockstore-fs has written is synced after it, file and folder, and what goes in and out is hashed with multiformats' SHA-256, as one
 * would around them. `…-unhashed` is the same against the peers without that hashing, while ours still hash.
 */
export async function measure(say: (line: string) => void, signal: AbortSignal): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'interpeer-bench-'))
  const stores = await openStores(folder)
  const inTurns = (what: 'put' | 'get', blocks: readonly Block[], isHashed: boolean): Promise<Times> => {
    say(
      `${blocks.length} blocks of ${BLOCK_BYTES / 1024} KiB ${what}, ${IN_FLIGHT} at once${isHashed ? '' : ', the peers without hashing'}`,
    )
    return turns(stores, blocks, (store, batch) => store[what](batch, isHashed), signal)
  }
  try {
    const [some, others] = [randomBlocks(), randomBlocks()]
    const put = await inTurns('put', some, true)
    const putUnhashed = await inTurns('put', others, false)
    const get = await inTurns('get', shuffled(some), true)
    const getUnhashed = await inTurns('get', shuffled(others), false)
    return [
      figure('store/put', put),
      figure('store/get', get),
      figure('store/put-unhashed', putUnhashed),
      figure('store/get-unhashed', getUnhashed),
      figure('store/sqlite-put', put, 'SQLite'),
      figure('store/sqlite-get', get, 'SQLite'),
    ]
  } finally {
    for (const store of stores) await store.close()
    rmSync(folder, { recursive: true })
  }
}

type Side = 'lmdb' | 'SQLite' | 'peer'
interface TimedStore {
  readonly side: Side
  readonly name: string
  /** All at once. `isHashed` is for peers: ours hash always. */
  readonly put: (blocks: readonly Block[], isHashed: boolean) => Promise<unknown>
  readonly get: (blocks: readonly Block[], isHashed: boolean) => Promise<unknown>
  readonly close: () => Promise<void>
}
type Times = ReadonlyMap<TimedStore, number[]>

async function turns(
  stores: readonly TimedStore[],
  blocks: readonly Block[],
  take: (store: TimedStore, batch: readonly Block[]) => Promise<unknown>,
  signal: AbortSignal,
): Promise<Times> {
  const times = new Map(stores.map((store) => [store, [] as number[]]))
  for (let turn = 0; turn < BATCHES; turn++) {
    const batch = blocks.slice(turn * IN_FLIGHT, (turn + 1) * IN_FLIGHT)
    for (const store of inOtherOrder(stores, turn)) {
      const start = performance.now()
      await take(store, batch)
      times.get(store)?.push(performance.now() - start)
    }
    signal.throwIfAborted()
  }
  return times
}

/**
 * Every store comes first as often, and after every other: it pays for what the one before left to the disk and to the garbage collector.
 */
function inOtherOrder<T>(stores: readonly T[], turn: number): T[] {
  const first = (turn >> 1) % stores.length
  const rotated = [...stores.slice(first), ...stores.slice(0, first)]
  return turn % 2 === 0 ? rotated : rotated.reverse()
}

/** One of ours against the better of the peers. */
function figure(id: string, times: Times, ours: 'lmdb' | 'SQLite' = 'lmdb'): Figure {
  const medians = [...times].map(([{ side, name }, ms]) => ({ side, name, ms: percentile(ms, 50) })).toSorted((a, b) => a.ms - b.ms)
  const best = (wanted: Side) => medians.find(({ side }) => side === wanted)
  const peer = best('peer')
  return { id, ours: best(ours)?.ms ?? Number.NaN, peer: peer?.ms ?? null, peerName: peer?.name ?? null, unit: 'ms' }
}

async function openStores(folder: string): Promise<TimedStore[]> {
  const at = (name: string): string => join(folder, name)
  return [
    timed('lmdb', openLmdbStore(at('lmdb'))),
    timed('SQLite', openSqliteStore(at('sqlite'))),
    await timedPeer('blockstore-level, sync', syncedLevel(at('level'))),
    await timedPeer('blockstore-fs, fsync', new SyncedFs(at('fs'))),
  ]
}

const timed = (side: Side, { blocks: store, close }: ContentStore): TimedStore => ({
  side,
  name: side,
  put: (blocks) => Promise.all(blocks.map((block) => store.put([block]))),
  get: async (blocks) => {
    for (const { cid } of blocks) assert(store.get(cid)?.length === BLOCK_BYTES)
  },
  close,
})

async function timedPeer(name: string, store: FsBlockstore | LevelBlockstore): Promise<TimedStore> {
  await store.open()
  const check = async (cid: CID, bytes: Uint8Array): Promise<void> => assert(equals(await sha256.digest(bytes), cid.multihash))
  return {
    side: 'peer',
    name,
    put: (blocks, isHashed) =>
      Promise.all(
        blocks.map(async ({ cid: text, bytes }) => {
          const cid = CID.parse(text)
          if (isHashed) await check(cid, bytes)
          await store.put(cid, bytes)
        }),
      ),
    get: (blocks, isHashed) =>
      Promise.all(
        blocks.map(async ({ cid: text }) => {
          const cid = CID.parse(text)
          const parts: Uint8Array[] = []
          for await (const part of store.get(cid)) parts.push(part)
          const bytes = parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts)
          assert(bytes.length === BLOCK_BYTES)
          if (isHashed) await check(cid, bytes)
        }),
      ),
    close: async () => store.close(),
  }
}
function assert(isRight: boolean): void {
  if (!isRight) throw new Error('a block is missing or another')
}

function syncedLevel(path: string): LevelBlockstore {
  const store = new LevelBlockstore(path)
  const put = store.db.put.bind(store.db) as (key: string, value: Uint8Array, options: { sync: boolean }) => Promise<void>
  store.db.put = (key: string, value: Uint8Array) => put(key, value, { sync: true })
  return store
}
class SyncedFs extends FsBlockstore {
  readonly #sharding = new NextToLast() // the one that it uses of itself
  override async put(...[cid, bytes, options]: Parameters<FsBlockstore['put']>): Promise<CID> {
    await super.put(cid, bytes, options)
    const { dir, file } = this.#sharding.encode(cid)
    const path = join(this.path, dir, file)
    await syncPath(path)
    await syncPath(dirname(path))
    return cid
  }
}
async function syncPath(path: string): Promise<void> {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const randomBlocks = (): Block[] =>
  Array.from({ length: IN_FLIGHT * BATCHES }, () => blockOf(randomFillSync(new Uint8Array(BLOCK_BYTES)), 'raw'))
const shuffled = (blocks: readonly Block[]): Block[] => blocks.map((_, i) => blocks[(i * 7919) % blocks.length] as Block)
