/**
 * Recovery of an epoch whose open step is agreed as in one-step.ts: whatever part of the members shows, in whatever state, and whatever
 * the traitors among them hide, nothing that is certified, in whosever hands, is lost (design §6, Recovery; rules 35 and 36).
 *
 * A member that has shown signs nothing more: it is a member that does nothing from then on, so every state of a step is also one in
 * which any of its members have just shown. No new states are needed, only a look at each from the chain's side.
 */
import type { Model } from './explore.js'
import { type Group, subsets } from './group.js'
import { batchOf, type CommitSet, nameOf, oneStep, rankOf, type Step, type StepSize, stepRules } from './one-step.js'

export interface RecoveryRules {
  /** A show carries the highest commit set seen; otherwise the open step's is left out. */
  readonly showsCarryCommitSets: boolean
  /** A member that has shown signs nothing more: without this it may have shown before it revealed. */
  readonly showIsLast: boolean
  /** The commit set of the highest rank is run again; otherwise that of the lowest. */
  readonly highestRankIsRerun: boolean
}
export const recoveryRules: RecoveryRules = { showsCarryCommitSets: true, showIsLast: true, highestRankIsRerun: true }

/** What the chain must not lose: every certificate, or only one with N matching reveals, which is final for whoever holds it. */
export type Kept = 'certified' | 'unanimous'

/** `shows`: how many old members show, f of them traitors. */
export function recovery(group: Group, size: StepSize, shows: number, kept: Kept, rules: RecoveryRules = recoveryRules): Model<Step> {
  const { batches } = size
  const showing = Math.max(0, shows - group.traitors)
  // with `unanimous` only what every honest member revealed at one rank counts
  const model = oneStep(group, size, { ...stepRules, revealsLess: kept === 'unanimous' ? group.quorum - group.members : 0 })

  function lostOf(state: Step): string | undefined {
    if (state.certified === 0) return undefined
    const shown = state.members.map(({ lock }) => (rules.showsCarryCommitSets && rules.showIsLast ? lock : 0))
    const sets: CommitSet[] = []
    state.commitSets.forEach((bits, rank) => {
      for (let batch = 0; batch < batches; batch++) if (((bits >> batch) & 1) === 1) sets.push(1 + rank * batches + batch)
    })
    for (const chosen of subsets(shown, showing)) {
      // a traitor can add whatever commit set exists, and an honest member may have seen a higher one than its lock
      for (const added of [0, ...sets]) {
        const known = [...chosen, added].filter((set) => set > 0).sort((one, other) => rankOf(one, batches) - rankOf(other, batches))
        const taken = rules.highestRankIsRerun ? known.at(-1) : known[0]
        const rerun = taken === undefined ? undefined : batchOf(taken, batches)
        if (rerun !== undefined && state.certified === 1 << rerun) continue
        const word = rerun === undefined ? 'nothing' : `${nameOf(rerun)} of rank ${rankOf(taken as CommitSet, batches)}`
        return `${kept}: ${lost(state, batches)}, but recovery runs ${word} again`
      }
    }
    return undefined
  }
  return { ...model, broken: (state) => model.broken(state) ?? lostOf(state) }
}

const lost = (state: Step, batches: number) =>
  Array.from({ length: batches }, (_, batch) => batch)
    .filter((batch) => ((state.certified >> batch) & 1) === 1)
    .map(nameOf)
    .join(' and ')
