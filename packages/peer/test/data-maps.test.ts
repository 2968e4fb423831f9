import { createMapCache, readHeldMap, readTotal } from '@interpeer/content-store'
import { accountOfJob, accountOfPeer, type JobId, type PeerId, parseAccountId, sha256 } from '@interpeer/crypto-ids'
import {
  accountOf,
  checkAccount,
  checkSupply,
  escrowOf,
  type Ledger,
  ledgerEntries,
  signTransfer,
  supplyOf,
} from '@interpeer/intercoin-ledger'
import { checkJob, type Job } from '@interpeer/job-scheduler'
import { type BlockInfo, checkHeader, checkPeer, checkSetting, checkTicket, type Header, hashOfHeader } from '@interpeer/vote-chain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dataMapsAfter, dataMapsOf } from '../src/network/data-maps.js'
import {
  type ChainProof,
  chainProofOf,
  epochCloseTransaction,
  type NetworkState,
  networkApplication,
  type Provable,
} from '../src/network/index.js'
import { momentOf } from '../src/network/lottery.js'
import { presentTransaction } from '../src/network/transactions.js'
import { AGREED, closingOf, Ledgerless, publication, showOf, signerOf, signers, uploader } from './network-world.js'

type Order = (world: Ledgerless) => Uint8Array | undefined
const jobAt = (world: Ledgerless, which: number): Job | undefined => [...world.state.jobs.values()][which % 3]
const transferOf = (world: Ledgerless, to: string, amount: bigint) => {
  const { nonce } = accountOf(world.state.ledger, accountOfPeer(uploader.peerId))
  return signTransfer({ to: to as never, amount, nonce }, uploader, world.genesis.network)
}
/** What may be brought to the chain; often it is refused. */
const anyOrder: fc.Arbitrary<Order> = fc.oneof(
  fc.nat(2).map(
    (i): Order =>
      ({ genesis }) =>
        publication(genesis, { name: `site${i}`, seats: 3 + i, escrow: 20_000_000n }).transaction,
  ),
  fc.record({ to: fc.nat(6), amount: fc.bigInt(0n, 3_000_000n) }).map(
    ({ to, amount }): Order =>
      (world) =>
        transferOf(world, accountOfPeer(signers[to]?.peerId as PeerId), amount),
  ),
  fc.record({ which: fc.nat(2), amount: fc.bigInt(0n, 3_000_000n) }).map(
    ({ which, amount }): Order =>
      (world) => {
        const job = jobAt(world, which)
        return job && transferOf(world, accountOfJob(job.job), amount)
      },
  ),
  fc.record({ which: fc.nat(2), gone: fc.nat(9) }).map(
    ({ which, gone }): Order =>
      (world) => {
        const job = jobAt(world, which)
        if (job === undefined || job.state === 'waiting') return undefined
        const outcomes = job.epoch.members.map((_, i) => ({ ...AGREED, agreed: i === gone ? 0 : 3, absent: i === gone ? 3 : 0 }))
        const { certificate, batch } = closingOf(world.genesis, job, { outcomes })
        return epochCloseTransaction(job.job, certificate, batch)
      },
  ),
  fc.record({ which: fc.nat(2), seat: fc.nat(4) }).map(
    ({ which, seat }): Order =>
      (world) => {
        const job = jobAt(world, which)
        const member = job?.epoch.members[seat]
        return job && member && showOf(world.genesis, job, member)
      },
  ),
  fc.nat(6).map(
    (who): Order =>
      ({ state }) =>
        presentTransaction(state, signers[who] as never),
  ),
)
const anyBlock = fc.record({ orders: fc.array(anyOrder, { maxLength: 3 }), passed: fc.nat(3) })
const take = (world: Ledgerless, { orders, passed }: { orders: readonly Order[]; passed: number }): void => {
  for (let i = 0; i < passed; i++) world.block()
  world.block(...orders.map((order) => order(world)).filter((one) => one !== undefined))
}
const totalOf = ({ maps }: NetworkState): bigint => readHeldMap(maps.ledger, readTotal).total

/** A header as a chain would make it of this state. */
function headerOf(world: Ledgerless): Header {
  const [hash, leader] = [new Uint8Array(32), signers[0]?.publicKey as Uint8Array]
  const rest = { previous: hash, leader, proof: new Uint8Array(80), seed: hash, electorate: hash, certificate: hash, body: hash }
  return { height: world.height, timeMs: world.timeMs, ...rest, ...world.application.dataSets(world.state) }
}
function proofIn(world: Ledgerless, what: Provable): ChainProof {
  const header = headerOf(world)
  return chainProofOf({ height: world.height, hash: hashOfHeader(header), header, state: world.state }, what) as ChainProof
}

test('after every block the maps are those of its entries alone, and the ledger sums up to the supply', () => {
  let [closed, recovered] = [0, 0]
  fc.assert(
    fc.property(fc.array(anyBlock, { minLength: 5, maxLength: 30 }), (blocks) => {
      const world = new Ledgerless()
      for (const block of blocks) {
        take(world, block)
        const { state } = world
        expect(dataMapsOf(state)).toEqual(state.maps)
        const { minted, burned, inAccounts, inEscrow } = supplyOf(state.ledger)
        expect(totalOf(state)).toBe(minted - burned)
        expect(totalOf(state)).toBe(inAccounts + inEscrow)
      }
      for (const { epoch } of world.state.jobs.values()) {
        if (epoch.number > 1 && epoch.certificate === null) recovered++
        else if (epoch.number > 1) closed++
      }
    }),
    { numRuns: 25, seed: 6 },
  )
  expect(Math.min(closed, recovered)).toBeGreaterThan(0) // the blocks came to something
})

test('two blocks tried on one state disturb neither it nor each other', () => {
  fc.assert(
    fc.property(fc.array(anyBlock, { maxLength: 10 }), fc.array(anyOrder), fc.array(anyOrder), (blocks, one, other) => {
      const world = new Ledgerless()
      for (const block of blocks) take(world, block)
      const before = world.state
      const leader = signers[0]?.peerId as PeerId
      const info: BlockInfo = { height: world.height + 1, timeMs: world.timeMs + 1_000, seed: sha256(), leader, certifiers: [leader] }
      const [a, b] = [one, other].map((orders) => {
        const transactions = orders.map((order) => order(world)).filter((each) => each !== undefined)
        return world.application.apply(before, transactions, info).state
      })
      for (const state of [before, a, b] as NetworkState[]) expect(dataMapsOf(state)).toEqual(state.maps)
    }),
    { numRuns: 25 },
  )
})

test('who applies the blocks again, with no cache or another one, comes to the same hashes', () => {
  fc.assert(
    fc.property(fc.array(anyBlock, { minLength: 5, maxLength: 15 }), (blocks) => {
      const [world, again] = [new Ledgerless(), new Ledgerless()]
      const small = createMapCache(1)
      for (const block of blocks) {
        const before = world.state
        take(world, block)
        if (block.passed === 0) {
          for (const cache of [undefined, small]) {
            expect(dataMapsAfter(before.maps, before, world.state, cache)).toEqual(world.state.maps)
          }
        }
        take(again, block)
        expect(again.application.dataSets(again.state)).toEqual(world.application.dataSets(world.state))
      }
    }),
    { numRuns: 15 },
  )
})

test('a ledger whose map would hold another sum stops the process', () => {
  const { state } = new Ledgerless()
  const more: Ledger = {
    ...state.ledger,
    accounts: state.ledger.accounts.with('ab'.repeat(32) as never, { balance: 1n, nonce: 0 }),
  }
  expect(() => dataMapsAfter(state.maps, state, { ...state, ledger: more })).toThrow(
    expect.objectContaining({ code: 'LEDGER_NOT_CONSERVED' }),
  )
  expect(() => dataMapsOf({ ...state, ledger: more })).toThrow(expect.objectContaining({ code: 'LEDGER_NOT_CONSERVED' }))
  expect(ledgerEntries(more)).toHaveLength(3)
})

test('who knows a block by its hash checks a balance at its height, against that block and no other', () => {
  const world = new Ledgerless()
  const account = parseAccountId('cd'.repeat(32))
  world.block(transferOf(world, account, 10_000_000n))
  const early = proofIn(world, { type: 'account', account })
  world.block(transferOf(world, account, 500n))
  const late = proofIn(world, { type: 'account', account })
  const balanceAt = ({ block, header, proof }: ChainProof) => checkAccount(checkHeader(block, header).ledger, account, proof)
  expect(balanceAt(early)).toMatchObject({ balance: 10_000_000n, nonce: 0 })
  expect(balanceAt(late)).toMatchObject({ balance: 10_000_500n })
  expect(() => balanceAt({ ...late, proof: early.proof })).toThrow(expect.objectContaining({ code: 'MAP_PROOF_WRONG' }))
  expect(() => balanceAt({ ...late, header: early.header })).toThrow(expect.objectContaining({ code: 'HEADER_WRONG' }))
  expect(() => balanceAt({ ...late, header: new Uint8Array(501) })).toThrow(expect.objectContaining({ code: 'HEADER_WRONG' }))
  for (const at of late.proof.keys()) {
    expect(() => balanceAt({ ...late, proof: late.proof.with(at, (late.proof[at] as number) ^ 1) })).toThrow()
  }
})

test('every kind of entry is proven against the header, and that there is none', () => {
  const world = new Ledgerless()
  const { job, transaction } = publication(world.genesis)
  const unknown = publication(world.genesis, { name: 'other' }).job
  world.block(transaction)
  world.block()
  const { state } = world
  const header = headerOf(world)
  const proofOf = (what: Provable) => proofIn(world, what).proof
  const shown = checkAccount(header.ledger, accountOfJob(job), proofOf({ type: 'account', account: accountOfJob(job) }))
  const { minted, burned } = supplyOf(state.ledger)
  expect(shown).toEqual({ balance: 0n, nonce: 0, escrow: escrowOf(state.ledger, accountOfJob(job)), total: minted - burned })
  expect(checkSupply(header.ledger, proofOf({ type: 'supply' }))).toEqual({ minted, burned, total: minted - burned })
  expect(checkSetting(header.settings, 'cycleMs', proofOf({ type: 'setting', name: 'cycleMs' }))).toBe(1_000n)
  const [peer] = world.genesis.peers as [PeerId]
  expect(checkPeer(header.peers, peer, proofOf({ type: 'peer', peer })).entry).toEqual(state.registry.get(peer))
  expect(checkPeer(header.peers, uploader.peerId, proofOf({ type: 'peer', peer: uploader.peerId }))).toEqual({
    entry: undefined,
    tickets: 112n,
  })
  expect(checkJob(header.jobs, job, proofOf({ type: 'job', job }))?.epoch.members).toHaveLength(5)
  expect(checkJob(header.jobs, unknown as JobId, proofOf({ type: 'job', job: unknown }))).toBeUndefined()
  expect(() => proofOf({ type: 'ticket', ticket: 112n })).toThrow(expect.objectContaining({ code: 'MAP_UNIT' }))
  expect(chainProofOf({ height: 0, hash: new Uint8Array(32), header: null, state }, { type: 'supply' })).toBeUndefined()
})

test('ticket n of the map is ticket n of the draw, also of a peer that is away', () => {
  const world = new Ledgerless()
  const { job, transaction } = publication(world.genesis)
  world.block(transaction)
  world.block()
  world.blocksUntil(() => world.job(job).recovering !== null)
  world.block(
    ...world
      .job(job)
      .epoch.members.slice(0, 4)
      .map((peer) => showOf(world.genesis, world.job(job), peer)),
  )
  world.blocksUntil(() => world.job(job).recovering === null)
  const away = [...world.state.registry.values()].filter(({ awaySinceHeight }) => awaySinceHeight !== null)
  expect(away.map(({ peer }) => signerOf(peer)).length).toBe(1)
  const { lottery } = momentOf(world.state, { height: 1, timeMs: 0, seed: sha256() })
  const tickets = Array.from({ length: lottery.shuffle.count }, (_, n) => lottery.ownerOf(n))
  expect(tickets).toHaveLength(7 * 16 - 1) // who is away has lost one
  const header = headerOf(world)
  expect(tickets.map((_, n) => checkTicket(header.peers, BigInt(n), proofIn(world, { type: 'ticket', ticket: BigInt(n) }).proof))).toEqual(
    tickets.map((peer) => ({ entry: world.state.registry.get(peer), tickets: BigInt(tickets.length) })),
  )
})

test('the names data set is the empty map', () => {
  const { application, state } = new Ledgerless()
  expect(application.dataSets(state).names).toEqual(sha256(Uint8Array.of(0)))
  expect(networkApplication(state.network).dataSets(state)).toEqual(application.dataSets(state))
})
