import { ContentStoreError, memoryStore, type RecordStore, wantBlocks } from '@interpeer/content-store'
import { createSigner, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { readCheckpoint, SYNC_REQUEST_NUMBERS, type Tip, tipReply, trustedCycles, wantHeaders, wantTip } from '@interpeer/vote-chain'
import { encodeWith } from '@interpeer/wire-codec'
import { beforeAll, expect, test } from 'vitest'
import { numberOf } from '../src/message-number.js'
import { type NetworkState, networkApplication } from '../src/network/index.js'
import { ChainStore, heightsSchema } from '../src/node/chain-store.js'
import { contentService } from '../src/node/content-service.js'
import { beginChain, openBegun } from '../src/node/start-from-checkpoint.js'
import { networkGenesis, signers } from './network-world.js'
import { chainTo, deskOf, log, openedChain } from './one-chain.js'

const genesis = networkGenesis({ checkpointCycles: 4, lookBack: 2 }, 1)
const peers = Array.from({ length: 3 }, (_, i) => createSigner(sha256(Uint8Array.of(6, i))).peerId)
const self = createSigner(sha256(Uint8Array.of(7))).peerId
const [founder] = signers.map(({ peerId }) => peerId) as [PeerId]
const trustedMs = trustedCycles(genesis) * genesis.settings.cycleMs
const records = memoryStore().records('chain')
let world: ReturnType<typeof openedChain>
beforeAll(async () => {
  await chainTo(genesis, records, 14)
  world = openedChain(genesis, records)
})
const blockOf = (height: number): Uint8Array => {
  const { header } = readCheckpoint(world.store.checkpoint(height) as Uint8Array)
  return sha256(header)
}

interface Start {
  readonly afterMs: number
  readonly self?: PeerId
  readonly checkpoint?: Uint8Array
  /** What the sources say, each in turn; undefined: it does not answer. */
  readonly change?: (peer: number, tip: ReturnType<typeof tipReply.decode>) => ReturnType<typeof tipReply.decode> | undefined
  readonly known?: readonly PeerId[]
  /** The height that the peer stopped at, if it has been there. */
  readonly stopped?: number
  /** What it has on its disk, if that is not what the chain was when it stopped. */
  readonly disk?: RecordStore
  readonly waitMs?: number
  /** Also opens the chain, and gives the height that it opens at. */
  readonly opens?: true
}
/** Parts of states that were asked for. */
let partsAsked = 0
/** How the last one was refused. */
let refused: { readonly code: string; readonly because: string; readonly told?: number; readonly asked?: number } | undefined
/** Begins a peer at a time after the genesis. The height that it begins at; 0: it follows from the genesis. Negative: it goes on from there. */
async function begun({
  afterMs,
  self: own = self,
  checkpoint,
  change = (_, tip) => tip,
  known = peers,
  stopped,
  disk,
  waitMs = 0,
  opens,
}: Start): Promise<number | string> {
  const tips: Tip<NetworkState>[] = []
  const { store } = openedChain(genesis, records, [], (tip) => void tips.push(tip))
  const desk = deskOf(store)
  for (const tip of tips) desk.onTip(tip)
  const held = { get: store.part.bind(store), has: store.hasPart.bind(store) }
  const parts = contentService({ store: held, self: founder, count: () => {}, onLacked: () => {} })
  const request = async (to: PeerId, body: Uint8Array): Promise<Uint8Array> => {
    const number = numberOf(body) as number
    if (number === wantBlocks.number) partsAsked += wantBlocks.decode(body).cids.length
    if (!SYNC_REQUEST_NUMBERS.includes(number)) return parts(self, body)
    const reply = desk.answer(self, number, body)
    if (numberOf(reply) !== tipReply.number) return reply
    const said = change(peers.indexOf(to), tipReply.decode(reply))
    if (said === undefined) throw new Error('gone')
    return tipReply.encode(said)
  }
  const ownStore = new ChainStore(disk ?? (stopped === undefined ? memoryStore().records('chain') : await upTo(stopped)), () => {})
  try {
    const starting = {
      ...{ genesis, application: networkApplication(genesis.network), self: own, overlay: { request }, bootstrap: peers },
      ...{ addresses: { known, start: () => {} }, store: ownStore, checkpoint, log, count: () => {} },
      now: () => genesis.startMs + afterMs,
      signal: new AbortController().signal,
      waitMs,
    }
    const open = () => ownStore.open({ ...starting, signer: signers[1] as never, nowMs: starting.now() }, log).state.tip.height
    if (opens) return await openBegun(starting, open)
    await beginChain(starting)
  } catch (error) {
    refused = (error as { readonly failure: NonNullable<typeof refused> }).failure
    return `${refused.code} ${refused.because}`
  }
  return stopped !== undefined && ownStore.last()?.height === stopped ? -stopped : (ownStore.checkpoints[0] ?? 0)
}
/** What a peer has on its disk that stopped at a height. */
async function upTo(height: number): Promise<RecordStore> {
  const own = memoryStore().records('chain')
  const heights = world.store.checkpoints.filter((kept) => kept <= height)
  const isThere = ([key]: readonly [string, Uint8Array]) => !/^(block|checkpoint)\//.test(key) || Number(key.split('/')[1]) <= height
  const entries = [...records.list('')].filter(isThere).filter(([key]) => !/^votes|^checkpoints$/.test(key))
  await own.put([...entries, ['checkpoints', encodeWith(heightsSchema, { heights })]])
  return own
}
const gone = () => undefined
/** Each names checkpoints of its own. */
const split: Start['change'] = (peer, tip) => ({
  ...tip,
  height: 1_000_000,
  checkpoints: tip.checkpoints.map((one) => ({ ...one, block: sha256(Uint8Array.of(peer)) })),
})
const far: Start['change'] = (_, tip) => ({ ...tip, height: 1_000_000 })
const short: Start['change'] = (_, tip) => ({ ...tip, height: 3, checkpoints: [] })

test('while its first electors count as active, a network may be followed from its genesis', async () => {
  expect(await begun({ afterMs: 0 })).toBe(0) // there can be no checkpoints yet
  for (const change of [gone, split, short]) expect(await begun({ afterMs: trustedMs - 1, change })).toBe(0)
  expect(await begun({ afterMs: trustedMs - 1 })).toBe(8)
})

test('later a new peer begins at a checkpoint or not at all', async () => {
  for (const change of [gone, split]) expect(await begun({ afterMs: trustedMs, change })).toBe('SYNC_REFUSED SYNC_SOURCES')
  expect(await begun({ afterMs: 2 * trustedMs })).toBe('SYNC_REFUSED SYNC_OLD')
  expect(await begun({ afterMs: trustedMs, known: [] })).toBe('SYNC_REFUSED SYNC_SOURCES')
})

test('a chain that stood still is as young as its height, and a founder that nobody answers begins it', async () => {
  expect(await begun({ afterMs: trustedMs, change: short })).toBe(0)
  const alone = (peer: number, tip: ReturnType<typeof tipReply.decode>) => (peer === 0 ? short(peer, tip) : undefined)
  expect(await begun({ afterMs: trustedMs, change: alone })).toBe('SYNC_REFUSED SYNC_SOURCES')
  expect(await begun({ afterMs: trustedMs, change: gone, self: founder })).toBe(0)
  expect(await begun({ afterMs: trustedMs, change: split, self: founder })).toBe('SYNC_REFUSED SYNC_SOURCES')
})

test('a checkpoint that the owner names is taken from whoever has it, however old, and no other', async () => {
  const one: Start['change'] = (peer, tip) => (peer === 0 ? tip : split(peer, tip))
  for (const height of [8, 12]) expect(await begun({ afterMs: 9 * trustedMs, checkpoint: blockOf(height), change: one })).toBe(8)
  expect(await begun({ afterMs: 0, checkpoint: sha256(new Uint8Array()) })).toBe('SYNC_REFUSED SYNC_SOURCES')
})

const cycles = (count: number): number => trustedMs + count * genesis.settings.cycleMs

test('who slept longer than electors count as active begins anew, and who did not goes on', async () => {
  expect(await begun({ stopped: 5, afterMs: cycles(4) })).toBe(-5)
  expect(await begun({ stopped: 5, afterMs: cycles(6), change: far })).toBe(8)
  // or not at all, as a new peer, also where the named one is the owner's
  for (const change of [gone, split]) expect(await begun({ stopped: 5, afterMs: cycles(6), change })).toBe('SYNC_REFUSED SYNC_SOURCES')
  expect(await begun({ stopped: 5, afterMs: cycles(40), change: far })).toBe('SYNC_REFUSED SYNC_OLD')
  expect(await begun({ stopped: 5, afterMs: cycles(40), checkpoint: blockOf(12) })).toBe(8)
  expect(await begun({ stopped: 5, afterMs: cycles(40), checkpoint: sha256(new Uint8Array()) })).toBe('SYNC_REFUSED SYNC_SOURCES')
})

test('who begins anew fetches only what changed of the state that it has', async () => {
  const asked = async (start: Start) => {
    partsAsked = 0
    expect(await begun(start)).toBe(8)
    return partsAsked
  }
  expect(await asked({ afterMs: trustedMs - 1 })).toBeGreaterThan(1)
  expect(await asked({ stopped: 5, afterMs: cycles(6), change: far })).toBe(0) // its disk has them all
  const disk = await upTo(5)
  await disk.delete([...disk.keys('part/')].slice(0, 1))
  expect(await asked({ disk, stopped: 5, afterMs: cycles(6), change: far })).toBeLessThanOrEqual(1)
})

test('who slept while the chain stood still goes on from where it stopped', async () => {
  for (const stopped of [9, 13, 14]) expect(await begun({ stopped, afterMs: cycles(1_000) })).toBe(-stopped)
  expect(await begun({ stopped: 5, afterMs: cycles(1_000), change: short })).toBe(-5)
  const alone = (peer: number, tip: ReturnType<typeof tipReply.decode>) => (peer === 0 ? short(peer, tip) : undefined)
  expect(await begun({ stopped: 5, afterMs: cycles(1_000), change: alone })).toBe('SYNC_REFUSED SYNC_SOURCES')
  expect([refused?.told, refused?.asked]).toEqual([1, 3]) // its owner starts the others
  expect(await begun({ stopped: 5, afterMs: cycles(1_000), change: gone, self: founder })).toBe(-5)
  expect(await begun({ stopped: 5, afterMs: cycles(1_000), change: split, self: founder })).toBe('SYNC_REFUSED SYNC_SOURCES')
})

test('who is less heights behind than electors are bound for goes on, where the chain made two checkpoints more and halted', async () => {
  for (const count of [6, 40, 1_000]) expect(await begun({ stopped: 5, afterMs: cycles(count) })).toBe(-5)
  const at =
    (...heights: readonly number[]): NonNullable<Start['change']> =>
    (peer, tip) => ({ ...tip, height: heights[peer] as number })
  const [near, past] = [5 + trustedCycles(genesis) - 1, 5 + trustedCycles(genesis)]
  expect(await begun({ stopped: 5, afterMs: cycles(40), change: at(near, near, past) })).toBe(-5)
  expect(await begun({ stopped: 5, afterMs: cycles(40), change: at(near, past, past) })).toBe('SYNC_REFUSED SYNC_OLD')
})

test('one source that makes up a height keeps nobody who slept, but a new peer: that has nothing to go on from', async () => {
  const liar: Start['change'] = (peer, tip) => (peer === 0 ? { ...tip, height: 1_000_000_000, checkpoints: [] } : short(peer, tip))
  expect(await begun({ stopped: 5, afterMs: cycles(1_000), change: liar })).toBe(-5)
  expect(await begun({ afterMs: trustedMs, change: liar })).toBe('SYNC_REFUSED SYNC_SOURCES')
  // of two that answer, it is half
  const two: Start['change'] = (peer, tip) => (peer === 2 ? undefined : liar(peer, tip))
  expect(await begun({ stopped: 5, afterMs: cycles(1_000), change: two })).toBe('SYNC_REFUSED SYNC_SOURCES')
})

test('where a whole network was off, who comes back first waits for the others', async () => {
  let asked = 0
  const late: Start['change'] = (peer, tip) => (asked++ < 4 && peer !== 0 ? undefined : short(peer, tip))
  expect(await begun({ stopped: 5, afterMs: cycles(1_000), change: late, waitMs: 60_000 })).toBe(-5)
  expect(asked).toBeGreaterThan(3) // more than once each
  const alone = (peer: number, tip: ReturnType<typeof tipReply.decode>) => (peer === 0 ? short(peer, tip) : undefined)
  expect(await begun({ stopped: 5, afterMs: cycles(1_000), change: alone, self: founder })).toBe(-5)
})

test('where sources come back one after another, who is far behind waits until enough name the same checkpoints', async () => {
  let asked = 0
  // two answer at first, of which one stopped long before the other did
  const late: Start['change'] = (peer, tip) =>
    peer === 0 ? short(peer, tip) : peer === 1 || asked++ > 0 ? { ...tip, height: 1_000_000 } : undefined
  expect(await begun({ stopped: 5, afterMs: cycles(6), change: late, waitMs: 60_000 })).toBe(8)
  expect(asked).toBeGreaterThan(1)
})

test('who slept is not led to another chain than it has', async () => {
  const other: Start['change'] = (_, tip) => ({ ...tip, checkpoints: tip.checkpoints.map((one) => ({ ...one, block: one.state })) })
  expect(await begun({ stopped: 14, afterMs: cycles(30), change: other })).toBe('SYNC_REFUSED SYNC_OTHER')
})

test('who has another past, and is told by its owner where the chain is, goes on from there and not from its own blocks', async () => {
  const disk = memoryStore().records('chain')
  await chainTo(genesis, disk, 14, new Map(), 14 * genesis.settings.cycleMs) // later than the chain that the sources have: other times, other blocks
  expect(openedChain(genesis, disk).state.tip.height).toBe(14)
  expect(await begun({ disk, afterMs: cycles(40) })).toBe('SYNC_REFUSED SYNC_OTHER')
  expect(await begun({ disk, afterMs: cycles(40), checkpoint: blockOf(12) })).toBe(8)
  const { tip } = openedChain(genesis, disk).state
  expect([tip.height, tip.hash]).toEqual([8, blockOf(8)])
})

test('how far a peer is it tells before its chain is open', async () => {
  const store = new ChainStore(await upTo(14), () => {})
  const desk = deskOf(store)
  const said = tipReply.decode(desk.answer(self, wantTip.number, wantTip.encode({ checkpoints: 4 })))
  expect([said.height, said.checkpoints.map(({ height }) => height)]).toEqual([14, [12, 8, 4]])
  expect(said.checkpoints[0]?.block).toEqual(blockOf(12))
  expect(() => desk.answer(self, wantHeaders.number, wantHeaders.encode({ fromHeight: 1, count: 1 }))).toThrow('SYNC_NOTHING')
})

test('of a chain that lagged, twice as many heights can have come meanwhile', async () => {
  const disk = memoryStore().records('chain')
  await chainTo(genesis, disk, 5, new Map(), trustedMs)
  const { timeMs } = openedChain(genesis, disk).state.tip
  const after = (share: number) => timeMs - genesis.startMs + share * trustedMs
  expect(await begun({ disk, stopped: 5, afterMs: after(0.5) })).toBe(-5)
  expect(await begun({ disk, stopped: 5, afterMs: after(0.51), change: gone })).toBe('SYNC_REFUSED SYNC_SOURCES')
})

/** Records of which some can't be read until they are written again. */
function spoiled(records: RecordStore, isBad: (key: string) => boolean): RecordStore {
  const fresh = new Set<string>()
  const renew = (keys: readonly string[]) => () => {
    for (const key of keys) fresh.add(key)
  }
  return {
    ...records,
    put: (entries) => records.put(entries).then(renew(entries.map(([key]) => key))),
    delete: (keys) => records.delete(keys).then(renew(keys)),
    get: (key) => {
      if (isBad(key) && !fresh.has(key)) throw new ContentStoreError({ code: 'RECORD_CORRUPT', key })
      return records.get(key)
    },
  }
}
const blockKey = (height: number): string => `block/${String(height).padStart(16, '0')}`

test('who can read nothing of what it began with begins anew as a new peer does, and not at the genesis', async () => {
  const begunAt = async (isBad: (key: string) => boolean, change?: Start['change']) => {
    const disk = await upTo(14)
    await disk.delete([1, 2, 3, 4, 5, 6, 7, 8].map(blockKey))
    return begun({ disk: spoiled(disk, isBad), afterMs: trustedMs, opens: true, ...(change === undefined ? {} : { change }) })
  }
  const isPart = (key: string) => key.startsWith('part/')
  expect(await begunAt(isPart)).toBe(8)
  expect(await begunAt(isPart, split)).toBe('SYNC_REFUSED SYNC_SOURCES')
  expect(await begunAt((key) => key === 'checkpoints')).toBe(14)
})

test('who has its first block, and can read too little after it to go on from there, does not', async () => {
  const disk = spoiled(await upTo(14), (key) => key.startsWith('part/') || key === blockKey(3))
  expect(await begun({ disk, afterMs: cycles(4), change: far, opens: true })).toBe(8)
})
