import { type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import type { Certificate } from './block.js'
import { quorumOf } from './electorate.js'
import { ChainError } from './errors.js'
import { openVote } from './messages.js'
import type { Verification } from './verification.js'

/** Who may vote, and how votes are checked. */
export interface Electorate {
  readonly electors: readonly PeerId[]
  readonly verification: Verification
}

/**
 * Checks that a quorum of the electorate signed for one block, each once. Returns who did, sorted as in the electorate.
 * @throws {ChainError} CERTIFICATE_WRONG
 */
export function verifyChainCertificate(
  certificate: Certificate,
  block: { readonly height: number; readonly hash: Uint8Array },
  electorate: Electorate,
): readonly PeerId[] {
  if (certificate.height !== block.height || !sameBytes(certificate.block, block.hash)) throw wrong('block')
  return votersOf(certificate, 'certify', electorate)
}

/** The same for votes of either kind. @throws {ChainError} CERTIFICATE_WRONG */
export function votersOf(
  { height, round, block, votes }: Certificate,
  kind: 'soft' | 'certify',
  { electors, verification }: Electorate,
): readonly PeerId[] {
  if (votes.length < quorumOf(electors.length)) throw wrong('quorum')
  const voters = new Set<PeerId>()
  for (const envelope of votes) {
    const voter = voterOf(envelope, { height, round, block }, kind, verification)
    if (!electors.includes(voter)) throw wrong('voter')
    if (voters.has(voter)) throw wrong('twice')
    voters.add(voter)
  }
  return electors.filter((peer) => voters.has(peer))
}

function voterOf(envelope: Uint8Array, on: Omit<Certificate, 'votes'>, kind: 'soft' | 'certify', { opener }: Verification): PeerId {
  let vote: ReturnType<typeof openVote>
  try {
    vote = openVote(envelope, opener)
  } catch (cause) {
    throw new ChainError({ code: 'CERTIFICATE_WRONG', reason: 'vote' }, { cause })
  }
  const same = vote.height === on.height && vote.round === on.round && vote.kind === kind
  if (!same || vote.block === null || !sameBytes(vote.block, on.block)) throw wrong('vote')
  return peerIdOfKey(vote.voter)
}

const wrong = (reason: 'block' | 'quorum' | 'vote' | 'voter' | 'twice'): ChainError => new ChainError({ code: 'CERTIFICATE_WRONG', reason })
