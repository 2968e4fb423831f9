import { bytesOfContentId, signMessage } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { network, signerAt, verification } from '../simulations/jobs.js'
import { readReveals, writeCertificate } from '../src/certificate.js'
import { batchBlockId, verifyFault } from '../src/index.js'
import { finalMessage, timeoutMessage } from '../src/messages.js'
import { createVerifier } from '../src/verifier.js'
import { branched, brought, ELSEWHERE, fromElsewhere, signedBy } from './branched.js'
import { known, sent, WITHHELD } from './dissenting.js'
import { HALF_MS } from './kept-out.js'

describe('another branch of the epoch', () => {
  test('is run from the step before, where it begins there', () => {
    const given = branched(2, 3, 3)
    given.show(3)
    expect(given.audits()).toEqual([])
    given.wait(HALF_MS)
    expect(given.audits()).toEqual([{ step: 3, gap: 0, from: 2 }])
    given.wait(10 * HALF_MS)
    expect(given.audits().length).toBe(1)
  })
  test('and from before what is between, where it does not', () => {
    const given = branched(2, 4, 4)
    given.show(4)
    given.wait(HALF_MS)
    expect(given.audits()).toEqual([{ step: 4, gap: 1, from: 2 }])
  })
  test('from where the epoch began', () => {
    for (const step of [1, 2]) {
      const given = branched(0, 3, step)
      given.show(step)
      given.wait(HALF_MS)
      expect(given.audits()).toEqual([{ step, gap: step - 1, from: 0 }])
    }
  })
  test('what holds is no reason to object: what it held back meanwhile it tells', () => {
    const given = branched(2, 3, 3)
    given.show(3)
    given.wait(HALF_MS)
    given.audited(3, true)
    const { desk, away } = given
    expect([desk.group(away).skips, desk.of('dispute', away), sent(desk, away, WITHHELD)]).toEqual([[], [], []])
    expect(desk.group(away).objectedFrom).toBe(Number.POSITIVE_INFINITY)
  })
  test('what does not is brought, with what leads there, whatever it knows of the same numbers', () => {
    for (const last of [3, 4]) {
      const given = branched(2, 4, last)
      const { desk, away, rest, batchOf } = given
      given.show(last)
      given.wait(HALF_MS)
      given.audited(last, false)
      const [said] = sent(desk, away, WITHHELD)
      expect(said?.to).toEqual(rest.map((member) => desk.peer(member)))
      const [dispute, ...more] = brought(given)
      expect(more).toEqual([])
      expect(dispute).toMatchObject({ kind: 'objection', step: last, batch: batchOf(last), gap: last - 3 })
      expect(hexOf(dispute?.id ?? new Uint8Array())).toBe(hexOf(desk.of('audit', away)[0]?.dispute.id ?? new Uint8Array(1)))
      expect(desk.group(away).objectedFrom).toBe(3)
      // who shows it again gets the same word, and nothing is run twice
      const effects = given.show(last)
      expect(effects).toMatchObject([{ type: 'send', envelope: said?.envelope }])
      given.wait(4 * HALF_MS)
      expect([given.audits().length, brought(given).length]).toEqual([1, 1])
      // and after a restart it tells the chain nothing that does not hold
      desk.open(away)
      expect(brought(given).length).toBe(1)
      expect(desk.group(away).objectedFrom).toBe(3)
    }
  })
  test('who signed both at one rank is at fault', () => {
    const given = branched(2, 3, 3)
    const { desk, away, rest } = given
    given.show(3)
    const faults = desk.of('fault', away)
    const mine = known(desk, away, 3).certified
    expect(mine.rank).toBe(known(desk, rest[0] as number, 3).certified.rank)
    expect(faults.map(({ peer, kind }) => [peer, kind])).toEqual(rest.map((member) => [desk.peer(member), 'two-reveals']))
    for (const { peer, evidence } of faults) expect(verifyFault(evidence, desk.context)).toEqual({ peer, kind: 'two-reveals' })
  })
  test('of another rank, who hid in a time-out what it revealed on', () => {
    const given = branched(2, 3, 3)
    const { desk, away, rest } = given
    const [group, mine] = [desk.group(away), known(desk, away, 3)]
    const { job, epoch } = desk.setup
    const timeouts = rest.map((seat) => {
      const place = { job: bytesOfContentId(job), epoch, step: 3, rank: 0, from: signerAt(seat).publicKey }
      const value = { ...place, previous: new Uint8Array(32), bound: null, dissents: [], abstained: false }
      const opened = createVerifier(desk.context, verification).open(
        timeoutMessage,
        signMessage(timeoutMessage, value, signerAt(seat), network),
      )
      if (typeof opened === 'string') throw new Error(opened)
      return opened
    })
    // as it would be if what it knows had been certified at the next rank
    const certified = { ...mine.certified, rank: 1, reveals: new Map() }
    const steps = group.steps.map((one) => (one.step === 3 ? { ...mine, certified, timeouts } : one))
    desk.groups[away] = { ...group, steps }
    given.show(3)
    const faults = desk.of('fault', away)
    expect(faults.map(({ peer, kind }) => [peer, kind])).toEqual(rest.map((member) => [desk.peer(member), 'hidden-lock']))
    for (const { peer, evidence } of faults) expect(verifyFault(evidence, desk.context)).toEqual({ peer, kind: 'hidden-lock' })
  })
  test('of a lower rank than what it knows, whose time-outs hid what it had revealed on', () => {
    const given = branched(2, 3, 3)
    const { desk, away, rest, before } = given
    const mine = known(desk, away, 3).certified
    desk.groups[away] = before(2)
    const { base } = desk.group(away)
    const place = { job: bytesOfContentId(desk.setup.job), epoch: 1, step: 3 }
    for (const seat of rest) {
      const value = {
        ...place,
        rank: 0,
        from: signerAt(seat).publicKey,
        previous: base.batchHash,
        bound: null,
        dissents: [],
        abstained: false,
      }
      desk.tell(away, { type: 'message', from: desk.peer(seat), envelope: signMessage(timeoutMessage, value, signerAt(seat), network) })
    }
    // it takes its step up as certified at rank 1
    const of = { step: 3, rank: 1, batch: mine.batch.hash, start: bytesOfContentId(mine.start) }
    const certificate = signedBy(desk, rest, of, () => mine.answer)
    const teller = rest[0] as number
    const value = { ...place, from: signerAt(teller).publicKey, certificate, batch: mine.batch.bytes }
    desk.tell(away, { type: 'message', from: desk.peer(teller), envelope: signMessage(finalMessage, value, signerAt(teller), network) })
    expect([known(desk, away, 3).certified.rank, desk.of('fault', away)]).toEqual([1, []])
    given.show(3)
    expect(desk.of('fault', away).map(({ peer, kind }) => [peer, kind])).toEqual(rest.map((seat) => [desk.peer(seat), 'hidden-lock']))
  })
  test('a step after its own last one that builds on another is taken up, and run from before that', () => {
    const given = branched(2, 3, 4)
    const { desk, away, batchOf } = given
    given.give(4)
    expect(desk.group(away).base.batchHash).toEqual(batchOf(4))
    given.wait(HALF_MS)
    expect(given.audits()).toEqual([{ step: 4, gap: 1, from: 2 }])
    given.audited(4, false)
    expect(brought(given)).toMatchObject([{ step: 4, gap: 1, base: { step: 2 } }])
  })
  test('one whose batch nobody gives it is brought with what leads there, not with its own steps', () => {
    const given = branched(2, 3, 4)
    const { desk, away } = given
    desk.given = () => false
    given.show(4)
    given.wait(HALF_MS)
    expect(brought(given)).toMatchObject([{ step: 4, gap: 1, base: { step: 2 } }])
    expect(sent(desk, away, WITHHELD).length).toBe(1)
  })
  test('is looked at where another member hands it on, too', () => {
    const given = branched(2, 3, 3)
    given.give(3)
    given.wait(HALF_MS)
    expect(given.audits()).toEqual([{ step: 3, gap: 0, from: 2 }])
  })
  test('with its own reveal in it, of what it came to itself, is brought with that', () => {
    for (const jurors of [4, 0]) {
      const given = branched(2, 3, 3, { jurors })
      const { desk, away, certificateOf } = given
      const verifier = createVerifier(desk.context, verification)
      const { reveals, ...place } = readReveals(certificateOf(3), verifier)
      // at another rank than what it revealed there itself
      const of = { step: 3, rank: 2, batch: place.batchHash, start: place.start }
      const certificate = signedBy(desk, [0, 1, 2, 3], of, (seat) => (seat === away ? { ...place.answer, fuel: 7 } : place.answer))
      expect(reveals.length).toBe(3)
      for (let i = 0; i < 3; i++) desk.tell(away, { type: 'shown', from: desk.peer(0), certificate })
      given.wait(HALF_MS)
      expect([given.audits(), desk.of('fault', away)]).toEqual([[], []])
      expect(desk.group(away).objectedFrom).toBe(jurors === 0 ? Number.POSITIVE_INFINITY : 3)
      if (jurors === 0) expect(desk.of('dispute', away)).toEqual([])
      else expect(brought(given)).toMatchObject([{ step: 3, gap: 0, statements: [{ peer: desk.peer(away), answer: { fuel: 7 } }] }])
    }
  })
  test('not where nobody can judge', () => {
    const given = branched(2, 3, 3, { jurors: 0 })
    given.show(3)
    given.give(3)
    given.wait(2 * HALF_MS)
    expect([given.audits(), given.desk.group(given.away).skips]).toEqual([[], []])
  })
  test('a false certificate of a step that it knows is counted, and nothing else', () => {
    const given = branched(2, 3, 3)
    const { desk, away, certificateOf } = given
    const bytes = certificateOf(3).slice()
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1
    desk.tell(away, { type: 'shown', from: desk.peer(0), certificate: bytes })
    given.wait(HALF_MS)
    expect([given.audits(), desk.of('fault', away)]).toEqual([[], []])
    expect(desk.counted(away)).toContain('CERTIFICATE_INVALID')
  })
  test('until it is run, nothing from there on is told that was not told before', () => {
    const given = branched(2, 3, 3)
    const { desk, away, back, certify, batchOf } = given
    given.show(3)
    const batch = batchOf(3)
    back()
    certify(4, 50)
    const through = desk.group(away).final.step
    expect(through).toBeGreaterThanOrEqual(4)
    expect(given.told()).toEqual([1, 2, 3])
    given.wait(HALF_MS)
    desk.tell(away, { type: 'audited', batch, holds: true })
    expect(given.told()).toEqual(Array.from({ length: through }, (_, i) => i + 1))
  })
  test('a step that names its own last one, and runs on something else than that came to, is one too', () => {
    for (const start of ['elsewhere', 'an older state'] as const) {
      const given = branched(3, 3, 3)
      const { desk, away } = given
      const { base, steps } = desk.group(away)
      const [first, last] = [known(desk, away, 1).certified, steps.at(-1)?.certified ?? known(desk, away, 3).certified]
      const from = start === 'elsewhere' ? bytesOfContentId(ELSEWHERE) : first.answer.root
      const step = base.step + 1
      fromElsewhere(desk, away, last.batch, last.answer, { step, ancestors: base.ancestors, from, closing: true })
      expect([desk.group(away).base.step, known(desk, away, step).own]).toEqual([step, 'missed'])
      given.wait(HALF_MS)
      expect(given.audits()).toEqual([{ step, gap: 1, from: step - 2 }])
      const [asked] = desk.of('audit', away)
      desk.tell(away, { type: 'audited', batch: asked?.dispute.batch as Uint8Array, holds: false })
      expect(brought(given)).toMatchObject([{ step, gap: 1, base: { step: step - 2 } }])
    }
  })
  test('a first step that runs on something else than the epoch began from is none: nobody could bring it', () => {
    const given = branched(1, 1, 1)
    const { desk, away, before } = given
    const mine = known(desk, away, 1).certified
    desk.groups[away] = before(0)
    const { certificate } = fromElsewhere(desk, away, mine.batch, mine.answer, { step: 1, from: bytesOfContentId(ELSEWHERE) })
    desk.tell(away, { type: 'shown', from: desk.peer(0), certificate, by: 'closing' })
    given.wait(4 * HALF_MS)
    expect([desk.group(away).unseen, desk.group(away).base.step]).toEqual([[], 0])
    expect([sent(desk, away, WITHHELD), desk.of('dispute', away)]).toEqual([[], []])
    expect(desk.counted(away).filter((code) => code === 'CERTIFICATE_OTHER_START').length).toBe(2)
    // what builds on it is a gap, and is looked at
    fromElsewhere(desk, away, mine.batch, mine.answer, {
      step: 2,
      from: bytesOfContentId(ELSEWHERE),
      ancestors: [new Uint8Array(32).fill(5)],
    })
    given.wait(HALF_MS)
    expect(given.audits()).toEqual([{ step: 2, gap: 1, from: 0 }])
  })
  test('so is one of a step that it had skipped, and takes up later', () => {
    const given = branched(2, 4, 3)
    const { desk, away, rest, before, batchOf } = given
    const mine = [3, 4].map((step) => known(desk, away, step).certified)
    desk.groups[away] = before(2)
    desk.given = (_, cid) => cid !== batchBlockId(batchOf(3))
    const teller = rest[0] as number
    const hand = (step: number) => {
      const { reveals, batch } = mine[step - 3] as (typeof mine)[number]
      const certificate = writeCertificate(rest.map((seat) => reveals.get(seat) as NonNullable<ReturnType<typeof reveals.get>>))
      const value = {
        job: bytesOfContentId(desk.setup.job),
        epoch: 1,
        from: signerAt(teller).publicKey,
        step,
        certificate,
        batch: batch.bytes,
      }
      desk.tell(away, { type: 'message', from: desk.peer(teller), envelope: signMessage(finalMessage, value, signerAt(teller), network) })
    }
    hand(4)
    given.show(3, 'closing')
    expect(desk.group(away).unseen.length).toBe(1)
    hand(3)
    expect(desk.group(away).unseen).toEqual([])
    given.wait(HALF_MS)
    expect(desk.of('audit', away).map(({ dispute }) => dispute.batch)).toContainEqual(batchOf(3))
    expect(sent(desk, away, WITHHELD)).toEqual([])
  })
  test('is looked at in a frozen group too: its verdict is on its own steps', () => {
    const given = branched(2, 3, 3)
    const { desk, away } = given
    desk.groups[away] = { ...desk.group(away), frozen: 3 }
    given.show(3)
    given.wait(HALF_MS)
    expect(given.audits()).toEqual([{ step: 3, gap: 0, from: 2 }])
  })
  test('whose certificate came first, and whose batch did not, is looked at once the other one is taken up', () => {
    for (const isGiven of [false, true]) {
      const given = branched(2, 3, 3)
      const { desk, away, batchOf, before } = given
      const mine = known(desk, away, 3).certified
      desk.groups[away] = before(2)
      desk.given = () => false
      given.show(3, 'closing')
      const value = { job: bytesOfContentId(desk.setup.job), epoch: 1, step: 3, certificate: mine.certificate, batch: mine.batch.bytes }
      const from = given.rest[0] as number
      desk.tell(away, {
        type: 'message',
        from: desk.peer(from),
        envelope: signMessage(finalMessage, { ...value, from: signerAt(from).publicKey }, signerAt(from), network),
      })
      expect(known(desk, away, 3).certified.batch.hash).toEqual(mine.batch.hash)
      if (isGiven) desk.tell(away, { type: 'batch', bytes: known(desk, from, 3).certified.batch.bytes })
      given.wait(HALF_MS)
      expect([given.audits(), sent(desk, away, WITHHELD)]).toEqual([[{ step: 3, gap: 0, from: 2 }], []])
      given.audited(3, false)
      expect(brought(given)).toMatchObject([{ step: 3, batch: batchOf(3), gap: 0 }])
    }
  })
})
