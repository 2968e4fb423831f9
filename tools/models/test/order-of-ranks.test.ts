import { expect, test } from 'vitest'
import { explore, type Model } from '../src/explore.js'
import { groupOf } from '../src/group.js'
import { batchOf, commitSet, oneStep, rankOf } from '../src/one-step.js'
import { hasCommitSet, isCertified, oneStepUnordered } from '../src/one-step-unordered.js'

const RANKS = 2
const group = groupOf(4, 1)

/** What a step came to: locks, commit sets and certificates, whichever batch is called a. */
function outcome(locks: readonly number[], commitSets: readonly number[], certified: number): string {
  const as = (swapped: boolean) => {
    const bits = (of: number) => (swapped ? ((of & 1) << 1) | (of >> 1) : of)
    const lock = (of: number) => (swapped && of > 0 ? commitSet(rankOf(of, 2), 1 - batchOf(of, 2), 2) : of)
    return [[...locks.map(lock)].sort().join(), commitSets.map(bits).join(), bits(certified)].join(' ')
  }
  return [as(false), as(true)].sort()[0] as string
}

function outcomes<S>(model: Model<S>, read: (state: S) => string | undefined): Set<string> {
  const found = new Set<string>()
  const explored = explore({
    ...model,
    broken(state) {
      const one = read(state)
      if (one !== undefined) found.add(one)
      return model.broken(state)
    },
  })
  expect(explored).toMatchObject({ complete: true })
  expect(explored.counterexample).toBeUndefined()
  return found
}

test('signing in the order of ranks comes to everything that signing in any order comes to, and to nothing else', () => {
  const ordered = outcomes(oneStep(group, { ranks: RANKS, batches: 2 }), (state) =>
    state.rank < RANKS
      ? undefined
      : outcome(
          state.members.map((one) => one.lock),
          state.commitSets,
          state.certified,
        ),
  )
  const bits = (holds: (batch: number) => boolean) => (holds(0) ? 1 : 0) | (holds(1) ? 2 : 0)
  const unordered = outcomes(oneStepUnordered(group, RANKS), (state) =>
    outcome(
      state.members.map((one) => one.lock),
      [0, 1].map((rank) => bits((batch) => hasCommitSet(group, state, rank, batch))),
      bits((batch) => isCertified(group, state, RANKS, batch)),
    ),
  )
  expect(ordered.size).toBeGreaterThan(20)
  expect([...ordered].sort()).toEqual([...unordered].sort())
})
