import { checkEntry, editHeldMap, emptyHeldMap, type HeldMap } from '@interpeer/content-store'
import { keyOfPeerId, type PeerId, sealOf, sha256 } from '@interpeer/crypto-ids'
import { compareBytes, sameBytes } from '@interpeer/wire-codec'

/** Votes needed: more than 68.5 % of the size of a group (§7 of the design). Two quorums of a group of that size share more than a third. */
export const quorumOf = (size: number): number => Math.floor((size * 685) / 1000) + 1
/** So many peers that at least one of them is in every quorum. */
export const blockingOf = (size: number): number => size - quorumOf(size) + 1

/** Who may be drawn for a height (§6.7), and how many are expected to be. */
export interface Electorate {
  /** Sorted by key, each once; at least one. */
  readonly electors: readonly PeerId[]
  readonly members: ReadonlySet<PeerId>
  /** Its map: under each elector's key nothing, with the sum 1. The root hash stands in headers, so an elector can prove that it is one. */
  readonly map: HeldMap
  /** E': how many are expected in the group of one step. As many as there are electors: then all are in it, and nothing is drawn. */
  readonly size: number
  readonly quorum: number
  readonly blocking: number
}

const EMPTY = new Uint8Array()

/** @param electors sorted by key, none twice, at least one @param sizeMax the setting `rootGroupSize` */
export function electorateOf(electors: readonly PeerId[], sizeMax: number): Electorate {
  const size = Math.min(sizeMax, electors.length)
  const puts = electors.map((peer) => ({ type: 'put' as const, key: keyOfPeerId(peer), value: EMPTY, sum: 1n }))
  const map = editHeldMap(emptyHeldMap(), puts)
  return { electors, members: new Set(electors), map, size, quorum: quorumOf(size), blocking: blockingOf(size) }
}
/** The same one where nothing changed: hashing it again is work for nothing. Where something did, only that is hashed. */
export function nextElectorate(before: Electorate, electors: readonly PeerId[], sizeMax: number): Electorate {
  if (electors.length === 0) return before // a network whose last elector left keeps it, or nobody could ever come back
  const joined = electors.filter((peer) => !before.members.has(peer))
  if (joined.length === 0 && electors.length === before.electors.length) return before
  const members = new Set(electors)
  return withMembers(
    before,
    electors,
    joined,
    before.electors.filter((peer) => !members.has(peer)),
    sizeMax,
  )
}
/** Another electorate with some more and some fewer. At least one is left, or it is the same one. */
export function changedElectorate(before: Electorate, joined: readonly PeerId[], left: ReadonlySet<PeerId>, sizeMax: number): Electorate {
  const more = joined.filter((peer) => !before.members.has(peer))
  const fewer = before.electors.filter((peer) => left.has(peer))
  if (more.length === 0 && fewer.length === 0) return before
  const keyed = [...before.electors.filter((peer) => !left.has(peer)), ...more].map((peer) => ({ peer, key: keyOfPeerId(peer) }))
  const electors = keyed.sort((a, b) => compareBytes(a.key, b.key)).map(({ peer }) => peer)
  return electors.length === 0 ? before : withMembers(before, electors, more, fewer, sizeMax)
}
function withMembers(
  before: Electorate,
  electors: readonly PeerId[],
  joined: readonly PeerId[],
  left: readonly PeerId[],
  sizeMax: number,
): Electorate {
  const size = Math.min(sizeMax, electors.length)
  const map = editHeldMap(before.map, [
    ...left.map((peer) => ({ type: 'delete' as const, key: keyOfPeerId(peer) })),
    ...joined.map((peer) => ({ type: 'put' as const, key: keyOfPeerId(peer), value: EMPTY, sum: 1n })),
  ])
  return { electors, members: new Set(electors), map, size, quorum: quorumOf(size), blocking: blockingOf(size) }
}

/**
 * Whether a peer is an elector, and of how many, from the `electorate` hash of a block's header and a proof (content-store's
 * `proveEntry` with the peer's key).
 * @throws {ContentStoreError} MAP_PROOF_MALFORMED, MAP_PROOF_WRONG
 */
export function checkElector(
  electorateHash: Uint8Array,
  peer: PeerId,
  proof: Uint8Array,
): { readonly isElector: boolean; readonly electors: bigint } {
  const { entry, total } = checkEntry(electorateHash, keyOfPeerId(peer), proof)
  return { isElector: entry !== undefined, electors: total }
}

/** What the leader of a height proves its VRF on: never the round, so that each peer has one candidate. */
export const seedInput = (previousSeed: Uint8Array, height: number): Uint8Array => sealOf('chain seed', [previousSeed, height])
/** The seed of a block from the output of its leader's VRF. */
export const seedOf = (output: Uint8Array): Uint8Array => sha256(output)
/** The seed of a height that has no leader's proof: what anyone can compute. */
export const seedWithoutLeader = (previousSeed: Uint8Array, height: number): Uint8Array => sha256(seedInput(previousSeed, height))

/** The steps that votes are drawn for. Votes for a block and for none to end a round are steps of their own: who voted for one may have to vote for the other. */
export const STEPS = ['soft', 'certify', 'next', 'none'] as const
export type Step = (typeof STEPS)[number]

/** What a peer proves its VRF on to vote in one step, where not all electors are in every group. */
export const lotInput = (previousSeed: Uint8Array, height: number, round: number, step: Step, attempt: number): Uint8Array =>
  sealOf('chain lot', [previousSeed, height, round, STEPS.indexOf(step), attempt])

const LOT_BITS = 256n
/** Whether a VRF's output draws its peer: its first 256 bits, as an integer, are below floor(2^256 × E' / n). Exact, so that all peers say the same. */
export const isDrawn = (output: Uint8Array, size: number, electors: number): boolean =>
  integerOf(output.subarray(0, 32)) < (BigInt(size) << LOT_BITS) / BigInt(electors)

/** A peer's place among those who may lead a round, from the output of its VRF for the height: the lowest leads. 32 bytes. */
export const leaderLot = (output: Uint8Array, round: number): Uint8Array => sealOf('chain leader', [output, round])
/** How long a peer with this lot lets those before it lead: the lowest of n lots comes to one `unitMs`, on average. Whole ms. */
export const leaderWaitMs = (lot: Uint8Array, electors: number, unitMs: number): number =>
  Number((integerOf(lot) * BigInt(electors) * BigInt(unitMs)) >> LOT_BITS)

const integerOf = (bytes: Uint8Array): bigint => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)

export const isRootOf = ({ map }: Electorate, hash: Uint8Array): boolean => sameBytes(map.root.hash, hash)
