import { BUDGETS_MS, runScenario, type Simulate, seedsWithin } from '@interpeer/simulator'
import { expect, test } from 'vitest'
import { simulate } from '../simulations/group.sim.js'
import { simulate as simulateEpochs } from '../simulations/group-epochs.sim.js'

const scenarios: readonly (readonly [keyof typeof BUDGETS_MS, Simulate])[] = [
  ['group', simulate],
  ['group-epochs', simulateEpochs],
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
