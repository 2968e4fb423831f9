import {
  accountOfJob,
  accountOfPeer,
  bytesOfContentId,
  type JobId,
  keyOfPeerId,
  type PeerId,
  type Signer,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import { accountOf, balanceOf, COMMONS, escrowOf, signTransfer } from '@interpeer/intercoin-ledger'
import { type AccusationFinding, accusationId, accusationMessage, accusationVerdict } from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { recordAccusation } from '../src/network/accusations.js'
import { epochCloseTransaction, networkStatusOf } from '../src/network/index.js'
import { boundShowOf, closingOf, codes, Ledgerless, publication, showOf, signerOf, signers, uploader } from './network-world.js'

/** A group of three among seven: four outsiders, who are all jurors. */
class Accused extends Ledgerless {
  readonly site: JobId
  constructor({ amount = 10_000_000n, tenureMs = 600_000 } = {}) {
    super({ disputeFetchCycles: 2, disputeAnswerCycles: 2, disputeCycles: 2, blockReward: 0, tenureMs })
    const { nonce } = accountOf(this.state.ledger, accountOfPeer(uploader.peerId))
    const sent = ({ peerId }: Signer, i: number) =>
      signTransfer({ to: accountOfPeer(peerId), amount, nonce: nonce + i }, uploader, this.genesis.network)
    if (amount > 0n) this.block(...signers.map(sent))
    const { job, transaction } = publication(this.genesis, { seats: 3 })
    this.site = job
    this.block(transaction)
    this.block()
  }
  get epoch() {
    return this.job(this.site).epoch
  }
  member(seat: number): PeerId {
    return this.epoch.members[seat] as PeerId
  }
  accusation(
    by: PeerId,
    of: PeerId,
    epoch = this.epoch.number,
    evidence = sha256(keyOfPeerId(of)),
    kind: 'read' | 'own-part' = 'read',
  ): Uint8Array {
    const value = { job: bytesOfContentId(this.site), epoch, accused: keyOfPeerId(of), kind, evidence } as const
    return signMessage(accusationMessage, { ...value, from: signerOf(by).publicKey }, signerOf(by), this.genesis.network)
  }
  record(accuser: PeerId, accused: PeerId, epoch = 1) {
    return this.state.accusations.get(hexOf(accusationId(this.genesis.network, { job: this.site, epoch, accuser, accused })))
  }
  verdict(by: PeerId, finding: AccusationFinding, accuser: PeerId, accused: PeerId): Uint8Array {
    const accusation = accusationId(this.genesis.network, { job: this.site, epoch: 1, accuser, accused })
    const value = { job: bytesOfContentId(this.site), epoch: 1, accusation, from: signerOf(by).publicKey, finding }
    return signMessage(accusationVerdict, value, signerOf(by), this.genesis.network)
  }
  /** Has it recorded, its jury drawn, and so many of the jurors say this. */
  judged(finding: AccusationFinding, by = 3, seat = 1): void {
    const [accuser, accused] = [this.member(0), this.member(seat)]
    this.block(this.accusation(accuser, accused))
    this.block()
    const jury = this.record(accuser, accused)?.jury ?? []
    expect(jury).toHaveLength(4)
    this.block(...jury.slice(0, by).map((juror) => this.verdict(juror, finding, accuser, accused)))
  }
  held(peer: PeerId): bigint {
    return balanceOf(this.state.ledger, accountOfPeer(peer))
  }
  bad(peer: PeerId): number | undefined {
    return this.state.registry.get(peer)?.agreement.bad
  }
  /** The running epoch ends with its closing certificate. */
  closes(): void {
    this.blocksUntil(() => this.timeMs >= (this.job(this.site).next?.atMs ?? Number.POSITIVE_INFINITY) + 10)
    const { certificate, batch } = closingOf(this.genesis, this.job(this.site))
    expect(this.block(epochCloseTransaction(this.site, certificate, batch))).toEqual([])
  }
  /** Nobody may accuse in that epoch any more, so nobody has to know what came of it. */
  forgets(): void {
    this.blocksUntil(() => this.state.closedEpochs.size === 0)
    expect(this.state.accusations.size).toBe(0)
  }
  shows(): void {
    const entry = this.job(this.site)
    this.block(...entry.epoch.members.map((peer) => showOf(this.genesis, entry, peer)))
  }
}

describe('an accusation before the chain (docs/protocol/jury.md, 47 to 53)', () => {
  test('it is recorded of members of the open epoch, once of each accuser, one by each evidence at a time; outsiders are drawn', () => {
    const world = new Accused()
    const [a, b, c] = [0, 1, 2].map((seat) => world.member(seat)) as [PeerId, PeerId, PeerId]
    const stranger = signers.map(({ peerId }) => peerId).find((peer) => ![a, b, c].includes(peer)) as PeerId
    const bad = [world.accusation(stranger, a), world.accusation(a, stranger), world.accusation(a, a), world.accusation(a, b, 2)]
    expect(codes(world.block(...bad))).toEqual([...Array(3).fill('ACCUSATION_STRANGER'), 'EPOCH_OTHER'])
    const part = (by: PeerId) => world.accusation(by, b, 1, sha256(), 'own-part')
    expect(codes(world.block(part(a), part(a), world.accusation(a, c), part(c)))).toEqual([
      ...['ACCUSATION_KNOWN', 'ACCUSATION_KNOWN', 'ACCUSATION_OPEN'],
    ])
    world.block()
    const outside = signers.map(({ peerId }) => peerId).filter((peer) => ![a, b, c].includes(peer))
    expect(new Set(world.record(a, b)?.jury)).toEqual(new Set(outside))
    expect(world.record(a, b)).toMatchObject({ outcome: 'open', deadlineMs: world.timeMs + 6_000 })
    expect(world.job(world.site).recovering).toBeNull() // it stops nothing
  })

  test('upheld: the accused is marked, pays the jurors that found it, and loses its seat; the rest keep theirs', () => {
    const world = new Accused()
    const members = [0, 1, 2].map((seat) => world.member(seat)) as [PeerId, PeerId, PeerId]
    const [accuser, accused] = members
    world.judged('accused-lied')
    expect(world.record(accuser, accused)).toMatchObject({ outcome: 'accused-lied', leave: [accused] })
    expect([world.bad(accused), world.bad(accuser)]).toEqual([1_000, 0])
    expect([world.held(accused), world.held(accuser)]).toEqual([7_000_000n, 10_000_000n])
    const shown = { accuser, accused, outcome: 'accused-lied', leave: [accused], heard: world.record(accuser, accused)?.jury?.slice(0, 3) }
    expect(networkStatusOf(world.state).jobs[0]?.accusations).toMatchObject([shown])
    expect(codes(world.block(world.accusation(world.member(2), accused)))).toEqual(['ACCUSATION_KNOWN'])
    expect(world.job(world.site).recovering).not.toBeNull()
    world.shows()
    expect(world.epoch.number).toBe(2)
    expect(world.epoch.members).not.toContain(accused)
    expect(world.epoch.members).toEqual(expect.arrayContaining([accuser, members[2]]))
    world.forgets()
  })

  test('an accomplice that accuses the liar of nothing keeps nobody from judging it, and pays for that; who noticed too owes nothing', () => {
    const world = new Accused()
    const [honest, liar, accomplice] = [0, 1, 2].map((seat) => world.member(seat)) as [PeerId, PeerId, PeerId]
    // it may name what the other will name, but only that one can have signed it
    const nothing = world.accusation(accomplice, liar)
    expect(world.block(nothing, world.accusation(honest, liar))).toEqual([])
    world.block()
    const jury = (world.record(honest, liar)?.jury ?? []).slice(0, 3)
    world.block(...jury.map((juror) => world.verdict(juror, 'unfit', accomplice, liar)))
    expect(world.record(accomplice, liar)).toMatchObject({ outcome: 'unfit', leave: [] })
    expect(world.record(honest, liar)?.outcome).toBe('open')
    world.block(...jury.map((juror) => world.verdict(juror, 'accused-lied', honest, liar)))
    expect(world.record(honest, liar)).toMatchObject({ outcome: 'accused-lied', leave: [liar] })
    expect([honest, liar, accomplice].map((peer) => world.held(peer))).toEqual([10_000_000n, 7_000_000n, 7_000_000n])
    expect([honest, liar, accomplice].map((peer) => world.bad(peer))).toEqual([0, 1_000, 0])
  })

  test('the first verdict against a liar settles what others accuse it of: it is marked and pays once, and they owe nothing', () => {
    const world = new Accused()
    const [a, liar, c] = [0, 1, 2].map((seat) => world.member(seat)) as [PeerId, PeerId, PeerId]
    expect(world.block(world.accusation(a, liar), world.accusation(c, liar, 1, sha256(Uint8Array.of(2))))).toEqual([])
    world.block()
    const jury = world.record(a, liar)?.jury ?? []
    // one juror has spoken in the other case, and a second one that can not be judged any more
    world.block(world.verdict(jury[0] as PeerId, 'not-fetched', c, liar))
    world.block(...jury.slice(0, 3).map((juror) => world.verdict(juror, 'accused-lied', a, liar)))
    expect([world.record(a, liar)?.outcome, world.record(c, liar)?.outcome]).toEqual(['accused-lied', 'settled'])
    expect(codes(world.block(world.verdict(jury[1] as PeerId, 'not-fetched', c, liar)))).toEqual(['DISPUTE_UNKNOWN'])
    expect([a, liar, c].map((peer) => world.held(peer))).toEqual([10_000_000n, 7_000_000n, 10_000_000n])
    expect([a, liar, c].map((peer) => world.bad(peer))).toEqual([0, 1_000, 0])
    world.shows()
    expect(world.epoch.members).toEqual(expect.arrayContaining([a, c]))
    world.forgets()
  })

  test('also in the block that forgets the epoch, whichever case was upheld', () => {
    const world = new Accused({ tenureMs: 30_000 })
    const { members } = world.epoch
    world.closes()
    const { timeMs } = world
    const liar = members.find((peer) => !world.epoch.members.includes(peer)) as PeerId
    const [a, c] = members.filter((peer) => peer !== liar) as [PeerId, PeerId]
    world.blocksUntil(() => world.timeMs >= timeMs + 5_000)
    expect(world.block(world.accusation(a, liar, 1), world.accusation(c, liar, 1, sha256(Uint8Array.of(2))))).toEqual([])
    world.block()
    const idOf = (accuser: PeerId) => world.record(accuser, liar)?.id ?? ''
    const [first, last] = idOf(a) < idOf(c) ? [a, c] : [c, a] // cases are gone through in the order of their ids
    const jury = (world.record(first, liar)?.jury ?? []).slice(0, 3)
    expect(jury).toHaveLength(3)
    const had = world.held(liar)
    expect(world.block(...jury.map((juror) => world.verdict(juror, 'accused-lied', last, liar)))).toEqual([])
    world.block()
    const again = world.block(...jury.map((juror) => world.verdict(juror, 'accused-lied', first, liar)))
    expect(codes(again)).toEqual(Array(3).fill('DISPUTE_UNKNOWN'))
    expect([world.bad(liar), had - world.held(liar), world.state.accusations.size]).toEqual([1_000, 3_000_000n, 0])
  })

  test.each([
    ['accuser-lied', 1_000, true],
    ['unfit', 0, false],
    ['not-fetched', 0, false],
    ['not-ended', 0, false],
  ] as const)(
    '%s: who called the jury in vain pays, and is marked and leaves only where it signed what is not so',
    (finding, mark, leaves) => {
      const world = new Accused()
      const [accuser, accused] = [world.member(0), world.member(1)]
      world.judged(finding)
      expect([world.bad(accuser), world.bad(accused)]).toEqual([mark, 0])
      expect([world.held(accuser), world.held(accused)]).toEqual([7_000_000n, 10_000_000n])
      expect(world.job(world.site).recovering !== null).toBe(leaves)
    },
  )

  test('who can not pay for a jury that it called in vain leaves its seat', () => {
    const world = new Accused({ amount: 0n })
    const accuser = world.member(0)
    world.judged('not-fetched')
    world.shows()
    expect(world.epoch.members).not.toContain(accuser)
    expect(world.bad(accuser)).toBe(0)
  })

  test.each([0n, 1_000_000n])(
    'who has left, called a jury in vain, and moved all but about %s micro-coins away, pays those: the commons account adds nothing',
    (keeps) => {
      const world = new Accused({ tenureMs: 30_000 })
      const { members } = world.epoch
      world.closes()
      const accuser = members.find((peer) => !world.epoch.members.includes(peer)) as PeerId
      const accused = members.find((peer) => peer !== accuser) as PeerId
      expect(world.block(world.accusation(accuser, accused, 1))).toEqual([])
      const { nonce } = accountOf(world.state.ledger, accountOfPeer(accuser))
      const amount = ((world.held(accuser) - keeps) * 200n) / 201n // a two-hundredth more is the fee
      const away = signTransfer({ to: accountOfPeer(uploader.peerId), amount, nonce }, signerOf(accuser), world.genesis.network)
      expect(world.block(away)).toEqual([])
      const left = world.held(accuser)
      expect(left - keeps).toBeLessThan(3n)
      const jury = (world.record(accuser, accused)?.jury ?? []).slice(0, 3)
      const [commons, had] = [balanceOf(world.state.ledger, COMMONS), jury.map((juror) => world.held(juror))]
      world.block(...jury.map((juror) => world.verdict(juror, 'unfit', accuser, accused)))
      expect(world.record(accuser, accused)?.outcome).toBe('unfit')
      expect(jury.map((juror, i) => world.held(juror) - (had[i] ?? 0n))).toEqual(Array(3).fill(left / 3n))
      expect([world.held(accuser), balanceOf(world.state.ledger, COMMONS) - commons]).toEqual([0n, left % 3n])
    },
  )

  test('without a majority nobody is marked, nobody pays and nobody is paid, at the deadline; a juror speaks once, and only jurors', () => {
    const world = new Accused()
    const [accuser, accused] = [world.member(0), world.member(1)]
    world.judged('accused-lied', 2)
    const [first] = (world.record(accuser, accused)?.jury ?? []) as [PeerId]
    const commons = balanceOf(world.state.ledger, COMMONS)
    const more = [world.verdict(first, 'accuser-lied', accuser, accused), world.verdict(accuser, 'accused-lied', accuser, accused)]
    expect(codes(world.block(...more))).toEqual(['VERDICT_KNOWN', 'VERDICT_STRANGER'])
    expect(world.record(accuser, accused)?.outcome).toBe('open')
    world.blocksUntil(() => world.record(accuser, accused)?.outcome !== 'open')
    expect(world.record(accuser, accused)).toMatchObject({ outcome: 'unjudged', leave: [], deadlineMs: world.timeMs })
    expect([world.held(accuser), world.bad(accused), world.job(world.site).recovering]).toEqual([10_000_000n, 0, null])
    expect([world.held(first), balanceOf(world.state.ledger, COMMONS)]).toEqual([10_000_000n, commons])
    expect(codes(world.block(world.verdict(first, 'accused-lied', accuser, accused)))).toEqual(['DISPUTE_UNKNOWN'])
    // another member may try
    expect(world.block(world.accusation(world.member(2), accused))).toEqual([])
  })

  test('the epoch may end meanwhile; a closing certificate that comes first is not undone, and the liar leaves in the one that follows', () => {
    const world = new Accused({ tenureMs: 30_000 })
    const [accuser, accused] = [world.member(0), world.member(1)]
    world.blocksUntil(() => (world.job(world.site).next?.atMs ?? Number.POSITIVE_INFINITY) - world.timeMs <= 3_000)
    world.judged('accused-lied')
    expect(world.job(world.site).recovering).not.toBeNull()
    const entry = world.job(world.site)
    const closing = closingOf(world.genesis, entry)
    world.blocksUntil(() => world.timeMs >= (entry.next?.atMs ?? 0) + 10)
    expect(world.block(epochCloseTransaction(world.site, closing.certificate, closing.batch))).toEqual([])
    expect(world.epoch.number).toBe(2)
    const isLeft = world.epoch.members.includes(accused)
    if (isLeft) {
      world.block()
      expect(world.job(world.site).recovering).not.toBeNull()
      world.shows()
    }
    expect(world.epoch.members).not.toContain(accused)
    expect(world.record(accuser, accused)?.asked ?? 2).toBe(isLeft ? 2 : 1)
    world.forgets()
  })

  test('what a member did at the end of an epoch is judged after it, also where who noticed has left: it is marked, pays, and leaves the seat that it has now', () => {
    const world = new Accused({ tenureMs: 30_000 })
    const { members } = world.epoch
    world.closes()
    const accuser = members.find((peer) => !world.epoch.members.includes(peer)) as PeerId
    const [liar, other] = members.filter((peer) => world.epoch.members.includes(peer)) as [PeerId, PeerId]
    const joiner = world.epoch.members.find((peer) => !members.includes(peer)) as PeerId
    expect(codes(world.block(world.accusation(joiner, liar, 1), world.accusation(accuser, liar, 2)))).toEqual([
      ...['ACCUSATION_STRANGER', 'ACCUSATION_STRANGER'],
    ])
    expect(world.block(world.accusation(accuser, liar, 1))).toEqual([])
    world.block()
    const jury = world.record(accuser, liar)?.jury ?? []
    expect(jury).toHaveLength(4)
    const [had, kept] = [world.held(liar), world.held(accuser)]
    world.block(...jury.slice(0, 3).map((juror) => world.verdict(juror, 'accused-lied', accuser, liar)))
    expect(world.record(accuser, liar)).toMatchObject({ outcome: 'accused-lied', leave: [liar], members })
    expect([world.bad(liar), had - world.held(liar), world.held(accuser)]).toEqual([1_000, 3_000_000n, kept])
    expect(codes(world.block(world.accusation(other, liar, 1)))).toEqual(['ACCUSATION_KNOWN'])
    world.shows()
    expect(world.epoch.members).not.toContain(liar)
    expect(world.epoch.members).toEqual(expect.arrayContaining([other, joiner]))
  })

  test('that time is as long as a jury takes, and only for the last epoch before', () => {
    const world = new Accused({ tenureMs: 60_000 })
    const [a, b, c] = world.epoch.members as [PeerId, PeerId, PeerId]
    world.closes()
    const { timeMs } = world
    expect(world.state.closedEpochs.get(world.site)).toMatchObject({ epoch: 1, members: [a, b, c], untilMs: timeMs + 6_000 })
    world.blocksUntil(() => world.timeMs >= timeMs + 5_000)
    const recorded = (timeMs: number) => () => recordAccusation(world.state, world.accusation(a, b, 1), { height: 99, timeMs })
    expect(recorded(timeMs + 6_001), 'a block that was long in coming').toThrow('EPOCH_OTHER')
    expect(recorded(timeMs + 6_000)).not.toThrow()
    expect(world.block(world.accusation(a, b, 1))).toEqual([]) // the sixth second
    expect(world.state.closedEpochs.size).toBe(0)
    expect(codes(world.block(world.accusation(b, c, 1)))).toEqual(['EPOCH_OTHER'])
    world.blocksUntil(() => world.state.accusations.size === 0) // unjudged, and forgotten
    world.closes()
    world.closes()
    expect(world.state.closedEpochs.get(world.site)?.epoch).toBe(3)
    expect(codes(world.block(world.accusation(a, b, 1)))).toEqual(['EPOCH_OTHER'])
  })

  test('a closing of an epoch that has to end before its next one is named pays nothing: the epoch that is opened owes it still', () => {
    const world = new Accused({ tenureMs: 30_000 })
    world.blocksUntil(() => (world.job(world.site).next?.atMs ?? Number.POSITIVE_INFINITY) - world.timeMs <= 3_000)
    world.judged('accused-lied', 3, 2) // seat 1 changes at the end of this epoch
    const first = closingOf(world.genesis, world.job(world.site))
    world.blocksUntil(() => world.timeMs >= (world.job(world.site).next?.atMs ?? 0) + 10)
    expect(world.block(epochCloseTransaction(world.site, first.certificate, first.batch))).toEqual([])
    const entry = world.job(world.site)
    expect([entry.epoch.number, entry.next, entry.recovering === null]).toEqual([2, null, false])
    const payments = [{ account: new Uint8Array(32).fill(9), amount: entry.epoch.mayPay }]
    const { batch } = closingOf(world.genesis, entry, { step: 1, root: entry.epoch.start, payments, timeMs: world.timeMs })
    const held = escrowOf(world.state.ledger, accountOfJob(world.site))
    expect(world.block(...entry.epoch.members.map((peer) => boundShowOf(world.genesis, entry, peer, batch)))).toEqual([])
    expect(world.epoch.number).toBeGreaterThan(2)
    expect([world.job(world.site).paid, escrowOf(world.state.ledger, accountOfJob(world.site))]).toEqual([0n, held])
  })

  test('a group that fewer than N outsiders could judge has no jury', () => {
    const world = new Accused()
    const { job, transaction } = publication(world.genesis, { name: 'large', seats: 5 })
    world.block(transaction)
    world.block()
    const [accuser, accused] = world.job(job).epoch.members as [PeerId, PeerId]
    const value = { job: bytesOfContentId(job), epoch: 1, accused: keyOfPeerId(accused), kind: 'own-part', evidence: sha256() } as const
    const by = signerOf(accuser)
    const said = signMessage(accusationMessage, { ...value, from: by.publicKey }, by, world.genesis.network)
    expect(codes(world.block(said))).toEqual(['DISPUTE_UNJUDGED'])
  })
})
