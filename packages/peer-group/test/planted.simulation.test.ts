import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { planted } from '../simulations/planted.js'

const main = fileURLToPath(new URL('../../../tools/simulator/main.mjs', import.meta.url))

/** A test of the tests: `npm run sim -- --planted NAME` runs one of them. Its budget is stated in the simulator's `budgets.ts`. */
test('every planted bug is found by a simulation', { timeout: 600_000 }, () => {
  const { stdout, stderr } = spawnSync(process.execPath, [main, '--planted', ...planted.map(({ name }) => name), '--json'], {
    encoding: 'utf8',
  })
  const results = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { planted: string; found: boolean; seeds: number; ms: number; scenario: string; problem: string })
  expect(
    results.filter(({ found }) => !found),
    stderr,
  ).toEqual([])
  expect(results.map((one) => one.planted)).toEqual(planted.map(({ name }) => name).sort())
  expect(planted.length).toBeGreaterThanOrEqual(15)
  for (const { planted: name, scenario, seeds, ms, problem } of results)
    console.log(`${name}: ${scenario}, ${seeds} seeds, ${ms} ms: ${problem}`)
})
