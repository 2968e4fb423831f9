import { type PeerId, peekPayload, peerIdOfKey } from '@interpeer/crypto-ids'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { answerBehind, askAhead } from './follow.js'
import { openVote, type Vote, voteMessage } from './messages.js'
import { faultOfVote } from './root-group.js'
import { mayVote, takeQuorums, votesMax } from './rounds.js'
import type { Draft } from './state.js'
import { count, isGossiping, progress } from './tell.js'
import { addVote, votesOf } from './votes.js'

/** What became of a vote. `kept`: it counts, and is new. `spare`: what it would add to is done. `wrong`: no honest peer passes it on. */
export type Counted = 'kept' | 'spare' | 'unread' | 'wrong'

/** Takes a vote in. @throws {CryptoError} @throws {WireError} */
export function countVote<S>(d: Draft<S>, from: PeerId, envelope: Uint8Array): Counted {
  const gossips = isGossiping(d)
  if (gossips) {
    // before its signature and its proof are checked, which takes a hundred times as long
    const early = unneeded(d, from, envelope)
    if (early !== undefined) return early
  }
  const vote = openVote(envelope, d.fixed.verification.opener)
  const voter = peerIdOfKey(vote.voter)
  if (vote.height === d.tip.height && takeLate(d, vote, voter, envelope)) return 'kept'
  // who voted on the block that is final here need not be an elector of the next one
  const { electorate } = vote.height === d.tip.height ? (d.tip.groupBefore ?? d.tip.group) : d.tip.group
  if (!electorate.members.has(voter)) {
    count(d, 'VOTE_STRANGER')
    return 'wrong'
  }
  if (vote.height <= d.tip.height) {
    if (!gossips) answerBehind(d, from, vote.height)
    return 'spare'
  }
  if (vote.height > d.tip.height + 1) {
    askAhead(d, from)
    return 'unread'
  }
  if (!mayVote(d)) return 'unread'
  const fault = faultOfVote(vote, voter, d.tip.group, d.fixed.verification)
  if (fault !== undefined) {
    count(d, fault)
    return 'wrong'
  }
  const code = addVote(d, voter, { ...vote, block: vote.block === null ? null : hexOf(vote.block) }, envelope)
  if (code === 'VOTE_TWO') {
    const first = votesOf(d, vote.round)[vote.kind].get(voter)
    if (first !== undefined) d.effects.push({ type: 'fault', peer: voter, evidence: [first.envelope, envelope] })
  }
  if (code === 'VOTE_TWO' || code === 'VOTE_MANY') count(d, code)
  if (code === 'VOTE_TWO' || code === 'VOTE_MANY') return 'spare'
  takeQuorums(d)
  if (code !== undefined) return 'spare'
  progress(d)
  return 'kept'
}

/** What need not be checked to know that it adds nothing here, or can't be checked yet. */
function unneeded<S>(d: Draft<S>, from: PeerId, envelope: Uint8Array): Counted | undefined {
  const payload = peekPayload(envelope)
  if (payload === undefined) return 'wrong'
  const { height, round, kind, block } = voteMessage.decode(payload)
  if (height < d.tip.height || (height === d.tip.height && kind !== 'certify')) return 'spare'
  if (height > d.tip.height + 1) {
    askAhead(d, from)
    return 'unread'
  }
  if (height !== d.tip.height + 1 || kind !== 'soft' || block === null) return undefined
  // who has a quorum of soft votes has passed them on: no other is needed
  return round === d.round && d.reasons.soft?.block === hexOf(block) ? 'spare' : undefined
}

/**
 * A vote for the block that is final already: it goes into the certificate that this peer's next block would carry. Who is slow, and not among the first of a quorum,
 * would else not be paid, and in the end drop out of the electorate.
 */
function takeLate<S>(d: Draft<S>, vote: Vote, voter: PeerId, envelope: Uint8Array): boolean {
  const { certificate, groupBefore, hash } = d.tip
  if (certificate === null || groupBefore === undefined) return false
  if (certificate.votes.length >= votesMax(d)) return false
  if (vote.kind !== 'certify' || vote.round !== certificate.round || vote.block === null || !sameBytes(vote.block, hash)) return false
  const voters = certifiersHere(d)
  if (voters === undefined || voters.has(voter)) return false
  if (faultOfVote(vote, voter, groupBefore, d.fixed.verification) !== undefined) return false
  const of = { ...certificate, votes: [...certificate.votes, envelope] }
  d.tip = { ...d.tip, certificate: of }
  d.certifiers = { of, voters: new Set(voters).add(voter) }
  return true
}
function certifiersHere<S>(d: Draft<S>): ReadonlySet<PeerId> | undefined {
  const of = d.tip.certificate
  if (of === null) return undefined
  if (d.certifiers?.of === of) return d.certifiers.voters
  const voters = new Set(of.votes.map((known) => peerIdOfKey(openVote(known, d.fixed.verification.opener).voter)))
  d.certifiers = { of, voters }
  return voters
}
