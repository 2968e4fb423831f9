import { bytesOfContentId, type PeerId, peerIdOfKey, sha256 } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import type { BlockInfo } from './application.js'
import {
  type Body,
  type Certificate,
  certificateVotesMax,
  DATA_SETS,
  decodeBody,
  encodeBody,
  type Header,
  hashOfCertificate,
  hashOfHeader,
  headerMessage,
  nameOfBlock,
  TRANSACTION_BYTES_MAX,
} from './block.js'
import { verifyChainCertificate } from './certificate.js'
import { type Electorate, electorateOf, isRootOf, nextElectorate, seedInput, seedOf } from './electorate.js'
import { type BlockFault, ChainError } from './errors.js'
import type { Candidate, Fixed, Tip } from './state.js'

/** Least room left in a block's body beside its transactions. */
const BODY_OVERHEAD_BYTES = 64
/** How far ahead of this peer's clock a block's time may be. */
export const AHEAD_MS = 2_000

/**
 * The earliest time of the next block: its place in the timetable, and at least half a cycle after the block before, so that a
 * chain that stood still catches up at double speed and not all at once.
 */
export function dueMs<S>({ genesis }: Fixed<S>, tip: Tip<S>): number {
  const { cycleMs } = genesis.settings
  const due = genesis.startMs + (tip.height + 1) * cycleMs
  return tip.height === 0 ? due : Math.max(due, tip.timeMs + Math.ceil(cycleMs / 2))
}

/** The block before height 1: the genesis itself. */
export function beginTip<S>({ genesis, application }: Fixed<S>): Tip<S> {
  const { network, seed, peers, settings, startMs: timeMs } = genesis
  const electorate = electorateOf(peers, settings.rootGroupSize)
  const votes = { group: { height: 1, seed, electorate }, groupBefore: undefined, electorates: [electorate] }
  const block = { height: 0, hash: bytesOfContentId(network).slice(4), seed, timeMs, certificate: null, header: null, before: null }
  return { ...block, state: application.begin(genesis), ...votes }
}

/** The tip that a certified block makes of the one before. */
export function tipAfter<S>(
  { group, header: before }: Tip<S>,
  { header, hash, state, electorates }: Checked<S>,
  certificate: Certificate | null,
): Tip<S> {
  const { height, seed, timeMs } = header
  const next = { height: height + 1, seed, electorate: electorates[0] as Electorate }
  return { height, hash, seed, timeMs, certificate, header, before, state, group: next, groupBefore: group, electorates }
}

/** The electorates after one more state: votes on a height go by the state `lookBack` heights before. */
function electoratesAfter<S>({ genesis, application }: Fixed<S>, { electorates }: Tip<S>, state: S): readonly Electorate[] {
  const { rootGroupSize, lookBack } = genesis.settings
  const next = nextElectorate(electorates.at(-1) as Electorate, application.electorate(state), rootGroupSize)
  return [...electorates, next].slice(-lookBack)
}

export interface Checked<S> {
  readonly header: Header
  readonly body: Body
  readonly hash: Uint8Array
  readonly state: S
  readonly electorates: readonly Electorate[]
}

/**
 * Why a block is looked at. It is to be voted on: what its proposal shows of the block before, whose certifiers it names, is compared with it. Or it is certified, or was
 * stored, and those who voted compared that.
 */
export type Occasion = { readonly shown: Certificate | null } | 'certified' | 'stored'

/** Checks a block against the tip it follows, and applies it. Its time against a clock is for the voter to check, its own certificate for who has it. */
export function checkBlock<S>(
  fixed: Fixed<S>,
  tip: Tip<S>,
  headerBytes: Uint8Array,
  bodyBytes: Uint8Array,
  occasion: Occasion,
): Checked<S> {
  const height = tip.height + 1
  const refuse = (reason: BlockFault, cause?: unknown): ChainError =>
    new ChainError({ code: 'BLOCK_WRONG', height, reason }, cause === undefined ? {} : { cause })
  let [header, body]: [Header | undefined, Body | undefined] = [undefined, undefined]
  try {
    header = headerMessage.decode(headerBytes)
    body = decodeBody(bodyBytes)
  } catch (cause) {
    throw refuse('malformed', cause)
  }
  if (header.height !== height) throw refuse('height')
  if (!sameBytes(header.previous, tip.hash)) throw refuse('previous')
  if (header.timeMs < dueMs(fixed, tip)) throw refuse('time')
  if (bodyBytes.length > fixed.genesis.settings.blockBytesMax || !sameBytes(sha256(bodyBytes), header.body)) throw refuse('body')
  const leader = electorOfKey(tip, header.leader)
  if (leader === undefined) throw refuse('leader')
  if (occasion !== 'stored') {
    const output = fixed.verification.vrfOutput(header.leader, seedInput(tip.seed, height), header.proof)
    if (output === undefined) throw refuse('proof')
    if (!sameBytes(seedOf(output), header.seed)) throw refuse('seed')
  }
  const certifiers = certifiersAt(tip, body.certifiers)
  if (certifiers === undefined) throw refuse('certificate')
  if (typeof occasion === 'object') {
    try {
      compareCertifiers(fixed, tip, { header, body }, occasion.shown)
    } catch (cause) {
      throw refuse('certificate', cause)
    }
  }
  const info: BlockInfo = { height, timeMs: header.timeMs, seed: header.seed, leader, certifiers }
  const { state, refused } = fixed.application.apply(tip.state, body.transactions, info)
  if (refused.length > 0) throw refuse('transaction')
  const data = fixed.application.dataSets(state)
  if (DATA_SETS.some((name) => !sameBytes(data[name], (header as Header)[name]))) throw refuse('data')
  const electorates = electoratesAfter(fixed, tip, state)
  if (!isRootOf(electorates[0] as Electorate, header.electorate)) throw refuse('electorate')
  return { header, body, hash: sha256(headerBytes), state, electorates }
}

/** A key that is no point of the curve is nobody's. */
function electorOfKey<S>({ group }: Tip<S>, key: Uint8Array): PeerId | undefined {
  try {
    const peer = peerIdOfKey(key)
    return group.electorate.members.has(peer) ? peer : undefined
  } catch {
    return undefined
  }
}
/** Whom the next block's body names: a quorum of who could vote on the tip, each once and in order. */
function certifiersAt<S>({ groupBefore }: Tip<S>, skipped: readonly number[]): readonly PeerId[] | undefined {
  if (groupBefore === undefined) return skipped.length === 0 ? [] : undefined
  const { electors, quorum } = groupBefore.electorate
  let next = 0
  const named = skipped.map((count) => {
    const peer = electors[next + count]
    next += count + 1
    return peer
  })
  return named.length >= quorum && named.every((peer) => peer !== undefined) ? named : undefined
}
/** Who certified the tip, as a body says it: of its electorate, how many did not before each that did. @throws {ChainError} CERTIFICATE_WRONG */
function skippedIn<S>(fixed: Fixed<S>, tip: Tip<S>, certificate: Certificate | null): readonly number[] {
  const { groupBefore } = tip
  if (groupBefore === undefined && certificate === null) return []
  if (groupBefore === undefined || certificate === null) throw new ChainError({ code: 'CERTIFICATE_WRONG', reason: 'block' })
  const certifiers = new Set(verifyChainCertificate(certificate, tip, groupBefore, fixed.verification))
  let before = -1
  return groupBefore.electorate.electors.flatMap((peer, place) => {
    if (!certifiers.has(peer)) return []
    const skipped = place - before - 1
    before = place
    return [skipped]
  })
}
/** Who votes on a block has seen the certificate that it names, and that its body names those who signed it. @throws {ChainError} CERTIFICATE_WRONG */
function compareCertifiers<S>(
  fixed: Fixed<S>,
  tip: Tip<S>,
  { header, body }: { readonly header: Header; readonly body: Body },
  shown: Certificate | null,
): void {
  const wrong = (reason: 'block' | 'quorum' | 'voter') => new ChainError({ code: 'CERTIFICATE_WRONG', reason })
  if (!sameBytes(header.certificate, hashOfCertificate(shown))) throw wrong('block')
  if (shown !== null && shown.votes.length > certificateVotesMax(fixed.genesis.settings.blockBytesMax)) throw wrong('quorum')
  const skipped = skippedIn(fixed, tip, shown)
  if (skipped.length !== body.certifiers.length || skipped.some((count, i) => count !== body.certifiers[i])) throw wrong('voter')
}

/** Makes this peer's block from the transactions given: those that do not apply or fit are left out. */
export function makeBlock<S>(
  fixed: Fixed<S>,
  tip: Tip<S>,
  { proof, output }: { readonly proof: Uint8Array; readonly output: Uint8Array },
  waiting: Iterable<Uint8Array>,
  nowMs: number,
): Omit<Candidate<S>, 'envelope'> {
  const { signer, application, genesis } = fixed
  const height = tip.height + 1
  const seed = seedOf(output)
  const timeMs = Math.max(nowMs, dueMs(fixed, tip))
  const skipped = skippedIn(fixed, tip, tip.certificate)
  const certifiers = certifiersAt(tip, skipped) ?? []
  const empty = encodeBody({ certifiers: [...skipped], transactions: [] }).length + BODY_OVERHEAD_BYTES
  const info: BlockInfo = { height, timeMs, seed, leader: signer.peerId, certifiers }
  const { state, transactions } = fill(fixed, tip, waiting, genesis.settings.blockBytesMax - empty, info)
  const body: Body = { certifiers: [...skipped], transactions: [...transactions] }
  const electorates = electoratesAfter(fixed, tip, state)
  const header: Header = {
    height,
    timeMs,
    previous: tip.hash,
    leader: signer.publicKey,
    proof,
    seed,
    electorate: (electorates[0] as Electorate).map.root.hash,
    certificate: hashOfCertificate(tip.certificate),
    ...application.dataSets(state),
    body: sha256(encodeBody(body)),
  }
  const hash = hashOfHeader(header)
  return { name: nameOfBlock(hash), hash, header, body, state, electorates, shown: tip.certificate }
}

/** Bytes of a transaction's CBOR head, at most. */
const HEAD_BYTES = 5
const EMPTY_BYTES = encodeBody({ certifiers: [], transactions: [] }).length + BODY_OVERHEAD_BYTES
/** What is larger fits no block, not even the first one, which pays nobody: it must not wait, nor travel. */
export const transactionBytesMax = (blockBytesMax: number): number =>
  Math.min(TRANSACTION_BYTES_MAX, blockBytesMax - EMPTY_BYTES - HEAD_BYTES)
/** What is tried for one block: bounded, so that making it takes no longer however much waits. */
const TRIED_MAX = 2048
const TRIED_BLOCKS = 8

/** Of what waits, what applies and fits, in the order given, and what it leads to. What does neither stands in nobody's way. */
function fill<S>(
  { application }: Fixed<S>,
  tip: Tip<S>,
  waiting: Iterable<Uint8Array>,
  bytesMax: number,
  info: BlockInfo,
): { readonly state: S; readonly transactions: readonly Uint8Array[] } {
  const applied = (offered: readonly Uint8Array[]) => {
    const { state, refused } = application.apply(tip.state, offered, info)
    const left = new Set(refused.map(({ index }) => index))
    return { state, transactions: offered.filter((_, i) => !left.has(i)) }
  }
  try {
    const all = applied(upTo(waiting, TRIED_MAX, bytesMax * TRIED_BLOCKS, bytesMax))
    const fitting = fittingOf(all.transactions, bytesMax)
    // One that was left out may be what another builds on, so what is left is tried again.
    return fitting.length === all.transactions.length ? all : applied(fitting)
  } catch {
    return applied([]) // the host gave out on what waits: a block without it is better than none
  }
}
/** The first of them, without what is too large for any block. */
function upTo(waiting: Iterable<Uint8Array>, countMax: number, bytesMax: number, oneMax: number): Uint8Array[] {
  const taken: Uint8Array[] = []
  let size = 0
  for (const transaction of waiting) {
    if (transaction.length + HEAD_BYTES > oneMax) continue
    size += transaction.length + HEAD_BYTES
    if (size > bytesMax || taken.length >= countMax) break
    taken.push(transaction)
  }
  return taken
}
function fittingOf(transactions: readonly Uint8Array[], bytesMax: number): Uint8Array[] {
  let size = 0
  return transactions.filter(({ length }) => {
    if (size + length + HEAD_BYTES > bytesMax) return false
    size += length + HEAD_BYTES
    return true
  })
}
