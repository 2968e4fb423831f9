import { CryptoError, type PeerId, peekMessageNumber, peerIdOfKey, sha256 } from '@interpeer/crypto-ids'
import { compareBytes, hexOf, sameBytes, WireError } from '@interpeer/wire-codec'
import { decodeBlock, encodeBody, hashOfHeader, headerMessage } from './block.js'
import { boundBlocks, bundleOf, saysMore } from './bundles.js'
import { AHEAD_MS, type Checked, checkBlock } from './candidate.js'
import { verifyChainCertificate, votersOf } from './certificate.js'
import { certified } from './certified.js'
import { countVote } from './count-vote.js'
import { leaderLot, leaderWaitMs, seedInput } from './electorate.js'
import { ChainError } from './errors.js'
import { answerBehind, askAhead, onWantBlocks, onWantCandidate, withAnswer } from './follow.js'
import { numberOfNeighbours } from './gossip/messages.js'
import { charge, isSpent, meets, note } from './gossip/pass-on.js'
import { nameOfMessage } from './gossip/seen.js'
import {
  type BundleFields,
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
import { isForGood, withRefused } from './refused.js'
import { lastPlaceMs, mayVote, placeMs, takeBundle, votesMax } from './rounds.js'
import { onNeighbour, passTransaction, ROUNDS_AHEAD } from './share.js'
import type { Draft, Proposed } from './state.js'
import { keepTransaction } from './take-transaction.js'
import { askForBlocks, count, dropNeighbour, isGossiping, passProposal, progress } from './tell.js'
import { namedBlocks } from './votes.js'

/** Useless messages that a block of no use counts as. */
const CHARGED_FOR_BLOCK = 64
const CANDIDATES_MAX = 16

/** Takes in one message. What is malformed, unsigned or out of place is counted and changes nothing. */
export function receive<S>(d: Draft<S>, from: PeerId, envelope: Uint8Array): undefined {
  try {
    dispatch(d, from, envelope)
  } catch (error) {
    if (!(error instanceof ChainError || error instanceof CryptoError || error instanceof WireError)) throw error
    count(d, error.code)
    dropNeighbour(d, from)
  }
}

function dispatch<S>(d: Draft<S>, from: PeerId, envelope: Uint8Array): undefined {
  const { network } = d.fixed
  const number = numberOfNeighbours(envelope)
  if (number !== undefined) return isGossiping(d) ? onNeighbour(d, from, number, envelope) : count(d, 'GOSSIP_STRANGER')
  switch (peekMessageNumber(envelope)) {
    case voteMessage.number:
      return onVote(d, from, envelope)
    case proposalMessage.number:
      return onProposal(d, from, envelope)
    case bundleMessage.number:
      return mayHandIn(d, from) ? onBundle(d, from, openFrom(bundleMessage, envelope, network, from)) : undefined
    case wantBlocksMessage.number:
      return onWantBlocks(d, from, openFrom(wantBlocksMessage, envelope, network, from).fromHeight)
    case blocksMessage.number:
      return onBlocks(d, from, envelope)
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

/** A vote by itself: from each voter to all, where nobody passes votes on. */
function onVote<S>(d: Draft<S>, from: PeerId, envelope: Uint8Array): undefined {
  if (!isGossiping(d)) countVote(d, from, envelope)
  else if (openVote(envelope, d.fixed.verification.opener).height <= d.tip.height) answerBehind(d, from, d.tip.height)
  else count(d, 'GOSSIP_STRANGER')
}

/** What costs much to check is read of neighbours alone, where there are such, and of each only until it was of no use too often. */
function mayHandIn<S>(d: Draft<S>, from: PeerId): boolean {
  if (!isGossiping(d)) return true
  const neighbour = d.gossip.neighbours.get(from)
  if (neighbour === undefined) count(d, 'GOSSIP_STRANGER')
  else if (isSpent(neighbour)) count(d, 'GOSSIP_OFTEN')
  return neighbour !== undefined && !isSpent(neighbour)
}

/** A quorum's votes, of use where they say more than this peer knows. */
function onBundle<S>(
  d: Draft<S>,
  from: PeerId,
  { height, bundle: fields }: { readonly height: number; readonly bundle: BundleFields },
): undefined {
  const bundle = bundleOf(fields)
  if (bundle === undefined || bundle.votes.length > votesMax(d)) throw new ChainError({ code: 'CERTIFICATE_WRONG', reason: 'vote' })
  if (height !== d.tip.height + 1 || !mayVote(d) || !saysMore(d, bundle)) return charge(d, from)
  votersOf(fields, d.tip.group, d.fixed.verification)
  takeBundle(d, bundle)
}
/** A proposal: first hand, or a block that was asked for. */
function onProposal<S>(d: Draft<S>, from: PeerId, envelope: Uint8Array): undefined {
  const gossips = isGossiping(d)
  if (!mayHandIn(d, from)) return
  const name = gossips ? nameOfMessage(envelope) : ''
  if (gossips && !meets(d, from, name)) return
  const proposal = d.fixed.verification.opener.open(proposalMessage, envelope, ({ leader }) => peerIdOfKey(leader))
  const { height } = proposal
  const leader = peerIdOfKey(proposal.leader)
  if (!d.tip.group.electorate.members.has(leader)) return count(d, 'PROPOSAL_STRANGER')
  if (height <= d.tip.height) return gossips ? undefined : answerBehind(d, from, height)
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
  if (!keeps) return charge(d, from, CHARGED_FOR_BLOCK)
  d.proposals = new Map(d.proposals).set(proposal.round, { block, ...place, envelope })
  if (!gossips) return
  progress(d)
  note(d, from, name)
  passProposal(d, envelope)
}

/** Its place, if it is the first of its leader in a round that is open or next, and before the best so far. */
function placeFor<S>(
  d: Draft<S>,
  { round, height, proof, ...proposal }: Proposal,
  leader: PeerId,
): Pick<Proposed, 'lot' | 'waitMs'> | undefined {
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
    if (bundle?.kind !== 'next' || bundle.round !== round - 1 || bundle.votes.length > votesMax(d)) return false
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
  proposal: Pick<Proposal, 'header' | 'body' | 'certificate'>,
  envelope: Uint8Array,
  hash: Uint8Array,
  name: string,
  when: 'in time' | 'whenever' = 'in time',
): boolean | 'early' {
  if (d.candidates.has(name)) return true
  if (d.refused.has(name)) return false
  try {
    if (when === 'in time' && headerMessage.decode(proposal.header).timeMs > d.nowMs + AHEAD_MS) return 'early'
    const shown = proposal.certificate
    const { header, body, state, electorates } = checkBlock(d.fixed, d.tip, proposal.header, proposal.body, { shown })
    d.candidates = new Map(d.candidates).set(name, { name, hash, header, body, state, electorates, shown, envelope })
    return true
  } catch (error) {
    if (!(error instanceof ChainError || error instanceof WireError)) throw error
    if (isForGood(proposal)) d.refused = withRefused(d.refused, name)
    count(d, error instanceof ChainError && error.failure.code === 'BLOCK_WRONG' ? `BLOCK_WRONG_${error.failure.reason}` : error.code)
    return false
  }
}

/** Certified blocks, from whoever sends them. What does not hold no honest peer sends: who does is read at the pace of answers, or anyone could have this peer check certificates without end. */
function onBlocks<S>(d: Draft<S>, from: PeerId, envelope: Uint8Array): undefined {
  const charged = withAnswer(d, d.falseBlocks, from)
  if (charged === undefined) return count(d, 'BLOCKS_OFTEN')
  const { blocks } = openFrom(blocksMessage, envelope, d.fixed.network, from)
  try {
    takeBlocks(d, from, blocks)
  } catch (error) {
    d.falseBlocks = charged
    throw error
  }
}
/** Each is checked, its certificate too, and then it is final here as well. */
function takeBlocks<S>(d: Draft<S>, from: PeerId, blocks: readonly Uint8Array[]): undefined {
  const before = d.tip.height
  for (const encoded of blocks) {
    const block = decodeBlock(encoded)
    if (block.header.height <= d.tip.height) continue
    if (block.header.height > d.tip.height + 1) return askAhead(d, from)
    const hash = hashOfHeader(block.header)
    const { certificate } = block
    const { height } = block.header
    const proven = d.fixed.proven(height)
    const isProven = proven !== undefined && sameBytes(proven, hash)
    if (certificate === null && !isProven) return count(d, 'BLOCK_UNCERTIFIED')
    // before the block is applied: anyone can make up a block, and nobody a certificate
    if (certificate !== null) verifyChainCertificate(certificate, { height, hash }, d.tip.group, d.fixed.verification)
    const known = d.candidates.get(hexOf(hash))
    const checked: Checked<S> = known ?? checkBlock(d.fixed, d.tip, headerMessage.encode(block.header), encodeBody(block.body), 'certified')
    // its giver may have taken more votes than fit beside the next block
    certified(d, checked, certificate && { ...certificate, votes: certificate.votes.slice(0, votesMax(d)) })
  }
  if (d.tip.height > before + 1) askForBlocks(d, from)
}

function onTransaction<S>(d: Draft<S>, from: PeerId, transaction: Uint8Array): undefined {
  if (isGossiping(d)) passTransaction(d, from, transaction)
  else keepTransaction(d, from, transaction)
}
