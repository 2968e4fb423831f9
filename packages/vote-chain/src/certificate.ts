import { type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import type { Certificate } from './block.js'
import { ChainError } from './errors.js'
import { type BundleFields, openVote } from './messages.js'
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

/** The same for votes of any step. @throws {ChainError} CERTIFICATE_WRONG */
export function votersOf(bundle: BundleFields, group: RootGroup, verification: Verification): readonly PeerId[] {
  const { electors, quorum } = group.electorate
  if (bundle.votes.length < quorum) throw wrong('quorum')
  const voters = new Set<PeerId>()
  for (const envelope of bundle.votes) {
    const voter = voterOf(envelope, bundle, group, verification)
    if (voters.has(voter)) throw wrong('twice')
    voters.add(voter)
  }
  return electors.filter((peer) => voters.has(peer))
}

function voterOf(envelope: Uint8Array, on: Omit<BundleFields, 'votes'>, group: RootGroup, verification: Verification): PeerId {
  let vote: ReturnType<typeof openVote>
  try {
    vote = openVote(envelope, verification.opener)
  } catch (cause) {
    throw new ChainError({ code: 'CERTIFICATE_WRONG', reason: 'vote' }, { cause })
  }
  const isSameBlock = vote.block === null || on.block === null ? vote.block === on.block : sameBytes(vote.block, on.block)
  const isSame = vote.height === group.height && vote.round === on.round && vote.kind === on.kind && vote.attempt === on.attempt
  if (!isSame || !isSameBlock) throw wrong('vote')
  const voter = peerIdOfKey(vote.voter)
  const fault = faultOfVote(vote, voter, group, verification)
  if (fault !== undefined) throw wrong(fault === 'VOTE_STRANGER' ? 'voter' : fault === 'VOTE_NOT_DRAWN' ? 'drawn' : 'vote')
  return voter
}

const wrong = (reason: 'block' | 'quorum' | 'vote' | 'voter' | 'drawn' | 'twice'): ChainError =>
  new ChainError({ code: 'CERTIFICATE_WRONG', reason })
