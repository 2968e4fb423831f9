import { runScenario } from '@interpeer/simulator'
import { expect, test } from 'vitest'
import { simulate as simulateGossip } from '../simulations/chain-gossip.scale.js'
import { simulate as simulateNeighbours } from '../simulations/chain-neighbours.sim.js'
import { simulate as simulateScale } from '../simulations/chain-scale.scale.js'

/** `npm run sim -- chain-neighbours --peers 8 --seeds 1000` runs more. */
test('chain-neighbours: where votes and blocks are passed on the chain stays one, and goes on when all has healed', {
  timeout: 120_000,
}, () => {
  for (let seed = 1; seed <= 8; seed++) {
    const { plan: _, ...outcome } = runScenario(simulateNeighbours, { seed, peers: 8 })
    expect(outcome, `again: npm run sim -- chain-neighbours --seed ${seed} --peers 8`).toMatchObject({ verdict: 'pass' })
  }
})

/** What 1,000 and 10,000 come to is in docs/protocol/vote-chain.md: `npm run sim -- chain-scale`, `npm run sim -- chain-gossip --peers 10000`. */
test('chain-scale: sixty electors have a block within three seconds of its time, and none sends to all', () => {
  const { verdict, figures } = runScenario(simulateScale, { seed: 1, peers: 60 })
  expect({ verdict, figures }).toMatchObject({ verdict: 'pass' })
  console.log('chain-scale 60', JSON.stringify(figures))
  expect((figures.certifiedMs as { p50: number }).p50).toBeLessThan(3_000)
})

test('chain-gossip: of three hundred all get a quorum of a step’s votes, from a few neighbours each', () => {
  const { verdict, figures } = runScenario(simulateGossip, { seed: 1, peers: 300 })
  expect({ verdict, figures }).toMatchObject({ verdict: 'pass' })
  console.log('chain-gossip 300', JSON.stringify(figures))
  expect((figures.neighbours as { max: number }).max).toBeLessThanOrEqual(20)
})
