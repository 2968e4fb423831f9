import { memoryStore } from '@interpeer/content-store'
import {
  accountOfPeer,
  bytesOfContentId,
  type ContentId,
  contentIdOf,
  createSigner,
  type JobId,
  type PeerId,
  type Signer,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import { accountOf, balanceOf, signTransfer } from '@interpeer/intercoin-ledger'
import {
  type Answer,
  certificateMessage,
  createVerification,
  disputeId,
  disputeMessage,
  revealMessage,
  showMessage,
  verdictMessage,
  withheldMessage,
} from '@interpeer/peer-group'
import { signChangeRequest, signJoin } from '@interpeer/vote-chain'
import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { disputeTransactions, epochCloseTransaction } from '../src/network/index.js'
import { Complaints } from '../src/node/complaints.js'
import { closingOf, Ledgerless, publication, showOf, signerOf, signers, uploader } from './network-world.js'

const codes = (refused: readonly { readonly code: string }[]) => refused.map(({ code }) => code)
const batch = sha256(Uint8Array.of(90))
const [RIGHT, WRONG, OTHER] = [0x91, 0x92, 0x93].map((byte) => contentIdOf(Uint8Array.of(byte), 'dag-cbor')) as [
  ContentId,
  ContentId,
  ContentId,
]
const answer = (root: ContentId): Answer => {
  const none = new Uint8Array(32)
  return { root: bytesOfContentId(root), responses: none, effects: none, fuel: 0, final: 0, disputed: 0, own: none }
}

const sent = (world: Ledgerless, to: PeerId, amount: bigint, ahead = 0): Uint8Array => {
  const { nonce } = accountOf(world.state.ledger, accountOfPeer(uploader.peerId))
  return signTransfer({ to: accountOfPeer(to), amount, nonce: nonce + ahead }, uploader, world.genesis.network)
}
/** A group of three among seven: so four outsiders, who are all jurors. Two of its members answer rightly and one wrongly: of three, three must agree. */
class Disputed extends Ledgerless {
  readonly site: JobId
  constructor(settings: Record<string, number> = {}) {
    super({ disputeFetchCycles: 2, disputeAnswerCycles: 2, disputeCycles: 2, blockReward: 0, ...settings })
    this.block(...signers.map(({ peerId }, nonce) => sent(this, peerId, 10_000_000n, nonce)))
    const { job, transaction } = publication(this.genesis, { seats: 3 })
    this.site = job
    this.block(transaction)
    this.block()
  }
  get members(): readonly PeerId[] {
    return this.job(this.site).epoch.members
  }
  dispute(roots: readonly ContentId[] = [RIGHT, RIGHT, WRONG]): Uint8Array {
    const { epoch } = this.job(this.site)
    const place = { job: bytesOfContentId(this.site), epoch: epoch.number, step: 1, rank: 0, batch }
    const reveals = this.members.map((peer, seat) => {
      const value = { ...place, from: signerOf(peer).publicKey, start: bytesOfContentId(epoch.start), salt: new Uint8Array(32) }
      return signMessage(revealMessage, { ...value, answer: answer(roots[seat] as ContentId) }, signerOf(peer), this.genesis.network)
    })
    const { rank: _, ...named } = place
    return disputeMessage.encode({ ...named, base: null, steps: [], evidence: { type: 'split', rank: 0, reveals } })
  }
  get id(): Uint8Array {
    const { epoch } = this.job(this.site)
    return disputeId(
      { network: this.genesis.network, job: this.site, epoch: epoch.number, members: epoch.members },
      { step: 1, batch, start: epoch.start },
    )
  }
  get record() {
    return this.state.disputes.get(hexOf(this.id))
  }
  verdict(by: Signer, root: ContentId): Uint8Array {
    const finding = { type: 'answered', step: 1, answer: answer(root) } as const
    const value = { job: bytesOfContentId(this.site), epoch: 1, dispute: this.id, from: by.publicKey, finding }
    return signMessage(verdictMessage, value, by, this.genesis.network)
  }
  get jurors(): readonly Signer[] {
    return (this.record?.jury ?? []).map(signerOf)
  }
}

describe('a dispute before the chain (docs/protocol/jury.md)', () => {
  test('it is recorded once, the seed of the next block draws outsiders only, and times are stated', () => {
    const world = new Disputed()
    expect(codes(world.block(world.dispute(), world.dispute()))).toEqual(['DISPUTE_OPEN'])
    expect(world.record).toMatchObject({ jury: null, recordedHeight: world.height, judgment: null })
    world.block()
    const outside = signers.map(({ peerId }) => peerId).filter((peer) => !world.members.includes(peer))
    expect(new Set(world.record?.jury)).toEqual(new Set(outside))
    const { timeMs } = world
    expect(world.record).toMatchObject({ fetchUntilMs: timeMs + 2_000, answerUntilMs: timeMs + 4_000, deadlineMs: timeMs + 6_000 })
  })

  test('a jury has the times of the height that draws it, where a change is valid from there on', () => {
    const world = new Disputed({ changeCyclesMin: 1, changeFee: 0 })
    const settings = [
      { name: 'disputeFetchCycles', value: 3n },
      { name: 'disputeAnswerCycles', value: 5n },
    ]
    const order = { validHeight: world.height + 3, reason: 'more time', patch: { settings, moves: [], ends: [] } }
    expect(world.block(signChangeRequest(order, signers[0] as Signer, world.genesis.network))).toEqual([])
    expect(world.block(world.dispute())).toEqual([])
    world.block()
    expect([world.height, world.state.settings.disputeFetchCycles]).toEqual([order.validHeight, 3])
    const { timeMs } = world
    expect(world.record).toMatchObject({ fetchUntilMs: timeMs + 3_000, answerUntilMs: timeMs + 8_000, deadlineMs: timeMs + 10_000 })
  })

  test('what proves no dispute, or is of another epoch or job, is refused', () => {
    const world = new Disputed()
    const alike = world.dispute([RIGHT, RIGHT, RIGHT])
    expect(codes(world.block(alike))).toEqual(['DISPUTE_INVALID'])
    const other = disputeMessage.decode(world.dispute())
    const unknown = bytesOfContentId(publication(world.genesis, { name: 'other' }).job)
    const bad = [disputeMessage.encode({ ...other, epoch: 2 }), disputeMessage.encode({ ...other, job: unknown })]
    expect(codes(world.block(...bad))).toEqual(['EPOCH_OTHER', 'JOB_UNKNOWN'])
    expect(world.state.disputes.size).toBe(0)
  })

  test('while it is open no closing certificate and no recovery opens another epoch', () => {
    const world = new Disputed()
    world.block(world.dispute())
    const entry = world.state.jobs.get(world.site)
    world.blocksUntil(() => world.timeMs >= (entry?.next?.atMs ?? 0))
    expect(world.record?.judgment).toBeNull()
    const closing = closingOf(world.genesis, entry as never)
    expect(codes(world.block(epochCloseTransaction(world.site, closing.certificate, closing.batch)))).toEqual(['DISPUTE_OPEN'])
    expect(world.state.jobs.get(world.site)?.epoch.number).toBe(1)
  })

  test('the majority’s answer stands: who said otherwise is marked and pays, jurors are paid, and the next epoch opens from its root', () => {
    const world = new Disputed()
    world.block(world.dispute())
    world.block()
    const [first, ...others] = world.jurors as [Signer, ...Signer[]]
    const liar = world.members[2] as PeerId
    const stranger = world.verdict(signerOf(liar), WRONG)
    const held = (peer: PeerId) => balanceOf(world.state.ledger, accountOfPeer(peer))
    const verdict = world.verdict(first, RIGHT)
    expect(codes(world.block(verdict, verdict, stranger))).toEqual(['VERDICT_KNOWN', 'VERDICT_STRANGER'])
    expect(world.record?.judgment).toBeNull()
    world.block(...others.slice(0, 2).map((juror) => world.verdict(juror, RIGHT)))
    expect(world.record?.judgment).toMatchObject({ outcome: 'overturned', by: 'jury', marks: [{ peer: liar, mark: 'false' }] })
    expect(world.state.registry.get(liar)?.agreement).toEqual({ good: 0, bad: 1_000 })
    expect(world.jurors.map(({ peerId }) => held(peerId))).toEqual([11_000_000n, 11_000_000n, 11_000_000n, 10_000_000n])
    expect(held(liar)).toBe(7_000_000n)
    expect(codes(world.block(world.verdict(others[2] as Signer, RIGHT)))).toEqual(['DISPUTE_UNKNOWN'])
    // members show at once, and the jury's root is what the next epoch begins from
    const entry = world.state.jobs.get(world.site)
    expect(entry?.recovering).not.toBeNull()
    const closing = closingOf(world.genesis, entry as never)
    expect(codes(world.block(epochCloseTransaction(world.site, closing.certificate, closing.batch)))).toEqual(['EPOCH_FROZEN'])
    world.block(...world.members.map((peer) => showOf(world.genesis, entry as never, peer)))
    const after = world.state.jobs.get(world.site)
    expect(after?.epoch).toMatchObject({ number: 3, start: RIGHT }) // members may have opened the second one by a closing certificate
    world.block()
    expect(world.state.disputes.size).toBe(0)
  })

  test('two verdicts of one juror end its account; without a majority at the deadline the batch is dropped', () => {
    const world = new Disputed()
    world.block(world.dispute())
    world.block()
    const [first] = world.jurors as [Signer]
    expect(world.block(world.verdict(first, RIGHT), world.verdict(first, WRONG))).toEqual([])
    world.blocksUntil(() => world.record === undefined || world.record.judgment !== null)
    expect(world.record?.judgment).toMatchObject({ outcome: 'dropped', by: 'no-majority' })
    expect(world.state.registry.get(first.peerId)?.standing).toBe('terminated')
    expect(world.timeMs).toBe(world.record?.deadlineMs)
  })

  test('only who is mature may be a juror', () => {
    const world = new Disputed()
    const young = createSigner(sha256(Uint8Array.of(44)))
    world.block(sent(world, young.peerId, 2_000_000_000n))
    expect(world.block(signJoin({ slots: 1 }, young, world.genesis.network))).toEqual([])
    world.block(world.dispute())
    world.block()
    expect(world.record?.jury).toHaveLength(4)
    expect(world.record?.jury).not.toContain(young.peerId)
  })
})

const eighth = createSigner(sha256(Uint8Array.of(45)))
const anyone = (peer: PeerId): Signer => (peer === eighth.peerId ? eighth : signerOf(peer))
/** A group of four, three of which certified a step; the fourth says that it was not given the batch. */
class Withheld extends Ledgerless {
  readonly site: JobId
  /** @param others outsiders: three, or four with one that joins */
  constructor(others: 3 | 4) {
    super({ disputeFetchCycles: 2, disputeAnswerCycles: 2, disputeCycles: 2, blockReward: 0, matureCycles: 1 })
    if (others === 4) {
      this.block(sent(this, eighth.peerId, 2_000_000_000n))
      this.block(signJoin({ slots: 1 }, eighth, this.genesis.network))
      this.block()
    }
    const { job, transaction } = publication(this.genesis, { seats: 4 })
    this.site = job
    this.block(transaction)
    this.block()
  }
  get epoch() {
    return this.job(this.site).epoch
  }
  /** About a step that begins from what the one before came to; each comes to the next of `roots`. */
  dispute(roots: readonly ContentId[] = [RIGHT]): Uint8Array {
    const { number, members, start } = this.epoch
    const { network } = this.genesis
    const steps = roots.map((root, i) => {
      const place = { job: bytesOfContentId(this.site), epoch: number, step: i + 1, rank: 0, batch: batchOf(i + 1) }
      const reveals = members.slice(0, 3).map((peer) => {
        const by = anyone(peer)
        const value = { ...place, from: by.publicKey, start: bytesOfContentId(roots[i - 1] ?? start), salt: new Uint8Array(32) }
        return signMessage(revealMessage, { ...value, answer: answer(root) }, by, network)
      })
      return certificateMessage.encode({ ...place, reveals })
    })
    const step = roots.length
    const place = { job: bytesOfContentId(this.site), epoch: number, step, batch: batchOf(step) }
    const last = anyone(members[3] as PeerId)
    const said = signMessage(withheldMessage, { ...place, rank: 0, from: last.publicKey }, last, network)
    return disputeMessage.encode({ ...place, base: null, steps, evidence: { type: 'objection', statements: [said] } })
  }
  /** All jurors' on the dispute that is open. */
  verdicts(step = 1, root = RIGHT): readonly Uint8Array[] {
    const one = [...this.state.disputes.values()].find(({ judgment }) => judgment === null)
    return (one?.jury ?? []).map((peer) => {
      const by = anyone(peer)
      const finding = { type: 'answered', step, answer: answer(root) } as const
      const place = { job: bytesOfContentId(this.site), epoch: 1, dispute: bytesOfHex(one?.id ?? '') }
      return signMessage(verdictMessage, { ...place, from: by.publicKey, finding }, by, this.genesis.network)
    })
  }
  show(peer: PeerId): Uint8Array {
    const place = { job: bytesOfContentId(this.site), epoch: 1, from: anyone(peer).publicKey }
    const held = { steps: [], bound: null, boundBatch: null, reveal: null }
    return signMessage(showMessage, { ...place, ...held }, anyone(peer), this.genesis.network)
  }
}
const batchOf = (step: number): Uint8Array => (step === 1 ? batch : sha256(Uint8Array.of(90 + step)))

describe('a step after one that a verdict lets stand', () => {
  /** The first step stands, and the next epoch is to open from what members show. */
  const judged = () => {
    const world = new Withheld(4)
    expect(world.block(world.dispute())).toEqual([])
    expect(codes(world.block(world.dispute([RIGHT, WRONG])))).toEqual(['DISPUTE_OPEN'])
    expect(world.block(...world.verdicts())).toEqual([])
    expect([...world.state.disputes.values()]).toMatchObject([{ judgment: { outcome: 'stands', opens: { start: RIGHT } } }])
    return world
  }
  const epochOf = (world: Withheld) => world.state.jobs.get(world.site)?.epoch
  const shows = (world: Withheld) => world.epoch.members.map((peer) => world.show(peer))

  test('is judged too, before the next epoch opens: what colluders made final meanwhile does not stand', () => {
    const world = judged()
    expect(world.block(...shows(world), world.dispute([RIGHT, WRONG]))).toEqual([])
    expect(codes(world.block(world.dispute([RIGHT, WRONG, WRONG])))).toEqual(['DISPUTE_OPEN'])
    expect(epochOf(world)?.number).toBe(1)
    expect(world.block(...world.verdicts(2, OTHER))).toEqual([])
    expect(epochOf(world)).toMatchObject({ number: 3, start: OTHER })
  })
  test('and where it stands the epoch opens all the same, without who has to leave by either verdict', () => {
    const world = judged()
    const last = world.epoch.members[3] as PeerId
    const [first] = world.state.disputes.values()
    expect(world.block(...shows(world), world.dispute([RIGHT, WRONG]))).toEqual([])
    world.block()
    expect(world.block(...world.verdicts(2, WRONG))).toEqual([])
    expect(epochOf(world)).toMatchObject({ number: 3 })
    expect(first?.debtors).toEqual([last])
    expect(epochOf(world)?.members).not.toContain(last)
  })
  test('a step up to that one is not disputed again, nor one after a verdict that undid one', () => {
    const world = judged()
    expect(codes(world.block(world.dispute([WRONG])))).toEqual(['DISPUTE_OPEN'])
    expect(world.block(world.dispute([RIGHT, WRONG]))).toEqual([])
    world.block()
    expect(world.block(...world.verdicts(2, OTHER))).toEqual([])
    expect(codes(world.block(world.dispute([RIGHT, WRONG, WRONG])))).toEqual(['DISPUTE_OPEN'])
  })
})

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

describe('what an objection costs who makes it', () => {
  test('a group that counted on no jury brings no objection', () => {
    const world = new Withheld(3)
    expect(world.epoch.jurors).toBe(3)
    expect(codes(world.block(world.dispute()))).toEqual(['DISPUTE_UNJUDGED'])
  })
  test.each([
    ['pays the jury and keeps its seat', 12_000_000n, 8_000_000n],
    ['leaves its seat where it can not', 0n, 0n],
  ])('who said for nothing that it was not given a batch is not marked: it %s', (_, has, left) => {
    const world = new Withheld(4)
    expect(world.epoch.jurors).toBe(4)
    const last = world.epoch.members[3] as PeerId
    const account = accountOfPeer(last)
    const before = balanceOf(world.state.ledger, account)
    if (has > 0n && before === 0n) world.block(sent(world, last, has))
    const given = balanceOf(world.state.ledger, account)
    expect(world.block(world.dispute())).toEqual([])
    world.block()
    expect(world.block(...world.verdicts())).toEqual([])
    const [one] = world.state.disputes.values()
    expect(one?.judgment).toMatchObject({ outcome: 'stands', marks: [], unresolved: [last] })
    const hadEnough = given >= 4_000_000n
    expect(one?.debtors).toEqual(hadEnough ? [] : [last])
    if (before === 0n) expect(balanceOf(world.state.ledger, account)).toBe(left)
    expect(world.state.registry.get(last)?.agreement.bad).toBe(0)
  })
})
