import { seeds } from '@interpeer/simulator'
import { expect, test } from 'vitest'
import { simulate } from '../simulations/group.sim.js'
import { simulate as simulateEpochs } from '../simulations/group-epochs.sim.js'

/** `npm run sim -- group --seeds 1000` runs all; here as many as fit into the time. SIM_SEED=41 replays one. */
const BUDGET_MS = 30_000

test.each([
  ['group', simulate, 0.7],
  ['group-epochs', simulateEpochs, 0.3],
] as const)('%s: no two certificates, no honest peer marked, every write once (SIM_SEED replays)', (name, run, share) => {
  const startedAtMs = performance.now()
  let count = 0
  for (const seed of seeds(1_000)) {
    if (count > 0 && performance.now() - startedAtMs > BUDGET_MS * share) break
    const outcome = run({ seed, peers: 5 })
    expect(outcome, `again: npm run sim -- ${name} --seed ${seed} --peers 5`).toMatchObject({ verdict: 'pass' })
    count++
  }
  console.log(`${name}: ${count} seeds passed`)
})

test('the same seed gives the same digest', () => {
  expect(simulate({ seed: 7, peers: 4 }).digest).toBe(simulate({ seed: 7, peers: 4 }).digest)
})
