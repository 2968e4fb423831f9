import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { BUDGETS_MS, runScenario, seedsWithin } from '@interpeer/simulator'
import { expect, test } from 'vitest'
import { simulate } from '../simulations/chain.sim.js'
import { simulate as simulateBursts } from '../simulations/chain-bursts.sim.js'
import { simulate as simulateClocks } from '../simulations/chain-clocks.sim.js'
import { simulate as simulateEclipse } from '../simulations/chain-eclipse.sim.js'
import { simulate as simulateGateway } from '../simulations/chain-gateway.sim.js'
import { simulate as simulateGrinding } from '../simulations/chain-grinding.sim.js'
import { simulate as simulateGroups } from '../simulations/chain-groups.sim.js'
import { simulate as simulateLeaders } from '../simulations/chain-leaders.sim.js'
import { simulate as simulateLongRange } from '../simulations/chain-long-range.sim.js'
import { simulate as simulateSplit } from '../simulations/chain-split.sim.js'
import { planted } from '../simulations/planted.js'

/** `npm run sim -- chain --seeds 1000` runs more; here as many as fit into the time. SIM_SEED=41 replays one. */
test('chain: never two blocks at one height, and it goes on when all has healed (SIM_SEED replays)', () => {
  let count = 0
  for (const seed of seedsWithin(BUDGETS_MS.chain)) {
    const peers = seed % 3 === 0 ? 7 : 4
    const { plan: _, ...outcome } = runScenario(simulate, { seed, peers })
    expect(outcome, `again: npm run sim -- chain --seed ${seed} --peers ${peers}`).toMatchObject({ verdict: 'pass' })
    count++
  }
  console.log(`chain: ${count} seeds passed`)
})

test('the same seed gives the same digest, and so does its plan as JSON', () => {
  const drawn = simulate({ seed: 6, peers: 4 })
  expect(simulate({ seed: 6, peers: 4 }).digest).toBe(drawn.digest)
  expect(simulate({ seed: 6, peers: 4, plan: JSON.parse(JSON.stringify(drawn.plan)) })).toEqual(drawn)
})

/** `npm run sim -- chain-split --peers 7 --seeds 100` and the like run more; what they measure is in docs/protocol/vote-chain.md. */
test.each([
  ['chain-split', simulateSplit],
  ['chain-leaders', simulateLeaders],
  ['chain-grinding', simulateGrinding],
  ['chain-eclipse', simulateEclipse],
  ['chain-gateway', simulateGateway],
  ['chain-long-range', simulateLongRange],
  ['chain-clocks', simulateClocks],
  ['chain-bursts', simulateBursts],
  ['chain-groups', simulateGroups],
])('%s: what the attack gains is none, or what is said', (name, run) => {
  for (const seed of name === 'chain-eclipse' ? [1, 2, 4] : [2, 3]) {
    const { figures, verdict } = runScenario(run, { seed, peers: 7 })
    expect({ verdict, figures }, `again: npm run sim -- ${name} --seed ${seed} --peers 7`).toMatchObject({ verdict: 'pass' })
    console.log(name, seed, JSON.stringify(figures))
  }
})

const main = fileURLToPath(new URL('../../../tools/simulator/main.mjs', import.meta.url))

/** A test of the tests. Its budget is stated in the simulator's `budgets.ts`. */
test('every planted bug of the rounds is found', { timeout: 600_000 }, () => {
  const names = planted.map(({ name }) => name)
  const { stdout, stderr } = spawnSync(process.execPath, [main, '--planted', ...names, '--json'], { encoding: 'utf8' })
  const results = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { planted: string; found: boolean; seeds: number; problem: string })
  expect(
    results.filter(({ found }) => !found),
    stderr,
  ).toEqual([])
  expect(results.map((one) => one.planted)).toEqual(names.sort())
  for (const { planted: name, seeds, problem } of results) console.log(`${name}: ${seeds} seeds: ${problem}`)
})
