/**
 * One naming, rank by rank: a batch that names a provisional step clear, or one that carries a dissent from it, under the locks of one step (design §6, Final or frozen). A batch that names neither is sealed as freely as one with a dissent. Network, traitors and the order of ranks as in one-step.ts;
 * members seal and give up wherever they may, which forbids others nothing.
 *
 * Each dissent is a traitor's: it can be shown to any honest member at any time. A rank can be timely instead: its collator is honest, all
 * honest time-outs of the rank before reached everyone, windows are over and messages arrive; traitors still show dissents and are silent.
 */
import type { Model } from './explore.js'
import { count, type Group, honestOf, withAt } from './group.js'
import { batchOf, type CommitSet, commitSet, rankOf } from './one-step.js'

export interface NamingRankRules {
  /** Who was shown a dissent seals no clear that is free. */
  readonly dissentForbidsClear: boolean
  /** A bound batch is sealed all the same. */
  readonly boundIsSealedAllTheSame: boolean
  /** Time-outs carry the dissents that their sender was shown. */
  readonly timeoutsCarryDissents: boolean
  /** `clear-over-dissent` is proven only where no time-outs can bind: at rank 0 of a later step. */
  readonly proofIsOfRankZero: boolean
}
export const namingRankRules: NamingRankRules = {
  dissentForbidsClear: true,
  boundIsSealedAllTheSame: true,
  timeoutsCarryDissents: true,
  proofIsOfRankZero: true,
}

const phases = ['seal', 'reveal', 'timeout'] as const
const CLEAR = 0
const DISSENT = 1
const BATCHES = 2
const batches = [CLEAR, DISSENT]
const names = ['clear', 'dissent']

interface Member {
  readonly shown: boolean
  readonly lock: CommitSet
  /** Its batch at this rank; -1: none. */
  readonly sealed: number
  /** The commit set in its time-out of the rank before; -1: no time-out. */
  readonly timeout: number
  readonly timeoutCarriesDissent: boolean
  readonly acted: boolean
}
interface Vote {
  readonly rank: number
  readonly phase: (typeof phases)[number]
  readonly members: readonly Member[]
  readonly commitSets: readonly number[]
  readonly reveals: readonly number[]
  readonly certified: number
  /** What proposals of this rank can be: bound to these batches, free, free with no dissent in their time-outs. */
  readonly bound: number
  readonly free: boolean
  readonly freeUnshown: boolean
  /** Timely ranks so far. */
  readonly timely: number
  readonly convicted: boolean
}

export interface NamingRankSize {
  readonly ranks: number
  /** After so many timely ranks the naming is certified; others may lie between them. */
  readonly timelyMax: number
}

export function namingRanks(group: Group, size: NamingRankSize, rules: NamingRankRules = namingRankRules): Model<Vote> {
  const needed = group.quorumHonest
  const rankStart = (state: Vote): Vote => {
    const { rank, members, commitSets } = state
    const acted = members.map((one) => ({ ...one, acted: false, sealed: -1 }))
    if (rank === 0) return { ...state, phase: 'seal', members: acted, bound: 0, free: true, freeUnshown: true }
    const shown = members.filter((one) => one.timeout >= 0).sort((one, other) => one.timeout - other.timeout)
    if (shown.length < needed) return { ...state, phase: 'seal', members: acted, bound: 0, free: false, freeUnshown: false }
    let bound = 0
    for (const { timeout: highest } of shown.slice(needed - 1)) {
      if (highest > 0) bound |= 1 << batchOf(highest, BATCHES)
      for (let at = rankOf(highest, BATCHES) + 1; at < rank; at++) bound |= commitSets[at] as number
    }
    const unbound = shown.filter((one) => one.timeout === 0)
    const freeUnshown = count(unbound, (one) => !one.timeoutCarriesDissent) >= needed
    return { ...state, phase: 'seal', members: acted, bound, free: unbound.length >= needed, freeUnshown }
  }

  const maySeal = (state: Vote, member: Member, batch: number): boolean => {
    const { rank } = state
    if (member.lock !== 0 && batchOf(member.lock, BATCHES) !== batch && rankOf(member.lock, BATCHES) >= rank) return false
    const mayClear = !rules.dissentForbidsClear || !member.shown
    const bound = ((state.bound >> batch) & 1) === 1 && (batch !== CLEAR || rules.boundIsSealedAllTheSame || mayClear)
    return bound || (batch === CLEAR ? state.freeUnshown && mayClear : state.free)
  }
  /** A judge holds the dissent as this member handed it on, its seal, and a proposal of that batch and rank that nothing bound. */
  const convicts = (state: Vote, member: Member, batch: number) =>
    batch === CLEAR && member.shown && (rules.proofIsOfRankZero ? state.rank === 0 : state.free)

  function settled(state: Vote): Vote {
    if (!state.members.every((one) => one.acted)) return state
    const { rank } = state
    const nobody = state.members.map((one) => ({ ...one, acted: false }))
    if (state.phase === 'seal') {
      const sets = batches.filter((batch) => count(state.members, (one) => one.sealed === batch) >= needed)
      const bits = sets.reduce((sum, batch) => sum | (1 << batch), 0)
      const members = nobody.map((one) => ({ ...one, acted: !sets.includes(one.sealed) }))
      return settled({ ...state, phase: 'reveal', members, commitSets: [...state.commitSets, bits] })
    }
    if (state.phase === 'reveal') {
      const certified = batches.reduce(
        (sum, batch) => ((state.reveals[batch] as number) >= needed ? sum | (1 << batch) : sum),
        state.certified,
      )
      return { ...state, phase: 'timeout', certified, reveals: [0, 0], members: nobody.map((one) => ({ ...one, sealed: -1 })) }
    }
    return rankStart({ ...state, rank: rank + 1, members: nobody })
  }

  /** What a time-out of this rank may carry: the lock, or a higher commit set that was formed. */
  function carries(member: Member, { rank, commitSets }: Vote): CommitSet[] {
    const sets = [member.lock]
    for (let at = rankOf(member.lock, BATCHES) + 1; at <= rank; at++)
      for (const batch of batches) if ((((commitSets[at] ?? 0) >> batch) & 1) === 1) sets.push(commitSet(at, batch, BATCHES))
    return sets
  }

  /** An honest collator, in time. It takes whatever q time-outs the traitors' choice of theirs makes it take. */
  function timelyRank(state: Vote, emit: (next: Vote, label: () => string) => void) {
    const { rank, members } = state
    const everybodyTold = rules.timeoutsCarryDissents && members.some((one) => one.timeoutCarriesDissent)
    const told = members.map((one) => ({ ...one, shown: one.shown || everybodyTold }))
    for (const collator of members.keys()) {
      for (const batch of batches) {
        const isBound = ((state.bound >> batch) & 1) === 1
        const proposedFree = state.free && batch === (told[collator]?.shown ? DISSENT : CLEAR)
        if (!isBound && !proposedFree) continue
        for (let moreShown = 0; moreShown < 1 << members.length; moreShown++) {
          const shown = told.map((one, at) => ({ ...one, shown: one.shown || ((moreShown >> at) & 1) === 1 }))
          const sealers = shown.filter((one) => {
            const mayClear = !rules.dissentForbidsClear || !one.shown
            return batch !== CLEAR || mayClear || (isBound && rules.boundIsSealedAllTheSame)
          })
          const label = () =>
            `rank ${rank} is timely: h${collator} proposes ${names[batch]}, ${isBound ? 'bound' : 'free'}; ${sealers.length} honest seal`
          if (sealers.length >= group.quorum) {
            emit({ ...state, rank: size.ranks, members: shown, certified: state.certified | (1 << batch) }, label)
            continue
          }
          const formed = sealers.length >= needed
          const set = commitSet(rank, batch, BATCHES)
          const after = shown.map((one) => {
            const lock = formed && sealers.includes(one) ? set : one.lock
            return { ...one, lock, timeout: formed ? set : one.lock, timeoutCarriesDissent: one.shown && rules.timeoutsCarryDissents }
          })
          const commitSets = [...state.commitSets, formed ? 1 << batch : 0]
          emit(rankStart({ ...state, rank: rank + 1, members: after, commitSets, timely: state.timely + 1 }), label)
        }
      }
    }
  }

  const newcomer = { shown: false, lock: 0, sealed: -1, timeout: -1, timeoutCarriesDissent: false, acted: false }
  return {
    start: [
      rankStart({
        rank: 0,
        phase: 'seal',
        members: honestOf(group).map(() => newcomer),
        commitSets: [],
        reveals: [0, 0],
        certified: 0,
        bound: 0,
        free: true,
        freeUnshown: true,
        timely: 0,
        convicted: false,
      }),
    ],
    next(state, emit) {
      const { rank, phase } = state
      if (rank >= size.ranks) return
      const untouched = phase === 'seal' && state.members.every((one) => !one.acted)
      if (untouched && rank > 0 && group.honest >= group.quorum && state.certified === 0 && state.members.every((one) => one.timeout >= 0))
        timelyRank(state, emit)
      const at = firstToAct(state.members)
      const member = state.members[at] as Member
      const act = (one: Partial<Member>, label: string, more: Partial<Vote> = {}) =>
        emit(
          settled({ ...state, ...more, members: withAt(state.members, at, { ...member, ...one, acted: true }) }),
          () => `rank ${rank}: h${at} ${label}`,
        )
      if (phase === 'seal') {
        for (const seen of member.shown ? [member] : [member, { ...member, shown: true }]) {
          const word = seen === member ? '' : 'is shown a dissent and '
          const may = batches.filter((batch) => maySeal(state, seen, batch))
          for (const sealed of may) {
            const convicted = state.convicted || convicts(state, seen, sealed)
            act({ shown: seen.shown, sealed }, `${word}seals ${names[sealed]}`, { convicted })
          }
          if (may.length === 0) act({ shown: seen.shown }, `${word}may seal nothing`)
        }
      } else if (phase === 'reveal') {
        const lock = commitSet(rank, member.sealed, BATCHES)
        const reveals = state.reveals.map((number, of) => number + (of === member.sealed ? 1 : 0))
        act({ lock }, `reveals ${names[member.sealed]}`, { reveals })
        act({}, 'reveals nothing')
      } else {
        for (const timeout of carries(member, state))
          act(
            { timeout, timeoutCarriesDissent: member.shown && rules.timeoutsCarryDissents },
            `gives the rank up${timeout === 0 ? '' : ', with a commit set'}`,
          )
      }
    },
    key(state) {
      const rows = state.members.map(rowOf).sort()
      const { rank, phase, certified, bound, free, freeUnshown, timely, convicted } = state
      const bits = [free, freeUnshown, convicted].reduce((sum, bit) => sum * 2 + (bit ? 1 : 0), 0)
      return (
        rows.join('') +
        String.fromCharCode(rank, phases.indexOf(phase), certified, bound, timely, bits, ...state.reveals, ...state.commitSets)
      )
    },
    broken(state) {
      if (state.convicted) return 'an honest member seems to have cleared over a dissent'
      if ((state.certified & (state.certified - 1)) !== 0) return 'two batches are certified for one step'
      if (state.timely >= size.timelyMax && state.certified === 0) return `no certificate after ${size.timelyMax} timely ranks`
      return undefined
    },
  }
}

const rowOf = (one: Member) =>
  String.fromCharCode(
    one.lock,
    one.sealed + 1,
    one.timeout + 1,
    (one.shown ? 1 : 0) + (one.timeoutCarriesDissent ? 2 : 0) + (one.acted ? 4 : 0),
  )

function firstToAct(members: readonly Member[]): number {
  let first = -1
  members.forEach((one, at) => {
    if (!one.acted && (first < 0 || rowOf(one) < rowOf(members[first] as Member))) first = at
  })
  return first
}
