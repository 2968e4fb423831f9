import { bytesOfContentId, type Signer } from '@interpeer/crypto-ids'
import { describe, expect, test } from 'vitest'
import { signerAt, verification } from '../simulations/jobs.js'
import { type Finding, isSettled, type Judgment, judge, type Outcome, type Trial, withShown } from '../src/index.js'
import { holdsBy } from '../src/jury/own-audit.js'
import type { Stretch } from '../src/jury/stretch.js'
import { collectVerdicts, readVerdict, sameFinding } from '../src/jury/verdict.js'
import { createVerifier } from '../src/verifier.js'
import { answered, asking, far, LIE, range, type Shown } from './far.js'

const [NOW, DEADLINE] = [1_000, 9_000]
const MADE = far(100, { 99: { changes: { final: 98 } }, 100: { changes: { final: 99 } } })
const MIDDLE = { after: 20, through: 84 }
const LAST = { after: 36, through: 100 }
const HOLDS: Finding = { type: 'holds' }
const jurors: readonly Signer[] = Array.from({ length: 11 }, (_, i) => signerAt(20 + i))
const JURY = jurors.map(({ peerId }) => peerId)
const gone = (step: number): Finding => ({ type: 'unfetchable', step })
const nobodyRan = (step: number): Finding => ({ type: 'invalid', step })

describe('what counts as a verdict about a stretch', () => {
  const verifier = createVerifier(MADE.context, verification)
  const read = (stretch: Stretch | undefined, finding: Finding, shown: Shown = {}) => {
    const dispute = asking(MADE, stretch, shown)
    const found = readVerdict(MADE.verdict(jurors[0] as Signer, dispute, finding), dispute, JURY, verifier)
    return typeof found === 'string' ? found : found.finding.type
  }
  const OTHER = 'VERDICT_OTHER_STEP'
  test('that it holds', () => {
    expect(read(MIDDLE, HOLDS)).toBe('holds')
    expect(read({ after: 36, through: 99 }, HOLDS)).toBe('holds')
  })
  test('not where there is none', () => {
    expect(read(LAST, HOLDS)).toBe('holds')
    expect(read(undefined, HOLDS, { base: 36 })).toBe(OTHER)
    expect(read(undefined, HOLDS, { base: 50, path: Array.from({ length: 49 }, (_, i) => 51 + i) })).toBe(OTHER)
  })
  test('what its steps come to, and no others', () => {
    for (const step of [21, 50, 84]) expect(read(MIDDLE, answered(MADE, step))).toBe('answered')
    for (const step of [1, 20, 85, 99, 100]) expect(read(MIDDLE, answered(MADE, step))).toBe(OTHER)
    for (const step of [37, 99, 100]) expect(read(LAST, answered(MADE, step))).toBe('answered')
    expect(read(LAST, answered(MADE, 36))).toBe(OTHER)
    expect(read(undefined, answered(MADE, 37), { base: 36 })).toBe('answered')
    expect(read(undefined, answered(MADE, 36), { base: 36 })).toBe(OTHER)
  })
  test('that something of the gap is not to be had, or nothing that anyone could have run', () => {
    for (const finding of [gone, nobodyRan]) {
      expect(read(MIDDLE, finding(1))).toBe(finding(1).type)
      expect(read(MIDDLE, finding(4), { base: 3 })).toBe(finding(1).type)
      expect(read(MIDDLE, finding(100))).toBe(finding(1).type)
      expect(read(MIDDLE, finding(0))).toBe(OTHER)
      expect(read(MIDDLE, finding(3), { base: 3 })).toBe(OTHER)
      expect(read(MIDDLE, finding(101))).toBe(OTHER)
    }
    expect(read(MIDDLE, { type: 'too-slow' })).toBe('too-slow')
  })
  test('none about another stretch of the same step', () => {
    const [dispute, other] = [asking(MADE, MIDDLE), asking(MADE, { after: 20, through: 83 })]
    expect(readVerdict(MADE.verdict(jurors[0] as Signer, other, HOLDS), dispute, JURY, verifier)).toBe('OTHER_DISPUTE')
  })
  test('that it holds is one opinion, and any other finding another', () => {
    const others = [{ type: 'too-slow' } as const, gone(1), nobodyRan(1), answered(MADE, 50)]
    expect(sameFinding(HOLDS, { ...HOLDS })).toBe(true)
    for (const other of others) expect([sameFinding(HOLDS, other), sameFinding(other, HOLDS)]).toEqual([false, false])
    const dispute = asking(MADE, MIDDLE)
    const [first] = jurors as [Signer]
    const said = (finding: Finding) => MADE.verdict(first, dispute, finding)
    expect(collectVerdicts([said(HOLDS), said(HOLDS)], dispute, JURY, verifier)).toMatchObject({ twice: [] })
    expect(collectVerdicts([said(HOLDS), said(gone(1))], dispute, JURY, verifier)).toMatchObject({
      byJuror: new Map(),
      twice: [{ peer: first.peerId, kind: 'two-verdicts' }],
    })
  })
  test('a member that finds for itself that it holds has nothing to object to', () => {
    const dispute = asking(MADE, MIDDLE)
    expect(holdsBy(HOLDS, dispute)).toBe(true)
    for (const finding of [gone(1), nobodyRan(100), answered(MADE, 50)]) expect(holdsBy(finding, dispute)).toBe(false)
    expect(holdsBy(answered(MADE, 100), asking(MADE, LAST))).toBe(true)
  })
})

/** The first juror finds the first of these, and so on, about a stretch of what leads to step 99: step 100 names that final. */
function decide(stretch: Stretch, findings: readonly (Finding | undefined)[], shown: Shown = {}, changes: Partial<Trial> = {}) {
  const dispute = withShown(asking(MADE, stretch, { of: 99, ...shown }), [], MADE.context, verification)
  const verdicts = findings.flatMap((finding, i) =>
    finding === undefined ? [] : [{ envelope: MADE.verdict(jurors[i] as Signer, dispute, finding), atMs: NOW }],
  )
  const trial = { jury: JURY, ratings: new Map(), verdicts, deadlineMs: DEADLINE, nowMs: NOW, ...changes }
  return judge(dispute, trial, MADE.context, verification)
}
const times = (count: number, finding: Finding) => Array.from({ length: count }, () => finding)

describe('a jury that was asked for a stretch', () => {
  const [objector, all] = [MADE.peer(4), MADE.context.members]
  test('lets the step stand where it holds: nobody is marked, and who asked pays', () => {
    expect(decide(MIDDLE, times(5, HOLDS))).toBeUndefined()
    expect(decide(MIDDLE, times(6, HOLDS))).toEqual({
      outcome: 'stands',
      by: 'jury',
      step: 99,
      marks: [],
      unresolved: [objector],
      leave: [],
      differed: [],
      faults: [],
      pay: { owed: JURY.slice(0, 6), owing: [objector] },
      opens: { start: MADE.step(99).after.root, holders: [0, 1, 2, 3].map((seat) => MADE.peer(seat)), rerun: [], members: all },
    })
  })
  test('and the epoch goes on where that is final', () => {
    expect(decide(MIDDLE, times(6, HOLDS), { later: [100] })).toMatchObject({ outcome: 'stands', opens: undefined })
    expect(decide(MIDDLE, times(6, HOLDS), {}, { isClosed: true })).toMatchObject({ outcome: 'stands', opens: undefined })
  })
  test('of others who found otherwise it is said, and no more', () => {
    const judgment = decide(MIDDLE, [...times(6, HOLDS), gone(1), answered(MADE, 50), { type: 'too-slow' }])
    expect(judgment).toMatchObject({ outcome: 'stands', differed: JURY.slice(6, 8), pay: { owed: JURY.slice(0, 6) }, marks: [] })
  })
  test('undoes what comes out otherwise after what is certified: its root is what the next epoch begins from', () => {
    for (const [step, later] of [
      [21, []],
      [84, [100]],
    ] as const) {
      expect(decide(MIDDLE, times(6, answered(MADE, step)), { path: range(1, 20), later })).toMatchObject({
        outcome: 'overturned',
        by: 'jury',
        step,
        marks: [],
        leave: [],
        unresolved: [],
        pay: { owed: JURY.slice(0, 6), owing: [] },
        opens: {
          start: MADE.step(step).after.root,
          holders: JURY.slice(0, 6),
          rerun: [99, ...later].map((one) => MADE.step(one).batch.hash),
          members: all,
        },
      })
    }
  })
  test('drops all of a gap of which something inside comes out otherwise: what it began from nobody certified', () => {
    for (const [shown, step, start] of [
      [{}, 1, MADE.context.start],
      [{ path: [1, 2, 3], later: [100] }, 4, MADE.step(3).after.root],
    ] as const) {
      const judgment = decide(MIDDLE, times(6, answered(MADE, 50)), shown)
      expect(judgment).toMatchObject({ outcome: 'dropped', by: 'jury', step, marks: [], leave: [], unresolved: [], pay: { owing: [] } })
      expect(judgment?.opens?.start).toBe(start)
    }
  })
  test('drops what is not to be had, also where it is final, back to what is certified', () => {
    for (const [shown, start] of [
      [{}, MADE.context.start],
      [{ base: 3 }, MADE.step(3).after.root],
      [{ path: [1, 2, 3], later: [100] }, MADE.step(3).after.root],
    ] as const) {
      const step = start === MADE.context.start ? 1 : 4
      expect(decide(MIDDLE, times(6, gone(step)), shown)).toMatchObject({ outcome: 'dropped', step, marks: [], opens: { start } })
    }
  })
  test('compares one that ends at the disputed step with its certificate', () => {
    const [stretch, shown] = [
      { after: 35, through: 99 },
      { base: 34, path: [35] },
    ]
    const judgment = decide(stretch, times(6, answered(MADE, 99)), shown)
    expect(judgment).toMatchObject({ outcome: 'stands', step: 99, pay: { owing: [objector] }, marks: [] })
    const { answer } = answered(MADE, 99) as Finding & { type: 'answered' }
    const other: Finding = { type: 'answered', step: 99, answer: { ...answer, root: bytesOfContentId(LIE.root) } }
    const marks = [0, 1, 2, 3].map((seat) => ({ peer: MADE.peer(seat), step: 99, mark: 'false' }))
    expect(decide(stretch, times(6, other), shown)).toMatchObject({ outcome: 'overturned', step: 99, marks, opens: { start: LIE.root } })
    expect(decide(stretch, times(6, HOLDS), shown)).toMatchObject({ outcome: 'stands', step: 99, pay: { owing: [objector] } })
  })
  test('lets that stand too where nobody certified what it began from', () => {
    const judgment = decide({ after: 36, through: 99 }, times(6, answered(MADE, 99)))
    expect(judgment).toMatchObject({ outcome: 'stands', step: 99, pay: { owing: [objector] }, marks: [] })
  })
  test('without a majority at the deadline, that it holds counts for the step', () => {
    const end = { nowMs: DEADLINE }
    const outcomes = ([holds, against]: readonly [number, number]) =>
      decide(MIDDLE, [...times(holds, HOLDS), ...times(against, gone(1))], {}, end)?.outcome
    expect(
      (
        [
          [5, 0],
          [3, 2],
          [2, 2],
          [2, 3],
          [0, 0],
          [1, 0],
        ] as const
      ).map(outcomes),
    ).toEqual([...['unjudged', 'unjudged', 'dropped', 'dropped', 'unjudged', 'unjudged']])
    const judgment = decide(MIDDLE, [...times(3, HOLDS), ...times(2, gone(1))], {}, end) as Judgment
    expect(judgment).toMatchObject({ by: 'no-majority', unresolved: [objector], pay: { owed: JURY.slice(0, 5), owing: [] } })
  })
})

describe('what a verdict about a stretch of what leads to step 200, after step 70 up to 134, leaves to judge', () => {
  const batchAt = (step: number, branch = 0) => new Uint8Array(32).fill(step).fill(branch, 0, 1)
  const [base, of] = [{ step: 2 }, { after: 70, through: 134 }]
  const asked = { step: 200, batch: batchAt(200), base, gap: 197, stretch: of, path: [] }
  type Asked = Parameters<typeof isSettled>[0]
  const settled = (
    outcome: Outcome,
    other: Partial<Asked>,
    judged = 200,
    by: Partial<Omit<typeof asked, 'stretch'>> & { readonly stretch?: Stretch | undefined } = {},
  ) => isSettled({ step: 200, batch: batchAt(200), base, gap: 197, ...other }, { outcome, step: judged }, { ...asked, ...by })

  const stretches: readonly (readonly [string, Stretch])[] = [
    ['the same', of],
    ['within', { after: 80, through: 120 }],
    ['its first part', { after: 70, through: 100 }],
    ['its last part', { after: 100, through: 134 }],
    ['wider, to the front', { after: 69, through: 130 }],
    ['wider, to the end', { after: 71, through: 135 }],
    ['earlier', { after: 6, through: 70 }],
    ['earlier, over its beginning', { after: 30, through: 94 }],
    ['later', { after: 134, through: 198 }],
    ['the end', { after: 150, through: 200 }],
  ]
  test.each([
    ['stands', [true, true, true, true, false, false, false, false, false, false]],
    ['unjudged', [false, false, false, false, false, false, false, false, false, false]],
    ['overturned', [true, true, true, true, false, true, false, false, true, true]],
    ['dropped', [true, true, true, true, true, true, true, true, true, true]],
  ] as const)('%s: of stretches of the same step', (outcome, expected) => {
    const judged = outcome === 'overturned' ? 100 : outcome === 'dropped' ? 3 : 200
    expect(stretches.map(([name, stretch]) => [name, settled(outcome, { stretch }, judged)])).toEqual(
      stretches.map(([name], i) => [name, expected[i]]),
    )
  })
  test('not one that begins from what is certified: that may not be what the next batch begins from', () => {
    for (const from of [{ base: { step: 70 } }, { base, path: [{ step: 70 }] }]) {
      expect(settled('stands', { stretch: of, ...(from as object) })).toBe(false)
      expect(settled('overturned', { stretch: of, ...(from as object) }, 100)).toBe(true)
    }
  })
  test('dropped: all after what is left, and nothing before', () => {
    const near = { base: { step: 59 }, gap: 0, step: 60, batch: batchAt(60) }
    expect([3, 60, 61, 71].map((judged) => settled('dropped', near, judged))).toEqual([true, true, false, false])
  })
  test('wherever each goes back to', () => {
    for (const other of [{ step: 0 }, { step: 60 }]) {
      expect(settled('stands', { base: other, stretch: of })).toBe(true)
      expect(settled('stands', { base: other, stretch: { after: 64, through: 128 } })).toBe(false)
    }
  })
  test('stands: not the same stretch of another step, or of another batch', () => {
    expect(settled('stands', { stretch: of, step: 201, batch: batchAt(201), gap: 198 })).toBe(false)
    expect(settled('stands', { stretch: of, step: 201, gap: 198 })).toBe(false)
    expect(settled('stands', { stretch: of, step: 199, batch: batchAt(199), gap: 196 })).toBe(false)
    expect(settled('stands', { stretch: of, batch: batchAt(200, 9) })).toBe(false)
  })
  test.each([
    ['stands', false],
    ['unjudged', false],
    ['overturned', true],
    ['dropped', true],
  ] as const)('%s: of disputes without a stretch', (outcome, expected) => {
    // all that leads there is certified
    expect(settled(outcome, { base: { step: 199 }, gap: 0 }, 100)).toBe(expected)
    expect(settled(outcome, { step: 71, batch: batchAt(71), base: { step: 69 }, gap: 0 }, 100)).toBe(expected)
    // a gap, after what it ran from
    expect(settled(outcome, { base: { step: 190 }, gap: 9 }, 100)).toBe(expected)
    // and before it, of which nothing is known
    expect(settled(outcome, { base: { step: 60 }, gap: 9, step: 120, batch: batchAt(120) }, 100)).toBe(false)
    expect(settled(outcome, { step: 70, batch: batchAt(70), base: { step: 69 }, gap: 0 }, 100)).toBe(false)
    expect(settled(outcome, { step: 3, batch: batchAt(3), base: { step: 2 }, gap: 0 }, 100)).toBe(false)
  })
  test.each([
    ['stands', true],
    ['unjudged', false],
    ['overturned', true],
    ['dropped', true],
  ] as const)('%s: what jurors ran without a stretch settles one that begins there or later', (outcome, expected) => {
    const by = { stretch: undefined, base: { step: 150 }, gap: 49 }
    expect(settled(outcome, { stretch: { after: 150, through: 200 } }, 200, by)).toBe(expected)
    expect(settled(outcome, { stretch: { after: 180, through: 190 } }, 200, by)).toBe(expected)
    expect(settled(outcome, { stretch: { after: 149, through: 190 } }, 200, by)).toBe(false)
    expect(settled(outcome, { stretch: { after: 6, through: 70 } }, 200, by)).toBe(false)
    const other = { stretch: { after: 150, through: 200 }, batch: batchAt(200, 9) }
    expect(settled(outcome, other, 200, by)).toBe(outcome === 'overturned' || outcome === 'dropped')
  })
})
