import { CryptoError, openMessage, type PeerId, peekMessageNumber, peerIdOfKey, sha256 } from '@interpeer/crypto-ids'
import { hexOf, sameBytes, WireError } from '@interpeer/wire-codec'
import { decodeBlock, encodeBody, headerMessage } from './block.js'
import { AHEAD_MS, type Checked, checkBlock } from './candidate.js'
import { verifyChainCertificate, votersOf } from './certificate.js'
import { certified } from './certified.js'
import { ChainError } from './errors.js'
import { answerBehind, askAhead, onWantBlocks } from './follow.js'
import {
  blocksMessage,
  bundleMessage,
  openFrom,
  openVote,
  type Proposal,
  proposalMessage,
  transactionMessage,
  voteMessage,
  wantBlocksMessage,
  wantCandidateMessage,
} from './messages.js'
import { nameOfTransaction, withWaiting } from './pool.js'
import { mayVote } from './rounds.js'
import type { Draft } from './state.js'
import { askForBlocks, count, sendTo } from './tell.js'
import { addVote, namedBlocks, ROUNDS_KEPT, raiseHighest } from './votes.js'

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
    case bundleMessage.number: {
      const { height, round, block, votes } = openFrom(bundleMessage, envelope, network, from)
      if (height !== d.tip.height + 1 || !mayVote(d) || round <= (d.highest?.round ?? -1)) return
      votersOf({ height, round, block, votes }, 'soft', d.fixed)
      return raiseHighest(d, { round, block: hexOf(block), votes })
    }
    case wantBlocksMessage.number:
      return onWantBlocks(d, from, openFrom(wantBlocksMessage, envelope, network, from).fromHeight)
    case blocksMessage.number:
      return onBlocks(d, from, openFrom(blocksMessage, envelope, network, from).blocks)
    case wantCandidateMessage.number: {
      const { height, block } = openFrom(wantCandidateMessage, envelope, network, from)
      if (height <= d.tip.height) return answerBehind(d, from, height)
      const candidate = d.candidates.get(hexOf(block))
      if (candidate !== undefined && d.fixed.electors.includes(from)) sendTo(d, [from], candidate.envelope)
      return
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
  if (!d.fixed.electors.includes(voter)) return count(d, 'VOTE_STRANGER')
  if (vote.height <= d.tip.height) return answerBehind(d, from, vote.height)
  if (vote.height > d.tip.height + 1) return askAhead(d, from)
  if (!mayVote(d)) return
  const code = addVote(d, voter, { ...vote, block: vote.block === null ? null : hexOf(vote.block) }, envelope)
  if (code === 'VOTE_TWO') count(d, code)
}

/** A leader's proposal: first hand, or a block that was asked for. */
export function onProposal<S>(d: Draft<S>, from: PeerId, envelope: Uint8Array): undefined {
  const proposal = openMessage(proposalMessage, envelope, d.fixed.network, ({ leader }) => peerIdOfKey(leader))
  const { height, round } = proposal
  if (height <= d.tip.height) return answerBehind(d, from, height)
  if (height > d.tip.height + 1) return askAhead(d, from)
  if (!mayVote(d)) return
  const { leaders } = d.tip
  if (leaders[round % leaders.length] !== peerIdOfKey(proposal.leader)) return count(d, 'PROPOSAL_NOT_LEADER')
  const hash = sha256(proposal.header)
  const block = hexOf(hash)
  const first = !d.proposals.has(round) && round + ROUNDS_KEPT >= d.round && round <= d.round + ROUNDS_AHEAD
  const bound = block === d.locked?.block || block === d.highest?.block
  const wanted = bound || (namedBlocks(d).has(block) && d.candidates.size < CANDIDATES_MAX)
  if (!d.candidates.has(block) && !first && !wanted) return
  const fits = isJustified(d, proposal, hash) && keepCandidate(d, proposal, envelope, hash, block)
  if (fits === 'early') return count(d, 'PROPOSAL_EARLY')
  if (first) d.proposals = new Map(d.proposals).set(round, { block, fits, softRound: proposal.softRound })
}

/** A block of the leader's own, or one that a quorum voted for softly in an earlier round. */
function isJustified<S>(d: Draft<S>, { height, round, softRound, softVotes, header, leader }: Proposal, hash: Uint8Array): boolean {
  try {
    if (softRound === null) return softVotes.length === 0 && sameBytes(headerMessage.decode(header).leader, leader)
    if (softRound >= round) return false
    votersOf({ height, round: softRound, block: hash, votes: softVotes }, 'soft', d.fixed)
    raiseHighest(d, { round: softRound, block: hexOf(hash), votes: softVotes })
    return true
  } catch (error) {
    if (!(error instanceof ChainError || error instanceof CryptoError || error instanceof WireError)) throw error
    count(d, error.code)
    return false
  }
}

function keepCandidate<S>(d: Draft<S>, proposal: Proposal, envelope: Uint8Array, hash: Uint8Array, name: string): boolean | 'early' {
  if (d.candidates.has(name)) return true
  try {
    if (headerMessage.decode(proposal.header).timeMs > d.nowMs + AHEAD_MS) return 'early'
    const { header, body, state } = checkBlock(d.fixed, d.tip, proposal.header, proposal.body)
    d.candidates = new Map(d.candidates).set(name, { name, hash, header, body, state, envelope })
    return true
  } catch (error) {
    if (!(error instanceof ChainError || error instanceof WireError)) throw error
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
    const known = d.candidates.get(hexOf(block.certificate.block))
    const checked: Checked<S> = known ?? checkBlock(d.fixed, d.tip, headerMessage.encode(block.header), encodeBody(block.body))
    verifyChainCertificate(block.certificate, { height: block.header.height, hash: checked.hash }, d.fixed)
    certified(d, checked, block.certificate)
  }
  if (d.tip.height > before + 1) askForBlocks(d, from)
}

function onTransaction<S>(d: Draft<S>, from: PeerId, transaction: Uint8Array): undefined {
  keepTransaction(d, from, transaction)
}
/** Takes a transaction into the pool if it may wait there: whether it did. */
export function keepTransaction<S>(d: Draft<S>, from: PeerId | 'self', bytes: Uint8Array): boolean {
  const { application, electors, genesis } = d.fixed
  if (d.pool.has(nameOfTransaction(bytes))) {
    count(d, 'TX_KNOWN')
    return false
  }
  const verdict = application.check(d.tip.state, bytes)
  if (typeof verdict === 'string') {
    count(d, verdict)
    return false
  }
  const sender = from === 'self' ? 'self' : electors.includes(from) ? 'elector' : 'stranger'
  const waiting = { bytes, from, sender, sinceHeight: d.tip.height, later: verdict !== undefined } as const
  const pool = withWaiting(d.pool, waiting, genesis.settings.txPoolMax)
  if (typeof pool !== 'string') {
    d.pool = pool
    return true
  }
  count(d, pool)
  return false
}
