import { chainRoundRules, chainRounds } from './chain-rounds.js'
import { closing, closingRules } from './closing.js'
import { dispute, disputeRules } from './dispute.js'
import { type Exploration, explore, type Model } from './explore.js'
import { groupOf } from './group.js'
import { naming, namingRules } from './naming.js'
import { namingRankRules, namingRanks } from './naming-ranks.js'
import { oneStep, stepRules } from './one-step.js'
import { type Kept, recovery, recoveryRules } from './recovery.js'
import { type ChainRules, chainRules, recoveryChain } from './recovery-chain.js'
import { type VerdictRules, verdict, verdictRules } from './verdict.js'

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
    () => naming(groupOf(members, traitors), { disputedMax: disputed, stepsMax: steps, rerun: 0 }),
  ] as const
const namingWithout = (rule: keyof typeof namingRules, breaks: string, rerun = 0) =>
  run(`naming without ${rule}`, () => naming(groupOf(4, 1), { disputedMax: 2, stepsMax: 4, rerun }, without(namingRules, rule)), breaks)
const unjudged = { disputedMax: 3, stepsMax: 4, rerun: 0, endsAfter: 3, isUnjudged: true, dissentsMax: 4 }
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

const recovers = (members: number, traitors: number, ranks: number, shows: number, kept: Kept, eager = false) =>
  [
    `recovery N=${members} f=${traitors} ranks=${ranks} shows=${shows} ${kept}`,
    () => recovery(groupOf(members, traitors), { ranks, batches: 2, eager }, shows, kept),
  ] as const
const recoveryWithout = (rule: keyof typeof recoveryRules, breaks: string) =>
  run(
    `recovery without ${rule}`,
    () => recovery(groupOf(4, 1), { ranks: 3, batches: 2 }, 3, 'certified', without(recoveryRules, rule)),
    breaks,
  )
const FORGOTTEN = 'certified: a, but recovery runs nothing again'

const chains = (members: number, traitors: number, steps: number, shows: number) =>
  [
    `recovery-chain N=${members} f=${traitors} steps=${steps} shows=${shows}`,
    () => recoveryChain(groupOf(members, traitors), steps, shows),
  ] as const
const chainWithout = (rule: keyof ChainRules) =>
  run(`recovery-chain without ${rule}`, () => recoveryChain(groupOf(4, 1), 3, 3, without(chainRules, rule)), LOST)
const LOST = 'a certified batch is lost or runs at another place'

const closes = (members: number, traitors: number) =>
  [`closing N=${members} f=${traitors}`, () => closing(groupOf(members, traitors))] as const
const closingWithout = (rule: keyof typeof closingRules) =>
  run(`closing without ${rule}`, () => closing(groupOf(4, 1), without(closingRules, rule)), TWO_OPENINGS)
const TWO_OPENINGS = 'the next epoch is opened in two ways'

const verdictWithout = (rule: keyof VerdictRules, breaks: string) =>
  run(`verdict without ${rule}`, () => verdict(without(verdictRules, rule)), breaks)

const chainOf = (electors: number, traitors: number, rounds: number) =>
  [
    `chain-rounds N=${electors} f=${traitors} rounds=${rounds}`,
    () => chainRounds({ honest: electors - traitors, traitors, rounds }),
  ] as const
const chainRoundsWithout = (rule: keyof typeof chainRoundRules, breaks = TWO_BLOCKS) =>
  run(`chain-rounds without ${rule}`, () => chainRounds({ honest: 3, traitors: 1, rounds: 3 }, without(chainRoundRules, rule)), breaks)
const TWO_BLOCKS = 'two blocks are certified at one height'
const ENDLESS = 'a round that nobody hinders any more cannot end'

export const runs: readonly Run[] = [
  run(...chainOf(4, 1, 2)),
  run(...chainOf(4, 1, 4)),
  run(...chainOf(5, 1, 3)),
  run(...chainOf(7, 2, 2)),
  deep(...chainOf(7, 2, 3)),
  chainRoundsWithout('newBlockNeedsNone'),
  chainRoundsWithout('oldBlockNeedsValue'),
  chainRoundsWithout('certifyNeedsSoft', ENDLESS),
  chainRoundsWithout('endedCertifiesNoMore'),
  chainRoundsWithout('certifiedIsBound'),
  chainRoundsWithout('valueIsCarried'),
  chainRoundsWithout('softIsCarried'),
  chainRoundsWithout('mayEndForBoth', ENDLESS),
  chainRoundsWithout('softIsDurable', ENDLESS),
  chainRoundsWithout('certifyIsDurable'),
  chainRoundsWithout('endIsDurable'),
  chainRoundsWithout('quorumLess'),

  run(...step(4, 1, 4)),
  run(...step(5, 2, 3)),
  run(...step(5, 1, 3)),
  run(...step(7, 2, 3, true)),
  run(...step(5, 1, 4, true)),
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
  namingWithout('freezeBinds', BOTH),
  namingWithout('freezesLowest', BOTH),
  namingWithout('closingStopsAtFreeze', BOTH),
  namingWithout('unanimityNeedsAllBefore', 'step 2 is final by unanimity, beyond the frozen step 1'),
  namingWithout('dissentIsDurable', LIAR),
  namingWithout('dissentForbidsClear', LIAR),
  namingWithout('dissentOutweighsUnanimity', LIAR),
  namingWithout('rerunNamesNothing', BOTH, 2),
  run('naming N=4 f=1 provisional=3 steps=4, the epoch ends after 3', () =>
    naming(groupOf(4, 1), { disputedMax: 3, stepsMax: 4, rerun: 0, endsAfter: 3 }),
  ),
  ...(['closingCarriesDissents', 'freezeMovesDown'] as const).map((rule) =>
    run(
      `naming without ${rule}`,
      () => naming(groupOf(4, 1), { disputedMax: 2, stepsMax: 6, rerun: 0, endsAfter: 3 }, without(namingRules, rule)),
      'the epoch cannot be closed: nothing can be sealed',
    ),
  ),
  run('naming N=5 f=1 provisional=3 steps=4, unjudged, the epoch ends after 3', () => naming(groupOf(5, 1), unjudged)),
  run('naming N=7 f=2 provisional=3 steps=4, unjudged, the epoch ends after 3', () => naming(groupOf(7, 2), unjudged)),
  run(
    'naming without dissentForbidsClear, unjudged',
    () => naming(groupOf(4, 1), unjudged, without(namingRules, 'dissentForbidsClear')),
    'step 1 is named clear without the dissent that every honest member was shown',
  ),
  run(
    'naming without oneDissentForEachStep, unjudged',
    () => naming(groupOf(7, 2), unjudged, without(namingRules, 'oneDissentForEachStep')),
    'the epoch cannot be closed: nothing can be sealed',
  ),
  run('naming N=4 f=1 provisional=3 steps=5, two of them run again', () =>
    naming(groupOf(4, 1), { disputedMax: 3, stepsMax: 5, rerun: 2 }),
  ),

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

  run(...recovers(4, 1, 3, 3, 'certified')),
  run(...recovers(5, 1, 3, 4, 'certified', true)),
  run(...recovers(5, 2, 3, 4, 'certified')),
  run(...recovers(7, 2, 2, 5, 'certified', true)),
  run(...recovers(4, 1, 3, 2, 'unanimous')),
  run(...recovers(5, 1, 3, 2, 'unanimous', true)),
  run(...recovers(7, 2, 2, 3, 'unanimous', true)),
  run(...recovers(4, 1, 3, 2, 'certified'), FORGOTTEN),
  run(...recovers(5, 1, 3, 2, 'certified'), FORGOTTEN),
  deep(...recovers(4, 1, 4, 3, 'certified')),
  deep(...recovers(5, 1, 4, 4, 'certified', true)),
  deep(...recovers(7, 2, 3, 5, 'certified', true)),
  recoveryWithout('showsCarryCommitSets', FORGOTTEN),
  recoveryWithout('showIsLast', FORGOTTEN),
  recoveryWithout('highestRankIsRerun', 'certified: b, but recovery runs a of rank 0 again'),

  run(...chains(4, 1, 3, 3)),
  run(...chains(5, 1, 4, 4)),
  run(...chains(7, 2, 2, 5)),
  run(...chains(4, 1, 3, 2), LOST),
  deep(...chains(7, 2, 3, 5)),
  chainWithout('onePastAtATime'),
  chainWithout('showsCarryAllSinceFinal'),
  chainWithout('showsCarryCommitSets'),
  chainWithout('restOfRerunIsKept'),

  run(...closes(4, 1)),
  run(...closes(5, 1)),
  run(...closes(5, 2)),
  deep(...closes(7, 2)),
  closingWithout('boundClosingCloses'),
  ...[4, 7].map((members) =>
    run(
      `closing N=${members} without boundClosingCloses, who showed waits for a block, openings may differ`,
      () => {
        const rules = { ...closingRules, boundClosingCloses: false, whoShowedWaitsForBlock: true, openingsMayDiffer: true }
        return closing(groupOf(members, (members - 1) / 3), rules)
      },
      'a block opens the next epoch anew although a quorum works in it already',
    ),
  ),
  closingWithout('showIsLast'),
  closingWithout('showsCarryAll'),
  closingWithout('fewerShowsSkipAnEpoch'),

  run('verdict', () => verdict()),
  run('verdict, a frozen closing opens an epoch that waits', () => verdict(without(verdictRules, 'frozenClosingOpensNothing'))),
  verdictWithout('verdictOpensFromShows', 'two epochs of one number are opened'),
  run(
    'verdict, a frozen closing opens an epoch, without verdictOpensFromShows',
    () => verdict(without(without(verdictRules, 'frozenClosingOpensNothing'), 'verdictOpensFromShows')),
    'two epochs of one number are opened',
  ),
  run(
    'verdict, a frozen closing opens an epoch, without disputedEpochWaits',
    () => verdict(without(without(verdictRules, 'frozenClosingOpensNothing'), 'disputedEpochWaits')),
    'a final step is lost, or ran after other steps than its answer says',
  ),
  run('verdict, shows open an epoch before the verdict', () => verdict(without(verdictRules, 'showsWaitForVerdict'))),
  verdictWithout('laterBatchesAreRerun', 'a later batch is dropped'),
]
