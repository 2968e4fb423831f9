import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { MemberOutcome } from '../src/batch.js'
import { RANGES_MAX } from '../src/messages.js'
import { emptyTally, isTally, outcomesOf, type Range, type Tally, tallyLate, tallySaidLate, tallyStep } from '../src/tally.js'

const counts = (given: Partial<MemberOutcome>): MemberOutcome => ({
  agreed: 0,
  late: 0,
  absent: 0,
  contradicted: 0,
  unresolved: 0,
  ...given,
})

const step = (tally: Tally, n: number, agreed: number[], contradicted: number[] = []) =>
  tallyStep(tally, n, new Set(agreed), new Set(contradicted))

test('absent until a reveal comes, late or not; a differing one contradicts', () => {
  let tally = step(step(emptyTally(3), 1, [0, 1]), 2, [0], [1])
  expect(outcomesOf([tally], 2, 3, true)).toEqual([counts({ agreed: 2 }), counts({ agreed: 1, contradicted: 1 }), counts({ absent: 2 })])
  tally = tallyLate(tallyLate(tally, 1, 2, true), 2, 2, false)
  expect(outcomesOf([tally], 2, 3, true)[2]).toEqual(counts({ agreed: 1, contradicted: 1 }))
  expect(tallyLate(tally, 9, 2, true)).toEqual(tally)
})

test('what is contradicted is unresolved where nobody can judge', () => {
  const tally = step(emptyTally(2), 1, [0], [1])
  expect(outcomesOf([tally], 1, 2, true)[1]).toEqual(counts({ contradicted: 1 }))
  expect(outcomesOf([tally], 1, 2, false)[1]).toEqual(counts({ unresolved: 1 }))
})

test('late by its own word, until it answers; no word of a member that answered makes it late', () => {
  const silent = step(emptyTally(2), 1, [0])
  const late = tallySaidLate(silent, 1, 1)
  expect(outcomesOf([late], 1, 2, true)[1]).toEqual(counts({ late: 1 }))
  expect(tallySaidLate(late, 1, 1)).toEqual(late)
  expect(tallySaidLate(late, 2, 1)).toEqual(late) // of a step that this member does not know
  expect(outcomesOf([tallySaidLate(silent, 1, 0)], 1, 2, true)[0]).toEqual(counts({ agreed: 1 }))
  expect(outcomesOf([tallyLate(late, 1, 1, true)], 1, 2, true)[1]).toEqual(counts({ agreed: 1 }))
  expect(outcomesOf([tallyLate(late, 1, 1, false)], 1, 2, true)[1]).toEqual(counts({ contradicted: 1 }))
  // whoever did not hear the word counts it absent: away for all, and late only if most of them heard it
  expect(outcomesOf([late, silent, silent], 1, 2, true)[1]).toEqual(counts({ absent: 1 }))
  expect(outcomesOf([late, late, silent], 1, 2, true)[1]).toEqual(counts({ late: 1 }))
})

test('a minority of tallies can neither accuse nor clear', () => {
  const honest = step(emptyTally(3), 1, [0, 1])
  const slander = step(emptyTally(3), 1, [2], [0])
  expect(outcomesOf([honest, honest, slander], 1, 3, true)).toEqual(outcomesOf([honest], 1, 3, true))
})

test('whoever knows a step decides about it; steps that nobody knows count for the member', () => {
  const early = step(emptyTally(2), 1, [0])
  const late = step(emptyTally(2), 3, [0])
  expect(outcomesOf([early, late, emptyTally(2)], 3, 2, true)).toEqual([counts({ agreed: 3 }), counts({ agreed: 1, absent: 2 })])
})

test('stays bounded and well formed over any history, and drops in favour of the member', () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { maxLength: 120 }),
      fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 40 }),
      (present, lates, words) => {
        let tally = emptyTally(1)
        present.forEach((one, i) => {
          tally = step(tally, i + 1, one ? [0] : [])
        })
        for (const late of words) tally = tallySaidLate(tally, late, 0)
        for (const late of lates) tally = tallyLate(tally, late, 0, true)
        const missed = present.filter((one, i) => !one && !lates.includes(i + 1)).length
        expect(isTally(tally, present.length, 1)).toBe(true)
        expect(tally.members[0]?.absent.length).toBeLessThanOrEqual(RANGES_MAX)
        expect(tally.members[0]?.late.length).toBeLessThanOrEqual(RANGES_MAX)
        const [{ absent, late }] = outcomesOf([tally], present.length, 1, true) as [MemberOutcome]
        expect(absent + late).toBeLessThanOrEqual(missed)
      },
    ),
  )
})

test('overlapping or unordered ranges are no tally: they would count twice', () => {
  const known = [{ first: 1, last: 4 }]
  const tally = (absent: Range[], late: Range[] = []) => ({ known, members: [{ absent, late, contradicted: [] }] })
  expect(isTally(tally([{ first: 1, last: 2 }]), 4, 1)).toBe(true)
  expect(
    isTally(
      tally([
        { first: 1, last: 2 },
        { first: 2, last: 3 },
      ]),
      4,
      1,
    ),
  ).toBe(false)
  expect(isTally(tally([{ first: 3, last: 2 }]), 4, 1)).toBe(false)
  expect(isTally(tally([{ first: 1, last: 5 }]), 4, 1)).toBe(false)
  expect(isTally(tally([]), 4, 2)).toBe(false)
  // nor is a step both absent and late
  expect(isTally(tally([{ first: 1, last: 2 }], [{ first: 3, last: 3 }]), 4, 1)).toBe(true)
  expect(isTally(tally([{ first: 1, last: 2 }], [{ first: 2, last: 3 }]), 4, 1)).toBe(false)
})
