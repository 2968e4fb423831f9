import { runScenario } from '@interpeer/simulator'
import { expect, test } from 'vitest'
import { simulate as simulateDoubleVotes } from '../simulations/chain-double-votes.sim.js'
import { simulate as simulateMajority } from '../simulations/chain-majority.sim.js'
import { simulate as simulatePayments } from '../simulations/chain-payments.sim.js'
import { simulate as simulateUpdate } from '../simulations/chain-update.sim.js'
import { simulate as simulateSeats } from '../simulations/seats.sim.js'

/** `npm run sim -- chain-update --peers 10 --seeds 100` and the like run more; what they measure is in docs/protocol/vote-chain.md and changes.md. */
test.each([
  ['chain-update', simulateUpdate, 10, [5, 7]],
  ['chain-majority', simulateMajority, 100, [3, 5]],
  ['chain-double-votes', simulateDoubleVotes, 7, [1, 2]],
  ['chain-payments', simulatePayments, 7, [1, 2]],
  ['seats', simulateSeats, 30, [1, 2, 3]],
] as const)(
  '%s: what the attack gains is what is said, a change applies at one height everywhere or nowhere, no coin is spent twice, and no seat chosen or dodged for nothing',
  (name, run, peers, seeds) => {
    for (const seed of seeds) {
      const { figures, verdict } = runScenario(run, { seed, peers })
      expect({ verdict, figures }, `again: npm run sim -- ${name} --seed ${seed} --peers ${peers}`).toMatchObject({ verdict: 'pass' })
      console.log(name, seed, JSON.stringify(figures))
    }
  },
)
