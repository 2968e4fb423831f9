import { CryptoError, openMessage, type PeerId, peekMessageNumber, peerIdOfKey, sha256 } from '@interpeer/crypto-ids'
import { compareBytes, hexOf, sameBytes, WireError } from '@interpeer/wire-codec'
import { certificateVotesMax, decodeBlock, encodeBody, hashOfHeader, headerMessage } from './block.js'
import { boundBlocks, bundleOf, saysMore } from './bundles.js'
import { AHEAD_MS, type Checked, checkBlock, transactionBytesMax } from './candidate.js'
import { verifyChainCertificate, votersOf } from './certificate.js'
import { certified } from './certified.js'
import { leaderLot, leaderWaitMs, seedInput } from './electorate.js'
import { ChainError } from './errors.js'
import { answerBehind, askAhead, onWantBlocks, onWantCandidate } from './follow.js'
import {
  type BundleFields,
  blocksMessage,
  bundleMessage,
  openFrom,
  openVote,
  type Proposal,
  proposalMessage,
  transactionMessage,
  type Vote,
  voteMessage,
  wantBlocksMessage,
  wantCandidateMessage,
} from './messages.js'
import { nameOfTransaction, withWaiting } from './pool.js'
import { isForGood, withRefused } from './refused.js'
import { faultOfVote } from './root-group.js'
import { lastPlaceMs, mayVote, placeMs, takeBundle, takeQuorums } from './rounds.js'
import type { Draft, Proposed } from './state.js'
import { askForBlocks, count } from './tell.js'
import { addVote, namedBlocks } from './votes.js'

/** Rounds ahead of this peer's for which a proposal is kept. */
const ROUNDS_AHEAD = 2
const CANDIDATES_MAX = 16

/** Takes in one message. What is malformed, unsigned or out of place is counted and changes nothing. */
export function receive<S>(d: Draft<S>, from: PeerId, envelope: Uint8Array): undefined {
  try {
    dispatch(d, from, envelope)
  } catch (error) {
    if (!(error instanceof ChainError || error instanceof CryptoError || error instanceof WireError)) throw error
    count(d, error.code)
  }
}

function dispatch<S>(d: Draft<S>, from: PeerId, envelope: Uint8Array): undefined {
  const { network } = d.fixed
  switch (peekMessageNumber(envelope)) {
    case voteMessage.number:
      return onVote(d, from, envelope)
    case proposalMessage.number:
      return onProposal(d, from, envelope)
    case bundleMessage.number:
      return onBundle(d, openFrom(bundleMessage, envelope, network, from))
    case wantBlocksMessage.number:
      return onWantBlocks(d, from, openFrom(wantBlocksMessage, envelope, network, from).fromHeight)
    case blocksMessage.number:
      return onBlocks(d, from, openFrom(blocksMessage, envelope, network, from).blocks)
    case wantCandidateMessage.number: {
      const { height, block } = openFrom(wantCandidateMessage, envelope, network, from)
      return onWantCandidate(d, from, height, hexOf(block))
    }
    case transactionMessage.number:
      return onTransaction(d, from, openFrom(transactionMessage, envelope, network, from).transaction)
    default:
      return count(d, 'MESSAGE_UNKNOWN')
  }
}

function onVote<S>(d: Draft<S>, from: PeerId, envelope: Uint8Array): undefined {
  const vote = openVote(envelope, d.fixed.verification.opener)
  const voter = peerIdOfKey(vote.voter)
  if (vote.height === d.tip.height && takeLate(d, vote, voter, envelope)) return
  if (!d.tip.group.electorate.members.has(voter)) return count(d, 'VOTE_STRANGER')
  if (vote.height <= d.tip.height) return answerBehind(d, from, vote.height)
  if (vote.height > d.tip.height + 1) return askAhead(d, from)
  if (!mayVote(d)) return
  const fault = faultOfVote(vote, voter, d.tip.group, d.fixed.verification)
  if (fault !== undefined) return count(d, fault)
  const code = addVote(d, voter, { ...vote, block: vote.block === null ? null : hexOf(vote.block) }, envelope)
  if (code === 'VOTE_TWO' || code === 'VOTE_MANY') return count(d, code)
  takeQuorums(d)
}

/**
 * A vote for the block that is final already: it goes into the certificate that this peer's next block would carry. Who is slow, and not among the first of a quorum,
 * would else not be paid, and in the end drop out of the electorate.
 */
function takeLate<S>(d: Draft<S>, vote: Vote, voter: PeerId, envelope: Uint8Array): boolean {
  const { certificate, groupBefore, hash } = d.tip
  if (certificate === null || groupBefore === undefined) return false
  if (certificate.votes.length >= certificateVotesMax(d.fixed.genesis.settings.blockBytesMax)) return false
  if (vote.kind !== 'certify' || vote.round !== certificate.round || vote.block === null || !sameBytes(vote.block, hash)) return false
  if (faultOfVote(vote, voter, groupBefore, d.fixed.verification) !== undefined) return false
  const isKnown = certificate.votes.some((known) => sameBytes(openVote(known, d.fixed.verification.opener).voter, vote.voter))
  if (isKnown) return false
  d.tip = { ...d.tip, certificate: { ...certificate, votes: [...certificate.votes, envelope] } }
  return true
}

/** A quorum's votes, of use where they say more than this peer knows. */
function onBundle<S>(d: Draft<S>, { height, bundle: fields }: { readonly height: number; readonly bundle: BundleFields }): undefined {
  const bundle = bundleOf(fields)
  if (bundle === undefined) throw new ChainError({ code: 'CERTIFICATE_WRONG', reason: 'vote' })
  if (height !== d.tip.height + 1 || !mayVote(d) || !saysMore(d, bundle)) return
  votersOf(fields, d.tip.group, d.fixed.verification)
  takeBundle(d, bundle)
}
/** A proposal: first hand, or a block that was asked for. */
function onProposal<S>(d: Draft<S>, from: PeerId, envelope: Uint8Array): undefined {
  const proposal = openMessage(proposalMessage, envelope, d.fixed.network, ({ leader }) => peerIdOfKey(leader))
  const { height } = proposal
  const leader = peerIdOfKey(proposal.leader)
  if (!d.tip.group.electorate.members.has(leader)) return count(d, 'PROPOSAL_STRANGER')
  if (height <= d.tip.height) return answerBehind(d, from, height)
  if (height > d.tip.height + 1) return askAhead(d, from)
  if (!mayVote(d)) return
  const hash = sha256(proposal.header)
  const block = hexOf(hash)
  const isWanted = boundBlocks(d).has(block) || (namedBlocks(d).has(block) && d.candidates.size < CANDIDATES_MAX)
  const place = placeFor(d, proposal, leader)
  if (place === undefined && (!isWanted || d.candidates.has(block) || d.refused.has(block))) return
  const keeps = isJustified(d, proposal, hash) && keepCandidate(d, proposal, envelope, hash, block)
  if (keeps === 'early') return count(d, 'PROPOSAL_EARLY')
  if (place === undefined) return
  d.heard = new Map(d.heard).set(proposal.round, new Set(d.heard.get(proposal.round)).add(leader))
  if (keeps) d.proposals = new Map(d.proposals).set(proposal.round, { block, ...place })
}

/** Its place, if it is the first of its leader in a round that is open or next, and before the best so far. */
function placeFor<S>(d: Draft<S>, { round, height, proof, ...proposal }: Proposal, leader: PeerId): Omit<Proposed, 'block'> | undefined {
  if (round < d.round || round > d.round + ROUNDS_AHEAD || d.heard.get(round)?.has(leader)) return undefined
  const output = d.fixed.verification.vrfOutput(proposal.leader, seedInput(d.tip.seed, height), proof)
  if (output === undefined) return count(d, 'PROPOSAL_PROOF_WRONG')
  const lot = leaderLot(output, round)
  const waitMs = leaderWaitMs(lot, d.tip.group.electorate.electors.length, placeMs(d, round))
  const best = d.proposals.get(round)
  const isBetter = best === undefined || compareBytes(lot, best.lot) < 0
  return isBetter && waitMs <= lastPlaceMs(d, round) ? { lot, waitMs } : undefined
}

/** A block of the leader's own in round 0 or on next votes for none, or the one that next votes of the round before are for. */
function isJustified<S>(d: Draft<S>, { round, bundle: fields, header, leader }: Proposal, hash: Uint8Array): boolean {
  try {
    const isOwn = sameBytes(headerMessage.decode(header).leader, leader)
    if (fields === null) return round === 0 && isOwn
    const bundle = bundleOf(fields)
    if (bundle?.kind !== 'next' || bundle.round !== round - 1) return false
    if (bundle.block === null ? !isOwn : bundle.block !== hexOf(hash)) return false
    votersOf(fields, d.tip.group, d.fixed.verification)
    takeBundle(d, bundle)
    return true
  } catch (error) {
    if (!(error instanceof ChainError || error instanceof CryptoError || error instanceof WireError)) throw error
    count(d, error.code)
    return false
  }
}

export function keepCandidate<S>(
  d: Draft<S>,
  proposal: Pick<Proposal, 'header' | 'body'>,
  envelope: Uint8Array,
  hash: Uint8Array,
  name: string,
  when: 'in time' | 'whenever' = 'in time',
): boolean | 'early' {
  if (d.candidates.has(name)) return true
  if (d.refused.has(name)) return false
  try {
    if (when === 'in time' && headerMessage.decode(proposal.header).timeMs > d.nowMs + AHEAD_MS) return 'early'
    const { header, body, state, electorates } = checkBlock(d.fixed, d.tip, proposal.header, proposal.body)
    d.candidates = new Map(d.candidates).set(name, { name, hash, header, body, state, electorates, envelope })
    return true
  } catch (error) {
    if (!(error instanceof ChainError || error instanceof WireError)) throw error
    if (isForGood(proposal)) d.refused = withRefused(d.refused, name)
    count(d, error instanceof ChainError && error.failure.code === 'BLOCK_WRONG' ? `BLOCK_WRONG_${error.failure.reason}` : error.code)
    return false
  }
}

/** Certified blocks: each is checked, its certificate too, and then it is final here as well. */
function onBlocks<S>(d: Draft<S>, from: PeerId, blocks: readonly Uint8Array[]): undefined {
  const before = d.tip.height
  for (const encoded of blocks) {
    const block = decodeBlock(encoded)
    if (block.header.height <= d.tip.height) continue
    if (block.header.height > d.tip.height + 1) return askAhead(d, from)
    const hash = hashOfHeader(block.header)
    // before the block is applied: anyone can make up a block, and nobody a certificate
    verifyChainCertificate(block.certificate, { height: block.header.height, hash }, d.tip.group, d.fixed.verification)
    const known = d.candidates.get(hexOf(hash))
    const checked: Checked<S> = known ?? checkBlock(d.fixed, d.tip, headerMessage.encode(block.header), encodeBody(block.body))
    // its maker may have taken more votes than the next block here has room for
    const votes = block.certificate.votes.slice(0, certificateVotesMax(d.fixed.genesis.settings.blockBytesMax))
    certified(d, checked, { ...block.certificate, votes })
  }
  if (d.tip.height > before + 1) askForBlocks(d, from)
}

function onTransaction<S>(d: Draft<S>, from: PeerId, transaction: Uint8Array): undefined {
  keepTransaction(d, from, transaction)
}
/** Takes a transaction into the pool if it may wait there: whether it did. */
export function keepTransaction<S>(d: Draft<S>, from: PeerId | 'self', bytes: Uint8Array): boolean {
  const { application, genesis } = d.fixed
  if (d.pool.has(nameOfTransaction(bytes))) {
    count(d, 'TX_KNOWN')
    return false
  }
  if (bytes.length > transactionBytesMax(genesis.settings.blockBytesMax)) {
    count(d, 'TX_TOO_LARGE')
    return false
  }
  const verdict = application.check(d.tip.state, bytes)
  if (typeof verdict === 'string') {
    count(d, verdict)
    return false
  }
  const sender = from === 'self' ? 'self' : d.tip.group.electorate.members.has(from) ? 'elector' : 'stranger'
  const waiting = { bytes, from, sender, sinceHeight: d.tip.height, later: verdict !== undefined } as const
  const pool = withWaiting(d.pool, waiting, genesis.settings.txPoolMax)
  if (typeof pool !== 'string') {
    d.pool = pool
    return true
  }
  count(d, pool)
  return false
}
