import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { seeds } from '@interpeer/simulator'
import { expect, test } from 'vitest'
import { simulate } from '../simulations/juries.sim.js'
import { planted } from '../simulations/planted.js'

const main = fileURLToPath(new URL('../../../tools/simulator/main.mjs', import.meta.url))

/** `npm run sim -- juries --peers 16 --seeds 100` runs more. */
test.each(seeds(6))(
  'who calls a jury in vain pays or leaves, who lied leaves, and jurors that never judge hold nothing up (seed %i)',
  (seed) => {
    const { verdict, figures } = simulate({ seed, peers: 16 })
    expect([verdict, figures]).toEqual(['pass', figures])
  },
)

test('every bug that is planted into the chain’s part is found', () => {
  const names = planted.map(({ name }) => name)
  const { stdout, stderr } = spawnSync(process.execPath, [main, '--planted', ...names, '--json'], { encoding: 'utf8' })
  const results = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { planted: string; found: boolean })
  expect(results.map(({ planted: name, found }) => [name, found]).sort(), stderr).toEqual(names.map((name) => [name, true]).sort())
})
