import { keyOfPeerId, type PeerId, sealOf, sha256, vrfVerify } from '@interpeer/crypto-ids'
import { compareBytes } from '@interpeer/wire-codec'

/** Votes needed: more than 68.5 % of all who may vote (§7 of the design). Two quorums share more than a third. */
export const quorumOf = (electors: number): number => Math.floor((electors * 685) / 1000) + 1
/** So many peers that at least one of them is in every quorum. */
export const blockingOf = (electors: number): number => electors - quorumOf(electors) + 1

/** The hash of those who may vote, in the order of their keys. */
export const electorateRoot = (electors: readonly PeerId[]): Uint8Array => sealOf('electorate', [electors.map(keyOfPeerId)])

/** What the leader of a height proves its VRF on: never the round, so that each peer has one candidate. */
export const seedInput = (previousSeed: Uint8Array, height: number): Uint8Array => sealOf('chain seed', [previousSeed, height])
/** The seed of a block from its leader's proof; undefined where the proof does not hold. */
export function seedOf(leader: Uint8Array, previousSeed: Uint8Array, height: number, proof: Uint8Array): Uint8Array | undefined {
  const output = vrfVerify(leader, seedInput(previousSeed, height), proof)
  return output === undefined ? undefined : sha256(output)
}
/** The seed of a height that has no leader's proof: what anyone can compute. */
export const seedWithoutLeader = (previousSeed: Uint8Array, height: number): Uint8Array => sha256(seedInput(previousSeed, height))

/** The leaders of a height by round: a permutation of all electors from the seed before, then over again. */
export function leadersOf(electors: readonly PeerId[], previousSeed: Uint8Array, height: number): readonly PeerId[] {
  const drawn = electors.map((peer) => ({ peer, lot: sealOf('chain leader', [previousSeed, height, keyOfPeerId(peer)]) }))
  return drawn.sort((a, b) => compareBytes(a.lot, b.lot)).map(({ peer }) => peer)
}
