import { memoryStore } from '@interpeer/content-store'
import { createSigner, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { readCheckpoint, SYNC_REQUEST_NUMBERS, type Tip, tipReply, trustedCycles } from '@interpeer/vote-chain'
import { beforeAll, expect, test } from 'vitest'
import { numberOf } from '../src/message-number.js'
import { type NetworkState, networkApplication } from '../src/network/index.js'
import { ChainStore } from '../src/node/chain-store.js'
import { contentService } from '../src/node/content-service.js'
import { startFromCheckpoint } from '../src/node/start-from-checkpoint.js'
import { SyncDesk } from '../src/node/sync-desk.js'
import { networkGenesis, signers } from './network-world.js'
import { chainTo, log, openedChain } from './one-chain.js'

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
}
/** Begins a peer at a time after the genesis. The height that it begins at; 0: it follows from the genesis. */
async function begun({ afterMs, self: own = self, checkpoint, change = (_, tip) => tip, known = peers }: Start): Promise<number | string> {
  const tips: Tip<NetworkState>[] = []
  const { store } = openedChain(genesis, records, [], (tip) => void tips.push(tip))
  const desk = new SyncDesk<NetworkState>({ store, mapOf: ({ maps }, set) => maps[set], nowMs: () => 0 })
  for (const tip of tips) desk.onTip(tip)
  const held = { get: store.part.bind(store), has: store.hasPart.bind(store) }
  const parts = contentService({ store: held, self: founder, count: () => {}, onLacked: () => {} })
  const request = async (to: PeerId, body: Uint8Array): Promise<Uint8Array> => {
    const number = numberOf(body) as number
    if (!SYNC_REQUEST_NUMBERS.includes(number)) return parts(self, body)
    const reply = desk.answer(self, number, body)
    if (numberOf(reply) !== tipReply.number) return reply
    const said = change(peers.indexOf(to), tipReply.decode(reply))
    if (said === undefined) throw new Error('gone')
    return tipReply.encode(said)
  }
  const ownStore = new ChainStore(memoryStore().records('chain'), () => {})
  try {
    await startFromCheckpoint({
      ...{ genesis, application: networkApplication(genesis.network), self: own, overlay: { request }, bootstrap: peers },
      ...{ addresses: { known, start: () => {} }, store: ownStore, checkpoint, log, count: () => {} },
      now: () => genesis.startMs + afterMs,
      signal: new AbortController().signal,
    })
  } catch (error) {
    const { code, because } = (error as { readonly failure: { readonly code: string; readonly because: string } }).failure
    return `${code} ${because}`
  }
  return ownStore.checkpoints[0] ?? 0
}
const gone = () => undefined
/** Each names checkpoints of its own. */
const split: Start['change'] = (peer, tip) => ({
  ...tip,
  height: 1_000_000,
  checkpoints: tip.checkpoints.map((one) => ({ ...one, block: sha256(Uint8Array.of(peer)) })),
})
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
