/**
 * Recovery of a chain of provisional steps, twice: epoch 0 is recovered into epoch 1, which runs the later batches again and may be
 * recovered itself before it is through (design §6, Recovery; rules 35 and 36).
 *
 * Of each step's agreement only this is kept: the batch that may be certified, and one of a lower rank that found a commit set but no
 * certificate (one-step.ts shows that there is no other case). As in recovery.ts each state is also one in which any members just showed.
 */
import type { Model } from './explore.js'
import { count, type Group, honestOf, subsets, withAt } from './group.js'

export interface ChainRules {
  /** A member seals and reveals at a step only when it holds the certificate of the one before. */
  readonly onePastAtATime: boolean
  /** A show carries the certificates of all steps since the last final one, not only the last. */
  readonly showsCarryAllSinceFinal: boolean
  /** A show carries the highest commit set of the open step. */
  readonly showsCarryCommitSets: boolean
  /** What the recovered epoch had still to run again is handed on to the next. */
  readonly restOfRerunIsKept: boolean
}
export const chainRules: ChainRules = {
  onePastAtATime: true,
  showsCarryAllSinceFinal: true,
  showsCarryCommitSets: true,
  restOfRerunIsKept: true,
}

const NONE = 0
const LOWER = 1
const CERTIFIABLE = 2
const locks = ['no commit set', 'the commit set of a batch of a lower rank', 'the commit set of the batch']

interface Member {
  /** It holds the certificates up to this step. */
  readonly held: number
  /** Its lock at the step after that. */
  readonly lock: number
  /** Steps at which it revealed the batch that may be certified, as bits. */
  readonly revealed: number
}
interface Chain {
  readonly epoch: number
  /** The first so many steps have to be what the epoch before handed on. */
  readonly rerun: number
  /** The last place that was certified, in whosever hands, in an earlier epoch. */
  readonly keep: number
  readonly members: readonly Member[]
  readonly lost: string
}

export function recoveryChain(group: Group, steps: number, shows: number, rules: ChainRules = chainRules): Model<Chain> {
  const indices = honestOf(group)
  const showing = Math.max(0, shows - group.traitors)
  const fresh = indices.map(() => ({ held: 0, lock: NONE, revealed: 0 }))
  const isCertified = ({ members }: Chain, step: number) =>
    count(members, (one) => ((one.revealed >> step) & 1) === 1) >= group.quorumHonest
  const certifiedUpTo = (state: Chain) => {
    for (let step = steps; step > 0; step--) if (isCertified(state, step)) return step
    return 0
  }

  /** The places that recovery hands on, for each way the traitors can add to these members' shows; `intact`: all are what they were. */
  function* recoveries(state: Chain, chosen: readonly Member[]): Generator<{ places: number; intact: boolean; said: string }> {
    const own = Math.max(0, ...chosen.map((one) => one.held))
    for (let last = own; last <= steps; last++) {
      if (last > own && !isCertified(state, last)) continue
      const bound = rules.showsCarryCommitSets ? Math.max(NONE, ...chosen.filter((one) => one.held === last).map((one) => one.lock)) : NONE
      const later = Math.max(0, state.rerun - last)
      for (let lock = bound; lock <= CERTIFIABLE; lock++) {
        // places that are certified but not shown in full are gaps
        const skips = !rules.showsCarryAllSinceFinal && last > 1
        const open = lock === NONE ? 0 : 1
        const places = last + Math.max(open, rules.restOfRerunIsKept ? later : 0)
        const intact = !skips && (lock !== LOWER || !isCertified(state, last + 1))
        yield { places, intact, said: `certificates up to step ${last} and ${locks[lock]}` }
      }
    }
  }

  return {
    start: [{ epoch: 0, rerun: 0, keep: 0, members: fresh, lost: '' }],
    next(state, emit) {
      if (state.lost !== '') return
      for (const at of indices) {
        const member = state.members[at] as Member
        const put = (one: Partial<Member>): Chain => ({ ...state, members: withAt(state.members, at, { ...member, ...one }) })
        const step = member.held + 1
        const word = `epoch ${state.epoch}: h${at}`
        if (step > steps) continue
        if (isCertified(state, step)) emit(put({ held: step, lock: NONE }), () => `${word} takes the certificate of step ${step}`)
        if (member.lock < LOWER && step > state.rerun)
          emit(put({ lock: LOWER }), () => `${word} reveals a batch of step ${step} that finds no certificate`)
        if (member.lock < CERTIFIABLE)
          emit(put({ lock: CERTIFIABLE, revealed: member.revealed | (1 << step) }), () => `${word} reveals the batch of step ${step}`)
        if (!rules.onePastAtATime && step < steps)
          emit(
            put({ revealed: member.revealed | (2 << step) }),
            () => `${word} reveals the batch of step ${step + 1} before step ${step} is certified`,
          )
      }
      const keep = Math.max(state.keep, certifiedUpTo(state))
      for (const chosen of subsets(indices, showing)) {
        const members = chosen.map((at) => state.members[at] as Member)
        for (const { places, intact, said } of recoveries(state, members)) {
          const word = () => `epoch ${state.epoch} is recovered: ${chosen.map((at) => `h${at}`).join(' ')} and the traitors show ${said}`
          if (keep > places || (!intact && keep > 0)) emit({ ...state, lost: `a certified batch is lost or runs at another place` }, word)
          else if (state.epoch === 0) emit({ epoch: 1, rerun: Math.min(places, steps), keep, members: fresh, lost: '' }, word)
        }
      }
    },
    key({ epoch, rerun, keep, members, lost }) {
      const rows = members.map((one) => (((one.held << 2) | one.lock) << 8) | one.revealed).sort((one, other) => one - other)
      return String.fromCharCode(epoch, rerun, keep, lost === '' ? 0 : 1, ...rows)
    },
    broken: ({ lost }) => (lost === '' ? undefined : lost),
  }
}
