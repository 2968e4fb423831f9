import { seeds } from '@interpeer/simulator'
import { expect, test } from 'vitest'
import { simulate as simulateAssignment } from '../simulations/assignment.sim.js'
import { simulate as simulateRatings } from '../simulations/ratings.sim.js'

test.each(seeds(2))('a thousand cycles with a fifth of traitors: honest peers keep their seats, traitors lose theirs (seed %i)', (seed) => {
  const { verdict, figures } = simulateRatings({ seed, peers: 40 })
  expect([verdict, figures]).toEqual(['pass', figures])
})

test.each(seeds(1))('seats fall to peers as often as their tickets say (seed %i)', (seed) => {
  const { verdict, figures } = simulateAssignment({ seed, peers: 20 })
  expect([verdict, figures]).toEqual(['pass', figures])
})
