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
})
export type Settings = Infer<typeof settingsSchema>

export interface SettingRange {
  readonly min: number
  readonly max: number
  /** What a genesis says that leaves it out would mean; a genesis must not leave it out, tools that write one start here. */
  readonly usual: number
  readonly meaning: string
}
const HOUR_MS = 3_600_000

/** Every setting, its range, and what it is for. */
export const SETTINGS: Readonly<Record<keyof Settings, SettingRange>> = {
  cycleMs: { min: 100, max: HOUR_MS, usual: 2_000, meaning: 'one block a cycle' },
  tenureMs: { min: 400, max: 8_760 * HOUR_MS, usual: 80_000, meaning: 'how long a peer keeps a seat' },
  groupSizeMax: { min: 1, max: 32, usual: 9, meaning: 'most seats of one job' },
  roundMs: { min: 50, max: 60_000, usual: 1_500, meaning: 'how long the first leader of a height is waited for' },
  blockBytesMax: { min: 16_384, max: 524_288, usual: 262_144, meaning: 'most bytes of one block body' },
  txPoolMax: { min: 1, max: 100_000, usual: 2_000, meaning: 'most transactions a peer keeps waiting' },
  recoveryCycles: { min: 1, max: 100_000, usual: 5, meaning: 'cycles without a closing certificate until recovery begins' },
  secondRecoveryCycles: { min: 1, max: 100_000, usual: 10, meaning: 'cycles of recovery after which fewer shows suffice' },
  seatPricePerCycle: { min: 0, max: 1e12, usual: 1_000_000, meaning: 'what a job pays for one seat and cycle' },
  blockReward: { min: 0, max: 1e12, usual: 70_000_000, meaning: 'minted a block for those who certified the one before' },
  publishFee: { min: 0, max: 1e12, usual: 100_000_000, meaning: 'burned for each job published' },
  transferTaxPerMille: { min: 0, max: 100, usual: 5, meaning: 'part of a transfer that goes to the commons account' },
  rootGroupSize: {
    min: 1,
    max: 512,
    usual: 512,
    meaning: 'how many peers are expected to vote in each step; all, where there are no more',
  },
  lookBack: { min: 1, max: 100_000, usual: 8, meaning: 'heights between a state and the votes that go by it' },
}
