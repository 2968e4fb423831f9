import { memoryStore } from '@interpeer/content-store'
import { bytesOfContentId, type ContentId, type JobId, type PeerId, sha256, signMessage } from '@interpeer/crypto-ids'
import { certificateMessage, createVerification, disputeMessage, revealMessage } from '@interpeer/peer-group'
import { describe, expect, test } from 'vitest'
import { disputeTransactions, epochCloseTransaction } from '../src/network/index.js'
import { Complaints } from '../src/node/complaints.js'
import { answer, RIGHT, WRONG } from './dispute-worlds.js'
import { closingOf, codes, Ledgerless, publication, signerOf, signers } from './network-world.js'

describe('a dispute that fits no block beside a full certificate', () => {
  /** A group of five, so that no one has five outsiders: of a split nobody needs them. Its blocks are small. */
  class Large extends Ledgerless {
    readonly site: JobId
    constructor() {
      super({ blockBytesMax: 16_384, rootGroupSize: 20, blockReward: 0 })
      const { job, transaction } = publication(this.genesis, { seats: 5 })
      this.site = job
      this.block(transaction)
      this.block()
    }
    get members(): readonly PeerId[] {
      return this.job(this.site).epoch.members
    }
    /** A certified step, and one after it in which three say this and two that. */
    dispute(silent = 0): Uint8Array {
      const { start } = this.job(this.site).epoch
      const reveal = (peer: PeerId, step: number, from: ContentId, to: ContentId) => {
        const place = { job: bytesOfContentId(this.site), epoch: 1, step, rank: 0, batch: sha256(Uint8Array.of(step)) }
        const value = { ...place, from: signerOf(peer).publicKey, start: bytesOfContentId(from), salt: new Uint8Array(32) }
        return signMessage(revealMessage, { ...value, answer: answer(to) }, signerOf(peer), this.genesis.network)
      }
      const place = { job: bytesOfContentId(this.site), epoch: 1 }
      const first = { ...place, step: 1, rank: 0, batch: sha256(Uint8Array.of(1)) }
      const certificate = certificateMessage.encode({ ...first, reveals: this.members.map((peer) => reveal(peer, 1, start, RIGHT)) })
      const reveals = this.members.map((peer, seat) => reveal(peer, 2, RIGHT, seat < 3 ? RIGHT : WRONG)).slice(silent)
      const second = { ...place, step: 2, batch: sha256(Uint8Array.of(2)) }
      return disputeMessage.encode({ ...second, base: null, steps: [certificate], evidence: { type: 'split', rank: 0, reveals } })
    }
    parts(by: PeerId, dispute = this.dispute(), epoch = 1): readonly Uint8Array[] {
      const { network } = this.genesis
      return disputeTransactions(dispute, { job: this.site, epoch, blockBytesMax: 16_384 }, signerOf(by), network)
    }
  }

  test('comes in parts of one member, in order, and is recorded with the last one; the chain keeps what it has over a checkpoint', () => {
    const world = new Large()
    const [a, b] = world.members as [PeerId, PeerId]
    const [first, second, ...none] = world.parts(a) as [Uint8Array, Uint8Array]
    expect(none).toEqual([])
    const stranger = signers.map(({ peerId }) => peerId).find((peer) => !world.members.includes(peer)) as PeerId
    const [strange] = world.parts(stranger) as [Uint8Array]
    expect(world.application.check(world.state, second)).toEqual({ later: 'DISPUTE_PART_EARLY' })
    expect(codes(world.block(strange, second, first, first))).toEqual(['DISPUTE_PART_STRANGER', 'DISPUTE_PART_EARLY', 'DISPUTE_KNOWN'])
    expect([world.state.disputes.size, world.state.disputeParts.size]).toEqual([0, 1])
    for (let i = 0; i < 4; i++) world.block() // one of these states is read again from its snapshot
    expect(world.block(second)).toEqual([])
    expect([...world.state.disputes.values()]).toMatchObject([{ job: world.site, epoch: 1 }])
    expect(world.state.disputeParts.size).toBe(0)
    expect(codes(world.block(world.parts(b)[0] as Uint8Array))).toEqual(['DISPUTE_OPEN'])
  })

  test('one that is recorded takes along what others brought of it, so that each may bring another one', () => {
    const world = new Large()
    const [a, b] = world.members as [PeerId, PeerId]
    const [ofA, ofB] = [world.parts(a), world.parts(b)] as [[Uint8Array, Uint8Array], [Uint8Array, Uint8Array]]
    expect(world.block(ofA[0], ofB[0])).toEqual([])
    expect(world.state.disputeParts.size).toBe(2)
    expect(codes(world.block(ofB[1], ofA[1]))).toEqual(['DISPUTE_OPEN'])
    expect([world.state.disputes.size, world.state.disputeParts.size]).toEqual([1, 0])
  })

  const deskOf = (world: Large, by: PeerId, store = memoryStore()) => {
    const submitted: Uint8Array[] = []
    const { network } = world.genesis
    const complaints = new Complaints({
      ...{ records: store.records('evidence'), disputeRecords: store.records('disputes'), verification: createVerification(network) },
      ...{ log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }, count: () => {} },
      submit: (transaction) => void submitted.push(transaction),
      inParts: (dispute) => world.parts(by, dispute),
    })
    const { members, start } = world.job(world.site).epoch
    const tell = async (silent: number) => {
      complaints.dispute({ network, job: world.site, epoch: 1, members, start }, world.dispute(silent))
      await new Promise(setImmediate) // it is on the disk before it is offered
    }
    return { store, submitted, complaints, tell }
  }
  test.each([
    ['who is told of it again', false],
    ['who was restarted meanwhile', true],
  ])('%s, with more to show, goes on with the parts that it began with', async (_, isRestarted) => {
    const world = new Large()
    const [a] = world.members as [PeerId]
    const first = deskOf(world, a)
    await first.tell(1)
    expect(world.block(first.submitted[0] as Uint8Array)).toEqual([])
    const now = isRestarted ? deskOf(world, a, first.store) : first
    now.submitted.length = 0
    await now.tell(0)
    now.complaints.onState(world.state)
    expect(now.submitted).toHaveLength(4)
    expect(codes(world.block(...now.submitted.slice(2)))).toEqual(['DISPUTE_KNOWN']) // the first part
    expect(world.state.disputes.size).toBe(1)
    now.complaints.onState(world.state)
    await new Promise(setImmediate)
    expect([...now.store.records('disputes').keys('')]).toEqual([])
  })

  test('of one that could not be written down nothing is lost but this: it is offered all the same', async () => {
    const world = new Large()
    const [a] = world.members as [PeerId]
    const store = memoryStore()
    const full = { ...store.records('disputes'), put: () => Promise.reject(new Error('full')) }
    const first = deskOf(world, a, { ...store, records: (name) => (name === 'disputes' ? full : store.records(name)) })
    await first.tell(0)
    expect(first.submitted).toHaveLength(2)
  })

  test('where the one that began it has lost its disk, another member brings its own, and nobody pays for the half that is left', () => {
    const world = new Large()
    const [a, b] = world.members as [PeerId, PeerId]
    expect(world.block(world.parts(a, world.dispute(1))[0] as Uint8Array)).toEqual([])
    expect(codes(world.block(world.parts(a)[0] as Uint8Array))).toEqual(['DISPUTE_KNOWN']) // its room for this epoch is used up
    expect(world.block(...world.parts(b))).toEqual([])
    expect([world.state.disputes.size, world.state.disputeParts.size]).toEqual([1, 0])
  })

  test('who brings parts of what is none has used up its room, and what it brought ends with the epoch', () => {
    const world = new Large()
    const [a] = world.members as [PeerId]
    const [first, last] = world.parts(a, new Uint8Array(4_000)) as [Uint8Array, Uint8Array]
    expect(world.block(first)).toEqual([])
    const [other] = world.parts(a) as [Uint8Array]
    expect(codes(world.block(last, other))).toEqual(['WIRE_MALFORMED', 'DISPUTE_KNOWN'])
    expect(codes(world.block(...world.parts(a, new Uint8Array(300_001)).slice(0, 1)))).toEqual(['DISPUTE_KNOWN'])
    const [b] = world.members.slice(1) as [PeerId]
    expect(codes(world.block(...world.parts(b, new Uint8Array(300_001)).slice(0, 1)))).toEqual(['DISPUTE_PART_WRONG'])
    const entry = world.state.jobs.get(world.site)
    world.blocksUntil(() => world.timeMs > (entry?.next?.atMs ?? 0))
    const closing = closingOf(world.genesis, entry as never)
    expect(world.block(epochCloseTransaction(world.site, closing.certificate, closing.batch))).toEqual([])
    expect([world.job(world.site).epoch.number, world.state.disputeParts.size]).toEqual([2, 0])
  })
})
