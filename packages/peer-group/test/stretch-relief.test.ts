import { describe, expect, test } from 'vitest'
import { signerAt } from '../simulations/jobs.js'
import { asked, asking, far, giveState, juryOf, range, stepsIn } from './far.js'
import { Bench, without } from './juror-bench.js'

const FETCH_MS = 5_000
/** 140 steps, of which nothing is wrong. */
const RIGHT = far(140)
const MIDDLE = { after: 20, through: 84 }

test('a batch that comes before it was asked for is not taken: it is asked for once another leads there', () => {
  const bench = juryOf(RIGHT, asking(RIGHT, MIDDLE), { batches: [], blocks: new Map() })
  expect(asked(RIGHT, bench)).toEqual([140])
  const give = (step: number) => bench.tell({ type: 'batch', bytes: RIGHT.step(step).batch.bytes })
  give(84)
  expect(bench.of('count').map(({ code }) => code)).toEqual(['BATCH_UNWANTED'])
  for (const [step, next] of [
    [140, 128],
    [128, 96],
    [96, 88],
    [88, 86],
    [86, 85],
  ] as const) {
    give(step)
    expect(asked(RIGHT, bench)).toContain(next)
  }
  expect(asked(RIGHT, bench)).toEqual(expect.arrayContaining([84, 80, 64]))
  expect(asked(RIGHT, bench)).not.toContain(21)
  expect(bench.juror.startRoot).toBeUndefined()
  for (const step of [64, 32, 24, 22, 21]) give(step)
  expect(bench.juror.startRoot).toBe(RIGHT.step(20).after.root)
})

describe('a juror whose stretch holds', () => {
  /** Of this batch nobody has anything, or not the body. */
  const lacking = (step: number, what: 'batch' | 'body') =>
    what === 'batch'
      ? { batches: RIGHT.steps.filter((one) => one.step !== step) }
      : { blocks: without(RIGHT, RIGHT.step(step).batch.requests[0]?.cid) }
  const spare = (bench: Bench) => bench.of('fetch-batches').filter(({ isSpare }) => isSpare === true)
  test('gets the rest of the gap too, for whoever asked, and runs none of it', () => {
    const bench = juryOf(RIGHT, asking(RIGHT, MIDDLE))
    bench.pass(1_000)
    expect(bench.finding).toEqual({ type: 'holds' })
    const steps = stepsIn(
      RIGHT,
      spare(bench).flatMap(({ hashes }) => hashes),
    )
    expect([...asked(RIGHT, bench), ...steps]).toEqual(expect.arrayContaining(range(21, 140)))
    expect(steps.filter((step) => (step ?? 0) <= 84)).toEqual([])
    const bodies = new Set(bench.of('fetch-bodies').flatMap(({ requests }) => requests.map(({ cid }) => cid)))
    const after = RIGHT.steps.filter(({ step }) => step > 84 && step < 140).flatMap(({ batch }) => batch.requests.map(({ cid }) => cid))
    expect([...bodies]).toEqual(expect.arrayContaining(after))
  })
  test.each(['batch', 'body'] as const)(
    'says that it holds at the end of the time to fetch, where a %s of the rest can not be had',
    (what) => {
      const bench = juryOf(RIGHT, asking(RIGHT, MIDDLE), lacking(100, what))
      bench.pass(FETCH_MS - 1)
      expect(bench.finding).toBeUndefined()
      bench.pass(1)
      expect(bench.finding).toEqual({ type: 'holds' })
    },
  )
  test('a member that looks for itself gets none of the rest', () => {
    const dispute = asking(RIGHT, MIDDLE)
    const bench = new Bench(RIGHT, RIGHT.step(140), {}, [], { dispute, jury: [signerAt(20).peerId], isOwn: true })
    giveState(RIGHT, bench)
    expect([bench.finding, spare(bench)]).toEqual([{ type: 'holds' }, []])
  })
})
