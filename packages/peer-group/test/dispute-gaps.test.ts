import { bytesOfContentId, contentIdOf, type Signer } from '@interpeer/crypto-ids'
import { encodeCbor } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { Case, type CaseStep } from '../simulations/case.js'
import { emptyFiles, signerAt, verification } from '../simulations/jobs.js'
import {
  type Batch,
  type Dispute,
  type Finding,
  firstStateBlock,
  holdsBy,
  isSettled,
  type Judgment,
  judge,
  openJuror,
  verifyDispute,
  withShown,
} from '../src/index.js'
import { type GroupState, readState } from '../src/state-block.js'
import { Bench, NOW, without } from './juror-bench.js'

const Q = [0, 1, 2, 3]
const otherTree = contentIdOf(encodeCbor(['another tree']), 'dag-cbor')
const otherState: GroupState = readState(firstStateBlock(otherTree).bytes, [])

/** Four steps, the third with these changes, and made of something else where there is a lie in it. */
function four(changes: Partial<Batch> = {}, says: 'truth' | 'lie' = 'truth') {
  const made = new Case(5)
  const [first, second, third] = [made.run(), made.run(2), made.run(1, changes)]
  const fourth = made.run(1, {}, says === 'lie' ? otherState : undefined)
  return { made, first, second, third, fourth }
}
/** The last member says that it was given nothing of a step, and shows the certificates of only these before it, which these seats signed, and of these after it. */
function withheld(made: Case, disputed: CaseStep, before: readonly CaseStep[], after: readonly CaseStep[] = [], seats = Q): Dispute {
  const steps = [...before, disputed, ...after].map((one) => made.certified(one, one.step < disputed.step ? seats : Q))
  const evidence = { type: 'objection', statements: [made.withheld(4, disputed)] } as const
  return verifyDispute(made.dispute(disputed, { steps, evidence }), made.context, verification)
}
/** A juror of the fourth step, who was shown the first alone. */
function benchOf({ made, first, fourth }: ReturnType<typeof four>, has: ConstructorParameters<typeof Bench>[2] = {}): Bench {
  return new Bench(made, fourth, has, [], { dispute: withheld(made, fourth, [first]) })
}

describe('a juror walks a gap back, from batch to batch', () => {
  test('and runs all of it: what is right is found right, and handed on', () => {
    const given = four()
    const { made, first, second, third, fourth } = given
    const bench = benchOf(given)
    expect(bench.setup.dispute.gap).toBe(2)
    expect(bench.of('execute').map(({ from }) => from)).toEqual([emptyFiles, first.after.files, second.after.files, third.after.files])
    expect(bench.finding).toEqual({ type: 'answered', step: 4, answer: fourth.answerOf(bench.self) })
    const [handedOn] = bench.of('hand-on')
    expect([handedOn?.batches, handedOn?.requests.length]).toEqual([made.steps.map(({ batch }) => batch.bytes), 5])
  })
  test('also where nothing is shown of what is before', () => {
    const { made, fourth } = four()
    const bench = new Bench(made, fourth, {}, [], { dispute: withheld(made, fourth, []) })
    expect([bench.setup.dispute.gap, bench.finding]).toEqual([3, { type: 'answered', step: 4, answer: fourth.answerOf(bench.self) }])
  })
  test('it asks for one after another, of members and fellow jurors', () => {
    const given = four()
    const bench = benchOf(given, { batches: [] })
    for (const { batch } of [given.fourth, given.third, given.second]) bench.tell({ type: 'batch', bytes: batch.bytes })
    const asked = bench.of('fetch-batches')
    expect(asked.map(({ hashes }) => hashes)).toEqual([
      [given.first.batch.hash, given.fourth.batch.hash],
      [given.third.batch.hash],
      [given.second.batch.hash],
    ])
    for (const { from } of asked) expect(from).toEqual([...given.made.context.members, ...bench.setup.jury.slice(1)])
  })
  test('a step that comes to something else than the next batch begins from is found there, with what it comes to', () => {
    const given = four({}, 'lie')
    const bench = benchOf(given)
    expect(bench.finding).toEqual({ type: 'answered', step: 3, answer: given.third.answerOf(bench.self) })
    expect(bench.of('execute').length).toBe(3)
    const made = new Case(5)
    const [first] = [made.run(), made.run(), made.run(1, {}, otherState)]
    const earlier = new Bench(made, made.run(), {}, [], { dispute: withheld(made, made.step(4), [first as CaseStep]) })
    expect(earlier.finding).toEqual({ type: 'answered', step: 2, answer: made.step(2).answerOf(earlier.self) })
  })
  test('what the epoch was to run again it knows by that; what such a batch began from says nothing, but what the disputed certificate says does', () => {
    const stranger = { epoch: 0, ancestors: [new Uint8Array(32).fill(3)], from: bytesOfContentId(otherState.root) }
    for (const [from, step] of [
      [undefined, 4],
      [otherState, 3],
    ] as const) {
      const made = new Case(5)
      const [first] = [1, 2, 3].map(() => made.run(1, stranger))
      const dispute = withheld(made, made.run(1, stranger, from), [first as CaseStep])
      const rerun = made.steps.map(({ batch }) => batch.hash)
      const bench = new Bench(made, made.step(4), {}, rerun, { dispute })
      expect(bench.finding).toEqual({ type: 'answered', step, answer: made.step(step).answerOf(bench.self) })
    }
  })
})

describe('what can not be had of a gap is said of its first step', () => {
  type Has = (given: ReturnType<typeof four>) => ConstructorParameters<typeof Bench>[2]
  const all = ({ first, second, third, fourth }: ReturnType<typeof four>) => [first, second, third, fourth]
  test.each<[string, Has]>([
    ['the batch of its first step', (given) => ({ batches: all(given).filter((one) => one !== given.second) })],
    ['the batch of its last step', (given) => ({ batches: all(given).filter((one) => one !== given.third) })],
    ['the batch that it is walked back from', (given) => ({ batches: all(given).filter((one) => one !== given.fourth) })],
    ['a body of its first step', ({ made, second }) => ({ blocks: without(made, second.batch.requests[1]?.cid) })],
    ['a body of its last step', ({ made, third }) => ({ blocks: without(made, third.batch.requests[0]?.cid) })],
  ])('%s', (_, has) => {
    const given = four()
    const bench = benchOf(given, has(given))
    bench.pass(4_999)
    expect(bench.finding).toBeUndefined()
    bench.pass(1)
    expect(bench.finding).toEqual({ type: 'unfetchable', step: 2 })
    expect([bench.of('execute'), bench.of('hand-on')]).toEqual([[], []])
  })
  test('but of a step that a certificate is shown of, of that one', () => {
    for (const lacks of ['first', 'fourth'] as const) {
      const given = four()
      const bench = benchOf(given, { blocks: without(given.made, given[lacks].batch.requests[0]?.cid) })
      bench.pass(5_000)
      expect(bench.finding).toEqual({ type: 'unfetchable', step: given[lacks].step })
    }
  })
  test.each<[string, Partial<Batch>]>([
    ['that names none that anybody has', { ancestors: [new Uint8Array(32).fill(1)] }],
    ['of another epoch', { epoch: 2 }],
  ])('a batch %s leads to none', (_, changes) => {
    const bench = benchOf(four(changes))
    expect(bench.finding).toBeUndefined()
    bench.pass(5_000)
    expect(bench.finding).toEqual({ type: 'unfetchable', step: 2 })
  })
  test('a batch that no honest member could have run, or that runs on another state than the last that is shown, is as good as none', () => {
    for (const changes of [{ collator: signerAt(30).publicKey }, { step: 7 }]) {
      expect(benchOf(four(changes)).finding).toEqual({ type: 'unfetchable', step: 2 })
    }
    const made = new Case(5)
    const from = bytesOfContentId(otherState.root)
    const [first] = [made.run(), made.run(1, { ancestors: [new Uint8Array(32).fill(1)], from }), made.run()]
    const bench = new Bench(made, made.run(), {}, [], { dispute: withheld(made, made.step(4), [first as CaseStep]) })
    expect(bench.finding).toEqual({ type: 'unfetchable', step: 2 })
  })
  test('a batch that follows on another, but runs on the same state, is run: whoever brings the dispute chooses what leads there, and there may be two branches', () => {
    const made = new Case(5)
    const [first] = [made.run(), made.run(1, { ancestors: [new Uint8Array(32).fill(1)] }), made.run()]
    const last = made.run()
    for (const shown of [[first as CaseStep], [first, made.step(2), made.step(3)] as CaseStep[]]) {
      const bench = new Bench(made, last, {}, [], { dispute: withheld(made, made.step(4), shown) })
      expect(bench.finding).toMatchObject({ type: 'answered', step: 4 })
    }
  })
  test('what is missing before the gap is said of its own step', () => {
    const given = four()
    const bench = benchOf(given, { batches: [given.fourth] })
    bench.pass(5_000)
    expect(bench.finding).toEqual({ type: 'unfetchable', step: 1 })
  })
})

describe('a member runs what it skipped as a juror would', () => {
  const { made, third, fourth } = four()
  const dispute = withheld(made, fourth, [])
  test('for itself, and for no one else', () => {
    const { setup } = new Bench(made, fourth, {}, [], { dispute })
    const open = (changes: object) => () => openJuror({ ...setup, jury: [made.peer(4)], ...changes }, made.member(4), NOW)
    expect(open({ isOwn: true })().effects.map(({ type }) => type)).toContain('fetch-batches')
    for (const changes of [{}, { isOwn: false }]) expect(open(changes)).toThrow(expect.objectContaining({ code: 'JURY_INVALID' }))
    expect(open({ isOwn: true, jury: setup.jury })).toThrow(expect.objectContaining({ code: 'JURY_INVALID' }))
  })
  const answered = (one: CaseStep, answer = one.answerOf(made.member(4))): Finding => ({ type: 'answered', step: one.step, answer })
  test.each<[string, boolean, Finding]>([
    ['what is certified', true, answered(fourth)],
    ['a run that did not end', true, { type: 'too-slow' }],
    ['something else', false, answered(fourth, made.lie(4, fourth))],
    ['another answer to a step before it', false, answered(third)],
    ['nothing that could be had', false, { type: 'unfetchable', step: 1 }],
    ['no batch', false, { type: 'invalid', step: 4 }],
  ])('%s: it holds: %s', (_, holds, finding) => {
    expect(holdsBy(finding, dispute)).toBe(holds)
  })
})

describe('a verdict about a step of a gap', () => {
  const jurors: readonly Signer[] = Array.from({ length: 11 }, (_, i) => signerAt(20 + i))
  /** All jurors find this about the fourth step, of whose two before it nobody shows a certificate; the fifth may name it final. The first was signed by these seats, if it is shown. */
  function decide(find: (given: ReturnType<typeof four>) => Finding, final = 0, seats: readonly number[] = Q) {
    const given = four()
    const { made, first, fourth } = given
    const fifth = made.run(1, { final })
    const read = withheld(made, fourth, seats.length > 0 ? [first] : [], [fifth], [...seats])
    const dispute = withShown(read, [], made.context, verification)
    const finding = find(given)
    const verdicts = jurors.map((juror) => ({ envelope: made.verdict(juror, dispute, finding), atMs: NOW }))
    const trial = { jury: jurors.map(({ peerId }) => peerId), ratings: new Map(), verdicts, deadlineMs: NOW + 9_000, nowMs: NOW }
    return { ...given, fifth, judgment: judge(dispute, trial, made.context, verification) as Judgment }
  }
  const gone: Finding = { type: 'unfetchable', step: 2 }

  test("its root is what the next epoch begins from, and the disputed batch runs again on it: nobody's answer to it is known, so nobody is marked", () => {
    for (const final of [0, 4]) {
      const answer = ({ third }: ReturnType<typeof four>) => third.answerOf(signerAt(20))
      const { judgment, made, third, fourth, fifth } = decide((given) => ({ type: 'answered', step: 3, answer: answer(given) }), final)
      expect(judgment).toMatchObject({
        outcome: 'overturned',
        by: 'jury',
        step: 3,
        marks: [],
        leave: [],
        unresolved: [],
        pay: { owing: [] },
      })
      expect(judgment.opens).toEqual({
        start: third.after.root,
        holders: jurors.map(({ peerId }) => peerId),
        rerun: [fourth.batch.hash, fifth.batch.hash],
        members: made.context.members,
      })
    }
  })
  test('what can not be had is dropped, also where it is final: the next epoch begins from the last step that is shown', () => {
    for (const final of [0, 4]) {
      const { judgment, made, first, fourth, fifth } = decide(() => gone, final)
      expect(judgment).toMatchObject({ outcome: 'dropped', by: 'jury', step: 2, marks: [], leave: [], unresolved: [] })
      expect(judgment.opens).toEqual({
        start: first.after.root,
        holders: Q.map((seat) => made.peer(seat)),
        rerun: [fourth.batch.hash, fifth.batch.hash],
        members: made.context.members,
      })
    }
  })
  test('or from the last final one, where none is shown', () => {
    const { judgment, made } = decide(() => ({ type: 'unfetchable', step: 1 }), 4, [])
    expect(judgment).toMatchObject({ outcome: 'dropped', step: 1, opens: { start: made.context.start, holders: made.context.members } })
  })
  test('a final step that the member took part in was not withheld from it, whatever came after', () => {
    const { judgment } = decide(() => ({ type: 'unfetchable', step: 1 }), 4, [1, 2, 3, 4])
    expect(judgment).toMatchObject({ outcome: 'unjudged', by: 'jury', opens: undefined, marks: [] })
    expect(decide(() => gone, 4, [1, 2, 3, 4]).judgment.outcome).toBe('dropped')
  })
  test('where all is there and right the step stands, and who said that it was kept out of it pays', () => {
    const { judgment, made } = decide(({ fourth }) => ({ type: 'answered', step: 4, answer: fourth.answerOf(signerAt(20)) }), 4)
    const member = made.peer(4)
    expect(judgment).toMatchObject({ outcome: 'stands', marks: [], leave: [], unresolved: [member], pay: { owing: [member] } })
    expect(judgment.opens).toBeUndefined()
  })
})

describe('what a verdict about step 7, on what was final at step 4, leaves to judge', () => {
  const batchAt = (step: number) => new Uint8Array(32).fill(step)
  const ofSeven = { step: 7, batch: batchAt(7), base: { step: 4 }, path: [5, 6].map((step) => ({ step, batchHash: batchAt(step) })) }
  test.each(['stands', 'unjudged'] as const)('%s: not what was certified elsewhere under the same numbers', (outcome) => {
    const isLeft = (step: number) =>
      isSettled({ step, batch: new Uint8Array(32).fill(99), base: { step: 4 }, gap: 0 }, { outcome, step: 7 }, ofSeven)
    expect([5, 6, 7].filter(isLeft)).toEqual([])
    const gapped = { ...ofSeven, path: [] }
    expect(isSettled({ step: 6, batch: batchAt(6), base: { step: 4 }, gap: 0 }, { outcome, step: 7 }, gapped)).toBe(false)
  })
  test.each([
    ['stands', [5, 6, 7]],
    ['unjudged', [5, 6, 7]],
    ['overturned', [5, 6, 7, 8, 9]],
    ['dropped', [5, 6, 7, 8, 9]],
  ] as const)('%s: of steps 3 to 9 it settles %j', (outcome, settled) => {
    const isLeft = (step: number) => isSettled({ step, batch: batchAt(step), base: { step: 4 }, gap: 0 }, { outcome, step: 7 }, ofSeven)
    expect([3, 4, 5, 6, 7, 8, 9].filter(isLeft)).toEqual(settled)
  })
  test.each([
    ['stands', 4, 0, true],
    ['stands', 3, 0, true],
    ['stands', 4, 2, true],
    ['stands', 3, 2, false], // it goes back to what the jury did not look at
    ['overturned', 3, 2, false],
    ['unjudged', 5, 1, false], // from there jurors may come to an end
    ['unjudged', 4, 0, true],
  ] as const)('%s: of step 7 from %i on, with a gap of %i: %j', (outcome, step, gap, settled) => {
    expect(isSettled({ step: 7, batch: batchAt(7), base: { step }, gap }, { outcome, step: 7 }, ofSeven)).toBe(settled)
  })
})
