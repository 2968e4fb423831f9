import type { PeerId, Signer } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Case } from '../simulations/case.js'
import { signerAt, verification } from '../simulations/jobs.js'
import { callJury, type DrawJury, type Finding, judge, jurySize, verifyDispute, weightsOf, withShown } from '../src/index.js'

/** One disputed step, certified as the truth or as a lie, and all that a juror may say about it, signed once. */
function scene(memberCount: number, isTrue: boolean) {
  const made = new Case(memberCount)
  const one = made.run()
  const q = Array.from({ length: memberCount - 1 }, (_, seat) => seat)
  const dissenter = memberCount - 1
  const reveals = q.map((seat) => made.reveal(seat, one, isTrue ? undefined : made.lie(seat, one)))
  const statements = [made.dissent(dissenter, one, isTrue ? made.lie(dissenter, one) : undefined)]
  const bytes = made.dispute(one, { steps: [made.certificate(one, reveals)], evidence: { type: 'objection', statements } })
  const dispute = withShown(verifyDispute(bytes, made.context, verification), [], made.context, verification)
  const right: Finding = { type: 'answered', step: 1, answer: one.answerOf(signerAt(20)) }
  const findings: readonly Finding[] = [
    right,
    { type: 'answered', step: 1, answer: made.lie(0, one) },
    { type: 'answered', step: 1, answer: made.lie(0, one, 'another lie') },
    { type: 'unfetchable', step: 1 },
    { type: 'invalid', step: 1 },
    { type: 'too-slow' },
  ]
  const jury = Array.from({ length: 2 * memberCount + 1 }, (_, i): Signer => signerAt(20 + i))
  const envelopes = jury.map((juror) => findings.map((finding) => made.verdict(juror, dispute, finding)))
  return { made, one, dispute, isTrue, dissenter, jury: jury.map(({ peerId }) => peerId), envelopes }
}
const scenes = [4, 5, 7].flatMap((memberCount) => [scene(memberCount, true), scene(memberCount, false)])

/** Fewer than half of the jurors say whatever they like, twice if they like; the others found what is right, or some of them said nothing in time. */
const anyTrial = fc.constantFrom(...scenes).chain((given) => {
  const size = given.jury.length
  return fc.record({
    given: fc.constant(given),
    traitors: fc.uniqueArray(fc.nat(size - 1), { maxLength: Math.floor((size - 1) / 2) }),
    says: fc.array(fc.nat(5), { minLength: 2 * size, maxLength: 2 * size }),
    ratings: fc.array(fc.integer({ min: -10, max: 5_000 }), { minLength: size, maxLength: size }),
    quiet: fc.uniqueArray(fc.nat(size - 1), { maxLength: 2 }),
    order: fc.infiniteStream(fc.nat(1_000)),
  })
})
type AnyTrial = typeof anyTrial extends fc.Arbitrary<infer T> ? T : never

function decide(
  { given, traitors, says, ratings }: AnyTrial,
  quiet: readonly number[],
  changes: { order?: Iterator<number>; nowMs?: number } = {},
) {
  const { jury, envelopes, made, dispute } = given
  const said = jury.flatMap((_, i) => {
    const by = (finding: number) => (envelopes[i] as Uint8Array[])[finding] as Uint8Array
    if (!traitors.includes(i)) return quiet.includes(i) ? [] : [by(0)]
    return says[2 * i] === says[2 * i + 1] ? [by(says[2 * i] as number)] : [by(says[2 * i] as number), by(says[2 * i + 1] as number)]
  })
  const { order } = changes
  const keyed = said.map((envelope) => ({ envelope, key: order === undefined ? 0 : (order.next().value as number) }))
  const verdicts = keyed.sort((a, b) => a.key - b.key).map(({ envelope }) => ({ envelope, atMs: 1 }))
  const trial = {
    jury,
    ratings: new Map<PeerId, number>(jury.map((peer, i) => [peer, ratings[i] as number])),
    verdicts: order === undefined ? verdicts : [...verdicts, ...verdicts.slice(0, 3)],
    deadlineMs: 10,
    nowMs: changes.nowMs ?? 10,
  }
  return judge(dispute, trial, made.context, verification)
}

describe('a jury in which fewer than half are traitors, whatever they say and weigh', () => {
  test('never lets a lie stand, never marks an honest member by a verdict, and accuses only who said two things', () => {
    fc.assert(
      fc.property(anyTrial, (trial) => {
        const { given, traitors } = trial
        const { made, one, isTrue, dissenter } = given
        const judgment = decide(trial, [])
        if (judgment === undefined) throw new Error('undecided at the deadline')
        if (!isTrue) expect(['overturned', 'dropped']).toContain(judgment.outcome)
        if (judgment.by === 'jury') expect(judgment.outcome).toBe(isTrue ? 'stands' : 'overturned')
        if (judgment.by === 'jury') expect(judgment.opens?.start).toBe(one.after.root)
        for (const { peer } of judgment.marks) expect(made.context.members.indexOf(peer) === dissenter).toBe(isTrue)
        if (!isTrue) expect(judgment.leave).toEqual([])
        for (const { peer } of judgment.faults) expect(traitors).toContain(given.jury.indexOf(peer))
        expect(judgment.opens?.members.length ?? 0).toBeGreaterThanOrEqual(made.members.length - 1)
      }),
      { numRuns: 300 },
    )
  })
  test('decides by its majority whenever all weigh the same and all honest ones speak', () => {
    fc.assert(
      fc.property(anyTrial, (trial) => {
        const judgment = decide({ ...trial, ratings: trial.ratings.map(() => 1_000) }, [])
        expect(judgment).toMatchObject({ by: 'jury', outcome: trial.given.isTrue ? 'stands' : 'overturned' })
      }),
      { numRuns: 150 },
    )
  })
  test('is judged alike in any order, and with any repeats', () => {
    fc.assert(
      fc.property(anyTrial, (trial) => {
        const order = trial.order[Symbol.iterator]()
        expect(decide(trial, trial.quiet, { order })).toEqual(decide(trial, trial.quiet))
      }),
      { numRuns: 150 },
    )
  })
  test('what it has decided before the deadline it says at the deadline too, with the verdicts of then', () => {
    fc.assert(
      fc.property(anyTrial, (trial) => {
        const early = decide(trial, trial.quiet, { nowMs: 5 })
        if (early !== undefined) expect(decide(trial, trial.quiet)).toEqual(early)
      }),
      { numRuns: 150 },
    )
  })
})

describe('the draw', () => {
  const peers = Array.from({ length: 30 }, (_, i) => signerAt(i).peerId)
  const draw: DrawJury = (seed, excluded, count) => {
    const eligible = peers.filter((peer) => !excluded.has(peer))
    const from = (seed[0] as number) % eligible.length
    return [...eligible.slice(from), ...eligible.slice(0, from)].slice(0, count)
  }
  test('2N+1 from outside, or all if fewer, and none with fewer than N', () => {
    expect([3, 5, 6, 7, 8, 100].map((outsiders) => jurySize(3, outsiders))).toEqual([3, 5, 6, 7, 7, 7])
    expect([0, 1, 4].map((outsiders) => jurySize(5, outsiders))).toEqual([0, 0, 0])
    const members = peers.slice(0, 5)
    const jury = callJury(new Uint8Array(32).fill(9), members, 25, draw)
    expect([jury.length, jury.some((peer) => members.includes(peer))]).toEqual([11, false])
    expect(callJury(new Uint8Array(32), members, 4, draw)).toEqual([])
    expect(callJury(new Uint8Array(32), members, 7, draw).length).toBe(7)
  })
  test.each([
    ['a member of the group', () => peers.slice(0, 7)],
    ['a juror twice', () => Array.from({ length: 7 }, () => peers[9] as PeerId)],
    ['3 jurors drawn in place of 7', () => peers.slice(10, 13)],
  ])('a draw that gives %s is refused', (reason, wrong) => {
    expect(() => callJury(new Uint8Array(32), peers.slice(0, 3), 20, wrong)).toThrow(
      expect.objectContaining({ code: 'JURY_INVALID', failure: { code: 'JURY_INVALID', reason } }),
    )
  })
  test('no juror weighs more than all others together, whatever its rating', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.array(fc.double()), (count, ratings) => {
        const jury = peers.slice(0, count)
        const weights = [...weightsOf(jury, new Map(jury.map((peer, i) => [peer, ratings[i] ?? 1_000]))).values()]
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        for (const weight of weights) {
          expect(Number.isSafeInteger(weight)).toBe(true)
          if (count > 1) expect(weight).toBeLessThanOrEqual(total - weight)
        }
      }),
    )
  })
})
