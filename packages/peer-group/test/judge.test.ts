import { contentIdOfBytes, type Signer } from '@interpeer/crypto-ids'
import { describe, expect, test } from 'vitest'
import { Case, type CaseStep } from '../simulations/case.js'
import { signerAt, verification } from '../simulations/jobs.js'
import { type DisputeSoFar, type Finding, judge, type Trial, verifyDispute, verifyFault, verifyVerdicts, withShown } from '../src/index.js'

const jurors = (count: number): readonly Signer[] => Array.from({ length: count }, (_, i) => signerAt(20 + i))
const [NOW, DEADLINE] = [1_000, 9_000]

/** A step between two others, disputed: `liars` certified a lie together, or all but the dissenters the truth. */
function disputed(memberCount: number, says: 'truth' | 'lie', against: (made: Case, one: CaseStep) => readonly Uint8Array[]) {
  const made = new Case(memberCount)
  const [first, second, third] = [made.run(), made.run(), made.run()]
  const q = Array.from({ length: memberCount - 1 }, (_, i) => i)
  const certificate = made.certificate(
    second,
    q.map((seat) => made.reveal(seat, second, says === 'lie' ? made.lie(seat, second) : undefined)),
  )
  const later = says === 'truth' ? [made.certified(third, q)] : []
  const steps = [made.certified(first, q), certificate, ...later]
  const bytes = made.dispute(second, { steps, evidence: { type: 'objection', statements: against(made, second) } })
  const dispute = withShown(verifyDispute(bytes, made.context, verification), [], made.context, verification)
  const right: Finding = { type: 'answered', step: 2, answer: second.answerOf(signerAt(20)) }
  const lie: Finding = { type: 'answered', step: 2, answer: made.lie(0, second) }
  return { made, first, second, third, dispute, right, lie }
}
type Disputed = ReturnType<typeof disputed>
const last = (made: Case) => made.members.length - 1
const wrongDissent = () => disputed(5, 'truth', (made, one) => [made.dissent(last(made), one, made.lie(4, one))])
const rightDissent = () => disputed(5, 'lie', (made, one) => [made.dissent(last(made), one)])
const withheld = () => disputed(5, 'truth', (made, one) => [made.withheld(last(made), one)])

/** The first juror finds the first of these, and so on. */
function decide(given: Pick<Disputed, 'made' | 'dispute'>, findings: readonly (Finding | undefined)[], changes: Partial<Trial> = {}) {
  const jury = jurors(findings.length)
  const verdicts = findings.flatMap((finding, i) =>
    finding === undefined ? [] : [{ envelope: given.made.verdict(jury[i] as Signer, given.dispute, finding), atMs: NOW }],
  )
  const trial = { jury: jury.map(({ peerId }) => peerId), ratings: new Map(), verdicts, deadlineMs: DEADLINE, nowMs: NOW, ...changes }
  return judge(given.dispute, trial, given.made.context, verification)
}
const times = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value)
const silent = (count: number) => times(count, undefined)
const AT_DEADLINE = { nowMs: DEADLINE }

describe('white paper', () => {
  test('"the chance of colluding peers abusing the system is (colluding peers / total peers)^N": four of five that collude are overturned by the fifth', () => {
    const given = rightDissent()
    const judgment = decide(given, [...times(6, given.right), ...silent(5)])
    expect(judgment).toMatchObject({ outcome: 'overturned', by: 'jury', step: 2, leave: [], unresolved: [] })
    expect(judgment?.marks).toEqual([0, 1, 2, 3].map((seat) => ({ peer: given.made.peer(seat), step: 2, mark: 'false' })))
    expect(judgment?.opens).toMatchObject({ start: given.second.after.root, rerun: [], members: given.made.context.members })
  })
  test('"ratings of peers are used as well as number of peers on each side of the disagreement to settle which side is correct"', () => {
    const given = wrongDissent()
    const jury = jurors(11).map(({ peerId }) => peerId)
    const findings = [...times(6, given.right), ...times(5, given.lie)]
    const heavy = (from: number) => new Map(jury.map((peer, i) => [peer, i >= from ? 2_000 : 500]))
    expect(decide(given, findings)?.outcome).toBe('stands')
    // six of eleven, but fewer by weight; and heavier, but fewer by number: neither is enough
    expect(decide(given, findings, { ratings: heavy(6) })?.by).toBe('no-majority')
    expect(decide(given, [...times(5, given.right), ...times(6, given.lie)], { ratings: heavy(6) })?.outcome).toBe('overturned')
    expect(
      decide(given, [...times(5, given.lie), ...times(6, given.right)], { ratings: new Map(jury.map((p, i) => [p, i < 5 ? 2_000 : 500])) })
        ?.by,
    ).toBe('no-majority')
  })
  test('"the peer account gets terminated" for what is provable: who loses before the jury is marked, and no more', () => {
    for (const given of [wrongDissent(), rightDissent()]) {
      const judgment = decide(given, times(11, given.right))
      expect(judgment?.faults).toEqual([])
      expect(judgment?.marks.length).toBeGreaterThan(0)
    }
  })
})

describe('a verdict', () => {
  test('for the certificate: the dissenter loses its seat, the later batches run again, the losing side pays', () => {
    const given = wrongDissent()
    const { made, second, third } = given
    const judgment = decide(given, [...times(6, given.right), given.lie, ...silent(4)])
    expect(judgment).toMatchObject({ outcome: 'stands', by: 'jury', leave: [made.peer(4)], unresolved: [] })
    expect(judgment?.marks).toEqual([{ peer: made.peer(4), step: 2, mark: 'false' }])
    expect(judgment?.differed).toEqual([signerAt(26).peerId])
    expect(judgment?.pay).toEqual({ owed: jurors(6).map(({ peerId }) => peerId), owing: [made.peer(4)] })
    expect(judgment?.opens?.start).toBe(second.after.root)
    expect(judgment?.opens?.rerun).toEqual([third.batch.hash])
    expect(judgment?.opens?.members).toEqual(made.context.members.slice(0, 4))
    expect(judgment?.opens?.holders).toEqual(jurors(6).map(({ peerId }) => peerId))
  })
  test('for a third answer: both sides are wrong, and the dissenter loses its seat', () => {
    const given = disputed(5, 'lie', (made, one) => [made.dissent(4, one, made.lie(4, one, 'another lie'))])
    const judgment = decide(given, times(11, given.right))
    expect(judgment).toMatchObject({ outcome: 'overturned', leave: [given.made.peer(4)] })
    expect(judgment?.marks.length).toBe(5)
  })
  test('an earlier step that comes out otherwise: nobody is judged for the disputed one, which runs again', () => {
    const given = wrongDissent()
    const { made, first, second, third } = given
    const answer = { ...made.lie(0, first, 'what the jury found'), fuel: 7 }
    const judgment = decide(given, times(11, { type: 'answered', step: 1, answer }))
    expect(judgment).toMatchObject({ outcome: 'overturned', step: 1, leave: [] })
    expect(judgment?.marks.map(({ peer }) => peer)).toEqual([0, 1, 2, 3].map((seat) => made.peer(seat)))
    expect(judgment?.opens?.start).toBe(contentIdOfBytes(answer.root))
    expect(judgment?.opens?.rerun).toEqual([second.batch.hash, third.batch.hash])
  })
  test('unfetchable or no batch at all: dropped, the later batches run on what was before', () => {
    for (const [type, mark] of [
      ['unfetchable', 'withheld'],
      ['invalid', 'false'],
    ] as const) {
      const given = withheld()
      const judgment = decide(given, times(11, { type, step: 2 }))
      expect(judgment).toMatchObject({ outcome: 'dropped', leave: [], unresolved: [] })
      expect(judgment?.marks).toEqual([0, 1, 2, 3].map((seat) => ({ peer: given.made.peer(seat), step: 2, mark })))
      expect(judgment?.opens).toMatchObject({ start: given.first.after.root, rerun: [given.third.batch.hash] })
      expect(judgment?.opens?.holders).toEqual([0, 1, 2, 3].map((seat) => given.made.peer(seat)))
    }
  })
  test('a batch said to be withheld, which jurors could fetch: it stands, and who said so is unresolved', () => {
    const given = withheld()
    const judgment = decide(given, times(11, given.right))
    expect(judgment).toMatchObject({ outcome: 'stands', marks: [], leave: [], unresolved: [given.made.peer(4)] })
    expect(judgment?.pay.owing).toEqual([given.made.peer(4)]) // all waited for a jury that it called
  })
  test('it waits for a majority of all that were drawn, and no longer than the deadline', () => {
    const given = wrongDissent()
    expect(decide(given, [...times(5, given.right), ...silent(6)])).toBeUndefined()
    const heavy = new Map(jurors(11).map(({ peerId }, i) => [peerId, i < 5 ? 2_000 : 500]))
    expect(decide(given, [...times(5, given.right), ...silent(6)], { ratings: heavy })).toBeUndefined()
    expect(decide(given, [...times(5, given.right), ...silent(6)], AT_DEADLINE)).toMatchObject({
      ...{ outcome: 'unjudged', by: 'no-majority', marks: [], leave: [], unresolved: [given.made.peer(4)] },
      opens: { start: given.second.after.root },
    })
    const late = times(11, given.right).map((finding, i) => ({
      envelope: given.made.verdict(signerAt(20 + i), given.dispute, finding),
      atMs: DEADLINE + 1,
    }))
    expect(decide(given, silent(11), { ...AT_DEADLINE, verdicts: late })?.by).toBe('no-majority')
  })
  test('without a majority, a certificate that as many jurors contradict as confirm is dropped', () => {
    const given = rightDissent()
    const outcome = (...findings: (Finding | undefined)[]) =>
      decide(given, [...findings, ...silent(11 - findings.length)], AT_DEADLINE)?.outcome
    expect(outcome(given.right)).toBe('dropped')
    expect(outcome(given.right, given.lie)).toBe('dropped') // simulation jury, seed 17127: nobody honest had the lie's state
    expect(outcome(given.right, given.lie, given.lie)).toBe('unjudged')
    expect(outcome(given.right, { type: 'unfetchable', step: 2 }, given.lie)).toBe('dropped')
    expect(outcome({ type: 'too-slow' })).toBe('unjudged')
  })
  test('too slow is no opinion, and is not paid', () => {
    const given = wrongDissent()
    const judgment = decide(given, times(11, { type: 'too-slow' }))
    expect(judgment).toMatchObject({ outcome: 'unjudged', by: 'no-majority', differed: [], pay: { owed: [], owing: [] } })
  })
  test('with fewer than N outsiders there is no jury: q matching answers stand unjudged, and the epoch goes on', () => {
    const given = wrongDissent()
    expect(decide(given, [])).toMatchObject({ outcome: 'unjudged', by: 'no-jury', opens: undefined, unresolved: [given.made.peer(4)] })
    // a group that counted on a jury froze, and goes on only in a new epoch
    expect(decide(given, [], { frozen: true })).toMatchObject({ outcome: 'unjudged', opens: { start: given.second.after.root } })
  })
  test('two verdicts of one juror count for nothing and are a fault', () => {
    const given = wrongDissent()
    const { made } = given
    const juror = signerAt(20)
    // even if both are for the same side: `own` differs
    const answer = given.second.answerOf(signerAt(30))
    const two = [given.right, { ...given.right, answer }].map((finding) => made.verdict(juror, given.dispute, finding as Finding))
    const verdicts = [...two, ...[1, 2, 3, 4, 5].map((i) => made.verdict(signerAt(20 + i), given.dispute, given.right))]
    const judgment = decide(given, silent(11), { ...AT_DEADLINE, verdicts: verdicts.map((envelope) => ({ envelope, atMs: NOW })) })
    expect(judgment).toMatchObject({ by: 'no-majority', faults: [{ peer: juror.peerId, kind: 'two-verdicts' }] })
    expect(verifyVerdicts(judgment?.faults[0]?.evidence ?? [], made.context, verification)).toBe(juror.peerId)
    expect(verifyVerdicts([verdicts[2], verdicts[2]] as Uint8Array[], made.context, verification)).toBeUndefined()
    expect(verifyVerdicts(verdicts.slice(2, 4), made.context, verification)).toBeUndefined()
  })
  test('verdicts of others, about others, or about steps that are not in question count for nothing', () => {
    const given = wrongDissent()
    const { made, dispute } = given
    const other = { id: new Uint8Array(32) }
    const answer = given.right.type === 'answered' ? given.right.answer : undefined
    const odd = [
      ...times(11, 0).map((_, i) => made.verdict(signerAt(20 + i), other, given.right)),
      ...times(5, 0).map((_, i) => made.verdict(made.member(i), dispute, given.right)),
      made.verdict(signerAt(35), dispute, given.right),
      ...times(11, 0).map((_, i) => made.verdict(signerAt(20 + i), dispute, { type: 'invalid', step: i < 6 ? 0 : 3 })),
      ...times(11, 0).map((_, i) =>
        made.verdict(signerAt(20 + i), dispute, {
          type: 'answered',
          step: 2,
          answer: { ...(answer as NonNullable<typeof answer>), root: new Uint8Array(36) },
        }),
      ),
      Uint8Array.of(1),
    ].map((envelope) => ({ envelope, atMs: NOW }))
    expect(decide(given, silent(11), { ...AT_DEADLINE, verdicts: odd })).toMatchObject({ by: 'no-majority', pay: { owed: [] }, faults: [] })
  })
})

describe('what ends a dispute without a verdict', () => {
  test('N matching reveals shown before it: the step stands, and who dissented has two answers', () => {
    const given = wrongDissent()
    const { made, second, third } = given
    const shown: DisputeSoFar = withShown(given.dispute, [made.certified(second)], made.context, verification)
    const judgment = decide({ made, dispute: shown }, [given.lie, ...silent(10)])
    expect(judgment).toMatchObject({ outcome: 'stands', by: 'unanimity', marks: [], leave: [made.peer(4)], differed: [] })
    expect(judgment?.faults.map(({ evidence }) => verifyFault(evidence, made.context, verification))).toEqual([
      { peer: made.peer(4), kind: 'two-answers' },
    ])
    expect(judgment?.opens).toMatchObject({
      start: second.after.root,
      rerun: [third.batch.hash],
      members: made.context.members.slice(0, 4),
    })
  })
  test('N matching reveals where a batch was withheld: nobody is at fault', () => {
    const given = withheld()
    const shown = withShown(given.dispute, [given.made.certified(given.second)], given.made.context, verification)
    expect(decide({ ...given, dispute: shown }, silent(11))).toMatchObject({ outcome: 'stands', faults: [], leave: [], unresolved: [] })
  })
})

describe('a step that is final already', () => {
  const late = (says: 'another answer' | 'withheld' = 'another answer') => {
    const made = new Case(5)
    const [first, second, third] = [made.run(), made.run(), made.run(1, { final: 2 })]
    const [a, b, c] = [first, second, third].map((one) => made.certified(one, [0, 1, 2, 3])) as [Uint8Array, Uint8Array, Uint8Array]
    const statements = [says === 'withheld' ? made.withheld(4, second) : made.dissent(4, second, made.lie(4, second))]
    const bytes = made.dispute(second, { steps: [a, b, c], evidence: { type: 'objection', statements } })
    const dispute = withShown(verifyDispute(bytes, made.context, verification), [], made.context, verification)
    const right: Finding = { type: 'answered', step: 2, answer: second.answerOf(signerAt(20)) }
    return { made, dispute, right, lie: { type: 'answered', step: 2, answer: made.lie(4, second) } as Finding, third }
  }
  test('"undoes the step only if upheld": not by doubt, and not because its batch is gone', () => {
    const given = late()
    const doubts = [...times(5, given.lie), ...silent(6)]
    expect(decide(given, doubts, AT_DEADLINE)).toMatchObject({ outcome: 'unjudged', by: 'no-majority', opens: undefined })
    expect(decide(given, times(11, { type: 'unfetchable', step: 2 }))).toMatchObject({
      outcome: 'unjudged',
      by: 'jury',
      opens: undefined,
      marks: [],
    })
    expect(decide(given, times(11, given.lie))).toMatchObject({ outcome: 'overturned', opens: { rerun: [given.third.batch.hash] } })
  })
  test('is dropped where a member said to have not been given it, and the jury is not either; not where the jury only doubts', () => {
    const given = late('withheld')
    expect(decide(given, times(11, { type: 'unfetchable', step: 2 }))).toMatchObject({
      outcome: 'dropped',
      by: 'jury',
      opens: { rerun: [given.third.batch.hash] },
      marks: [0, 1, 2, 3].map((seat) => ({ peer: given.made.peer(seat), step: 2, mark: 'withheld' })),
    })
    const doubts = [...times<Finding>(5, { type: 'unfetchable', step: 2 }), ...silent(6)]
    expect(decide(given, doubts, AT_DEADLINE)).toMatchObject({ outcome: 'unjudged', by: 'no-majority' })
    const unsure = [...times<Finding>(5, { type: 'invalid', step: 2 }), ...silent(6)]
    expect(decide(given, unsure, AT_DEADLINE)).toMatchObject({ outcome: 'unjudged', by: 'no-majority' })
  })
  test.each([undefined, 'withheld'] as const)('is dropped where no honest member could have run its batch (%s)', (said) => {
    const given = late(said)
    expect(decide(given, times(11, { type: 'invalid', step: 2 }))).toMatchObject({
      ...{ outcome: 'dropped', by: 'jury', opens: { rerun: [given.third.batch.hash] } },
      // who says to have run it too
      marks: given.made.context.members.slice(0, said === 'withheld' ? 4 : 5).map((peer) => ({ peer, step: 2, mark: 'false' })),
    })
  })
  test('that stands leaves the epoch as it is; the wrong dissenter loses its seat', () => {
    const given = late()
    expect(decide(given, times(11, given.right))).toMatchObject({ outcome: 'stands', opens: undefined, leave: [given.made.peer(4)] })
  })
})

describe('a step without a certificate', () => {
  const split = () => {
    const made = new Case(5)
    const [first, second] = [made.run(), made.run()]
    const reveals = [0, 1, 2, 3].map((seat) => made.reveal(seat, second, seat < 2 ? made.lie(seat, second) : undefined))
    const bytes = made.dispute(second, { steps: [made.certified(first)], evidence: { type: 'split', rank: 0, reveals } })
    const dispute = withShown(verifyDispute(bytes, made.context, verification), [], made.context, verification)
    const right: Finding = { type: 'answered', step: 2, answer: second.answerOf(signerAt(20)) }
    return { made, first, second, dispute, right }
  }
  test("the jury's answer stands in its place; who revealed another is marked, and nobody dissented", () => {
    const given = split()
    const judgment = decide(given, times(11, given.right))
    expect(judgment).toMatchObject({ outcome: 'overturned', leave: [], opens: { start: given.second.after.root, rerun: [] } })
    expect(judgment?.marks.map(({ peer }) => peer)).toEqual([given.made.peer(0), given.made.peer(1)])
  })
  test('without a jury, or a majority of it, the batch is dropped', () => {
    const given = split()
    expect(decide(given, [])).toMatchObject({ outcome: 'dropped', by: 'no-jury', opens: { start: given.first.after.root, rerun: [] } })
    expect(decide(given, [...times(5, given.right), ...silent(6)], AT_DEADLINE)).toMatchObject({
      outcome: 'dropped',
      by: 'no-majority',
      marks: [],
    })
  })
  test('a certificate that turns up stands where no jury says otherwise, and another batch in its place ends the dispute', () => {
    const given = split()
    const { made, first, second, dispute } = given
    const shown = withShown(dispute, [made.certified(second, [1, 2, 3, 4])], made.context, verification)
    expect(decide({ made, dispute: shown }, silent(11), AT_DEADLINE)).toMatchObject({
      outcome: 'unjudged',
      opens: { start: second.after.root },
    })
    const other = new Case(5)
    other.steps.push(first)
    const instead = other.run(2)
    const superseded = withShown(dispute, [other.certified(instead, [1, 2, 3, 4])], made.context, verification)
    expect(decide({ made, dispute: superseded }, times(11, given.right))).toMatchObject({
      ...{ outcome: 'stands', by: 'another-batch', marks: [], unresolved: [], faults: [] },
      opens: { start: instead.after.root, rerun: [] },
    })
  })
})
