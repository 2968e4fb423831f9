import { type PeerId, peekPayload, peerIdOfKey } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import type { Certificate } from './block.js'
import { ChainError } from './errors.js'
import { type BundleFields, openVote, voteMessage } from './messages.js'
import { faultOfVote, type RootGroup } from './root-group.js'
import type { Verification } from './verification.js'

/**
 * Checks that a quorum of the height's root group signed for one block, each once. Returns who did, sorted as in the electorate.
 * @throws {ChainError} CERTIFICATE_WRONG
 */
export function verifyChainCertificate(
  certificate: Certificate,
  block: { readonly height: number; readonly hash: Uint8Array },
  group: RootGroup,
  verification: Verification,
): readonly PeerId[] {
  if (certificate.height !== block.height || !sameBytes(certificate.block, block.hash)) throw wrong('block')
  return votersOf({ ...certificate, kind: 'certify', attempt: 0 }, group, verification)
}

/**
 * The same for votes of any step. All of them are read before the first signature or drawing is checked, which takes a hundred times as long: who makes up a list, of one true vote
 * again and again, or of few true ones among others, costs one check.
 * @throws {ChainError} CERTIFICATE_WRONG
 */
export function votersOf(bundle: BundleFields, group: RootGroup, verification: Verification): readonly PeerId[] {
  const { electors, members, quorum } = group.electorate
  if (bundle.votes.length < quorum) throw wrong('quorum')
  const voters = new Set<PeerId>()
  for (const envelope of bundle.votes) {
    const voter = namedVoter(envelope, bundle, group.height)
    if (!members.has(voter)) throw wrong('voter')
    if (voters.has(voter)) throw wrong('twice')
    voters.add(voter)
  }
  for (const envelope of bundle.votes) assertVote(envelope, group, verification)
  return electors.filter((peer) => voters.has(peer))
}

/** Whose vote it says that it is, if it is one for this height, step and block. */
function namedVoter(envelope: Uint8Array, on: Omit<BundleFields, 'votes'>, height: number): PeerId {
  const vote = readVote(() => voteMessage.decode(peekPayload(envelope) ?? new Uint8Array()))
  const isSameBlock = vote.block === null || on.block === null ? vote.block === on.block : sameBytes(vote.block, on.block)
  const isSame = vote.height === height && vote.round === on.round && vote.kind === on.kind && vote.attempt === on.attempt
  if (!isSame || !isSameBlock) throw wrong('vote')
  return readVote(() => peerIdOfKey(vote.voter))
}
function assertVote(envelope: Uint8Array, group: RootGroup, verification: Verification): void {
  const vote = readVote(() => openVote(envelope, verification.opener))
  const fault = faultOfVote(vote, peerIdOfKey(vote.voter), group, verification)
  if (fault !== undefined) throw wrong(fault === 'VOTE_STRANGER' ? 'voter' : fault === 'VOTE_NOT_DRAWN' ? 'drawn' : 'vote')
}
function readVote<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new ChainError({ code: 'CERTIFICATE_WRONG', reason: 'vote' }, { cause })
  }
}

const wrong = (reason: 'block' | 'quorum' | 'vote' | 'voter' | 'drawn' | 'twice'): ChainError =>
  new ChainError({ code: 'CERTIFICATE_WRONG', reason })
