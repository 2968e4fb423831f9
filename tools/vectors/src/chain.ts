import { createSigner, vrfVerify } from '@interpeer/crypto-ids'
import { bstr, cidOf, type Key, keyOf, sha256 } from './cose.js'
import { rootOf } from './data-sets.js'
import { array, type Fields, makerOf, sealOf, seedOfByte, uint } from './maker.js'
import type { Value } from './value.js'

/** What a genesis may say at least, at most, and usually does (`SETTINGS` of vote-chain). Amounts are text. */
export const SETTINGS: Readonly<Record<string, readonly [min: number, max: number, usual: number | string]>> = {
  cycleMs: [100, 3_600_000, 2_000],
  tenureMs: [400, 31_536_000_000, 80_000],
  groupSizeMax: [1, 32, 9],
  roundMs: [50, 60_000, 1_500],
  blockBytesMax: [16_384, 524_288, 262_144],
  txPoolMax: [1, 100_000, 2_000],
  recoveryCycles: [1, 100_000, 5],
  secondRecoveryCycles: [1, 100_000, 10],
  seatPricePerCycle: [0, 1e12, '1000000'],
  blockReward: [0, 1e12, '70000000'],
  publishFee: [0, 1e12, '100000000'],
  transferTaxPerMille: [0, 100, 5],
  rootGroupSize: [1, 2_000, 2_000],
  lookBack: [2, 100_000, 8],
  matureCycles: [0, 10_000_000, 30],
  activeCycles: [8, 10_000_000, 400],
  intervalCycles: [2, 10_000_000, 300],
  ticketsUnpaid: [1, 1_024, 16],
  ticketsMax: [1, 65_535, 64],
  slotsMax: [1, 1_024, 32],
  joiningFee: [0, 1e12, '1000000000'],
  ratingMinPerMille: [0, 1_000, 850],
  changeCyclesMin: [1, 10_000_000, 60],
  changeVetoPerMille: [1, 1_000, 340],
  changeYesPerMille: [1, 1_000, 667],
  changeRatingMinPerMille: [0, 1_000, 900],
  changeFee: [0, 1e12, '100000000'],
  programVersion: [1, 1_000_000, 1],
  disputeFetchCycles: [1, 100_000, 5],
  disputeAnswerCycles: [1, 100_000, 5],
  disputeCycles: [1, 100_000, 10],
  jurorFee: [0, 1e12, '1000000'],
  checkpointCycles: [2, 100_000, 100],
  newAccountMin: [0, 1e12, '10000000'],
}
export const usualSettings: Fields = Object.fromEntries(Object.entries(SETTINGS).map(([name, [, , usual]]) => [name, usual]))

const byKey = (a: Key, b: Key): number => (a.publicKey < b.publicKey ? -1 : 1)
/** Sorted, as a genesis has them. */
export const electors: readonly Key[] = [0x20, 0x21, 0x22, 0x23].map((n) => keyOf(seedOfByte(n))).sort(byKey)
export const STRANGER = keyOf(seedOfByte(0x7e))
export const START_MS = 1_700_000_000_000
export const CYCLE_MS = 2_000

export const GENESIS_VALUE: Fields = {
  protocol: 1,
  settings: usualSettings,
  peers: electors.map(({ publicKey }) => publicKey),
  balances: [
    { account: '0b'.repeat(32), amount: '18446744073709551615' },
    { account: 'a0'.repeat(32), amount: '7' },
  ],
  seed: '5a'.repeat(32),
  startMs: START_MS,
}
export const GENESIS = makerOf('vote-chain', '').encode('genesis', GENESIS_VALUE)
export const NETWORK = cidOf(GENESIS)
export const { rule, encode, sign } = makerOf('vote-chain', NETWORK)

/** docs/protocol/vote-chain.md: what a leader proves, the seed that follows, who may vote, who leads. */
export const seedInput = (previous: string, height: number): string => sealOf('chain seed', [bstr(previous), uint(height)])
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const proofs = new Map<string, string>()
export function proofOf(key: Key, previous: string, height: number): string {
  const name = `${key.seed}${previous}${height}`
  const proof = proofs.get(name) ?? Buffer.from(createSigner(bytes(key.seed)).vrfProve(bytes(seedInput(previous, height)))).toString('hex')
  proofs.set(name, proof)
  return proof
}
const outputOf = (key: Key, input: string, proof: string): Uint8Array =>
  vrfVerify(bytes(key.publicKey), bytes(input), bytes(proof)) ?? new Uint8Array()
export const outputFor = (key: Key, previous: string, height: number): string =>
  Buffer.from(outputOf(key, seedInput(previous, height), proofOf(key, previous, height))).toString('hex')
export const seedOf = (key: Key, previous: string, height: number): string => sha256(outputFor(key, previous, height))
/** The root of the map that has nothing, with the sum 1, under each elector's key. */
export const electorateOf = (keys: readonly Key[]): string => rootOf(keys.map(({ publicKey }) => ({ key: publicKey, value: '', sum: '1' })))
/** The lots of a round: the lowest leads. */
export const lotOf = (key: Key, previous: string, height: number, round: number): string =>
  sealOf('chain leader', [bstr(outputFor(key, previous, height)), uint(round)])
export function leadersOf(keys: readonly Key[], previous: string, height: number, round = 0): readonly Key[] {
  const lot = (key: Key): string => lotOf(key, previous, height, round)
  return [...keys].sort((a, b) => (lot(a) < lot(b) ? -1 : 1))
}

/** What a peer proves its VRF on to vote in one step, and whether that draws it. */
const STEPS = ['soft', 'certify', 'next', 'none'] as const
export type Step = (typeof STEPS)[number]
export const lotInput = (previous: string, height: number, round: number, step: Step, attempt: number): string =>
  sealOf('chain lot', [bstr(previous), uint(height), uint(round), uint(STEPS.indexOf(step)), uint(attempt)])
export function drawn(key: Key, input: string, size: number, electors: number) {
  const proof = Buffer.from(createSigner(bytes(key.seed)).vrfProve(bytes(input))).toString('hex')
  const output = Buffer.from(outputOf(key, input, proof)).toString('hex')
  return { proof, output, isDrawn: BigInt(`0x${output.slice(0, 64)}`) < (2n ** 256n * BigInt(size)) / BigInt(electors) }
}

export interface Tip {
  readonly height: number
  readonly hash: string
  readonly seed: string
  readonly timeMs: number
  readonly certificate: Value
  /** How many did not certify it before each that did. */
  readonly certifiers: readonly number[]
}
export const BEGIN: Tip = { height: 0, hash: NETWORK.slice(8), seed: '5a'.repeat(32), timeMs: START_MS, certificate: null, certifiers: [] }

/** The application of these vectors: a data set is the hash of its name and of all transactions before; those that begin with ee are refused. */
const SETS = ['ledger', 'settings', 'names', 'peers', 'jobs'] as const
export const dataSetsOf = (transactions: readonly string[]): Fields =>
  Object.fromEntries(SETS.map((name) => [name, sealOf(name, [array(transactions.map(bstr))])]))

export interface Made {
  readonly header: string
  readonly body: string
  readonly hash: string
  readonly seed: string
  readonly timeMs: number
}
/** A block on a tip. `before`: all transactions of earlier blocks. */
export function blockOn(
  tip: Tip,
  leader: Key,
  {
    transactions = [],
    before = [],
    header = {},
    body = {},
  }: { transactions?: readonly string[]; before?: readonly string[]; header?: Fields; body?: Fields },
): Made {
  const height = tip.height + 1
  const bodyBytes = encode('block-body', { certifiers: tip.certifiers, transactions, ...body })
  const seed = seedOf(leader, tip.seed, height)
  const timeMs = START_MS + height * CYCLE_MS
  const value: Fields = {
    height,
    timeMs,
    previous: tip.hash,
    leader: leader.publicKey,
    proof: proofOf(leader, tip.seed, height),
    seed,
    electorate: electorateOf(electors),
    certificate: tip.certificate === null ? '00'.repeat(32) : sha256(encode('block-certificate', tip.certificate as Fields)),
    ...dataSetsOf([...before, ...transactions]),
    body: sha256(bodyBytes),
    ...header,
  }
  const headerBytes = encode('block-header', value)
  return { header: headerBytes, body: bodyBytes, hash: sha256(headerBytes), seed, timeMs }
}
export const vote = (key: Key, height: number, block: string | null, changes: Fields = {}): string =>
  sign('chain-vote', { height, round: 0, kind: 'certify', attempt: 0, block, voter: key.publicKey, proof: null, ...changes }, key)
export const certificateOf = (height: number, block: string, votes: readonly string[], changes: Fields = {}): Fields => ({
  height,
  round: 0,
  block,
  votes,
  ...changes,
})
export const certified = (height: number, block: string, keys: readonly Key[] = electors): Fields =>
  certificateOf(
    height,
    block,
    keys.map((key) => vote(key, height, block)),
  )
export const stored = ({ header, body }: Made, certificate: Fields | null): string => encode('stored-block', { header, body, certificate })
export const tipAfter = (tip: Tip, { hash, seed, timeMs }: Made, certificate: Fields, certifiers: readonly number[]): Tip => ({
  height: tip.height + 1,
  hash,
  seed,
  timeMs,
  certificate,
  certifiers,
})
