/**
 * A wrong result: q or more colluders certify it, name it clear among themselves at once, and hide what they can from the honest
 * members (design §6, Final or frozen, and Jury). A member is reachable if certificates get to it (a gateway or the chain has them) and its
 * word gets to the chain, both before the dispute window ends; what it can do it does in time. Everything else is the colluders' choice.
 */
import type { Model } from './explore.js'
import { type Group, honestOf, withAt } from './group.js'

export interface DisputeRules {
  /** Who holds a certificate may sign its own answer to that batch, also where it gave the rank up or sealed another batch. */
  readonly answersAfterCertificate: boolean
  /** A member that is not given the batch says so, and that opens a dispute. */
  readonly withheldIsDisputed: boolean
  /** What jurors could fetch they also run; otherwise they only hand it on. */
  readonly jurorsRunWhatTheyFetched: boolean
  /** A dispute that is open when the window ends is still decided. */
  readonly disputeHoldsWindow: boolean
  /** A dissenter's seat is lost by a verdict on its answer, never by one on *withheld*. */
  readonly fetchedWithheldMarksNobody: boolean
}
export const disputeRules: DisputeRules = {
  answersAfterCertificate: true,
  withheldIsDisputed: true,
  jurorsRunWhatTheyFetched: true,
  disputeHoldsWindow: true,
  fetchedWithheldMarksNobody: true,
}

interface Member {
  readonly reachable: boolean
  /** It gave the certificate's rank up, or sealed another batch there: colluders can see to that. */
  readonly gaveRankUp: boolean
  readonly certificate: boolean
  readonly batch: boolean
  readonly said: 'nothing' | 'withheld' | 'dissent'
  readonly marked: boolean
}
interface Dispute {
  readonly juryIsHonest: boolean
  readonly members: readonly Member[]
  readonly chain: 'quiet' | 'fetching' | 'running' | 'undone' | 'upheld'
  readonly windowOver: boolean
}

export function dispute(group: Group, rules: DisputeRules = disputeRules): Model<Dispute> {
  const indices = honestOf(group)
  const starts = function* (at: number, members: readonly Member[]): Generator<readonly Member[]> {
    if (at === indices.length) return yield members
    for (const reachable of [true, false])
      for (const gaveRankUp of [true, false]) {
        const member: Member = { reachable, gaveRankUp, certificate: false, batch: false, said: 'nothing', marked: false }
        yield* starts(at + 1, [...members, member])
      }
  }
  const over = ({ chain, windowOver }: Dispute) =>
    chain === 'undone' || chain === 'upheld' || (windowOver && (chain === 'quiet' || !rules.disputeHoldsWindow))

  return {
    start: [...starts(0, [])].flatMap((members) =>
      [true, false].map((juryIsHonest) => ({ juryIsHonest, members, chain: 'quiet' as const, windowOver: false })),
    ),
    next(state, emit) {
      if (over(state)) return
      let somebodyMay = false
      const put = (at: number, one: Partial<Member>, more: Partial<Dispute> = {}): Dispute => ({
        ...state,
        ...more,
        members: withAt(state.members, at, { ...(state.members[at] as Member), ...one }),
      })
      const may = (next: Dispute, label: string) => {
        somebodyMay = true
        emit(next, () => label)
      }
      for (const at of indices) {
        const { reachable, gaveRankUp, certificate, batch, said } = state.members[at] as Member
        if (!batch) emit(put(at, { batch: true }), () => `the colluders give h${at} the batch`)
        if (!reachable || state.windowOver) continue
        if (!certificate) may(put(at, { certificate: true }), `h${at} gets the certificate`)
        if (certificate && !batch && said === 'nothing') {
          if (!rules.withheldIsDisputed) continue
          may(
            put(at, { said: 'withheld' }, state.chain === 'quiet' ? { chain: 'fetching' } : {}),
            `h${at} says that it was not given the batch`,
          )
        }
        if (certificate && batch && said !== 'dissent' && (rules.answersAfterCertificate || !gaveRankUp))
          may(put(at, { said: 'dissent' }, { chain: 'running' }), `h${at} runs the batch and signs another answer`)
      }
      const verdict = (label: string) => {
        const members = state.members.map((one) => ({ ...one, marked: one.said === 'dissent' }))
        if (state.juryIsHonest) emit({ ...state, chain: 'undone' }, () => `${label}: the result is undone`)
        else emit({ ...state, chain: 'upheld', members }, () => `${label}: the jury's dishonest majority upholds the result`)
      }
      if (state.chain === 'running') verdict('jurors run the batch')
      if (state.chain === 'fetching') {
        if (state.juryIsHonest) emit({ ...state, chain: 'undone' }, () => 'jurors cannot fetch the batch: it is dropped')
        const members = state.members.map((one) => ({
          ...one,
          batch: true,
          marked: !rules.fetchedWithheldMarksNobody && one.said === 'withheld',
        }))
        if (rules.jurorsRunWhatTheyFetched) emit({ ...state, members, chain: 'running' }, () => 'the colluders give jurors the batch')
        else emit({ ...state, members, chain: 'quiet' }, () => 'the colluders give jurors the batch, and they hand it on')
      }
      if (!somebodyMay && !state.windowOver) emit({ ...state, windowOver: true }, () => 'the dispute window is over')
    },
    key: ({ juryIsHonest, members, chain, windowOver }) =>
      [juryIsHonest, chain, windowOver, ...members.map((one) => JSON.stringify(one)).sort()].join(),
    broken(state) {
      const { juryIsHonest, members } = state
      if (juryIsHonest && members.some((one) => one.marked)) return 'an honest member is marked although the jury is honest'
      const stands = over(state) && state.chain !== 'undone'
      if (stands && juryIsHonest && members.some((one) => one.reachable))
        return 'a wrong result stands although an honest member was reachable and the jury is honest'
      return undefined
    },
  }
}
