import { seeds } from '@interpeer/simulator'
import { expect, test } from 'vitest'
import { simulate } from '../simulations/jury.sim.js'

/** `npm run sim -- jury --seeds 1000` runs more. SIM_SEED=41 replays one. */
test.each([4, 5, 7])('a jury for a group of %i: no lie stands, no honest peer is marked (SIM_SEED replays)', (peers) => {
  for (const seed of seeds(40)) {
    expect(simulate({ seed, peers }), `again: npm run sim -- jury --seed ${seed} --peers ${peers}`).toMatchObject({ verdict: 'pass' })
  }
})

test('the same seed gives the same digest', () => {
  expect(simulate({ seed: 7, peers: 5 })).toEqual(simulate({ seed: 7, peers: 5 }))
})
