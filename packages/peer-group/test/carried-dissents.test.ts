import { expect, test } from 'vitest'
import { openDissents } from '../src/dissent.js'
import type { KnownStep, Turn } from '../src/group-state.js'
import { DISSENTS_MAX, PROVISIONAL_MAX } from '../src/settings.js'

const envelopeOf = (step: number, seat: number): Uint8Array => Uint8Array.of(step, seat)
/** Provisional steps from 1 on, each with so many dissents against it. */
function turnWith(counts: readonly number[], named: readonly number[] = []): Pick<Turn, 'g'> {
  const steps = counts.map((count, i) => {
    const dissents = new Map(Array.from({ length: count }, (_, seat) => [seat, envelopeOf(i + 1, seat)]))
    return { step: i + 1, dissents, named: named.includes(i + 1), certified: { answer: { final: 0 } } } as unknown as KnownStep
  })
  return { g: { steps, frozen: 0, setup: { members: ['a', 'b', 'c', 'd'] } } as unknown as Turn['g'] }
}
const stepsOf = (t: Pick<Turn, 'g'>) => openDissents(t).map(({ step }) => step)

test('a batch carries one dissent of each step before it carries a second of any: all that waits can be decided', () => {
  expect(stepsOf(turnWith([4, 4, 0, 1]))).toEqual([1, 1, 2, 2, 4])
  expect(stepsOf(turnWith([9]))).toEqual([1, 1, 1, 1, 1])
  expect(stepsOf(turnWith([9, 9], [1]))).toEqual([2, 2, 2, 2, 2])
  expect(new Set(stepsOf(turnWith(Array(PROVISIONAL_MAX).fill(9)))).size).toBe(PROVISIONAL_MAX)
  expect(openDissents(turnWith([9, 9])).length).toBe(DISSENTS_MAX)
})
