import { accountOfPeer, createSigner, type JobId, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { decodeSeatProof, encodeSeatProof, type SeatClaim } from '@interpeer/job-scheduler'
import { type Header, hashOfHeader, recoveryOf, signRecovery, signRotation, signTerms } from '@interpeer/vote-chain'
import { expect, test } from 'vitest'
import { checkSeatProof, epochCloseTransaction, momentOf, type NetworkState, seatProofOf, seatsOfTickets } from '../src/network/index.js'
import { boundShowOf, closingOf, Ledgerless, publication, showOf, signerOf, signers, uploader } from './network-world.js'

interface Block {
  readonly header: Header
  readonly state: NetworkState
}
/** Blocks with headers that name each other, as a chain makes them. */
class Headed extends Ledgerless {
  readonly blocks: Block[] = []
  override block(...transactions: Uint8Array[]) {
    const refused = super.block(...transactions)
    const none = new Uint8Array(32)
    const last = this.blocks.at(-1)
    const rest = { leader: signers[0]?.publicKey as Uint8Array, proof: new Uint8Array(80), electorate: none, certificate: none, body: none }
    const seed = sha256(Uint8Array.of(this.height & 0xff, this.height >> 8))
    const previous = last === undefined ? none : hashOfHeader(last.header)
    const header = { height: this.height, timeMs: this.timeMs, seed, previous, ...rest, ...this.application.dataSets(this.state) }
    this.blocks.push({ header, state: this.state })
    return refused
  }
  proof(claim: SeatClaim): Uint8Array {
    const [before, at] = this.blocks.slice(-2) as [Block, Block]
    return seatProofOf(before, at, claim)
  }
  check(claim: SeatClaim, proof: Uint8Array): PeerId {
    return checkSeatProof(hashOfHeader((this.blocks.at(-1) as Block).header), claim, proof, this.genesis.settings)
  }
}
const code = (one: string) => expect.objectContaining({ code: one })

function drawn(after = 1): { world: Headed; job: JobId } {
  const world = new Headed()
  const { job, transaction } = publication(world.genesis)
  for (let i = 0; i < after; i++) world.block()
  expect(world.block(transaction)).toEqual([])
  expect(world.job(job).state).toBe('waiting')
  world.block()
  return { world, job }
}

test('"they calculate which jobs they are doing, then request to join them (with proof that they are eligible)": every seat of a first group, and the next joiner', () => {
  const { world, job } = drawn()
  const { epoch, next } = world.job(job)
  for (const [seat, peer] of epoch.members.entries()) {
    const claim = { job, seat, of: 'epoch' } as const
    expect(world.check(claim, world.proof(claim))).toBe(peer)
  }
  const claim = { job, seat: next?.seat as number, of: 'next' } as const
  expect(world.check(claim, world.proof(claim))).toBe(next?.joiner)
  // the next block draws nobody for this job
  world.block()
  for (const of of ['epoch', 'next'] as const) expect(() => world.proof({ job, seat: 1, of })).toThrow(code('SEAT_NOT_DRAWN'))
})

test('a proof that leaves out a ticket, adds one, or is of another seat, block or job shows nothing', () => {
  const { world, job } = drawn()
  // of the proofs of this block, one in which the draw had to pass over somebody
  const claims = [0, 1, 2, 3, 4].map((seat): SeatClaim => ({ job, seat, of: 'epoch' }))
  const proofs = claims.map((claim) => ({ claim, proof: world.proof(claim), parts: decodeSeatProof(world.proof(claim)) }))
  const { claim, proof, parts } = proofs.reduce((a, b) => (b.parts.tickets.length > a.parts.tickets.length ? b : a))
  expect(parts.tickets.length).toBeGreaterThan(1)
  const changed = (change: Partial<typeof parts>) => () => world.check(claim, encodeSeatProof({ ...parts, ...change }))
  expect(changed({ tickets: parts.tickets.slice(1) })).toThrow(code('MAP_PROOF_WRONG'))
  expect(changed({ tickets: parts.tickets.slice(0, -1) })).toThrow(code('SEAT_PROOF_WRONG'))
  expect(changed({ tickets: [...parts.tickets, parts.tickets[0] as Uint8Array] })).toThrow(code('SEAT_PROOF_WRONG'))
  expect(changed({ tickets: [] })).toThrow(code('SEAT_PROOF_WRONG'))
  expect(changed({ before: parts.at })).toThrow(code('HEADER_WRONG'))
  expect(changed({ jobAt: parts.jobBefore })).toThrow(code('MAP_PROOF_WRONG'))
  expect(() => world.check({ ...claim, seat: (claim.seat + 1) % 5 }, proof)).toThrow()
  expect(() => world.check({ ...claim, of: 'next' }, proof)).toThrow()
  expect(() => world.check({ ...claim, job: publication(world.genesis, { name: 'other' }).job }, proof)).toThrow(code('MAP_PROOF_WRONG'))
  world.block()
  expect(() => world.check(claim, proof)).toThrow(code('HEADER_WRONG'))
})

test('where nobody else may have a seat the proof shows all tickets tried, and no more', () => {
  const world = new Headed()
  const { job, transaction } = publication(world.genesis, { seats: signers.length })
  expect(world.block(transaction)).toEqual([])
  world.block()
  const { next } = world.job(job)
  expect(next?.joiner).toBe(next?.leaver)
  const claim = { job, seat: next?.seat as number, of: 'next' } as const
  const proof = world.proof(claim)
  expect(world.check(claim, proof)).toBe(next?.leaver)
  const parts = decodeSeatProof(proof)
  const more = encodeSeatProof({ ...parts, tickets: [...parts.tickets, parts.tickets[0] as Uint8Array] })
  expect(() => world.check(claim, more)).toThrow(code('SEAT_PROOF_WRONG'))
})

test('seats that a recovery fills are proven too', () => {
  const { world, job } = drawn()
  const { epoch } = world.job(job)
  world.blocksUntil(() => world.job(job).recovering !== null)
  world.block(...epoch.members.slice(0, 4).map((peer) => showOf(world.genesis, world.job(job), peer)))
  world.blocksUntil(() => world.job(job).recovering === null)
  const after = world.job(job)
  const claim = { job, seat: 4, of: 'epoch' } as const
  expect(after.epoch.members[4]).not.toBe(epoch.members[4])
  expect(world.check(claim, world.proof(claim))).toBe(after.epoch.members[4])
  expect(() => world.proof({ job, seat: 0, of: 'epoch' })).toThrow(code('SEAT_NOT_DRAWN'))
  const next = { job, seat: after.next?.seat as number, of: 'next' } as const
  expect(world.check(next, world.proof(next))).toBe(after.next?.joiner)
})

test('who left by a closing batch that a recovery finds may be drawn again like anyone, and that is proven', () => {
  const joiners = Array.from({ length: 12 }, (_, more) => {
    const { world, job } = drawn(1 + more)
    const { epoch, next } = world.job(job)
    const { batch } = closingOf(world.genesis, world.job(job), { step: 1, root: world.job(job).epoch.start })
    world.blocksUntil(() => world.job(job).recovering !== null)
    expect(world.block(...epoch.members.map((peer) => boundShowOf(world.genesis, world.job(job), peer, batch)))).toEqual([])
    const after = world.job(job)
    expect(after.epoch).toMatchObject({ number: 2, members: next?.members, seed: next?.seed })
    const claim = { job, seat: after.next?.seat as number, of: 'next' } as const
    expect(world.check(claim, world.proof(claim))).toBe(after.next?.joiner)
    return [after.next?.joiner, next?.leaver]
  })
  expect(joiners.some(([joiner, leaver]) => joiner === leaver)).toBe(true)
})

test('who declines an uploader is not drawn for its jobs, and that is proven like all else', () => {
  const world = new Headed()
  const { job, transaction } = publication(world.genesis)
  const unwilling = signers.slice(0, 2)
  const declines = [accountOfPeer(uploader.peerId)]
  const terms = unwilling.map((signer) => signTerms({ order: 0, slots: 4, declines }, signer, world.genesis.network))
  expect(world.block(transaction, ...terms)).toEqual([])
  world.block()
  const { members } = world.job(job).epoch
  for (const { peerId } of unwilling) expect(members).not.toContain(peerId)
  for (const [seat, peer] of members.entries())
    expect(world.check({ job, seat, of: 'epoch' }, world.proof({ job, seat, of: 'epoch' }))).toBe(peer)
})

test('each peer finds alone what its tickets won: all peers together find each place once', () => {
  const { world, job } = drawn()
  const [before, at] = world.blocks.slice(-2) as [Block, Block]
  const { lottery } = momentOf(before.state, at.header)
  const found = signers.flatMap(({ peerId }) => seatsOfTickets(before.state, lottery, peerId))
  expect(found).toHaveLength(lottery.shuffle.count)
  expect(new Set(found.map(({ seat, backup }) => `${seat}/${backup}`)).size).toBe(found.length)
  expect(new Set(found.map((one) => one.job))).toEqual(new Set([job]))
  for (const [seat, peer] of world.job(job).epoch.members.entries()) {
    const own = seatsOfTickets(before.state, lottery, peer)
    const [winner] = found.filter((one) => one.seat === seat && one.backup === 0)
    // the winner itself, or a backup whom the winner left it to because it sits in the group already
    expect(own.some((one) => one.seat === seat) || winner !== undefined).toBe(true)
  }
  expect(seatsOfTickets(before.state, lottery, createSigner(new Uint8Array(32).fill(3)).peerId)).toEqual([])
})

test('a member that rotated its key is not drawn into its own group under the new one, and the proof of who was says the same', () => {
  const world = new Headed()
  const { network } = world.genesis
  const { job, transaction } = publication(world.genesis, { seats: 6 })
  world.block(transaction)
  world.block()
  const oldOf = new Map<PeerId, PeerId>()
  for (const member of world.job(job).epoch.members.slice(1)) {
    const heir = createSigner(sha256(Uint8Array.of(90, oldOf.size)))
    oldOf.set(heir.peerId, member)
    const old = signerOf(member)
    const orders = [signRecovery(0, recoveryOf(heir.publicKey), old, network), signRotation(old.publicKey, null, heir, network)]
    expect(world.block(...orders)).toEqual([])
  }
  for (let epoch = 1; epoch <= 2; epoch++) {
    world.blocksUntil(() => world.timeMs >= (world.job(job).next?.atMs as number))
    const by = world.job(job).epoch.members.filter((peer) => !oldOf.has(peer))
    const { certificate, batch } = closingOf(world.genesis, world.job(job), { by })
    expect(world.block(epochCloseTransaction(job, certificate, batch))).toEqual([])
    const { members } = world.job(job).epoch
    const { joiner, seat } = world.job(job).next as { joiner: PeerId; seat: number }
    expect(members).not.toContain(oldOf.get(joiner))
    const claim = { job, seat, of: 'next' } as const
    expect(world.check(claim, world.proof(claim))).toBe(joiner)
  }
})
