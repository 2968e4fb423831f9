import { type Infer, struct, uint53, uint64 } from '@interpeer/wire-codec'

/**
 * The rules that are numbers (§6.8 of the white paper). They live on the chain, so nobody changes them alone. Units are in the
 * names; amounts are in units of 10^-9 coin.
 */
export const settingsSchema = struct({
  cycleMs: uint53,
  tenureMs: uint53,
  groupSizeMax: uint53,
  roundMs: uint53,
  blockBytesMax: uint53,
  txPoolMax: uint53,
  recoveryCycles: uint53,
  secondRecoveryCycles: uint53,
  seatPricePerCycle: uint64,
  blockReward: uint64,
  publishFee: uint64,
  transferTaxPerMille: uint53,
  rootGroupSize: uint53,
  lookBack: uint53,
  matureCycles: uint53,
  activeCycles: uint53,
  intervalCycles: uint53,
  ticketsUnpaid: uint53,
  ticketsMax: uint53,
  slotsMax: uint53,
  joiningFee: uint64,
  ratingMinPerMille: uint53,
  changeCyclesMin: uint53,
  changeVetoPerMille: uint53,
  changeYesPerMille: uint53,
  changeRatingMinPerMille: uint53,
  changeFee: uint64,
  programVersion: uint53,
  disputeFetchCycles: uint53,
  disputeAnswerCycles: uint53,
  disputeCycles: uint53,
  jurorFee: uint64,
  checkpointCycles: uint53,
  newAccountMin: uint64,
})
export type Settings = Infer<typeof settingsSchema>
export type SettingName = keyof Settings

/** Those that are amounts of units: bigints. */
export const AMOUNT_SETTINGS: readonly string[] = [
  ...['seatPricePerCycle', 'blockReward', 'publishFee', 'joiningFee', 'changeFee', 'jurorFee', 'newAccountMin'],
]

/** The newest rules that this code knows. A chain whose `programVersion` is above it needs a newer program. */
export const PROGRAM_VERSION = 1

export interface SettingRange {
  readonly min: number
  readonly max: number
  /** What a genesis says that leaves it out would mean; a genesis must not leave it out, tools that write one start here. */
  readonly usual: number
  readonly meaning: string
  /** A change of it needs an explicit yes of many. */
  readonly isProtected?: true
  /** Of the genesis for ever, and why (ADR 0025). */
  readonly fixedFor?: string
}
const HOUR_MS = 3_600_000

/** Why some can't change: who checks by them has no state yet to read them from. */
const FIXED = {
  timetable: 'the time of every block is counted from the genesis',
  strangers: 'it bounds what is read of anyone before a state says so, and leaves room beside it for a quorum of votes',
  certificates: 'what a certificate proves has to be clear to who has the genesis and no state',
  checkpoints: 'which heights are checkpoints has to be clear to who has the genesis and no state',
} as const

/** Every setting, its range, and what it is for. */
export const SETTINGS: Readonly<Record<keyof Settings, SettingRange>> = {
  cycleMs: { min: 100, max: HOUR_MS, usual: 2_000, meaning: 'one block a cycle', fixedFor: FIXED.timetable },
  tenureMs: { min: 400, max: 8_760 * HOUR_MS, usual: 80_000, meaning: 'how long a peer keeps a seat' },
  groupSizeMax: { min: 1, max: 32, usual: 9, meaning: 'most seats of one job' },
  roundMs: {
    min: 50,
    max: 60_000,
    usual: 1_500,
    meaning: 'how long the first leader of a height is waited for',
    isProtected: true,
  },
  blockBytesMax: { min: 16_384, max: 524_288, usual: 262_144, meaning: 'most bytes of one block body', fixedFor: FIXED.strangers },
  txPoolMax: { min: 1, max: 100_000, usual: 2_000, meaning: 'most transactions a peer keeps waiting' },
  recoveryCycles: { min: 1, max: 100_000, usual: 5, meaning: 'cycles without a closing certificate until recovery begins' },
  secondRecoveryCycles: { min: 1, max: 100_000, usual: 10, meaning: 'cycles of recovery after which fewer shows suffice' },
  seatPricePerCycle: { min: 0, max: 1e12, usual: 1_000_000, meaning: 'what a job pays for one seat and cycle' },
  blockReward: {
    min: 0,
    max: 1e12,
    usual: 70_000_000,
    meaning: 'minted a block for those who certified the one before',
    isProtected: true,
  },
  publishFee: { min: 0, max: 1e12, usual: 100_000_000, meaning: 'burned for each job published' },
  transferTaxPerMille: { min: 0, max: 100, usual: 5, meaning: 'part of a transfer that goes to the commons account' },
  rootGroupSize: {
    min: 1,
    max: 2_000,
    usual: 2_000,
    meaning: 'how many peers are expected to vote in each step; all, where there are no more',
    fixedFor: FIXED.certificates,
  },
  // At 1 votes would go by the state of the very block whose seed draws them: its leader, who knows the seed, would choose who is an elector.
  lookBack: {
    min: 2,
    max: 100_000,
    usual: 8,
    meaning: 'heights between a state and the votes that go by it',
    fixedFor: FIXED.certificates,
  },
  matureCycles: {
    min: 0,
    max: 10_000_000,
    usual: 30,
    meaning: 'cycles after joining until a peer votes and gets seats',
    isProtected: true,
  },
  activeCycles: {
    min: 8,
    max: 10_000_000,
    usual: 400,
    meaning: 'cycles without outcome or vote after which a peer does not vote',
    isProtected: true,
  },
  intervalCycles: { min: 2, max: 10_000_000, usual: 300, meaning: 'cycles after which tickets expire and reviews fade' },
  ticketsUnpaid: { min: 1, max: 1_024, usual: 16, meaning: 'tickets of a peer that takes part, though it finished no job' },
  ticketsMax: { min: 1, max: 65_535, usual: 64, meaning: 'most tickets from the jobs of one interval' },
  slotsMax: { min: 1, max: 1_024, usual: 32, meaning: 'most seats that a peer takes at once' },
  joiningFee: {
    min: 0,
    max: 1e12,
    usual: 1_000_000_000,
    meaning: 'burned to join, and to join again after a bad rating',
    isProtected: true,
  },
  ratingMinPerMille: {
    min: 0,
    max: 1_000,
    usual: 850,
    meaning: 'rating below which a peer gets no seats until it joins again',
    isProtected: true,
  },
  changeCyclesMin: {
    min: 1,
    max: 10_000_000,
    usual: 60,
    meaning: 'cycles from a change request to its first height, to vote in',
    isProtected: true,
  },
  changeVetoPerMille: { min: 1, max: 1_000, usual: 340, meaning: 'part of those who may vote whose no stops a change', isProtected: true },
  changeYesPerMille: {
    min: 1,
    max: 1_000,
    usual: 667,
    meaning: 'part of those who may vote whose yes a protected change needs',
    isProtected: true,
  },
  changeRatingMinPerMille: { min: 0, max: 1_000, usual: 900, meaning: 'rating from which a peer proposes and votes', isProtected: true },
  changeFee: { min: 0, max: 1e12, usual: 100_000_000, meaning: 'burned for each change request' },
  programVersion: {
    min: 1,
    max: 1_000_000,
    usual: 1,
    meaning: 'version of the rules; a program that knows only lower ones stops',
    isProtected: true,
  },
  disputeFetchCycles: { min: 1, max: 100_000, usual: 5, meaning: 'cycles that jurors have to fetch what they judge' },
  disputeAnswerCycles: { min: 1, max: 100_000, usual: 5, meaning: 'cycles that they then have to run it' },
  disputeCycles: { min: 1, max: 100_000, usual: 10, meaning: 'cycles that their verdicts then have to come into blocks' },
  jurorFee: { min: 0, max: 1e12, usual: 1_000_000, meaning: 'what a juror is paid for a verdict' },
  checkpointCycles: {
    min: 2,
    max: 100_000,
    usual: 100,
    meaning: 'every so many heights a checkpoint, from which others can start',
    fixedFor: FIXED.checkpoints,
  },
  newAccountMin: { min: 0, max: 1e12, usual: 10_000_000, meaning: 'least that a transfer brings to an account that has nothing yet' },
}
