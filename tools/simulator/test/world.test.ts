import { expect, test } from 'vitest'
import { Random, seeds, World } from '../src/index.js'

test('the dice of a seed are the same everywhere', () => {
  const random = new Random(1)
  expect([random.below(6), random.below(1000), random.between(5, 9), random.bytes(4)]).toEqual([
    0,
    506,
    9,
    Uint8Array.from([122, 142, 95, 190]),
  ])
  const throws = Array.from({ length: 6_000 }, () => random.below(6))
  for (const side of [0, 1, 2, 3, 4, 5]) expect(throws.filter((one) => one === side).length).toBeGreaterThan(850)
})

test('acts happen in the order of their times, and of their planning at the same time', () => {
  const world = new World({ seed: 1, startMs: 100 })
  const seen: string[] = []
  world.at(130, () => seen.push('late'))
  world.at(110, () => {
    seen.push('first')
    world.after(0, () => seen.push('at once'))
  })
  world.at(110, () => seen.push('second'))
  world.at(50, () => seen.push('overdue'))
  world.run()
  expect(seen).toEqual(['overdue', 'first', 'second', 'at once', 'late'])
  expect(world.nowMs).toBe(130)
})

test('a network that loses, repeats, delays and is cut, until it heals', () => {
  const world = new World({ seed: 2, lossPerMille: 300, repeatPerMille: 200, delayMsMin: 1, delayMsMax: 50 })
  const arrived: number[] = []
  for (let i = 0; i < 1_000; i++) world.post(0, 1, () => arrived.push(i))
  world.run()
  expect(new Set(arrived).size).toBeLessThan(850)
  expect(arrived.length).toBeGreaterThan(new Set(arrived).size)
  expect(arrived).not.toEqual([...arrived].sort((a, b) => a - b))
  world.partition(
    new Map([
      [0, 0],
      [1, 1],
    ]),
  )
  let across = 0
  world.post(0, 1, () => across++)
  world.heal()
  world.post(0, 1, () => across++)
  world.run()
  expect(across).toBe(1)
})

test('a run stops at its limits', () => {
  const world = new World({ seed: 3 })
  const again = (): void => world.after(1, again)
  again()
  world.run({ actsMax: 10 })
  expect(world.nowMs).toBe(10)
  world.run({ untilMs: 20 })
  expect(world.nowMs).toBe(20)
  world.run({ done: () => world.nowMs === 25 })
  expect(world.nowMs).toBe(25)
})

test('SIM_SEED replays one seed', () => {
  expect(seeds(3, {})).toEqual([1, 2, 3])
  expect(seeds(3, { SIM_SEED: '41' })).toEqual([41])
})
