/**
 * The step of one-step.ts without its order of ranks: each member signs whatever it may, whenever it may. It has far more states, and is
 * here to show at two ranks that the order loses nothing.
 */
import type { Model } from './explore.js'
import { count, type Group, honestOf, withAt } from './group.js'
import { batchOf, type CommitSet, commitSet, rankOf } from './one-step.js'

interface Member {
  /** By rank: the batch sealed, -1 for none. */
  readonly seals: readonly number[]
  readonly reveals: readonly boolean[]
  /** By rank: the commit set carried, -1 for no time-out. */
  readonly timeouts: readonly CommitSet[]
  readonly lock: CommitSet
}
export interface Unordered {
  readonly members: readonly Member[]
}

const BATCHES = 2
const batches = [0, 1]

export const hasCommitSet = (group: Group, { members }: Unordered, rank: number, batch: number) =>
  count(members, (one) => one.seals[rank] === batch) >= group.quorumHonest
export const isCertified = (group: Group, { members }: Unordered, ranks: number, batch: number) =>
  Array.from({ length: ranks }, (_, rank) => rank).some(
    (rank) => count(members, (one) => one.seals[rank] === batch && one.reveals[rank] === true) >= group.quorumHonest,
  )

export function oneStepUnordered(group: Group, ranks: number): Model<Unordered> {
  const rankList = Array.from({ length: ranks }, (_, rank) => rank)

  function isJustified(state: Unordered, rank: number, batch: number): boolean {
    if (rank === 0) return true
    const shown = state.members.map((one) => one.timeouts[rank - 1] as CommitSet).filter((set) => set >= 0)
    shown.sort((one, other) => one - other)
    return shown.slice(group.quorumHonest - 1).some((highest) => {
      if (highest === 0 || batchOf(highest, BATCHES) === batch) return true
      return rankList.some((at) => at > rankOf(highest, BATCHES) && at < rank && hasCommitSet(group, state, at, batch))
    })
  }

  return {
    start: [
      {
        members: honestOf(group).map(() => ({
          seals: rankList.map(() => -1),
          reveals: rankList.map(() => false),
          timeouts: rankList.map(() => -1),
          lock: 0,
        })),
      },
    ],
    next(state, emit) {
      for (const [at, member] of state.members.entries()) {
        const put = (one: Partial<Member>, label: string) =>
          emit({ members: withAt(state.members, at, { ...member, ...one }) }, () => `h${at} ${label}`)
        const givenUp = member.timeouts.findLastIndex((set) => set >= 0)
        const sealedLast = member.seals.findLastIndex((batch) => batch >= 0)
        for (const rank of rankList) {
          if (rank <= givenUp || rank < sealedLast) continue
          const sealed = member.seals[rank] as number
          for (const batch of batches) {
            const yields = member.lock === 0 || batchOf(member.lock, BATCHES) === batch || rankOf(member.lock, BATCHES) < rank
            if (sealed < 0 && yields && isJustified(state, rank, batch))
              put({ seals: withAt(member.seals, rank, batch) }, `seals ${batch} at ${rank}`)
          }
          if (sealed >= 0 && member.reveals[rank] === false && hasCommitSet(group, state, rank, sealed))
            put({ reveals: withAt(member.reveals, rank, true), lock: commitSet(rank, sealed, BATCHES) }, `reveals at ${rank}`)
          const sets = new Set([member.lock])
          for (let of = rankOf(member.lock, BATCHES) + 1; of <= rank; of++)
            for (const batch of batches) if (hasCommitSet(group, state, of, batch)) sets.add(commitSet(of, batch, BATCHES))
          for (const set of sets) put({ timeouts: withAt(member.timeouts, rank, set) }, `gives ${rank} up, with ${set}`)
        }
      }
    },
    key(state) {
      const rows = (swapped: boolean) => {
        const set = (of: CommitSet) => (swapped && of > 0 ? commitSet(rankOf(of, BATCHES), 1 - batchOf(of, BATCHES), BATCHES) : of)
        return state.members
          .map((one) =>
            String.fromCharCode(
              ...one.seals.map((batch) => (swapped && batch >= 0 ? 1 - batch : batch) + 1),
              ...one.reveals.map(Number),
              ...one.timeouts.map((of) => set(of) + 1),
              set(one.lock),
            ),
          )
          .sort()
          .join('')
      }
      return [rows(false), rows(true)].sort()[0] as string
    },
    broken(state) {
      return batches.every((batch) => isCertified(group, state, ranks, batch)) ? 'two batches are certified for one step' : undefined
    },
  }
}
