import { blocksReply, memoryStore } from '@interpeer/content-store'
import { createSigner, type PeerId, type Signer, sha256, signMessage } from '@interpeer/crypto-ids'
import {
  type Certificate,
  CHECKPOINT_BYTES_MAX,
  checkpointReply,
  decodeBlock,
  hashOfHeader,
  headersReply,
  type PeerEntry,
  proofsReply,
  type Standing,
  SYNC_REQUEST_NUMBERS,
  type Tip,
  tipReply,
  trustedCycles,
  voteMessage,
  wantProofs,
  wantTip,
} from '@interpeer/vote-chain'
import { decodeWith, encodeWith, type Message } from '@interpeer/wire-codec'
import { beforeAll, expect, test } from 'vitest'
import { checkpointSchema, stateDigestOf } from '../../vote-chain/src/checkpoint-record.js'
import { numberOf } from '../src/message-number.js'
import { type NetworkState, networkApplication } from '../src/network/index.js'
import { syncCheckpoint } from '../src/node/chain-sync.js'
import { contentService } from '../src/node/content-service.js'
import { provenBlocks } from '../src/node/proven-blocks.js'
import { asksForParts, countsNow, SyncDesk } from '../src/node/sync-desk.js'
import { SyncSources } from '../src/node/sync-sources.js'
import { networkGenesis, signers } from './network-world.js'
import { chainTo, deskOf, log, noSeats, openedChain } from './one-chain.js'

const genesis = networkGenesis({ checkpointCycles: 4, lookBack: 2 }, 1)
const peers = Array.from({ length: 3 }, (_, i) => createSigner(sha256(Uint8Array.of(5, i))).peerId)
const records = memoryStore().records('chain')
let world: ReturnType<typeof openedChain>
const nowMs = () => world.state.tip.timeMs + 1_000
beforeAll(async () => {
  await chainTo(genesis, records, 14)
  world = openedChain(genesis, records)
})

type Tamper = (from: PeerId, reply: Uint8Array) => Uint8Array
/** Three peers that have the chain, of which some change what they say. */
function network(tamper: Tamper = (_, reply) => reply) {
  const asked = new Map<PeerId, number>()
  const services = peers.map((peer) => {
    const tips: Tip<NetworkState>[] = []
    const { store } = openedChain(genesis, records, [], (tip) => void tips.push(tip))
    const desk = deskOf(store)
    for (const tip of tips) desk.onTip(tip)
    const held = { get: store.part.bind(store), has: store.hasPart.bind(store) }
    const parts = contentService({ store: held, self: peer, count: () => {}, onLacked: () => {} })
    return { peer, store, desk, parts }
  })
  const request = async (to: PeerId, body: Uint8Array): Promise<Uint8Array> => {
    const { peer, store, desk, parts } = services.find((one) => one.peer === to) as (typeof services)[number]
    asked.set(to, (asked.get(to) ?? 0) + 1)
    const number = numberOf(body) as number
    if (SYNC_REQUEST_NUMBERS.includes(number)) return tamper(peer, desk.answer(peers[0] as PeerId, number, body))
    if (!asksForParts(body, store)) throw new Error('refused')
    return tamper(peer, await parts(peers[0] as PeerId, body))
  }
  return { asked, overlay: { request } }
}
async function sync(tamper?: Tamper, { now = nowMs, from = peers } = {}) {
  const counted: string[] = []
  const { overlay, asked } = network(tamper)
  const sources = new SyncSources({ overlay, peers: from, log, count: (code) => void counted.push(code) })
  const application = networkApplication(genesis.network)
  const found = await syncCheckpoint({ genesis, application, sources, now }).catch((error) => error as { readonly code: string })
  return { found, counted, asked, left: sources.peers }
}
/** Changes one kind of answer of one peer. */
const lying =
  <T>(liar: PeerId | 'all', message: Message<T>, change: (value: T) => T): Tamper =>
  (from, reply) =>
    (liar === 'all' || from === liar) && numberOf(reply) === message.number ? message.encode(change(message.decode(reply))) : reply

/** What the one elector that there is would sign for another block: true votes, of that height and step. */
function certificateOfAnother({ height, round }: Certificate): Certificate {
  const [elector] = signers as [Signer]
  const block = sha256(Uint8Array.of(9))
  const vote = { height, round, kind: 'certify', attempt: 0, block, voter: elector.publicKey, proof: null } as const
  return { height, round, block, votes: [signMessage(voteMessage, vote, elector, genesis.network)] }
}

test('a new peer starts from the older of the last two checkpoints, and follows to the tip', async () => {
  const { found, counted } = await sync()
  if (!('checkpoint' in found)) throw found
  expect([found.height, found.newest, counted]).toEqual([8, 12, []])
  const own = memoryStore().records('chain')
  await openedChain(genesis, own).store.putCheckpoint(found.height, found.checkpoint)
  expect(openedChain(genesis, own).state.tip.height).toBe(8)
  for (const [key, bytes] of records.list('block/')) if (Number(key.slice(6)) > 8) await own.put([[key, bytes]])
  const { tip } = openedChain(genesis, own).state
  expect(tip.hash).toEqual(world.state.tip.hash)
  expect(networkApplication(genesis.network).dataSets(tip.state)).toEqual(
    networkApplication(genesis.network).dataSets(world.state.tip.state),
  )
})

test('who answers many has a pace for all strangers together, another for those it knows, and answers alike only once until the next block', async () => {
  const tips: Tip<NetworkState>[] = []
  const { store } = openedChain(genesis, records, [], (tip) => void tips.push(tip))
  let [atMs, looked] = [0, 0]
  const mapOf = ({ maps }: NetworkState, set: keyof NetworkState['maps']) => {
    looked++
    return maps[set]
  }
  const [known, askers] = [7, 8].map((of) => Array.from({ length: 40 }, (_, i) => createSigner(sha256(Uint8Array.of(of, i))).peerId)) as [
    PeerId[],
    PeerId[],
  ]
  const isKnown = (peer: PeerId): boolean => known.includes(peer)
  const desk = new SyncDesk<NetworkState>({ store, mapOf, nowMs: () => atMs, isKnown, seats: noSeats })
  for (const tip of tips) desk.onTip(tip)
  const request = wantProofs.encode({ height: 0, set: 0, keys: [new Uint8Array(32)] })
  const answered = (askers: readonly PeerId[]) => {
    let given = 0
    for (const asker of askers) {
      for (let i = 0; i < 30; i++) {
        try {
          expect(proofsReply.decode(desk.answer(asker, wantProofs.number, request)).proofs).toHaveLength(1)
          given++
        } catch (error) {
          if ((error as { readonly code?: string }).code !== 'SYNC_OFTEN') throw error
        }
      }
    }
    return given
  }
  expect([answered(askers), looked]).toEqual([512, 1])
  // strangers used up what strangers get
  expect(answered(known)).toBe(512)
  atMs += 400
  expect([answered(askers), looked]).toEqual([50, 1])
  desk.onTip(tips.at(-1) as Tip<NetworkState>)
  atMs += 8
  expect([answered(askers), looked]).toEqual([1, 2])
  // how far the chain is costs little, and they are told; and who is known has the strangers' share, too
  expect(tipReply.decode(desk.answer(askers[0] as PeerId, wantTip.number, wantTip.encode({ checkpoints: 4 }))).height).toBe(14)
  atMs += 60_000
  expect([answered(known), answered(askers)]).toEqual([1_024, 0])
})

test('a key is known while it counts on the chain, and before that is open if it is a founder', () => {
  const { registry } = world.state.tip.state
  const [[founder, entry]] = [...registry] as [[PeerId, PeerEntry]]
  const founders = new Set([founder])
  const stranger = createSigner(sha256(Uint8Array.of(9))).peerId
  const isKnown = (standing: Standing) => countsNow(founder, new Map([[founder, { ...entry, standing }]]), founders)
  expect([countsNow(founder, registry, founders), countsNow(stranger, registry, founders)]).toEqual([true, false])
  expect((['joined', 'joining', 'left', 'rotated', 'terminated'] as const).filter(isKnown)).toEqual(['joined'])
  expect([countsNow(founder, new Map(), founders), countsNow(stranger, new Map(), founders)]).toEqual([true, false])
})

test('who follows from the genesis of an old network is shown the hashes of all blocks up to the newest checkpoint', async () => {
  const addresses = { known: peers, start: () => {} }
  const provenAt = (agedMs: number, tamper?: Tamper) => {
    const [now, signal] = [() => genesis.startMs + agedMs, new AbortController().signal]
    return provenBlocks({ genesis, overlay: network(tamper).overlay, addresses, bootstrap: peers, now, log, count: () => {}, signal })
  }
  const oldMs = trustedCycles(genesis) * genesis.settings.cycleMs
  const proven = await provenAt(oldMs)
  const shown = [...records.list('block/')].map(([, bytes]) => decodeBlock(bytes).header).filter(({ height }) => height <= 12)
  expect(shown.map(({ height }) => proven(height))).toEqual(shown.map(hashOfHeader))
  expect([proven(0), proven(13)]).toEqual([undefined, undefined])
  // a young one has all certificates; and what sources don't agree on, or can't show, is taken for nothing
  expect((await provenAt(oldMs - 1))(1)).toBeUndefined()
  expect(
    (
      await provenAt(
        oldMs,
        lying('all', tipReply, (tip) => ({ ...tip, checkpoints: [] })),
      )
    )(1),
  ).toBeUndefined()
  expect(
    (
      await provenAt(
        oldMs,
        lying('all', headersReply, (reply) => ({ ...reply, headers: reply.headers.toReversed() })),
      )
    )(1),
  ).toBeUndefined()
})

test.each([
  [
    'names another checkpoint',
    lying(peers[1] as PeerId, tipReply, (tip) => ({ ...tip, checkpoints: tip.checkpoints.map((one) => ({ ...one, block: one.state })) })),
  ],
  ['gives another checkpoint', lying(peers[1] as PeerId, checkpointReply, () => ({ checkpoint: new Uint8Array(9) }))],
  [
    'gives headers that do not follow',
    lying(peers[1] as PeerId, headersReply, (reply) => ({ ...reply, headers: reply.headers.toReversed() })),
  ],
  [
    'leaves votes out of a certificate',
    lying(peers[1] as PeerId, headersReply, (reply) => ({
      ...reply,
      certificate: reply.certificate && { ...reply.certificate, votes: [] },
    })),
  ],
  [
    'gives a certificate of another block of that height',
    lying(peers[1] as PeerId, headersReply, (reply) => ({
      ...reply,
      certificate: reply.certificate && certificateOfAnother(reply.certificate),
    })),
  ],
  [
    'gives a false certificate with the checkpoint that it named',
    lying(peers[1] as PeerId, checkpointReply, ({ checkpoint }) => {
      const fields = decodeWith(checkpointSchema, checkpoint as Uint8Array, CHECKPOINT_BYTES_MAX)
      const other = { ...fields, certificate: { ...fields.certificate, votes: [] } }
      return { checkpoint: encodeWith(checkpointSchema, other, CHECKPOINT_BYTES_MAX) }
    }),
  ],
  [
    'gives other parts than were asked for',
    lying(peers[1] as PeerId, blocksReply, ({ blocks }) => ({ blocks: blocks.map(() => Uint8Array.of(1)) })),
  ],
] as const)('a source that %s is left, and the others are believed', async (_, tamper) => {
  const found: string[] = []
  for (let first = 0; first < peers.length; first++) {
    const synced = await sync(tamper, { from: [...peers.slice(first), ...peers.slice(0, first)] })
    expect(synced.found).toMatchObject({ height: 8, newest: 12 })
    expect(synced.left.includes(peers[1] as PeerId)).toBe(synced.counted.length === 0)
    found.push(...synced.counted)
  }
  expect(found).toContain('SYNC_LIAR') // whoever is asked in whatever order, it was asked once
})

test('one that gives nothing at all is passed over', async () => {
  const silent: Tamper = (from, reply) => {
    if (from === peers[1]) throw new Error('gone')
    return reply
  }
  expect((await sync(silent)).found).toMatchObject({ height: 8, newest: 12 })
})

test('where all say the same false thing, votes and headers show it', async () => {
  const forge = (change: (fields: ReturnType<typeof read>) => ReturnType<typeof read>): Tamper => {
    const forged = (bytes: Uint8Array) => encodeWith(checkpointSchema, change(read(bytes)), CHECKPOINT_BYTES_MAX)
    return (from, reply) => {
      const told = lying('all', tipReply, (tip) => ({
        ...tip,
        checkpoints: tip.checkpoints.map((one) => ({
          ...one,
          state: stateDigestOf(read(forged(world.store.checkpoint(one.height) as Uint8Array))),
        })),
      }))(from, reply)
      return lying('all', checkpointReply, ({ checkpoint }) => ({ checkpoint: checkpoint && forged(checkpoint) }))(from, told)
    }
  }
  const read = (bytes: Uint8Array) => decodeWith(checkpointSchema, bytes, CHECKPOINT_BYTES_MAX)
  const stranger = createSigner(sha256(Uint8Array.of(1))).publicKey
  const more = await sync(
    forge((fields) => ({ ...fields, electorates: fields.electorates.map((one, i) => (i === 0 ? { ...one, joined: stranger } : one)) })),
  )
  expect(more.found).toMatchObject({ code: 'CHECKPOINT_WRONG' })
  const unsigned = await sync(forge((fields) => ({ ...fields, certificate: { ...fields.certificate, votes: [] } })))
  expect(unsigned.found).toMatchObject({ code: 'CERTIFICATE_WRONG' })
})

test('too old a checkpoint is refused, and so is one that only one of several names', async () => {
  const { activeCycles, cycleMs } = genesis.settings
  expect((await sync(undefined, { now: () => nowMs() + activeCycles * cycleMs })).found).toMatchObject({ code: 'SYNC_OLD' })
  const alone: Tamper = (from, reply) => {
    if (from !== peers[0]) throw new Error('gone')
    return reply
  }
  expect((await sync(alone)).found).toMatchObject({ code: 'SYNC_SOURCES' })
})

test('who asks too often is refused', () => {
  const desk = new SyncDesk<NetworkState>({
    store: world.store,
    mapOf: ({ maps }, set) => maps[set],
    nowMs: () => 0,
    isKnown: () => false,
    seats: noSeats,
  })
  const ask = (peer: PeerId) => desk.answer(peer, 90, Uint8Array.of(0x82, 0x18, 90, 4))
  const proofs = wantProofs.encode({ height: 0, set: 0, keys: [] })
  expect(() => desk.answer(peers[0] as PeerId, wantProofs.number, proofs)).toThrow('SYNC_NOTHING')
  desk.onTip(world.state.tip)
  for (let i = 0; i < 128; i++) ask(peers[0] as PeerId)
  expect(() => ask(peers[0] as PeerId)).toThrow('SYNC_OFTEN')
  expect(tipReply.decode(ask(peers[1] as PeerId)).height).toBe(14)
})
