import { dispute, disputeRules } from './dispute.js'
import { type Exploration, explore, type Model } from './explore.js'
import { groupOf } from './group.js'
import { naming, namingRules } from './naming.js'
import { namingRankRules, namingRanks } from './naming-ranks.js'
import { oneStep, stepRules } from './one-step.js'

/** One exploration and what it must end with. */
export interface Run {
  readonly name: string
  /** The rule that a planted variant breaks; undefined: nothing is broken, in any state. */
  readonly breaks: string | undefined
  /** Too long for CI: by hand, with --deep. */
  readonly deep: boolean
  explore(): Exploration
}

const STATES_MAX = 6_000_000

const run = <S>(name: string, make: () => Model<S>, breaks?: string, deep = false): Run => ({
  name,
  breaks,
  deep,
  explore: () => explore(make(), STATES_MAX),
})
const deep = <S>(name: string, make: () => Model<S>) => run(name, make, undefined, true)

/** The rules without one of them. */
const without = <R extends object>(rules: R, rule: keyof R): R => ({
  ...rules,
  [rule]: typeof rules[rule] === 'boolean' ? !rules[rule] : 1,
})

const TWO_BATCHES = 'two batches are certified for one step'
const step = (members: number, traitors: number, ranks: number, eager = false, batches = 2) =>
  [
    `one-step N=${members} f=${traitors} ranks=${ranks}${batches > 2 ? ` batches=${batches}` : ''}${eager ? ' eager' : ''}`,
    () => oneStep(groupOf(members, traitors), { ranks, batches, eager }),
  ] as const
const stepWithout = (rule: keyof typeof stepRules, ranks: number, breaks = TWO_BATCHES, eager = false) =>
  run(`one-step without ${rule}`, () => oneStep(groupOf(4, 1), { ranks, batches: 2, eager }, without(stepRules, rule)), breaks)

const names = (members: number, traitors: number, disputed: number, steps: number) =>
  [
    `naming N=${members} f=${traitors} provisional=${disputed} steps=${steps}`,
    () => naming(groupOf(members, traitors), disputed, steps),
  ] as const
const namingWithout = (rule: keyof typeof namingRules, breaks: string) =>
  run(`naming without ${rule}`, () => naming(groupOf(4, 1), 2, 4, without(namingRules, rule)), breaks)
const BOTH = 'step 1 is final for who holds one certificate, and frozen for who holds another'
const LIAR = 'an honest member seems to have cleared step 1 over a dissent'

const namesByRank = (members: number, traitors: number, ranks: number) =>
  [
    `naming-ranks N=${members} f=${traitors} ranks=${ranks}`,
    () => namingRanks(groupOf(members, traitors), { ranks, timelyMax: 2 }),
  ] as const
const namingRanksWithout = (rule: keyof typeof namingRankRules, breaks: string) =>
  run(`naming-ranks without ${rule}`, () => namingRanks(groupOf(4, 1), { ranks: 4, timelyMax: 2 }, without(namingRankRules, rule)), breaks)
const RANK_LIAR = 'an honest member seems to have cleared over a dissent'
const STALLED = 'no certificate after 2 timely ranks'

const disputes = (members: number, traitors: number) =>
  [`dispute N=${members} f=${traitors}`, () => dispute(groupOf(members, traitors))] as const
const disputeWithout = (rule: keyof typeof disputeRules, breaks = STANDS) =>
  run(`dispute without ${rule}`, () => dispute(groupOf(5, 4), without(disputeRules, rule)), breaks)
const STANDS = 'a wrong result stands although an honest member was reachable and the jury is honest'

export const runs: readonly Run[] = [
  run(...step(4, 1, 4)),
  run(...step(5, 2, 4)),
  run(...step(5, 1, 3)),
  run(...step(7, 2, 3, true)),
  deep(...step(5, 1, 4)),
  deep(...step(4, 1, 5)),
  deep(...step(4, 1, 4, true, 3)),
  deep(...step(7, 2, 4, true)),
  stepWithout('lockIsDurable', 2),
  stepWithout('lockIsRaised', 4, TWO_BATCHES, true),
  stepWithout('lockYieldsToOwnRank', 2, 'rank 1: an honest collator in time finds no quorum for the batch that time-outs bind it to'),
  stepWithout('sealIsDurable', 2),
  stepWithout('timeoutClosesRank', 2),
  stepWithout('revealNeedsCommitSet', 2),
  stepWithout('certificateIsOfOneRank', 4, TWO_BATCHES, true),
  stepWithout('timeoutsAreOfRankBefore', 3),
  stepWithout('commitSetBinds', 2),
  stepWithout('highestRankBinds', 3),
  stepWithout('stepWithoutCertificateStaysBound', 3),
  stepWithout('sealsLess', 2),
  stepWithout('revealsLess', 2),

  run(...names(4, 1, 3, 5)),
  run(...names(5, 1, 3, 5)),
  run(...names(7, 2, 3, 5)),
  deep(...names(5, 1, 4, 6)),
  namingWithout('finalIsMonotone', BOTH),
  namingWithout('dissentsAreOfOpenSteps', BOTH),
  namingWithout('namingBinds', BOTH),
  namingWithout('freezesLowest', BOTH),
  namingWithout('closingStopsAtFreeze', BOTH),
  namingWithout('unanimityNeedsAllBefore', 'step 2 is final by unanimity, beyond the frozen step 1'),
  namingWithout('dissentIsDurable', LIAR),
  namingWithout('dissentForbidsClear', LIAR),
  namingWithout('otherAnswerVoidsProof', LIAR),

  run(...namesByRank(4, 1, 3)),
  run(...namesByRank(7, 2, 2)),
  deep(...namesByRank(4, 1, 4)),
  deep(...namesByRank(5, 1, 3)),
  run(
    'naming-ranks within one timely rank',
    () => namingRanks(groupOf(4, 1), { ranks: 3, timelyMax: 1 }),
    'no certificate after 1 timely ranks',
  ),
  namingRanksWithout('dissentForbidsClear', RANK_LIAR),
  namingRanksWithout('boundIsSealedAllTheSame', STALLED),
  namingRanksWithout('timeoutsCarryDissents', STALLED),
  namingRanksWithout('proofIsOfRankZero', RANK_LIAR),

  run(...disputes(4, 3)),
  run(...disputes(5, 4)),
  run(...disputes(10, 7)),
  disputeWithout('answersAfterCertificate'),
  disputeWithout('withheldIsDisputed'),
  disputeWithout('jurorsRunWhatTheyFetched'),
  disputeWithout('disputeHoldsWindow'),
  disputeWithout('fetchedWithheldMarksNobody', 'an honest member is marked although the jury is honest'),
]
