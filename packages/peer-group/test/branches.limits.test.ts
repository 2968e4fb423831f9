import { bytesOfContentId, contentIdOfBytes, signMessage } from '@interpeer/crypto-ids'
import { describe, expect, test } from 'vitest'
import { network, signerAt, verification } from '../simulations/jobs.js'
import { beforeBranch, isOnOther } from '../src/branches.js'
import { readReveals } from '../src/certificate.js'
import type { Group } from '../src/index.js'
import { finalMessage } from '../src/messages.js'
import { BRANCHES_MAX } from '../src/settings.js'
import { createVerifier } from '../src/verifier.js'
import { branched, ELSEWHERE, signedBy } from './branched.js'
import { known } from './dissenting.js'
import { HALF_MS } from './kept-out.js'

describe('of other branches a member looks at', () => {
  test('few at once, but more of those that the chain may go on from', () => {
    const given = branched(1, 7, 7)
    const { desk, away } = given
    for (const step of [2, 3, 4, 5, 6, 7]) given.show(step)
    given.wait(HALF_MS)
    expect(given.audits().map(({ step }) => step)).toEqual([2, 3].slice(0, BRANCHES_MAX.anyone))
    for (const step of [4, 5, 6, 7]) given.show(step, 'chain')
    given.wait(HALF_MS)
    expect(given.audits().length).toBe(BRANCHES_MAX.chain)
    given.show(7, 'closing')
    given.wait(HALF_MS)
    expect(given.audits().map(({ step }) => step)).toEqual([2, 3, 4, 5, 7])
    expect(desk.group(away).skips.length).toBe(BRANCHES_MAX.closing)
  })
  test('what held is not run again, who ever shows it', () => {
    const given = branched(2, 3, 3)
    given.show(3)
    given.wait(HALF_MS)
    given.audited(3, true)
    for (const by of ['anyone', 'chain', 'closing'] as const) given.show(3, by)
    given.give(3)
    given.wait(2 * HALF_MS)
    expect([given.audits().length, given.desk.group(given.away).skips]).toEqual([1, []])
  })
  test('nor what another certificate says of it that says the same', () => {
    const given = branched(2, 3, 3)
    const { desk, away, rest, certificateOf } = given
    const { answer, batchHash, start } = readReveals(certificateOf(3), createVerifier(desk.context, verification))
    given.show(3)
    given.wait(HALF_MS)
    given.audited(3, true)
    const certificate = signedBy(desk, rest, { step: 3, rank: 3, batch: batchHash, start }, () => answer)
    desk.tell(away, { type: 'shown', from: desk.peer(0), certificate, by: 'closing' })
    given.wait(2 * HALF_MS)
    expect([given.audits().length, desk.group(away).skips]).toEqual([1, []])
  })
  test('nor what a frozen group repeats', () => {
    const given = branched(2, 3, 3)
    const { desk, away, rest, certificateOf } = given
    const { answer, batchHash, start } = readReveals(certificateOf(3), createVerifier(desk.context, verification))
    const certificate = signedBy(desk, rest, { step: 3, rank: 0, batch: batchHash, start }, () => ({ ...answer, final: 1, disputed: 2 }))
    desk.tell(away, { type: 'shown', from: desk.peer(0), certificate })
    given.wait(2 * HALF_MS)
    expect([given.audits(), desk.group(away).skips]).toEqual([[], []])
    expect(isOnOther(desk.group(away), { step: 4, start: bytesOfContentId(ELSEWHERE), answer: { ...answer, disputed: 2 } })).toBe(false)
    expect(isOnOther(desk.group(away), { step: 4, start: bytesOfContentId(ELSEWHERE), answer })).toBe(true)
  })
  test('nor what begins further back than jurors run', () => {
    const given = branched(2, 3, 3)
    const { desk, away, certificateOf } = given
    const group = desk.group(away)
    const mine = known(desk, away, 3)
    const answer = { ...mine.certified.answer, final: 0 }
    const certificate = certificateOf(3)
    const read = { ...readReveals(certificate, createVerifier(desk.context, verification)), certificate, answer }
    const near = bytesOfContentId(contentIdOfBytes(answer.root))
    const from = (step: number, start: Uint8Array) => {
      const steps = Array.from({ length: step - 1 }, (_, i) => ({
        ...mine,
        step: i + 1,
        certified: { ...mine.certified, answer },
      }))
      return beforeBranch({ ...group, steps } as Group, { ...read, step, start })?.after.step
    }
    expect([from(64, near), from(65, near)]).toEqual([63, undefined])
    // of what leads there with a gap a stretch can be asked for
    const elsewhere = bytesOfContentId(ELSEWHERE)
    expect([from(64, elsewhere), from(65, elsewhere)]).toEqual([62, 63])
  })
  test('but another certificate of its batch, of another answer, is run too', () => {
    const given = branched(2, 3, 3)
    const { desk, away, rest, certificateOf } = given
    const { reveals, rank, ...place } = readReveals(certificateOf(3), createVerifier(desk.context, verification))
    expect([reveals.length, rank]).toEqual([3, 0])
    given.show(3)
    given.wait(HALF_MS)
    given.audited(3, true)
    const lie = { ...place.answer, fuel: 9 }
    const certificate = signedBy(desk, rest, { step: 3, rank: 3, batch: place.batchHash, start: place.start }, () => lie)
    for (let i = 0; i < 2; i++) desk.tell(away, { type: 'shown', from: desk.peer(0), certificate, by: 'chain' })
    given.wait(HALF_MS)
    expect(given.audits().length).toBe(2)
    expect(desk.of('audit', away)[1]?.dispute.certified?.certificate).toEqual(certificate)
  })
  test('a run that came to no end says nothing, and what is shown again is run again', () => {
    const given = branched(2, 3, 3)
    const { desk, away, batchOf } = given
    given.show(3)
    given.wait(HALF_MS)
    desk.tell(away, { type: 'audited', batch: batchOf(3), holds: true, isOver: false })
    expect([desk.group(away).skips, desk.of('dispute', away)]).toEqual([[], []])
    given.show(3)
    given.wait(HALF_MS)
    expect(given.audits().length).toBe(2)
  })
  test('the closing that the chain keeps has its place, also where it was shown before', () => {
    const given = branched(2, 3, 3)
    const { desk, away, rest, before, batchOf } = given
    const mine = known(desk, away, 3).certified
    given.show(3)
    const [skip] = desk.group(away).skips
    if (skip === undefined) throw new Error('it looks at nothing')
    const others = Array.from({ length: BRANCHES_MAX.chain }, (_, i) => ({
      ...skip,
      batchHash: new Uint8Array(32).fill(i),
      isAudited: true,
    }))
    desk.groups[away] = { ...before(2), skips: others }
    desk.given = () => false
    given.show(3, 'closing')
    const teller = rest[0] as number
    const value = { job: bytesOfContentId(desk.setup.job), epoch: 1, step: 3, certificate: mine.certificate, batch: mine.batch.bytes }
    const envelope = signMessage(finalMessage, { ...value, from: signerAt(teller).publicKey }, signerAt(teller), network)
    desk.tell(away, { type: 'message', from: desk.peer(teller), envelope })
    expect(desk.group(away).skips.at(-1)?.batchHash).toEqual(batchOf(3))
  })
})
