import { BUDGETS_MS, runScenario, type Simulate, seedsWithin } from '@interpeer/simulator'
import { expect, test } from 'vitest'
import { simulate } from '../simulations/group.sim.js'
import { simulate as simulateDisputes } from '../simulations/group-disputes.sim.js'
import { simulate as simulateEpochs } from '../simulations/group-epochs.sim.js'
import { simulate as simulateEvents } from '../simulations/group-events.sim.js'
import { simulate as simulateLocks } from '../simulations/group-locks.sim.js'
import { simulate as simulateTraffic } from '../simulations/group-traffic.sim.js'
import { simulate as simulateTraitors } from '../simulations/group-traitors.sim.js'

const scenarios: readonly (readonly [keyof typeof BUDGETS_MS, Simulate])[] = [
  ['group', simulate],
  ['group-disputes', simulateDisputes],
  ['group-epochs', simulateEpochs],
  ['group-events', simulateEvents],
  ['group-locks', simulateLocks],
  ['group-traitors', simulateTraitors],
]

/** `npm run sim -- group --seeds 1000` runs all; here as many as fit into the time. SIM_SEED=41 replays one. */
test.each(scenarios)('%s: no two certificates, no honest peer marked, every write once (SIM_SEED replays)', (name, run) => {
  let count = 0
  for (const seed of seedsWithin(BUDGETS_MS[name])) {
    const { plan: _, ...outcome } = runScenario(run, { seed, peers: 5 })
    expect(outcome, `again: npm run sim -- ${name} --seed ${seed} --peers 5`).toMatchObject({ verdict: 'pass' })
    count++
  }
  console.log(`${name}: ${count} seeds passed`)
})

test.each(scenarios)('%s: the same seed gives the same digest', (_, run) => {
  expect(run({ seed: 7, peers: 4 }).digest).toBe(run({ seed: 7, peers: 4 }).digest)
})

test.each(scenarios)('%s: a plan that was drawn, given as JSON, is the same run', (_, run) => {
  const drawn = run({ seed: 3, peers: 5 })
  const again = run({ seed: 3, peers: 5, plan: JSON.parse(JSON.stringify(drawn.plan)) })
  expect(again).toEqual(drawn)
})

test.each([1, 2, 3, 4, 5, 7, 13, 17])('in a good run of %i members a gather and scatter is 2(N-1) messages (WP §6.2.1.1)', (peers) => {
  const { plan: _, ...outcome } = simulateTraffic({ seed: peers, peers })
  expect(outcome).toMatchObject({ verdict: 'pass', figures: { gatherAndScatter: 2 * (peers - 1) } })
})

test('an equivocator is found out, and so is one that seals twice', () => {
  const found = new Map<string, number>()
  for (let seed = 1; seed <= 60; seed++) {
    const { figures } = simulateTraitors({ seed, peers: 5 })
    for (const name of String(figures.treason).split('+')) found.set(name, (found.get(name) ?? 0) + Number(figures.faults))
  }
  for (const name of ['equivocator', 'double-sealer', 'double-proposer']) expect([name, found.get(name) ?? 0]).not.toEqual([name, 0])
})
