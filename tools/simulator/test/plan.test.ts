import { expect, test } from 'vitest'
import {
  BUDGET_OF_ALL_MS,
  BUDGETS_MS,
  drawStorm,
  type Fault,
  FIXED_SEEDS_MS,
  isFault,
  type Machine,
  planFaults,
  Random,
  seedsWithin,
  shrinkPlan,
  Trace,
  World,
} from '../src/index.js'

function stage(faults: readonly Fault[], count = 3) {
  const trace = new Trace()
  const world = new World({ seed: 9, startMs: 1_000, trace })
  const nodes: Machine[] = Array.from({ length: count }, () => world.machine())
  for (const node of nodes) node.start()
  planFaults(world, faults)
  return { world, nodes, trace }
}

test('faults of a plan happen at their times, and end', () => {
  const faults: Fault[] = [
    { type: 'crash', atMs: 10, nodes: [0], afterActs: 0, downMs: 20, keptPerMille: 0, torn: false },
    { type: 'crash', atMs: 10, nodes: [1], afterActs: 2, downMs: 20, keptPerMille: 0, torn: false },
    { type: 'jump', atMs: 15, node: 2, ms: -500 },
    { type: 'drift', atMs: 15, node: 1, ppm: 100_000 },
    { type: 'full', atMs: 15, node: 2, forMs: 10 },
    { type: 'slow', atMs: 15, node: 2, forMs: 10, times: 7 },
    { type: 'weather', atMs: 15, forMs: 10, weather: { lossPerMille: 777 } },
  ]
  const { world, nodes } = stage(faults)
  const [a, b, c] = nodes as [Machine, Machine, Machine]
  world.run({ untilMs: 1_012 })
  expect([a.isUp, b.isUp, b.acts(), b.acts(), b.acts()]).toEqual([false, true, true, true, false])
  world.run({ untilMs: 1_016 })
  expect([c.nowMs, c.disk.isFull, c.processor.slowness, world.network.weather.lossPerMille]).toEqual([515, true, 7, 777])
  world.run()
  expect([a.isUp, b.isUp, c.disk.isFull, c.processor.slowness, world.network.weather.lossPerMille]).toEqual([true, true, false, 1, 0])
})

test('partitions cut both ways, cuts one, and both heal', () => {
  const heard: string[] = []
  const { world } = stage([
    { type: 'partition', atMs: 0, forMs: 10, side: [0, 1] },
    { type: 'cut', atMs: 20, forMs: 10, from: [0], to: [2] },
  ])
  const all = (when: number) => {
    for (const [from, to] of [
      [0, 1],
      [0, 2],
      [2, 0],
    ] as const) {
      world.at(1_000 + when, () => world.post(from, to, () => heard.push(`${when}:${from}${to}`)))
    }
  }
  for (const when of [5, 15, 25, 35]) all(when)
  world.run()
  expect(heard).toEqual(['5:01', '15:01', '15:02', '15:20', '25:01', '25:20', '35:01', '35:02', '35:20'])
})

test('an ambush strikes after the message that it waits for', () => {
  const { world, nodes } = stage([
    {
      type: 'ambush',
      atMs: 0,
      kind: 'reveal',
      nth: 2,
      nodes: [0, 1],
      afterMs: 3,
      afterActs: 0,
      downMs: 5,
      aloneMs: 50,
      keptPerMille: 0,
      torn: false,
    },
  ])
  const heard: number[] = []
  const post = (kind: string) => world.post(2, 0, () => heard.push(world.nowMs), { kind })
  world.at(1_001, () => post('reveal'))
  world.at(1_002, () => post('seal'))
  world.at(1_010, () => post('reveal'))
  world.at(1_012, () => expect(nodes.map(({ crashes }) => crashes)).toEqual([0, 0, 0]))
  world.at(1_030, () => post('seal'))
  world.at(1_080, () => post('seal'))
  world.run()
  expect(nodes.map(({ crashes }) => crashes)).toEqual([1, 1, 0])
  expect(heard).toEqual([1_002, 1_003, 1_011, 1_081])
})

test('a spoiled disk, a stalled machine', () => {
  const { world, nodes } = stage([
    { type: 'spoil', atMs: 10, node: 0, nth: 3 },
    { type: 'stall', atMs: 10, node: 1, forMs: 30 },
  ])
  const [a, b] = nodes as [Machine, Machine]
  a.disk.write('x', Uint8Array.of(1))
  a.disk.write('y', Uint8Array.of(2))
  a.disk.sync(() => undefined)
  let doneAtMs = 0
  world.at(1_015, () => b.work(() => ({ costUs: 0, done: () => (doneAtMs = world.nowMs) })))
  world.run()
  expect([a.disk.has('x'), a.disk.has('y'), doneAtMs]).toEqual([true, false, 1_040])
})

test('a drawn storm is the same for the same dice, is JSON, and holds every kind that was asked for', () => {
  const storm = {
    nodes: [0, 1, 2, 3],
    forMs: 5_000,
    crashes: 9,
    powerCuts: 9,
    ambushes: { most: 9, kinds: [52], aloneMsMax: 900 },
    cuts: 9,
    partitions: 9,
    clogs: 9,
    hunts: { most: 9, kinds: [49, 50] },
    jumps: { most: 9, msMax: 500 },
    stalls: 9,
    slows: 9,
    fulls: 9,
    spoils: 9,
  }
  const faults = drawStorm(new Random(4), storm)
  expect(faults).toEqual(drawStorm(new Random(4), storm))
  expect(JSON.parse(JSON.stringify(faults))).toEqual(faults)
  const many = [4, 5, 6, 7].flatMap((seed) => drawStorm(new Random(seed), storm))
  expect([...new Set(many.map(({ type }) => type))].sort()).toEqual([
    'ambush',
    'clog',
    'crash',
    'cut',
    'full',
    'hunt',
    'jump',
    'partition',
    'slow',
    'spoil',
    'stall',
  ])
  expect(many.every(isFault)).toBe(true)
  expect(drawStorm(new Random(4), { nodes: [0], forMs: 10 })).toEqual([])
})

test('the trace has a line for what the world, a node and a message did, and keeps the last ones', () => {
  const { world, trace } = stage([{ type: 'cut', atMs: 5, forMs: 10, from: [0], to: [1] }])
  world.at(1_006, () => world.post(0, 1, () => undefined, { kind: 50, say: () => 'seal of step 1' }))
  world.run()
  expect(trace.last()).toEqual([
    '    0.000 node 0  starts',
    '    0.000 node 1  starts',
    '    0.000 node 2  starts',
    '    0.005 world   fault: {"type":"cut","forMs":10,"from":[0],"to":[1]}',
    '    0.006 node 0  sent → 1: seal of step 1',
    '    0.006 node 0  cut → 1: seal of step 1',
  ])
  const short = new Trace(3)
  for (let i = 0; i < 5; i++) short.note(i, undefined, `${i}`)
  expect(short.last().map((line) => line.at(-1))).toEqual(['2', '3', '4'])
  expect(short.last(1).map((line) => line.at(-1))).toEqual(['4'])
  expect(short.dropped).toBe(2)
})

test('the shrinker finds the events that are needed, no others, and shortens them', () => {
  const plan = Array.from({ length: 40 }, (_, i) => ({ type: 'event', atMs: i, forMs: 100 }))
  const needs = [3, 17, 31]
  const { plan: shrunk, isMinimal } = shrinkPlan(plan, (events) =>
    needs.every((need) => events.some(({ atMs, forMs }) => atMs === need && forMs >= 20)),
  )
  expect(shrunk).toEqual(needs.map((atMs) => ({ type: 'event', atMs, forMs: 25 })))
  expect(isMinimal).toBe(true)
})

test('the shrinker finds that no event is needed, that one is, and stops when it has run often enough', () => {
  const plan = Array.from({ length: 64 }, (_, i) => ({ type: 'event', atMs: i }))
  expect(shrinkPlan(plan, () => true)).toEqual({ plan: [], runs: 1, isMinimal: true })
  expect(shrinkPlan(plan, (events) => events.some(({ atMs }) => atMs === 40)).plan).toEqual([{ type: 'event', atMs: 40 }])
  const stopped = shrinkPlan(plan, (events) => events.length > 50, 7)
  expect(stopped.runs).toBe(7)
  expect(stopped.isMinimal).toBe(false)
  expect(shrinkPlan([], () => false)).toEqual({ plan: [], runs: 0, isMinimal: true })
})

test('a run with planned faults, shrunk: of a storm only the crash that loses the write is left', () => {
  const storm = drawStorm(new Random(3), { nodes: [0, 1], forMs: 100, crashes: 6, cuts: 6, stalls: 6, spoils: 0 })
  const harmful: Fault = { type: 'crash', atMs: 22, nodes: [0], afterActs: 0, downMs: 5, keptPerMille: 0, torn: false }
  const plan = [...storm.filter((fault) => fault.type !== 'crash'), harmful]
  const isLost = (faults: readonly Fault[]): boolean => {
    const { world, nodes } = stage(faults, 2)
    const { disk } = nodes[0] as Machine
    world.at(1_020, () => disk.write('told', Uint8Array.of(1))) // a bug: it is told before it is synced
    world.at(1_030, () => disk.sync(() => undefined))
    world.run()
    return !disk.has('told')
  }
  expect(plan.length).toBeGreaterThan(4)
  expect(isLost(plan)).toBe(true)
  expect(isLost(storm.filter((fault) => fault.type !== 'crash'))).toBe(false)
  expect(shrinkPlan(plan, isLost).plan).toEqual([harmful])
})

test('all simulations of CI together have five minutes', () => {
  const sum = Object.values(BUDGETS_MS).reduce((total, one) => total + one, 0)
  expect(sum + FIXED_SEEDS_MS).toBeLessThanOrEqual(BUDGET_OF_ALL_MS)
})

test('seeds run while the budget lasts, one at least; SIM_SEED is the only one', () => {
  expect([...seedsWithin(0, {})]).toEqual([1])
  expect([...seedsWithin(0, { SIM_SEED: '41' })]).toEqual([41])
})
