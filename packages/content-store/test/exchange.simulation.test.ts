import { seeds } from '@interpeer/simulator'
import { expect, test } from 'vitest'
import { simulate } from '../simulations/exchange.sim.js'

/** `npm run sim -- exchange --seeds 1000` runs all; here as many as fit into the time. SIM_SEED=41 replays one. */
const BUDGET_MS = 10_000

test('every fetch ends whole, or with exactly what nobody has; liars are named and nobody else (SIM_SEED replays)', () => {
  const startedAtMs = performance.now()
  let count = 0
  for (const seed of seeds(1_000)) {
    if (count > 0 && performance.now() - startedAtMs > BUDGET_MS) break
    const peers = 1 + (seed % 8)
    const outcome = simulate({ seed, peers })
    expect(outcome, `again: npm run sim -- exchange --seed ${seed} --peers ${peers}`).toMatchObject({ verdict: 'pass' })
    count++
  }
  console.log(`exchange: ${count} seeds passed`)
})

test('the same seed gives the same digest', () => {
  expect(simulate({ seed: 7, peers: 4 }).digest).toBe(simulate({ seed: 7, peers: 4 }).digest)
})
