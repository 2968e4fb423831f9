import type { Model } from './explore.js'
import { count, withAt } from './group.js'

/**
 * The rounds in which a root group agrees on one block (docs/protocol/vote-chain.md), everyone in the group: `honest` electors and `traitors` whose
 * keys sign whatever helps them, at once. Messages are lost, late and reordered: an honest elector may act on any bundle that can exist, or as if
 * it had not seen it. Crashes that keep what is durable are doing nothing for a while.
 *
 * Round by round: what is cast in a round needs votes of this round and of the one before, never of a later one, and each elector votes in the
 * order of rounds. So runs are looked at in which all cast what they ever will in one round, then all go on; of a round that is over only
 * its bundles are left.
 */
export interface ChainSize {
  readonly honest: number
  readonly traitors: number
  readonly rounds: number
}

export const chainRoundRules = {
  /** Rule 3: after round 0 a new block needs next votes for none of the round before. */
  newBlockNeedsNone: true,
  /** Rule 3: a block is proposed again only on next votes for it of the round before. */
  oldBlockNeedsValue: true,
  /** Rule 5: certify votes need a quorum of soft votes of this round. */
  certifyNeedsSoft: true,
  /** Rule 5: who voted to end the round for none, or for another block, certifies no more in it. */
  endedCertifiesNoMore: true,
  /** Rule 6: who certified ends the round for that block only. */
  certifiedIsBound: true,
  /** Rule 6: who entered on next votes for a block, and knows none for none, ends the round for it. */
  valueIsCarried: true,
  /** Rule 6: who knows soft votes of this round, ends it for their block, also where it lacks the block. */
  softIsCarried: true,
  /** Rule 6: who ended the round for one ends it for another too, when it learns more. */
  mayEndForBoth: true,
  /** Rule 9: what a crash must not forget. */
  softIsDurable: true,
  certifyIsDurable: true,
  endIsDurable: true,
  /** How many votes too few are taken for a quorum. */
  quorumLess: 0,
}
export type ChainRoundRules = typeof chainRoundRules

/** Blocks are bits: a is 1, b is 2; none is 4, in next votes. */
const [A, B, NONE] = [1, 2, 4] as const
const BLOCKS = [A, B] as const
const ALL = [A, B, NONE] as const

/** What an honest elector cast in this round, as bits: more than one where it may, or forgot. */
interface Elector {
  readonly soft: number
  readonly certify: number
  readonly next: number
}
export interface ChainRound {
  readonly round: number
  readonly electors: readonly Elector[]
  /** What a quorum of next votes of the round before can be shown for. */
  readonly before: number
  /** Blocks certified in rounds before. */
  readonly certified: number
}
type Kind = keyof Elector

export function chainRounds({ honest, traitors, rounds }: ChainSize, rules: ChainRoundRules = chainRoundRules): Model<ChainRound> {
  const electors = honest + traitors
  const quorum = Math.floor((electors * 685) / 1000) + 1 - rules.quorumLess
  const fresh = Array.from({ length: honest }, (): Elector => ({ soft: 0, certify: 0, next: 0 }))

  const votes = (all: readonly Elector[], kind: Kind, bit: number): number => count(all, (one) => (one[kind] & bit) !== 0)
  /** What a quorum can be shown for, with the traitors' help. Without an honest vote there is nothing that traitors' own could not also do. */
  const bundles = (all: readonly Elector[], kind: Kind): number =>
    ALL.reduce((bits, bit) => (votes(all, kind, bit) >= Math.max(1, quorum - traitors) ? bits | bit : bits), 0)

  function cast(state: ChainRound, one: Elector, emit: (kind: Kind, bits: number, says: string) => void): void {
    const { round, before } = state
    const softly = bundles(state.electors, 'soft')
    const isBound = one.certify !== 0 && rules.certifiedIsBound && rules.certifyIsDurable
    for (const block of BLOCKS) {
      const name = block === A ? 'a' : 'b'
      const isNew = round === 0 || (before & NONE) !== 0 || !rules.newBlockNeedsNone
      const isOld = round > 0 && ((before & block) !== 0 || !rules.oldBlockNeedsValue)
      if ((one.soft === 0 || !rules.softIsDurable) && (isNew || isOld)) emit('soft', block, `votes softly for ${name}`)
      const isOver = (one.next & ~block) !== 0 && rules.endedCertifiesNoMore && rules.endIsDurable
      const isSoft = (softly & block) !== 0 || !rules.certifyNeedsSoft
      if ((one.certify === 0 || !rules.certifyIsDurable) && isSoft && !isOver) emit('certify', block, `certifies ${name}`)
      const ends = (softly & block) !== 0 || (before & block) !== 0
      if (ends && !(isBound && one.certify !== block)) emit('next', block, `ends the round for ${name}`)
    }
    const knowsNone = round === 0 || (before & NONE) !== 0
    const forgetsValue = !rules.valueIsCarried && before !== 0
    const forgetsSoft = !rules.softIsCarried && softly !== 0
    if (!isBound && (knowsNone || forgetsValue || forgetsSoft)) emit('next', NONE, 'ends the round for none')
  }

  /** What an honest elector adds to its next votes once it knows what all others do: `softly`, and `known` of the round before. */
  function ended(one: Elector, softly: number, known: number): number {
    if (one.next !== 0 && !rules.mayEndForBoth) return one.next
    if (one.certify !== 0) return one.next | one.certify
    const soft = softly & -softly
    if (soft !== 0) return one.next | soft
    const value = known & (A | B)
    return one.next | ((known & NONE) !== 0 || value === 0 ? NONE : value & -value)
  }
  /** Whether a round ends for all once their messages get through, whichever bundles the traitors show: with honest votes alone. */
  function canEnd({ round, electors: all, before }: ChainRound): boolean {
    const acted = all.reduce((bits, one) => bits | one.certify, 0)
    const softly = bundles(all, 'soft')
    for (const shown of new Set([softly, softly & acted])) {
      for (const known of round === 0 ? [NONE] : subsetsOf(before)) {
        // what an honest elector went by, all know in the end
        const used = all.reduce((bits, one) => bits | (one.next & ~softly), 0) & before
        if ((known & used) !== used) continue
        const next = all.map((one) => ended(one, shown, known))
        if (!ALL.some((bit) => count(next, (bits) => (bits & bit) !== 0) >= quorum)) return false
      }
    }
    return true
  }

  return {
    start: [{ round: 0, electors: fresh, before: 0, certified: 0 }],
    next(state, emit) {
      state.electors.forEach((one, at) => {
        cast(state, one, (kind, bits, says) => {
          if ((one[kind] | bits) === one[kind] || (kind === 'next' && one.next !== 0 && !rules.mayEndForBoth)) return
          const electors = withAt(state.electors, at, { ...one, [kind]: one[kind] | bits })
          emit({ ...state, electors }, () => `round ${state.round}: h${at} ${says}`)
        })
      })
      const before = bundles(state.electors, 'next')
      if (before === 0 || state.round + 1 >= rounds) return
      const certified = state.certified | bundles(state.electors, 'certify')
      emit({ round: state.round + 1, electors: fresh, before, certified }, () => `round ${state.round + 1} begins`)
    },
    key({ round, electors: all, before, certified }) {
      const keyed = (of: (bits: number) => number) => {
        const rows = all.map(({ soft, certify, next }) => String.fromCharCode(65 + of(soft), 65 + of(certify), 65 + of(next)))
        return `${round} ${of(before)} ${of(certified)} ${rows.sort().join(' ')}`
      }
      return [keyed((bits) => bits), keyed(swapped)].sort()[0] as string
    },
    broken(state) {
      const certified = state.certified | bundles(state.electors, 'certify')
      if ((certified & (A | B)) === (A | B)) return 'two blocks are certified at one height'
      return canEnd(state) ? undefined : 'a round that nobody hinders any more cannot end'
    },
  }
}
const swapped = (bits: number): number => ((bits & A) << 1) | ((bits & B) >> 1) | (bits & NONE)
function subsetsOf(bits: number): number[] {
  return [1, 2, 3, 4, 5, 6, 7].filter((some) => (some & ~bits) === 0)
}
