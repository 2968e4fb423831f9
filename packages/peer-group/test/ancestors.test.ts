import { sha256 } from '@interpeer/crypto-ids'
import { encodeCbor } from '@interpeer/wire-codec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AncestorContext,
  ancestorContext,
  ancestorSteps,
  ancestorsAfter,
  ancestorTowards,
  NO_BATCH,
  previousOf,
  sameAncestors,
} from '../src/ancestors.js'
import type { Batch } from '../src/batch.js'
import { ANCESTORS_MAX } from '../src/settings.js'
import { Desk } from './desk.js'
import { refusals } from './forge.js'

const STEPS_MAX = 2 ** 32 - 1
const FIRST: AncestorContext = { epoch: 1, rerun: [] }
const hashAt = (step: number, branch = 'a batch'): Uint8Array => sha256(encodeCbor([branch, step]))
const hashesOf = (steps: readonly number[], branch?: string) => steps.map((step) => hashAt(step, branch))
/** A batch as the epoch's members make it; its hash is known by its step. */
function placed(step: number, changes: Partial<Batch> = {}) {
  const value = { epoch: 1, step, ancestors: hashesOf(ancestorSteps(step)), ...changes }
  return { step, batch: { hash: hashAt(step), value: value as Batch } }
}
/** The steps that a way goes through. */
function wayOf(from: number, to: number): readonly number[] {
  const way: number[] = []
  for (let at = from; at > to; ) {
    const next = ancestorTowards(placed(at), to, FIRST)
    if (next === undefined || next.step >= at || next.step < to) throw new Error(`lost at ${at}`)
    expect(next.hash).toEqual(hashAt(next.step))
    way.push(next.step)
    at = next.step
  }
  return way
}

describe('the steps that a batch names', () => {
  test.each<[number, readonly number[]]>([
    [0, []],
    [1, []],
    [2, [1]],
    [3, [2]],
    [4, [3, 2]],
    [5, [4]],
    [6, [5, 4]],
    [7, [6, 4]],
    [8, [7, 6, 4]],
    [9, [8]],
    [12, [11, 10, 8]],
    [16, [15, 14, 12, 8]],
    [17, [16]],
    [600, [599, 598, 596, 592, 576, 512]],
    [2 ** 31 + 1, [2 ** 31]],
    [2 ** 31 + 2, [2 ** 31 + 1, 2 ** 31]],
  ])('that of step %i: %j', (step, named) => {
    expect(ancestorSteps(step)).toEqual(named)
  })
  test('there is room for them, up to the last step that an epoch can have', () => {
    for (const step of [2 ** 31, STEPS_MAX]) {
      expect(ancestorSteps(step)).toHaveLength(31)
      expect(ancestorSteps(step).at(-1)).toBe(step === STEPS_MAX ? 2 ** 31 : 2 ** 30)
    }
    expect(ANCESTORS_MAX).toBeGreaterThanOrEqual(31)
  })
  test('are known to whoever has the batch before it, and nothing else', () => {
    let named: readonly Uint8Array[] = []
    for (let step = 1; step <= 600; step++) {
      expect(named).toEqual(hashesOf(ancestorSteps(step)))
      named = ancestorsAfter(placed(step, { ancestors: named as Uint8Array[] }), FIRST)
    }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: STEPS_MAX - 1 }), (step) => {
        expect(ancestorsAfter(placed(step), FIRST)).toEqual(hashesOf(ancestorSteps(step + 1)))
      }),
    )
  })
  test('are those of a branch, from where it left on', () => {
    let named: readonly Uint8Array[] = []
    const hashOf = (step: number) => hashAt(step, step > 21 ? 'a branch' : 'a batch')
    for (let step = 1; step <= 70; step++) {
      expect(named).toEqual(ancestorSteps(step).map(hashOf))
      const { batch } = placed(step, { ancestors: named as Uint8Array[] })
      named = ancestorsAfter({ step, batch: { ...batch, hash: hashOf(step) } }, FIRST)
    }
  })
})

describe('the way back from a batch', () => {
  test('leads to each before it, in few hops', () => {
    for (let from = 2; from <= 130; from++) {
      for (let to = 1; to < from; to++) {
        const way = wayOf(from, to)
        expect(way.at(-1)).toBe(to)
        expect(way.length).toBeLessThanOrEqual(2 * Math.log2(from))
      }
    }
    const step = fc.integer({ min: 1, max: STEPS_MAX })
    fc.assert(
      fc.property(step, step, (a, b) => {
        fc.pre(a !== b)
        const [to, from] = [Math.min(a, b), Math.max(a, b)]
        const way = wayOf(from, to)
        expect(way.at(-1)).toBe(to)
        expect(way.length).toBeLessThanOrEqual(2 * Math.log2(from))
      }),
    )
  })
  test('for steps in a row it looks at hardly more than those', () => {
    for (const [from, first, last] of [
      [600, 65, 129],
      [1_000, 1, 65],
      [4_095, 2_000, 2_064],
    ] as const) {
      const others = new Set<number>()
      for (let to = last; to >= first; to--) for (const at of wayOf(from, to)) if (at < first || at > last) others.add(at)
      expect(others.size).toBeLessThanOrEqual(2 * Math.log2(from))
    }
  })
  test('is none to the step itself, to a later one, or where its list ends before', () => {
    expect(ancestorTowards(placed(8), 8, FIRST)).toBeUndefined()
    expect(ancestorTowards(placed(8), 9, FIRST)).toBeUndefined()
    expect(ancestorTowards(placed(1), 1, FIRST)).toBeUndefined()
    const short = placed(8, { ancestors: hashesOf([7, 6]) })
    expect(ancestorTowards(short, 6, FIRST)).toEqual({ step: 6, hash: hashAt(6) })
    expect(ancestorTowards(short, 5, FIRST)).toEqual({ step: 6, hash: hashAt(6) })
    expect(ancestorTowards(short, 4, FIRST)).toBeUndefined()
  })
  test('is none from a batch of another epoch or step', () => {
    expect(ancestorTowards(placed(8), 4, FIRST)).toEqual({ step: 4, hash: hashAt(4) })
    for (const changes of [{ epoch: 2 }, { epoch: 0 }, { step: 7 }, { step: 9 }]) {
      expect(ancestorTowards(placed(8, changes), 4, FIRST)).toBeUndefined()
    }
    expect(ancestorTowards(placed(8, { epoch: 2 }), 4, { epoch: 2 })).toEqual({ step: 4, hash: hashAt(4) })
  })
})

describe('what a batch of an epoch that runs some again first has to name', () => {
  const rerun = hashesOf([1, 2, 3, 4, 5], 'run again')
  const context = { epoch: 1, rerun }
  const hashOf = (step: number) => (step <= 5 ? (rerun[step - 1] as Uint8Array) : hashAt(step))

  test('is those, whatever they say was before them', () => {
    for (const changes of [{ epoch: 0, step: 40 }, { ancestors: hashesOf([9, 8, 7]) }, { epoch: 0, ancestors: [] }]) {
      for (let step = 1; step <= 5; step++) {
        const batch = { ...placed(step, changes).batch, hash: hashOf(step) }
        expect(ancestorsAfter({ step, batch }, context)).toEqual(ancestorSteps(step + 1).map(hashOf))
      }
    }
  })
  test('also far after them', () => {
    let named: readonly Uint8Array[] = []
    for (let step = 1; step <= 70; step++) {
      expect(named).toEqual(ancestorSteps(step).map(hashOf))
      const other = { epoch: 0, ancestors: hashesOf([3, 2, 1], 'another epoch') }
      const { batch } = placed(step, step <= 5 ? other : { ancestors: named as Uint8Array[] })
      named = ancestorsAfter({ step, batch: { ...batch, hash: hashOf(step) } }, context)
    }
  })
  test('is known by their bytes', () => {
    const batches = [1, 2].map((n) => Uint8Array.of(n))
    for (const given of [batches, batches, [...batches]]) {
      expect(ancestorContext({ epoch: 3, rerun: given })).toEqual({ epoch: 3, rerun: batches.map((batch) => sha256(batch)) })
    }
    expect(ancestorContext({ epoch: 3, rerun: [] })).toEqual({ epoch: 3, rerun: [] })
  })
})

describe('where a batch says too little of what was before it', () => {
  test('zeros stand for what its list lacks', () => {
    expect(ancestorsAfter(placed(7, { ancestors: hashesOf([6]) }), FIRST)).toEqual([hashAt(7), hashAt(6), NO_BATCH])
    expect(ancestorsAfter(placed(7, { ancestors: [] }), FIRST)).toEqual([hashAt(7), NO_BATCH, NO_BATCH])
    expect(ancestorsAfter(placed(7, { ancestors: hashesOf([6, 4, 9, 9]) }), FIRST)).toEqual(hashesOf([7, 6, 4]))
  })
  test('what is said in another epoch counts for nothing', () => {
    expect(ancestorsAfter(placed(7, { epoch: 2 }), FIRST)).toEqual([hashAt(7), NO_BATCH, NO_BATCH])
    expect(ancestorsAfter(placed(7, { epoch: 2 }), { epoch: 2, rerun: [] })).toEqual(hashesOf([7, 6, 4]))
  })
  test('the batch before it is the first that it names', () => {
    expect(previousOf(placed(7).batch)).toEqual(hashAt(6))
    expect(previousOf(placed(1).batch)).toEqual(NO_BATCH)
  })
  test('two say the same if all of it is the same, in order', () => {
    const named = hashesOf([7, 6, 4])
    expect(sameAncestors(named, hashesOf([7, 6, 4]))).toBe(true)
    expect(sameAncestors([], [])).toBe(true)
    for (const other of [[], [7, 6], [7, 6, 4, 3], [7, 4, 6], [8, 6, 4], [7, 5, 4], [7, 6, 3]]) {
      expect(sameAncestors(named, hashesOf(other))).toBe(false)
      expect(sameAncestors(hashesOf(other), named)).toBe(false)
    }
  })
})

describe('a member that is to seal a batch', () => {
  /** Seven steps that all four certified. */
  function seven(): Desk {
    const desk = new Desk(4)
    for (let step = 1; step <= 7; step++) {
      desk.write(desk.order(step)[0] as number, step)
      desk.deliver()
      desk.pass(250)
      desk.deliver()
    }
    return desk
  }
  const members = [0, 1, 2, 3]
  test('refuses one that names another before it, in whatever place, and one that names more or fewer', () => {
    const desk = seven()
    for (const member of members) expect([desk.group(member).base.step, desk.group(member).open.step]).toEqual([7, 8])
    const named = desk.group(0).base.ancestors
    expect(named).toEqual([7, 6, 4].map((step) => desk.group(0).steps.find((one) => one.step === step)?.certified.batch.hash))
    const refused = (ancestors: readonly Uint8Array[]) => refusals(desk, members, { final: 7, ancestors: [...ancestors] })
    expect(refused(named)).toEqual(['sealed'])
    for (const i of named.keys()) {
      expect(refused(named.toSpliced(i, 1, NO_BATCH))).toEqual(['BATCH_OTHER_PAST'])
      expect(refused(named.toSpliced(i, 1))).toEqual(['BATCH_OTHER_PAST'])
    }
    expect(refused([...named, NO_BATCH])).toEqual(['BATCH_OTHER_PAST'])
    expect(refused([...named].reverse())).toEqual(['BATCH_OTHER_PAST'])
  })
  test('names what its epoch ran again by what that is here', () => {
    const before = seven()
    const rerun = [2, 3, 4, 5, 6, 7].map(
      (step) => before.group(0).steps.find((one) => one.step === step)?.certified.batch.bytes as Uint8Array,
    )
    const desk = new Desk(4, { epoch: 2, rerun, startTimeMs: before.nowMs })
    for (const [cid, block] of before.blocks) desk.blocks.set(cid, block)
    for (let i = 0; i < 60 && desk.group(0).base.step < 8; i++) {
      desk.write(0, 20 + i)
      desk.pass(700)
      desk.deliver()
    }
    const { base, steps } = desk.group(0)
    expect(base.step).toBeGreaterThanOrEqual(8)
    const hashOf = (step: number) => steps.find((one) => one.step === step)?.certified.batch.hash ?? sha256(rerun[step - 1] as Uint8Array)
    expect(base.ancestors).toEqual(ancestorSteps(base.step + 1).map(hashOf))
    for (const step of [7, 8]) {
      const known = steps.find((one) => one.step === step)
      expect(known?.certified.batch.value.ancestors).toEqual(ancestorSteps(step).map(hashOf))
    }
    desk.open(0)
    expect(desk.group(0).base.ancestors).toEqual(base.ancestors)
  })
  test('knows what it has to name after a restart', () => {
    const desk = seven()
    const { ancestors } = desk.group(1).base
    desk.open(1)
    expect(desk.group(1).base.ancestors).toEqual(ancestors)
  })
})
