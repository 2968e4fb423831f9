import { type NetworkId, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { openVote, type Vote } from './messages.js'
import { createVerification, type Verification } from './verification.js'

/**
 * Whose account two votes end: those of one peer, for one height, round and kind, that name different blocks, or a block and none; not of next
 * votes, of which a round's end may take several. Crashes are no excuse: votes are on disk before they are sent. Undefined: they prove nothing.
 */
export function verifyVoteFault(
  envelopes: readonly Uint8Array[],
  network: NetworkId,
  verification: Pick<Verification, 'opener'> = createVerification(network),
): PeerId | undefined {
  const [first, second] = envelopes
  if (first === undefined || second === undefined || envelopes.length !== 2) return undefined
  const [one, other] = [voteIn(first, verification), voteIn(second, verification)]
  if (one === undefined || other === undefined || !sameBytes(one.voter, other.voter)) return undefined
  if (one.height !== other.height || one.round !== other.round || one.kind !== other.kind || one.kind === 'next') return undefined
  const isSame = one.block === null || other.block === null ? one.block === other.block : sameBytes(one.block, other.block)
  return isSame ? undefined : peerIdOfKey(one.voter)
}
function voteIn(envelope: Uint8Array, { opener }: Pick<Verification, 'opener'>): Vote | undefined {
  try {
    return openVote(envelope, opener)
  } catch {
    return undefined
  }
}
