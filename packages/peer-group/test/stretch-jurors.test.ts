import { bytesOfContentId, sha256 } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import type { Case } from '../simulations/case.js'
import { signerAt } from '../simulations/jobs.js'
import { ancestorSteps } from '../src/ancestors.js'
import type { Finding } from '../src/index.js'
import { answered, asked, asking, far, juryOf, LIE, range, stepsIn } from './far.js'
import { without } from './juror-bench.js'

const [FETCH_MS, ANSWER_MS] = [5_000, 20_000]
/** 140 steps, of which nothing is wrong. */
const RIGHT = far(140)
const MIDDLE = { after: 20, through: 84 }
const lying = (step: number) => far(140, { [step]: { from: LIE } })

describe('a juror who is asked for a stretch of a long gap', () => {
  const bench = juryOf(RIGHT, asking(RIGHT, MIDDLE))
  test('says that it holds, where it does', () => {
    expect(bench.finding).toEqual({ type: 'holds' })
  })
  test('runs its steps and no others', () => {
    const isRun = ({ step }: { step: number }) => step > 20 && step <= 84
    const ran = RIGHT.steps.filter((one) => isRun(one) && one.batch.requests.length > 0)
    expect(bench.of('execute').map(({ batch }) => hexOf(batch))).toEqual(ran.map(({ batch }) => hexOf(batch.hash)))
    const bodies = bench.of('fetch-bodies').filter(({ isSpare }) => isSpare !== true)
    expect(new Set(bodies.flatMap(({ requests }) => requests.map(({ cid }) => cid)))).toEqual(
      new Set(ran.flatMap(({ batch }) => batch.requests.map(({ cid }) => cid))),
    )
  })
  test('begins from the state that its first batch names, and asks for that', () => {
    const states = bench.of('fetch-state')
    expect(new Set(states.map(({ root }) => root))).toEqual(new Set([RIGHT.step(20).after.root]))
    expect(bench.of('execute')[0]?.from).toBe(RIGHT.step(20).after.files)
  })
  test('asks for its batches, for the one that says what it comes to, and for a few that lead there, each once while it comes', () => {
    const steps = asked(RIGHT, bench)
    expect(new Set(steps).size).toBe(steps.length)
    expect(steps).toEqual(expect.arrayContaining(range(21, 85)))
    const others = steps.filter((step) => step === undefined || step < 21 || step > 85)
    expect(others).toContain(140)
    expect(others.length).toBeLessThanOrEqual(2 * Math.log2(140))
    for (const { from } of [...bench.of('fetch-batches'), ...bench.of('fetch-state')]) {
      expect(from).toEqual([...RIGHT.context.members, ...bench.setup.jury.slice(1)])
    }
  })
  test('hands on all batches that it asked for, in order, and the bodies of what it runs', () => {
    const [handedOn] = bench.of('hand-on')
    const steps = stepsIn(
      RIGHT,
      (handedOn?.batches ?? []).map((bytes) => sha256(bytes)),
    )
    expect(steps).toEqual([...asked(RIGHT, bench)].sort((a, b) => (a ?? 0) - (b ?? 0)))
    expect(handedOn?.requests.map(({ cid }) => cid)).toEqual(
      RIGHT.steps.slice(20, 84).flatMap(({ batch }) => batch.requests.map(({ cid }) => cid)),
    )
  })
  test.each<[string, Case, { after: number; through: number }, readonly number[]]>([
    ['of the first steps', RIGHT, { after: 0, through: 64 }, []],
    ['of one step', RIGHT, { after: 77, through: 78 }, []],
    ['up to the step before the disputed one', RIGHT, { after: 75, through: 139 }, []],
    ['after what is certified', RIGHT, { after: 3, through: 67 }, [1, 2, 3]],
    ['further on than what is certified', RIGHT, { after: 70, through: 80 }, [1, 2, 3]],
  ])('the same %s', (_, made, stretch, path) => {
    const one = juryOf(made, asking(made, stretch, { path }))
    one.pass(1_000)
    expect(one.finding).toEqual({ type: 'holds' })
    expect(one.of('fetch-state')[0]?.root).toBe(made.step(stretch.after + 1).before.root)
    const ran = made.steps.filter(({ step, batch }) => step > stretch.after && step <= stretch.through && batch.requests.length > 0)
    expect(one.of('execute').length).toBe(ran.length)
  })
  test('the same where the next batch is the disputed one, of which the certificate says what it began from', () => {
    const stretch = { after: 76, through: 139 }
    expect(juryOf(RIGHT, asking(RIGHT, stretch)).finding).toEqual({ type: 'holds' })
    const made = lying(140)
    expect(juryOf(made, asking(made, stretch)).finding).toEqual(answered(made, 139))
    const belied = far(140, { 140: { changes: { from: bytesOfContentId(LIE.root) } } })
    expect(juryOf(belied, asking(belied, stretch)).finding).toEqual({ type: 'holds' })
  })
  test('of one that ends at the disputed step it says what that comes to: the certificate is to be compared with it', () => {
    const stretch = { after: 76, through: 140 }
    const one = juryOf(RIGHT, asking(RIGHT, stretch))
    expect(one.finding).toEqual(answered(RIGHT, 140))
    expect(new Set(asked(RIGHT, one))).toEqual(new Set(range(77, 140)))
    const made = lying(90)
    expect(juryOf(made, asking(made, stretch)).finding).toEqual(answered(made, 89))
  })
})

describe('a step of a stretch that comes to something else than the next one begins from', () => {
  test.each<[string, number]>([
    ['the first', 21],
    ['the second', 22],
    ['one inside', 50],
    ['the last but one', 83],
    ['the last, which the batch after the stretch belies', 84],
  ])('%s is found there, with what it comes to', (_, step) => {
    const made = lying(step + 1)
    expect(juryOf(made, asking(made, MIDDLE)).finding).toEqual(answered(made, step))
  })
  test('is not looked for before it, nor after it', () => {
    for (const step of [20, 85, 100]) {
      const made = lying(step + 1)
      expect(juryOf(made, asking(made, MIDDLE)).finding).toEqual({ type: 'holds' })
    }
    const made = lying(21)
    expect(juryOf(made, asking(made, MIDDLE)).of('fetch-state')[0]?.root).toBe(LIE.root)
    expect(juryOf(made, asking(made, { after: 19, through: 20 })).finding).toEqual(answered(made, 20))
  })
  test('right after what is certified it begins from that, so what begins from something else is not there', () => {
    const made = lying(21)
    const one = juryOf(made, asking(made, MIDDLE, { path: range(1, 20) }))
    expect(one.of('fetch-state')[0]?.root).toBe(made.step(20).after.root)
    expect(one.finding).toEqual({ type: 'unfetchable', step: 21 })
  })
  test('and that is another question than the same statement without those certificates, which an accomplice may bring first', () => {
    const made = lying(21)
    const [shown, hidden] = [asking(made, MIDDLE, { path: range(1, 20) }), asking(made, MIDDLE)]
    expect(hexOf(hidden.id)).not.toBe(hexOf(shown.id))
    expect(juryOf(made, hidden).finding).toEqual({ type: 'holds' })
  })
})

describe('what leads to a stretch and can not be had is said of the first step of the gap', () => {
  const shown = { path: [1, 2, 3] }
  const gone: Finding = { type: 'unfetchable', step: 4 }
  /** Which of the others lead there. */
  const onTheWay = asked(RIGHT, juryOf(RIGHT, asking(RIGHT, MIDDLE, shown))).filter(
    (step) => step !== undefined && (step < 21 || step > 84),
  )
  test.each([
    ...onTheWay.map((step) => [`the batch of step ${step}, on the way`, step]),
    ['its first batch', 21],
    ['a batch inside', 60],
    ['its last batch', 84],
  ] as [string, number][])('%s', (_, step) => {
    const bench = juryOf(RIGHT, asking(RIGHT, MIDDLE, shown), { batches: RIGHT.steps.filter((one) => one.step !== step) })
    bench.pass(FETCH_MS - 1)
    expect(bench.finding).toBeUndefined()
    bench.pass(1)
    expect(bench.finding).toEqual(gone)
    expect([bench.of('hand-on'), bench.of('execute')]).toEqual([[], []])
  })
  test('the batch of a step that leads nowhere is not missed', () => {
    const batches = RIGHT.steps.filter(({ step }) => onTheWay.includes(step) || (step > 20 && step <= 84))
    const bench = juryOf(RIGHT, asking(RIGHT, MIDDLE, shown), { batches })
    bench.pass(FETCH_MS)
    expect(bench.finding).toEqual({ type: 'holds' })
  })
  test('a body, of whichever of its steps', () => {
    for (const step of [28, 46, 82]) {
      const blocks = without(RIGHT, RIGHT.step(step).batch.requests[0]?.cid)
      const bench = juryOf(RIGHT, asking(RIGHT, MIDDLE, shown), { blocks })
      bench.pass(FETCH_MS - 1)
      expect(bench.finding).toBeUndefined()
      bench.pass(1)
      expect(bench.finding).toEqual(gone)
    }
    // of others it needs none
    const blocks = without(RIGHT, RIGHT.step(19).batch.requests[0]?.cid)
    expect(juryOf(RIGHT, asking(RIGHT, MIDDLE, shown), { blocks }).finding).toEqual({ type: 'holds' })
  })
  test('but a body of the disputed step, where it ends there, is said of that', () => {
    const made = far(140, { 140: { requests: 1 } })
    const dispute = asking(made, { after: 76, through: 140 }, shown)
    const bench = juryOf(made, dispute, { blocks: without(made, made.step(140).batch.requests[0]?.cid) })
    bench.pass(FETCH_MS)
    expect(bench.finding).toEqual({ type: 'unfetchable', step: 140 })
  })
  test('a state that does not come is no word against it: a large one takes its time', () => {
    const blocks = without(RIGHT, RIGHT.step(20).after.root)
    const bench = juryOf(RIGHT, asking(RIGHT, MIDDLE, shown), { blocks })
    bench.pass(FETCH_MS)
    expect(bench.finding).toBeUndefined()
    bench.pass(ANSWER_MS - FETCH_MS - 1)
    expect(bench.finding).toBeUndefined()
    bench.pass(1)
    expect(bench.finding).toEqual({ type: 'too-slow' })
    expect(bench.of('fetch-state').length).toBeGreaterThan(1)
  })
  test('another state than the one it has to begin from is not taken', () => {
    const bench = juryOf(RIGHT, asking(RIGHT, MIDDLE, shown), { blocks: new Map() })
    bench.tell({ type: 'state', root: LIE.root, block: RIGHT.blocks.get(LIE.root) as Uint8Array, pages: [] })
    expect(bench.of('count').map(({ code }) => code)).toContain('STATE_OTHER')
    expect(bench.juror.held).toBeUndefined()
  })
})

describe('batches of a stretch that do not fit together', () => {
  const gone: Finding = { type: 'unfetchable', step: 1 }
  const other = (step: number) => sha256(Uint8Array.of(step))
  const ancestorsOf = (step: number) => RIGHT.step(step).batch.value.ancestors
  test.each<[string, number, number]>([
    ['one of its batches names another before it', 50, 0],
    ['one of its batches names another further back', 52, 1],
    ['one of its batches names another from before it', 32, 4],
    ['the one after it names another that is not on the way', 85, 1],
  ])('%s', (_, step, i) => {
    const at = step === 85 ? 85 : step
    const ancestors = ancestorsOf(at).length > i ? ancestorsOf(at).toSpliced(i, 1, other(i)) : [...ancestorsOf(at), other(i)]
    const made = far(140, { [at]: { changes: { ancestors } } })
    const bench = juryOf(made, asking(made, MIDDLE))
    bench.pass(FETCH_MS)
    expect(bench.finding).toEqual(gone)
  })
  test('nothing leads to the batch after it, which says what it comes to', () => {
    const made = far(140, { 86: { changes: { step: 87 } } })
    const bench = juryOf(made, asking(made, MIDDLE))
    bench.pass(FETCH_MS)
    expect(bench.finding).toEqual(gone)
  })
  test('a batch that no honest member could have run is as good as none', () => {
    for (const step of [21, 50, 84]) {
      const made = far(140, { [step]: { changes: { collator: signerAt(30).publicKey } } })
      expect(juryOf(made, asking(made, MIDDLE)).finding).toEqual(gone)
    }
  })
  test('one of another epoch, or step, leads nowhere', () => {
    for (const changes of [{ epoch: 2 }, { step: 139 }]) {
      const made = far(140, { 140: { changes } })
      const bench = juryOf(made, asking(made, MIDDLE))
      bench.pass(FETCH_MS)
      expect(bench.finding).toEqual(gone)
      expect(asked(made, bench).filter((step) => step !== 140)).toEqual([])
    }
  })
  test('its first one, of another epoch, says of no state: that is as good as none, or no one finds what is wrong after it', () => {
    const made = far(85, { 85: { changes: { epoch: 2 } } })
    made.run(0, { ancestors: ancestorSteps(86).map((step) => made.step(step).batch.hash) })
    while (made.steps.length < 140) made.run(0, {}, made.steps.length === 99 ? LIE : undefined)
    const before = juryOf(made, asking(made, MIDDLE))
    before.pass(FETCH_MS)
    const bench = juryOf(made, asking(made, { after: 84, through: 140 }))
    bench.pass(ANSWER_MS)
    expect([before.finding, bench.finding]).toEqual([{ type: 'holds' }, gone])
  })
})

describe('a stretch of what the epoch runs again', () => {
  test('that ends at the disputed step: what a juror says of it has to be a verdict, or it can not read its own record', () => {
    const dispute = asking(made, { after: 29, through: 93 }, { of: 93 })
    const bench = juryOf(made, dispute)
    bench.pass(ANSWER_MS)
    expect(bench.record).toBeDefined()
    expect(bench.open().verdict).toEqual(bench.of('verdict')[0]?.envelope)
  })
  const made = far(100, {}, 30)
  test('that begins among them is not looked at: they say nothing of what they begin from here', () => {
    for (const stretch of [
      { after: 10, through: 74 },
      { after: 29, through: 93 },
      { after: 1, through: 2 },
    ]) {
      const bench = juryOf(made, asking(made, stretch), { batches: [], blocks: new Map() })
      expect(bench.finding).toEqual({ type: 'holds' })
      expect([bench.of('fetch-batches'), bench.of('fetch-state'), bench.of('execute')]).toEqual([[], [], []])
    }
  })
  test('is run from what is certified before it', () => {
    for (const [after, path] of [
      [0, []],
      [10, range(1, 10)],
    ] as const) {
      const bench = juryOf(made, asking(made, { after, through: after + 64 }, { path }))
      expect(bench.finding).toEqual({ type: 'holds' })
      expect(bench.of('fetch-state')[0]?.root).toBe(made.step(after + 1).before.root)
      expect(bench.of('execute').length).toBeGreaterThan(4)
    }
  })
  test('and so is one after them', () => {
    const bench = juryOf(made, asking(made, { after: 30, through: 94 }))
    expect(bench.finding).toEqual({ type: 'holds' })
    expect(bench.of('fetch-state')[0]?.root).toBe(made.step(30).after.root)
  })
  test('that one has to name them, and no others', () => {
    const { ancestors } = made.step(31).batch.value
    expect(ancestors.length).toBe(4)
    for (const i of ancestors.keys()) {
      const other = far(100, { 31: { changes: { ancestors: ancestors.toSpliced(i, 1, sha256(Uint8Array.of(i))) } } }, 30)
      const bench = juryOf(other, asking(other, { after: 0, through: 64 }))
      bench.pass(FETCH_MS)
      expect(bench.finding).toEqual({ type: 'unfetchable', step: 1 })
    }
  })
  test('what they come to is compared with what the first one after them begins from', () => {
    const lied = far(100, { 31: { from: LIE } }, 30)
    expect(juryOf(lied, asking(lied, { after: 0, through: 64 })).finding).toEqual(answered(lied, 30))
    expect(juryOf(lied, asking(lied, { after: 0, through: 30 })).finding).toEqual(answered(lied, 30))
  })
})
