import { accountOfPeer, bytesOfContentId, createSigner, type PeerId, type Signer, sha256 } from '@interpeer/crypto-ids'
import { balanceOf } from '@interpeer/intercoin-ledger'
import { disputeMessage } from '@interpeer/peer-group'
import { signChangeRequest, signJoin } from '@interpeer/vote-chain'
import { describe, expect, test } from 'vitest'
import { epochCloseTransaction } from '../src/network/index.js'
import { Disputed, OTHER, RIGHT, sent, Withheld, WRONG } from './dispute-worlds.js'
import { closingOf, codes, publication, showOf, signerOf, signers } from './network-world.js'

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

describe('a step before those that a jury looked at', () => {
  test('is judged too, before the next epoch opens, and what is undone there decides', () => {
    const world = new Withheld(4)
    expect(world.block(world.dispute([RIGHT, WRONG], true))).toEqual([])
    world.block()
    expect(world.block(...world.verdicts(2, OTHER))).toEqual([])
    expect(world.job(world.site).recovering).not.toBeNull()
    // colluders could have had the later one undone, and so keep the earlier
    expect(codes(world.block(world.dispute([RIGHT, WRONG, WRONG], true)))).toEqual(['DISPUTE_OPEN'])
    expect(world.block(world.dispute([RIGHT]))).toEqual([])
    world.block()
    expect(world.block(...world.verdicts(1, WRONG))).toEqual([])
    world.block(...world.epoch.members.map((peer) => world.show(peer)))
    expect(world.epoch).toMatchObject({ number: 3, start: WRONG })
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
