import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RANGES_MAX } from '../src/messages.js'
import { emptyTally, isTally, outcomesOf, type Tally, tallyLate, tallyStep } from '../src/tally.js'

const step = (tally: Tally, n: number, agreed: number[], contradicted: number[] = []) =>
  tallyStep(tally, n, new Set(agreed), new Set(contradicted))

test('absent until a reveal comes, late or not; a differing one contradicts', () => {
  let tally = step(step(emptyTally(3), 1, [0, 1]), 2, [0], [1])
  expect(outcomesOf([tally], 2, 3)).toEqual([
    { agreed: 2, absent: 0, contradicted: 0 },
    { agreed: 1, absent: 0, contradicted: 1 },
    { agreed: 0, absent: 2, contradicted: 0 },
  ])
  tally = tallyLate(tallyLate(tally, 1, 2, true), 2, 2, false)
  expect(outcomesOf([tally], 2, 3)[2]).toEqual({ agreed: 1, absent: 0, contradicted: 1 })
  expect(tallyLate(tally, 9, 2, true)).toEqual(tally)
})

test('a minority of tallies can neither accuse nor clear', () => {
  const honest = step(emptyTally(3), 1, [0, 1])
  const slander = step(emptyTally(3), 1, [2], [0])
  expect(outcomesOf([honest, honest, slander], 1, 3)).toEqual(outcomesOf([honest], 1, 3))
})

test('whoever knows a step decides about it; steps that nobody knows count for the member', () => {
  const early = step(emptyTally(2), 1, [0])
  const late = step(emptyTally(2), 3, [0])
  expect(outcomesOf([early, late, emptyTally(2)], 3, 2)).toEqual([
    { agreed: 3, absent: 0, contradicted: 0 },
    { agreed: 1, absent: 2, contradicted: 0 },
  ])
})

test('stays bounded and well formed over any history, and drops in favour of the member', () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { maxLength: 120 }),
      fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 40 }),
      (present, lates) => {
        let tally = emptyTally(1)
        present.forEach((one, i) => {
          tally = step(tally, i + 1, one ? [0] : [])
        })
        for (const late of lates) tally = tallyLate(tally, late, 0, true)
        const missed = present.filter((one, i) => !one && !lates.includes(i + 1)).length
        expect(isTally(tally, present.length, 1)).toBe(true)
        expect(tally.members[0]?.absent.length).toBeLessThanOrEqual(RANGES_MAX)
        expect(outcomesOf([tally], present.length, 1)[0]?.absent).toBeLessThanOrEqual(missed)
      },
    ),
  )
})

test('overlapping or unordered ranges are no tally: they would count twice', () => {
  const known = [{ first: 1, last: 4 }]
  const tally = (absent: { first: number; last: number }[]) => ({ known, members: [{ absent, contradicted: [] }] })
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
})
