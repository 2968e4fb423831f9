import { bytesOfContentId, contentIdOf, type Signer } from '@interpeer/crypto-ids'
import { encodeCbor, hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { Case } from '../simulations/case.js'
import { emptyFiles, execute, signerAt, start, verification } from '../simulations/jobs.js'
import { firstStateBlock, type JurorSetup, jurorReferences, openJuror, TRANSCRIPT_MAX_BYTES } from '../src/index.js'
import { Bench, NOW, without } from './juror-bench.js'

describe('a juror re-executes from the last final state', () => {
  test('all steps since it in order, and finds what is right', () => {
    const made = new Case(5)
    const [, , third] = [made.run(2), made.run(0), made.run(1)]
    const bench = new Bench(made, third)
    expect(bench.of('execute').map(({ from }) => from)).toEqual([emptyFiles, made.step(2).after.files])
    expect(bench.finding).toEqual({ type: 'answered', step: 3, answer: third.answerOf(bench.self) })
    const [handedOn, ...more] = bench.of('hand-on')
    expect([handedOn?.batches.length, handedOn?.requests.length, handedOn?.to.length, more.length]).toEqual([3, 3, 15, 0])
    expect([...jurorReferences(bench.juror)]).toContain(third.after.root)
  })
  test('and takes a transcript as long as a member may have, and no longer', () => {
    const made = new Case(5)
    const first = made.run()
    for (const [bytes, type] of [
      [0, 'answered'],
      [40_000, 'answered'],
      [TRANSCRIPT_MAX_BYTES + 1, 'too-slow'],
    ] as const) {
      const bench = new Bench(made, first, { batches: [] })
      bench.run = (effect) => ({ ...execute(effect), transcript: new Uint8Array(bytes) })
      bench.tell({ type: 'batch', bytes: first.batch.bytes })
      expect(bench.finding?.type).toBe(type)
    }
  })
  test('a closing batch leaves the state as it is, though its time would drop old request ids', () => {
    const made = new Case(5)
    const first = made.run()
    const closing = made.run(0, { closing: true, timeMs: first.batch.value.timeMs + 700_000 })
    expect(closing.after.root).not.toBe(closing.before.root)
    const bench = new Bench(made, closing)
    expect(bench.finding).toMatchObject({ type: 'answered', step: 2, answer: { root: bytesOfContentId(first.after.root) } })
  })
  test('says so where an earlier step comes out otherwise than its certificate, and goes no further', () => {
    const made = new Case(5)
    const [, second] = [made.run(), made.run()]
    const bench = new Bench(made, second)
    const other = contentIdOf(encodeCbor(['another tree']), 'dag-cbor')
    const odd = new Bench(made, second)
    expect(bench.finding).toMatchObject({ type: 'answered', step: 2 })
    odd.effects.length = 0
    odd.record = undefined
    odd.run = (effect) => ({ ...execute(effect), files: other })
    odd.open()
    expect(odd.of('execute').length).toBe(1)
    expect(odd.finding).toMatchObject({ type: 'answered', step: 1 })
  })
  test('what does not come by the deadline is unfetchable, from the first step that lacks it', () => {
    const made = new Case(5)
    const [first, second] = [made.run(), made.run()]
    for (const [has, step] of [
      [{ batches: [first] }, 2],
      [{ batches: [second] }, 1],
      [{ blocks: without(made, second.batch.requests[0]?.cid) }, 2],
    ] as const) {
      const bench = new Bench(made, second, has)
      bench.pass(4_999)
      expect(bench.finding).toBeUndefined()
      bench.pass(1)
      expect(bench.finding).toEqual({ type: 'unfetchable', step })
      expect(bench.of('hand-on')).toEqual([])
    }
  })
  test('a state that does not come is no word against a step: it has no opinion', () => {
    const made = new Case(5)
    made.run()
    const bench = new Bench(made, made.run(), { blocks: without(made, start.cid) })
    bench.pass(5_000)
    expect(bench.finding).toBeUndefined()
    bench.pass(60_000)
    expect(bench.finding).toEqual({ type: 'too-slow' })
  })
  test('one that begins after that has never asked: it judges what it still gets, and else has no opinion', () => {
    const made = new Case(5)
    const first = made.run()
    const bench = new Bench(made, first, { batches: [] })
    bench.nowMs += 5_000
    bench.open()
    expect([bench.finding, bench.of('fetch-batches').length]).toEqual([undefined, 2])
    const other = new Bench(made, first, { batches: [] })
    other.nowMs += 5_000
    other.open()
    other.tell({ type: 'batch', bytes: first.batch.bytes })
    expect(other.finding?.type).toBe('answered')
    bench.pass(14_999)
    expect(bench.finding).toBeUndefined()
    bench.pass(1)
    expect(bench.finding).toEqual({ type: 'too-slow' })
  })
  test('it asks again and again for what it lacks, of members first and of fellow jurors', () => {
    const made = new Case(5)
    const first = made.run()
    const bench = new Bench(made, first, { batches: [] })
    const asked = () => bench.of('fetch-batches')
    expect(asked()[0]?.from).toEqual([...made.context.members, ...bench.setup.jury.slice(1)])
    for (const ms of [300, 600, 1_200]) bench.pass(ms)
    expect(asked().length).toBe(4)
    bench.tell({ type: 'batch', bytes: first.batch.bytes })
    expect(bench.finding?.type).toBe('answered')
  })
  test('a run that ends by abstaining, or not in time, is too slow', () => {
    const made = new Case(5)
    const first = made.run()
    const late = new Bench(made, first, { batches: [] })
    late.run = () => undefined
    late.tell({ type: 'batch', bytes: first.batch.bytes })
    late.pass(19_999)
    expect(late.finding).toBeUndefined()
    late.pass(1)
    expect(late.finding).toEqual({ type: 'too-slow' })
    late.tell({ type: 'executed', batch: first.batch.hash, from: emptyFiles, result: execute(late.of('execute')[0] as never) })
    expect(late.of('persist').length).toBe(1)
    const abstaining = new Bench(made, first, { batches: [] })
    abstaining.run = () => ({ type: 'abstained' })
    abstaining.tell({ type: 'batch', bytes: first.batch.bytes })
    expect(abstaining.finding).toEqual({ type: 'too-slow' })
  })
})

describe('no batch that may run at this step', () => {
  const zeros = new Uint8Array(80)
  test.each([
    ['of another step', (made: Case) => made.run(1, { step: 7 })],
    ['on another past', (made: Case) => made.run(1, { ancestors: [new Uint8Array(32).fill(1)] })],
    ['with a false proof', (made: Case) => made.run(1, { proof: zeros })],
    ['by a stranger', (made: Case) => made.run(1, { collator: signerAt(30).publicKey })],
    ['of a later epoch', (made: Case) => made.run(1, { epoch: 2 })],
    ['that closes, with a request', (made: Case) => made.run(1, { closing: true })],
    [
      'that closes, and pays what nobody owes',
      (made: Case) => made.run(0, { closing: true, payments: [{ account: new Uint8Array(32), amount: 5n }] }),
    ],
    ['that pays and does not close', (made: Case) => made.run(0, { payments: [{ account: new Uint8Array(32), amount: 5n }] })],
    [
      'with a request twice',
      (made: Case) => {
        const [first] = made.run(1).batch.value.requests
        made.steps.pop()
        return made.run(2, { requests: [first, first] as never })
      },
    ],
  ])('%s: invalid', (_, run) => {
    const made = new Case(5)
    const bench = new Bench(made, run(made))
    expect(bench.finding).toEqual({ type: 'invalid', step: 1 })
  })
  test('with a request that has run before', () => {
    const made = new Case(5)
    const first = made.run(1)
    const second = made.run(1, { requests: first.batch.value.requests })
    expect(new Bench(made, second).finding).toEqual({ type: 'invalid', step: 2 })
  })
  test('with a request that is not what the batch says of it: no member would have held it, and so it may say that it was withheld', () => {
    const made = new Case(5)
    const first = made.run(2)
    const [, second] = first.batch.requests
    const bench = new Bench(made, first, {}, [], { checkRequest: (ref) => ref !== second && ref.cid !== second?.cid })
    expect(bench.finding).toEqual({ type: 'invalid', step: 1 })
    expect(bench.of('execute')).toEqual([])
    // a batch that is to be run again was certified by members of its own epoch
    expect(new Bench(made, first, {}, [first.batch.hash], { checkRequest: () => false }).finding).toMatchObject({ type: 'answered' })
  })
  test('one that the epoch was to run again may name another epoch and state; another in its place may not run', () => {
    const made = new Case(5)
    const elsewhere = bytesOfContentId(contentIdOf(encodeCbor(['a state that fell away']), 'dag-cbor'))
    const one = made.run(1, { epoch: 0, step: 9, ancestors: [new Uint8Array(32).fill(3)], from: elsewhere })
    expect(new Bench(made, one, {}, [one.batch.hash]).finding).toMatchObject({ type: 'answered', step: 1 })
    expect(new Bench(made, one, {}, [new Uint8Array(32)]).finding).toEqual({ type: 'invalid', step: 1 })
    expect(new Bench(made, one, {}, []).finding).toEqual({ type: 'invalid', step: 1 })
  })
})

describe('a verdict is durable before it is sent', () => {
  const made = new Case(5)
  const first = made.run()
  test('after a restart the same bytes go out, whatever would be found now', () => {
    const bench = new Bench(made, first, { batches: [] })
    bench.pass(5_000)
    const [said] = bench.of('verdict')
    bench.effects.length = 0
    bench.nowMs += 1_000
    bench.open()
    bench.tell({ type: 'batch', bytes: first.batch.bytes })
    expect(bench.of('verdict').map(({ envelope }) => hexOf(envelope))).toEqual([hexOf(said?.envelope ?? new Uint8Array())])
    expect([bench.of('persist'), bench.of('fetch-batches')]).toEqual([[], []])
  })
  test('it is brought again until the chain has it', () => {
    const bench = new Bench(made, first)
    for (const ms of [300, 600, 1_200]) bench.pass(ms)
    expect(bench.of('verdict').length).toBe(4)
    bench.tell({ type: 'recorded' })
    bench.pass(60_000)
    expect(bench.of('verdict').length).toBe(4)
    expect(bench.of('wake').every(({ atMs }) => atMs > NOW)).toBe(true)
  })
  test('records of others, of other disputes and spoiled ones are refused', () => {
    const bench = new Bench(made, first)
    const record = bench.record as Uint8Array
    const open = (setup: JurorSetup, self: Signer, bytes: Uint8Array) => () => openJuror(setup, self, NOW, bytes, verification)
    const unreadable = expect.objectContaining({ code: 'RECORD_UNREADABLE' })
    expect(open(bench.setup, signerAt(21), record)).toThrow(unreadable)
    expect(open({ ...bench.setup, dispute: { ...bench.setup.dispute, id: new Uint8Array(32) } }, bench.self, record)).toThrow(unreadable)
    expect(open(bench.setup, bench.self, record.slice(0, -1))).toThrow(unreadable)
    expect(
      open(
        bench.setup,
        bench.self,
        Uint8Array.from(record, (byte, i) => (i === 1 ? 2 : byte)),
      ),
    ).toThrow(unreadable)
    const wrong = expect.objectContaining({ code: 'JURY_INVALID' })
    expect(() => openJuror(bench.setup, signerAt(39), NOW)).toThrow(wrong)
    expect(() => openJuror({ ...bench.setup, jury: made.context.members }, signerAt(0), NOW)).toThrow(wrong)
  })
  test('what nobody asked for is counted', () => {
    const bench = new Bench(made, first)
    bench.tell({ type: 'batch', bytes: Uint8Array.of(1) })
    bench.tell({ type: 'bodies', cids: [emptyFiles] })
    bench.tell({ type: 'state', root: emptyFiles, block: Uint8Array.of(1), pages: [] })
    bench.tell({ type: 'state', root: emptyFiles, block: firstStateBlock(first.after.files).bytes, pages: [] })
    expect(bench.of('count').map(({ code }) => code)).toEqual(['BATCH_UNWANTED', 'BODY_UNWANTED', 'STATE_INVALID', 'STATE_OTHER'])
  })
})
