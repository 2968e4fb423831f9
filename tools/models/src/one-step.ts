/**
 * One step: seals, commit sets, reveals, locks and time-outs over several ranks (design §6; rules 7 to 11, 28 and 29 of
 * docs/protocol/peer-group.md).
 *
 * The network is what was ever signed: loss, delay, repetition and reordering are "not read yet". Traitors sign whatever helps, at once:
 * double seals, reveals without a seal, time-outs with any commit set that exists or none; and each collator is one, so that every proposal
 * which time-outs justify exists, and several at a rank. A crash that keeps what is durable is "does nothing for a while".
 *
 * Rank by rank: what is signed at a rank is enabled by messages of this rank and lower ones only, and an honest member signs in the order
 * of ranks. So each run can be reordered into all seals of rank 0, all its reveals, all its time-outs, those of rank 1, ..., and the same
 * is signed. Within each of these a member's choice enables no other's, so they choose in a fixed order.
 */
import type { Model } from './explore.js'
import { count, type Group, honestOf, withAt } from './group.js'

export interface StepRules {
  /** The lock survives a crash. */
  readonly lockIsDurable: boolean
  /** A later reveal of the locked batch raises the lock's rank. */
  readonly lockIsRaised: boolean
  /** The lock yields to q time-outs of its own rank, not only to those of later ones. */
  readonly lockYieldsToOwnRank: boolean
  /** The seal survives a crash: one batch at a rank. */
  readonly sealIsDurable: boolean
  /** Nothing is revealed at a rank that was given up. */
  readonly timeoutClosesRank: boolean
  readonly revealNeedsCommitSet: boolean
  /** A certificate's reveals are all of one rank. */
  readonly certificateIsOfOneRank: boolean
  /** A proposal's time-outs are all of the rank before. */
  readonly timeoutsAreOfRankBefore: boolean
  /** A proposal is bound by the commit sets in its time-outs. */
  readonly commitSetBinds: boolean
  /** Of several the one of the highest rank binds. */
  readonly highestRankBinds: boolean
  /** Where a bound batch finds no certificate, the step stays bound: nothing else is certified there (from rank 2 on, in the variant). */
  readonly stepWithoutCertificateStaysBound: boolean
  /** How many fewer than q seals make a commit set, and reveals a certificate. */
  readonly sealsLess: number
  readonly revealsLess: number
}

export const stepRules: StepRules = {
  lockIsDurable: true,
  lockIsRaised: true,
  lockYieldsToOwnRank: true,
  sealIsDurable: true,
  timeoutClosesRank: true,
  revealNeedsCommitSet: true,
  certificateIsOfOneRank: true,
  timeoutsAreOfRankBefore: true,
  commitSetBinds: true,
  highestRankBinds: true,
  stepWithoutCertificateStaysBound: true,
  sealsLess: 0,
  revealsLess: 0,
}

export interface StepSize {
  readonly ranks: number
  readonly batches: number
  /** Members seal and give up wherever they may: more is signed, and what is signed forbids others nothing. For larger groups. */
  readonly eager?: boolean
}

/** A commit set: its rank and batch as one number, 0 where there is none. Batches are 0, 1, ... */
export type CommitSet = number
export const commitSet = (rank: number, batch: number, batches: number): CommitSet => 1 + rank * batches + batch
export const rankOf = (set: CommitSet, batches: number) => (set === 0 ? -1 : Math.floor((set - 1) / batches))
export const batchOf = (set: CommitSet, batches: number) => (set - 1) % batches

interface Member {
  readonly lock: CommitSet
  readonly lockBefore: CommitSet
  /** Batches sealed at this rank, as bits; honest: at most one. */
  readonly sealed: number
  /** Batches ever revealed, as bits: for variants only. */
  readonly revealed: number
  /** What its time-out of the rank before carries: -1 where it sent none. */
  readonly timeout: number
  readonly timeoutLeast: number
  readonly acted: boolean
}
const phases = ['seal', 'reveal', 'timeout'] as const
export interface Step {
  readonly rank: number
  readonly phase: (typeof phases)[number]
  readonly members: readonly Member[]
  /** For each rank its batches with a commit set, as bits. */
  readonly commitSets: readonly number[]
  /** Reveals of honest members at this rank, for each batch. */
  readonly reveals: readonly number[]
  readonly certified: number
  /** Batches that a proposal of this rank may carry, as bits. */
  readonly justified: number
}

export function oneStep(group: Group, size: StepSize, rules: StepRules = stepRules): Model<Step> {
  const { batches, ranks, eager = false } = size
  const all = (1 << batches) - 1
  const batchList = Array.from({ length: batches }, (_, batch) => batch)
  const sealQuorum = group.quorum - rules.sealsLess - group.traitors
  const revealQuorum = group.quorum - rules.revealsLess - group.traitors
  const permutations = permute(batchList)

  /** What a proposal may carry: the batch of the highest commit set in some q time-outs of the rank before, f of them the traitors'. */
  function justifiedAt(rank: number, members: readonly Member[], commitSets: readonly number[]): number {
    if (rank === 0) return all
    if (!rules.stepWithoutCertificateStaysBound && rank >= 2) return all
    const shown = members.map((one) => (rules.timeoutsAreOfRankBefore ? one.timeout : one.timeoutLeast)).filter((set) => set >= 0)
    const needed = group.quorumHonest
    if (shown.length < needed) return 0
    if (!rules.commitSetBinds) return all
    shown.sort((a, b) => a - b)
    let justified = 0
    // the highest shown by an honest member can be any but the lowest ones
    for (const highest of new Set(shown.slice(needed - 1))) {
      if (highest === 0) justified |= all
      else justified |= 1 << batchOf(highest, batches)
      if (!rules.highestRankBinds) for (const set of shown) if (set > 0) justified |= 1 << batchOf(set, batches)
      const above = rules.highestRankBinds ? rankOf(highest, batches) : -1
      for (let at = above + 1; at < rank; at++) justified |= commitSets[at] ?? 0
    }
    return justified
  }

  const mayYield = (lock: CommitSet, batch: number, rank: number) =>
    lock === 0 || batchOf(lock, batches) === batch || rankOf(lock, batches) < (rules.lockYieldsToOwnRank ? rank : rank - 1)

  const allActed = (members: readonly Member[]) => members.every((one) => one.acted)
  const nobodyActed = (members: readonly Member[]) => members.map((one) => ({ ...one, acted: false }))

  /** Goes on to the next phase once every member has chosen. */
  function settled(state: Step): Step {
    if (!allActed(state.members)) return state
    if (state.phase === 'seal') {
      const sets = batchList.reduce((bits, batch) => {
        return count(state.members, (one) => ((one.sealed >> batch) & 1) === 1) >= sealQuorum ? bits | (1 << batch) : bits
      }, 0)
      return settledWhereIdle({ ...state, phase: 'reveal', commitSets: [...state.commitSets, sets], members: nobodyActed(state.members) })
    }
    if (state.phase === 'reveal') {
      let certified = state.certified
      for (const batch of batchList) {
        const mixed = count(state.members, (one) => ((one.revealed >> batch) & 1) === 1)
        const reveals = rules.certificateIsOfOneRank ? (state.reveals[batch] as number) : mixed
        // without honest reveals there is nothing that traitors' own could not also do
        if (reveals >= revealQuorum) certified |= 1 << batch
      }
      const revealed = rules.certificateIsOfOneRank ? 0 : -1
      const members = state.members.map((one) => ({ ...one, acted: false, sealed: 0, revealed: one.revealed & revealed }))
      return { ...state, phase: 'timeout', certified, reveals: state.reveals.map(() => 0), members }
    }
    const rank = state.rank + 1
    const members = state.members.map((one) => ({ ...one, acted: false, lockBefore: 0 }))
    return { ...state, rank, phase: 'seal', members, justified: justifiedAt(rank, members, state.commitSets) }
  }

  /** Members that can't reveal have chosen already. */
  function settledWhereIdle(state: Step): Step {
    const sets = rules.revealNeedsCommitSet ? (state.commitSets[state.rank] as number) : all
    return settled({ ...state, members: state.members.map((one) => ({ ...one, lockBefore: one.lock, acted: (one.sealed & sets) === 0 })) })
  }

  return {
    start: [
      {
        rank: 0,
        phase: 'seal',
        members: honestOf(group).map(() => ({
          lock: 0,
          lockBefore: 0,
          sealed: 0,
          revealed: 0,
          timeout: -1,
          timeoutLeast: -1,
          acted: false,
        })),
        commitSets: [],
        reveals: batchList.map(() => 0),
        certified: 0,
        justified: all,
      },
    ],
    next(state, emit) {
      const { rank, phase } = state
      if (rank >= ranks) return
      const at = firstToAct(state.members)
      const member = state.members[at] as Member
      const act = (one: Partial<Member>, label: string, more: Partial<Step> = {}) => {
        const next = { ...state, ...more, members: withAt(state.members, at, { ...member, ...one, acted: true }) }
        emit(settled(next), () => `rank ${rank}: h${at} ${label}`)
      }
      if (phase === 'seal') {
        const may = batchList.filter((batch) => ((state.justified >> batch) & 1) === 1 && mayYield(member.lock, batch, rank))
        for (const batch of may) act({ sealed: 1 << batch }, `seals ${nameOf(batch)}`)
        if (!rules.sealIsDurable && may.length > 1) act({ sealed: all }, 'seals a, crashes, forgets and seals b')
        if (!eager || may.length === 0) act({}, 'seals nothing')
      } else if (phase === 'reveal') {
        const sets = rules.revealNeedsCommitSet ? (state.commitSets[rank] as number) : all
        for (const batch of batchList) {
          if (((member.sealed & sets) >> batch) & 1) {
            const raises = rules.lockIsRaised || member.lock === 0 || batchOf(member.lock, batches) !== batch
            const lock = raises ? commitSet(rank, batch, batches) : member.lock
            const reveals = state.reveals.map((number, of) => number + (of === batch ? 1 : 0))
            act({ lock, revealed: member.revealed | (1 << batch) }, `reveals ${nameOf(batch)} and holds the lock`, { reveals })
          }
        }
        if (!rules.sealIsDurable && (member.sealed & sets) === all) {
          const reveals = state.reveals.map((number) => number + 1)
          act({ lock: commitSet(rank, 1, batches), revealed: all }, 'reveals a and, after a crash, b', { reveals })
        }
        act({}, 'reveals nothing')
      } else {
        const carries = new Set([member.lock])
        for (let of = rankOf(member.lock, batches) + 1; of <= rank; of++)
          for (const batch of batchList) if (((state.commitSets[of] ?? 0) >> batch) & 1) carries.add(commitSet(of, batch, batches))
        if (!rules.lockIsDurable) carries.add(0)
        if (!rules.timeoutClosesRank) carries.add(member.lockBefore)
        const least = rules.timeoutsAreOfRankBefore
          ? () => -1
          : (set: number) => (member.timeoutLeast < 0 ? set : Math.min(set, member.timeoutLeast))
        for (const set of carries) act({ timeout: set, timeoutLeast: least(set) }, `gives the rank up, with ${sayOf(set, batches)}`)
        if (!eager) act({ timeout: -1 }, 'does not give the rank up')
      }
    },
    key(state) {
      let best: string | undefined
      for (const to of permutations) {
        const moved = (bits: number) => batchList.reduce((sum, batch) => sum | (((bits >> batch) & 1) << (to[batch] as number)), 0)
        const set = (of: number) => (of <= 0 ? of : commitSet(rankOf(of, batches), to[batchOf(of, batches)] as number, batches))
        const rows = state.members.map((one) =>
          String.fromCharCode(
            set(one.lock) + 1,
            set(one.lockBefore) + 1,
            moved(one.sealed) * 2 + (one.acted ? 1 : 0),
            moved(one.revealed),
            set(one.timeout) + 1,
            set(one.timeoutLeast) + 1,
          ),
        )
        const reveals = batchList.map((batch) => state.reveals[to.indexOf(batch)] as number)
        const rest = [
          state.rank,
          phases.indexOf(state.phase),
          moved(state.certified),
          moved(state.justified),
          ...state.commitSets.map(moved),
          ...reveals,
        ]
        const key = rows.sort().join('') + String.fromCharCode(...rest)
        if (best === undefined || key < best) best = key
      }
      return best as string
    },
    broken(state) {
      if ((state.certified & (state.certified - 1)) !== 0) return 'two batches are certified for one step'
      if (state.phase !== 'seal' || state.members.some((one) => one.acted)) return undefined
      // an honest collator in time: every honest member gets the proposal, whichever q time-outs it shows
      for (const batch of batchList) {
        if (((state.justified >> batch) & 1) === 0 || group.honest < group.quorum) continue
        const may = count(state.members, (one) => mayYield(one.lock, batch, state.rank))
        if (may < group.quorum)
          return `rank ${state.rank}: an honest collator in time finds no quorum for the batch that time-outs bind it to`
      }
      return undefined
    },
  }
}

function firstToAct(members: readonly Member[]): number {
  let first = -1
  let least = ''
  members.forEach((one, at) => {
    if (one.acted) return
    const row = `${one.lock},${one.sealed},${one.timeout},${one.revealed},${one.timeoutLeast}`
    if (first < 0 || row < least) [first, least] = [at, row]
  })
  return first
}

export const nameOf = (batch: number) => String.fromCharCode(97 + batch)
export const sayOf = (set: CommitSet, batches: number) =>
  set === 0 ? 'no commit set' : `the commit set of ${nameOf(batchOf(set, batches))} at rank ${rankOf(set, batches)}`

function permute(list: readonly number[]): number[][] {
  if (list.length === 0) return [[]]
  return list.flatMap((one) => permute(list.filter((other) => other !== one)).map((rest) => [one, ...rest]))
}
