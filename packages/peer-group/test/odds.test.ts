import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chancesOfMarked, numberOf, waysToDraw } from '../src/chances.js'
import { groupOdds, type OddsOf } from '../src/odds.js'
import { anyByPatterns, anyByRuns, dayOdds } from '../src/rotation-odds.js'

const DAY_MS = 86_400_000
const of = (more: Partial<OddsOf>): OddsOf => ({ members: 5, traitorsPpm: 200_000, peers: null, silentPpm: 0, tenureMs: DAY_MS, ...more })
const close = (a: number, b: number, part = 1e-12) => expect(Math.abs(a - b)).toBeLessThanOrEqual(part * Math.max(Math.abs(b), 1e-300))

test('WP §6.2: "if, for example 50% of the network colludes, and there are only 3 peers in a peer-group, then there is a 1/8 chance of it being completely compromised"', () => {
  expect(groupOdds(of({ members: 3, traitorsPpm: 500_000 })).allCollude.now).toBe(1 / 8)
  // of ten peers: 5/10 × 4/9 × 3/8
  close(groupOdds(of({ members: 3, traitorsPpm: 500_000, peers: 10 })).allCollude.now, 1 / 12)
})

test('five at 20 %: what the fractions give by hand', () => {
  const odds = groupOdds(of({ silentPpm: 100_000 }))
  expect(odds.quorum).toBe(4)
  close(odds.allCollude.now, 1 / 3125)
  close(odds.quorumColludes.now, (5 * 4 + 1) / 3125)
  close(odds.nobodyDissents, (5 * 4 * 0.1 + 1) / 3125)
  expect(odds.jurors).toBe(11)
  const jury = [6, 7, 8, 9, 10, 11].reduce((sum, j) => sum + (Number(waysToDraw(11n, BigInt(j))) * 4 ** (11 - j)) / 5 ** 11, 0)
  close(odds.juryColludes, jury)
  close(odds.allAndJuryCollude, jury / 3125)
  close(odds.halts, 1 - 0.9 ** 5 - 5 * 0.1 * 0.9 ** 4, 1e-10)
  close(odds.canBeHalted, 1 - 0.72 ** 5 - 5 * 0.28 * 0.72 ** 4, 1e-10) // 0.72: neither traitor nor silent
  expect(odds.changesPerDay).toBe(5)
})

test('drawn from seven, two of them traitors: every hand is counted', () => {
  const odds = groupOdds(of({ members: 3, traitorsPpm: 285_714, peers: 7 }))
  expect(odds.allCollude.now).toBe(0)
  expect(odds.jurors).toBe(4) // all outsiders: fewer than 7
  expect(odds.juryColludes).toBe(0) // two of four are no majority
  close(odds.canBeHalted, 1 - 10 / 35) // a group of three stops when one is silent; 10 of 35 groups have no traitor
  expect(groupOdds(of({ members: 4, peers: 7 })).jurors).toBe(0) // three outsiders are fewer than N: no jury
  expect(groupOdds(of({ members: 7, peers: 7, traitorsPpm: 142_857 })).changesPerDay).toBe(0) // nobody else is there to take a seat
})

test('chances are exact, and add up to 1: hypergeometric as all hands counted, binomial as its formula', () => {
  const urns = fc
    .integer({ min: 0, max: 12 })
    .chain((all) => fc.tuple(fc.constant(all), fc.integer({ min: 0, max: all }), fc.integer({ min: 0, max: all })))
  fc.assert(
    fc.property(urns, ([all, marked, drawn]) => {
      const hands = Array.from({ length: drawn + 1 }, () => 0n)
      for (let hand = 0; hand < 1 << all; hand++) {
        const [size, of] = [bits(hand), bits(hand & ((1 << marked) - 1))]
        if (size === drawn) hands[of] = (hands[of] ?? 0n) + 1n
      }
      expect(chancesOfMarked({ marked: BigInt(marked), all: BigInt(all) }, drawn).map(({ over }) => over)).toEqual(hands)
    }),
  )
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 0, max: 63 }), (ppm, drawn) => {
      const chances = chancesOfMarked({ markedPpm: BigInt(ppm) }, drawn)
      expect(chances.reduce((sum, { over }) => sum + over, 0n)).toBe(1_000_000n ** BigInt(drawn))
    }),
  )
})
const bits = (n: number): number => n.toString(2).replaceAll('0', '').length

test('a fraction becomes the nearest number, or its neighbour, however large or small', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-280, max: 1, noNaN: true, minExcluded: true }), (value) => {
      const under = 1n << 1074n
      const over = BigInt(Math.round(value * 2 ** 1000)) << 74n // exact: value has 53 bits
      close(numberOf({ over, under }), value, 2 ** -52)
    }),
  )
  expect(numberOf({ over: 0n, under: 7n })).toBe(0)
  expect(numberOf({ over: 7n, under: 7n })).toBe(1)
  expect(groupOdds(of({ members: 31, traitorsPpm: 1 })).allCollude.now).toBeCloseTo(1e-186, 198)
})

test('a large network without end: the odds of many peers go to those of a share', () => {
  for (const members of [1, 2, 5, 31]) {
    const [many, share] = [groupOdds(of({ members, peers: 2 ** 40 })), groupOdds(of({ members }))]
    close(many.quorumColludes.now, share.quorumColludes.now, 1e-8)
    close(many.quorumColludes.anyInDay, share.quorumColludes.anyInDay, 1e-8)
    close(many.juryColludes, share.juryColludes, 1e-8)
  }
})

/** A day by rotation itself: N of t peers, the oldest leaves, who comes is any of the others but it. */
function rotated(
  dice: () => number,
  { members, peers, traitors }: { members: number; peers: number; traitors: number },
  changes: number,
): number[] {
  const rest = Array.from({ length: peers }, (_, peer): number => (peer < traitors ? 1 : 0))
  const draw = (most: number) => rest.splice(Math.floor(dice() * most), 1)[0] as number
  const seats = Array.from({ length: members }, () => draw(rest.length))
  const counts = [seats.reduce((a, b) => a + b, 0)]
  for (let change = 0; change < changes; change++) {
    seats.push(draw(rest.length))
    rest.push(seats.shift() as number)
    counts.push(seats.reduce((a, b) => a + b, 0))
  }
  return counts
}
function mulberry(seed: number): () => number {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
const DAYS = 20_000
test.each([
  { members: 3, peers: 9, traitors: 4, changes: 9 },
  { members: 4, peers: 30, traitors: 9, changes: 24 },
  { members: 5, peers: 12, traitors: 6, changes: 5 },
  { members: 7, peers: 40, traitors: 20, changes: 14 },
])('$members of $peers, $traitors traitors: 20,000 days rotated by dice agree with what is said of a day', (world) => {
  const { members, peers, traitors, changes } = world
  const odds = groupOdds(
    of({ members, peers, traitorsPpm: Math.round((traitors / peers) * 1e6), tenureMs: Math.round((DAY_MS * members) / changes) }),
  )
  const dice = mulberry(members * 1_000 + peers)
  const days = Array.from({ length: DAYS }, () => rotated(dice, world, changes))
  const shareOf = (holds: (counts: number[]) => boolean) => days.filter(holds).length / DAYS
  const meanOf = (figure: (counts: number[]) => number) => days.reduce((sum, counts) => sum + figure(counts), 0) / DAYS
  for (const [needed, day] of [
    [odds.quorum, odds.quorumColludes],
    [members, odds.allCollude],
  ] as const) {
    const bad = (count: number | undefined) => (count ?? 0) >= needed
    const begins = (counts: number[]) => counts.filter((count, i) => i > 0 && bad(count) && !bad(counts[i - 1])).length
    const within = (found: number, said: number, spread = Math.sqrt(said)) =>
      expect(Math.abs(found - said)).toBeLessThan((4.5 * spread) / Math.sqrt(DAYS))
    within(
      shareOf(([first]) => bad(first)),
      day.now,
    )
    within(
      shareOf((counts) => counts.some(bad)),
      day.anyInDay,
    )
    within(meanOf(begins), day.runsPerDay)
    within(
      meanOf((counts) => counts.slice(1).filter(bad).length),
      day.groupsPerDay,
      changes * Math.sqrt(day.now),
    )
  }
})

test('a day of many changes is as if each were followed: no run of three traitors, by the recurrence of runs', () => {
  for (const p of [0.05, 0.3, 0.7]) {
    const { rotation } = small(3, p * 1e6, 3)
    const none = [1, 1, 1] // the chance of no run among so many that were drawn
    for (let drawn = 3; drawn <= 5_003; drawn++) {
      none.push((1 - p) * ((none[drawn - 1] as number) + p * (none[drawn - 2] as number) + p * p * (none[drawn - 3] as number)))
    }
    for (const changes of [0, 1, 7, 40, 100, 1_000, 5_000])
      close(anyByPatterns(rotation, 3, changes), 1 - (none[changes + 3] as number), 1e-9)
  }
})

test('past 13 members a day is estimated: for 13 and fewer the same estimate is a twentieth too low to a fifth too high', () => {
  for (const members of [2, 3, 5, 7, 9, 11, 13]) {
    for (const ppm of [50_000, 200_000, 333_333, 500_000]) {
      for (const changes of [1, members, 24, 500]) {
        for (const needed of new Set([Math.floor((2 * members) / 3) + 1, members])) {
          const { rotation, now, begins } = small(members, ppm, needed)
          const exact = anyByPatterns(rotation, needed, changes)
          const estimate = anyByRuns(now, begins, changes)
          expect(estimate / exact).toBeGreaterThan(0.95)
          expect(estimate / exact).toBeLessThan(1.21)
        }
      }
    }
  }
})
function small(members: number, traitorsPpm: number, needed: number) {
  const traitors = chancesOfMarked({ markedPpm: BigInt(traitorsPpm) }, members).map(numberOf)
  const rotation = { members, traitors, newcomer: traitors.map(() => traitorsPpm / 1e6), changesPerDay: 1 }
  const { now, runsPerDay } = dayOdds(rotation, needed)
  return { rotation, needed, now, begins: runsPerDay }
}

test('all sizes are answered, from 1 to 31; more members never make it easier for a fifth to be all of a group', () => {
  let before = 1
  for (let members = 1; members <= 31; members++) {
    const odds = groupOdds(of({ members }))
    expect(odds.allCollude.now).toBeLessThan(before)
    expect(odds.quorumColludes.anyInDayExact).toBe(members <= 13)
    for (const value of [odds.quorumColludes.anyInDay, odds.juryColludes, odds.halts, odds.canBeHalted, odds.nobodyDissents]) {
      expect(value).toBeGreaterThanOrEqual(0)
      expect(value).toBeLessThanOrEqual(1)
    }
    before = odds.allCollude.now
  }
  expect(groupOdds(of({ traitorsPpm: 0 })).quorumColludes).toMatchObject({ now: 0, anyInDay: 0, runsPerDay: 0 })
  expect(groupOdds(of({ traitorsPpm: 1_000_000 })).allCollude).toMatchObject({ now: 1, anyInDay: 1, runsPerDay: 0 })
})

test.each([
  { members: 0 },
  { members: 32 },
  { members: 2.5 },
  { traitorsPpm: -1 },
  { traitorsPpm: 1_000_001 },
  { peers: 4 },
  { silentPpm: Number.NaN },
  { tenureMs: 0 },
])('%o is refused', (more) => {
  expect(() => groupOdds(of(more))).toThrow(expect.objectContaining({ code: 'ODDS_INVALID' }))
})
