import { compareBytes } from '@interpeer/wire-codec'
import { certificateVotesMax, encodeBody, headerMessage } from './block.js'
import { boundBlocks, reasonOf, saysMore } from './bundles.js'
import { dueMs, makeBlock } from './candidate.js'
import { certified } from './certified.js'
import { leaderLot, leaderWaitMs, seedInput } from './electorate.js'
import { inTurn } from './pool.js'
import { isDrawing } from './root-group.js'
import { rulesOf } from './rules.js'
import type { Bundle, Candidate, Draft, Reasons } from './state.js'
import { castProposal, castVote, resendMs } from './tell.js'
import { attemptToJoin, bundlesOf, namedBlocks, quorumFor, ROUNDS_KEPT } from './votes.js'

/** No step moves further than this; a bug that would loop stops here instead. */
const MOVES_MAX = 64
/** Places of leaders that are waited for: 16 of them are as long as a round waits for the first. */
const PLACES = 16
const PLACES_WAITED = 8

/** Whether this peer may vote on the next height. Who has no certificate of the block before is far behind. */
export const mayVote = <S>(d: Draft<S>): boolean =>
  d.tip.group.electorate.members.has(d.fixed.signer.peerId) &&
  d.tip.height + 1 >= d.silentBelow &&
  (d.tip.height === 0 || d.tip.certificate !== null)
/** What a round's waits are parts of. Grows, so that in the end it is longer than messages take. */
const roundMs = <S>(d: Draft<S>, round: number): number => Math.ceil(rulesOf(d).roundMs * (1 + Math.min(round, 40) / 2))
/** How long each leader lets those before it lead. */
export const placeMs = <S>(d: Draft<S>, round: number): number => Math.ceil(roundMs(d, round) / PLACES)
/** The last place that may lead a round. */
export const lastPlaceMs = <S>(d: Draft<S>, round: number): number => PLACES_WAITED * placeMs(d, round)
/** When this round's parts are over, by this peer's clock. */
export const proposesAtMs = <S>(d: Draft<S>): number | undefined =>
  d.place === undefined || d.place.waitMs > lastPlaceMs(d, d.round) ? undefined : d.enteredMs + d.place.waitMs
export function softAtMs<S>(d: Draft<S>): number | undefined {
  const best = d.proposals.get(d.round)
  if (best === undefined) return undefined
  const isAlone = d.tip.group.electorate.electors.length === 1
  return isAlone ? d.enteredMs : d.enteredMs + best.waitMs + Math.ceil(roundMs(d, d.round) / 4)
}
export const endsAtMs = <S>(d: Draft<S>): number => d.enteredMs + Math.ceil((roundMs(d, d.round) * 3) / 2)
/** Where groups are drawn, one that has no quorum is drawn anew after so long. */
export const attemptMs = <S>(d: Draft<S>): number => 8 * roundMs(d, d.round)

/** Applies the rules of docs/protocol/vote-chain.md until none of them moves. */
export function settle<S>(d: Draft<S>): void {
  for (let moves = 0; moves < MOVES_MAX; moves++) {
    if (!move(d)) return
    takeQuorums(d)
  }
}

function move<S>(d: Draft<S>): boolean {
  if (!mayVote(d)) return false
  if (decide(d)) return true
  if (d.phase === 'wait') return d.nowMs >= dueMs(d.fixed, d.tip) && enterRound(d, 0, d.reasons)
  return propose(d) || voteSoft(d) || certify(d) || voteNext(d)
}

/** Votes of one certificate or bundle. */
export const votesMax = <S>({ fixed }: Draft<S>): number => certificateVotesMax(fixed.genesis.settings.blockBytesMax)

/** Rule 8: a quorum of certify votes of one round for one block makes it final, whatever round this peer is in. */
function decide<S>(d: Draft<S>): boolean {
  const { quorum } = d.tip.group.electorate
  const most = votesMax(d)
  for (const [round, { certify: votes }] of d.votes) {
    if (votes.size < quorum) continue
    for (const candidate of d.candidates.values()) {
      const signed = quorumFor(votes, { attempt: 0, block: candidate.name }, quorum, most)
      if (signed === undefined) continue
      certified(d, candidate, { height: d.tip.height + 1, round, block: candidate.hash, votes: signed })
      return true
    }
  }
  return false
}

/** Rule 7: a round is entered on next votes of the round before, or on soft votes of its own. */
export function takeBundle<S>(d: Draft<S>, bundle: Bundle): boolean {
  if (!saysMore(d, bundle)) return false
  const { name, of } = reasonOf(bundle)
  if (of > d.round) return enterRound(d, of, { [name]: bundle })
  d.reasons = { ...d.reasons, [name]: bundle }
  return true
}
/** What votes that came one by one make. */
export function takeQuorums<S>(d: Draft<S>): void {
  for (const bundle of bundlesOf(d, votesMax(d))) takeBundle(d, bundle)
}

export function enterRound<S>(d: Draft<S>, round: number, reasons: Reasons): true {
  d.round = round
  d.phase = 'vote'
  d.enteredMs = d.nowMs
  d.reasons = reasons
  d.closed = false
  d.decided = d.decided.filter((one) => one.round >= round - 1)
  d.deadlines = { resend: d.nowMs + resendMs(d), follow: d.deadlines.follow ?? d.nowMs }
  d.votes = kept(d.votes, round - ROUNDS_KEPT)
  d.proposals = kept(d.proposals, round)
  d.heard = kept(d.heard, round)
  takePlace(d)
  const wanted = boundBlocks(d)
  const named = new Set([...[...d.proposals.values()].map(({ block }) => block), ...namedBlocks(d).keys(), ...wanted])
  d.candidates = new Map([...d.candidates].filter(([name]) => named.has(name) || name === d.ownBlock))
  takeQuorums(d)
  return true
}
const kept = <V>(byRound: ReadonlyMap<number, V>, from: number): ReadonlyMap<number, V> =>
  new Map([...byRound].filter(([round]) => round >= from))

function takePlace<S>(d: Draft<S>): void {
  const { signer, verification } = d.fixed
  if (d.lottery === undefined) {
    const proof = signer.vrfProve(seedInput(d.tip.seed, d.tip.height + 1))
    const output = verification.ownOutput(proof)
    if (output === undefined) return
    d.lottery = { proof, output }
  }
  const lot = leaderLot(d.lottery.output, d.round)
  const electors = d.tip.group.electorate.electors.length
  d.place = { lot, waitMs: electors === 1 ? 0 : leaderWaitMs(lot, electors, placeMs(d, d.round)) }
}

/** Rules 1 and 2: who has waited for those with lower lots, and heard none, proposes: the block that next votes name, else its own. Once a round. */
function propose<S>(d: Draft<S>): boolean {
  const atMs = proposesAtMs(d)
  if (atMs === undefined || d.nowMs < atMs || d.proposed?.round === d.round || d.lottery === undefined || d.place === undefined)
    return false
  const best = d.proposals.get(d.round)
  if (best !== undefined && compareBytes(best.lot, d.place.lot) < 0) return false
  const { value, none } = d.reasons
  const named = value === undefined ? undefined : d.candidates.get(value.block as string)
  if (named === undefined && none === undefined && d.round > 0) return false // what it may propose is being asked for
  const own = d.ownBlock === undefined ? undefined : d.candidates.get(d.ownBlock)
  if (named === undefined && own === undefined && d.ownBlock !== undefined) return false // it made one, and never makes a second
  const block: Omit<Candidate<S>, 'envelope'> = named ?? own ?? makeBlock(d.fixed, d.tip, d.lottery, inTurn(d.pool), d.nowMs)
  if (named === undefined) d.ownBlock = block.name
  const bundle = named === undefined ? none : value
  const envelope = castProposal(d, { block, bundle, proof: d.lottery.proof }, encodeBody(block.body), headerMessage.encode(block.header))
  d.proposals = new Map(d.proposals).set(d.round, { block: block.name, ...d.place, envelope })
  return envelope.length > 0
}

const decidedHere = <S>(d: Draft<S>, kind: 'soft' | 'certify' | 'next') =>
  d.decided.filter((one) => one.round === d.round && one.kind === kind)

/** Rules 3 and 4: one soft vote a round, for the proposal with the lowest lot that came in time. */
function voteSoft<S>(d: Draft<S>): boolean {
  const best = d.proposals.get(d.round)
  if (best === undefined || d.nowMs < (softAtMs(d) as number) || decidedHere(d, 'soft').length > 0) return false
  castVote(d, 'soft', best.block)
  return true
}

/** Rule 5: certify what a quorum voted for softly in this round; who voted to end the round otherwise does not. */
function certify<S>(d: Draft<S>): boolean {
  const block = d.reasons.soft?.block
  if (typeof block !== 'string' || !d.candidates.has(block) || d.closed || decidedHere(d, 'certify').length > 0) return false
  if (decidedHere(d, 'next').some((one) => one.block !== block)) return false
  castVote(d, 'certify', block)
  return true
}

/** Rule 6: to end the round, a vote for the block that it may have decided, or for none; both where what is known has changed. */
function voteNext<S>(d: Draft<S>): boolean {
  if (d.nowMs < endsAtMs(d)) return false
  const { soft, value, none } = d.reasons
  const [bound] = decidedHere(d, 'certify')
  const block = bound?.block ?? soft?.block ?? (none === undefined ? value?.block : null) ?? null
  const attempt = attemptNow(d)
  const before = decidedHere(d, 'next')
  if (before.some((one) => one.attempt === attempt && one.block === block)) return false
  if (block === null || before.some((one) => one.block !== block)) d.closed = true
  castVote(d, 'next', block, attempt)
  return true
}
function attemptNow<S>(d: Draft<S>): number {
  if (!isDrawing(d.tip.group.electorate)) return 0
  const byTime = Math.floor((d.nowMs - endsAtMs(d)) / attemptMs(d))
  // No round is older than its height: nobody honest is further, and attempts can't be used up.
  const most = Math.floor((d.nowMs - dueMs(d.fixed, d.tip)) / attemptMs(d)) + 1
  return Math.max(byTime, Math.min(attemptToJoin(d), most), ...decidedHere(d, 'next').map(({ attempt }) => attempt))
}
