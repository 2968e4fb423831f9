import { changedKeys, checkAt, checkEntry, type MapEdit, type MapPut } from '@interpeer/content-store'
import { keyOfPeerId, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { bool, decodeWith, encodeWith, nullable, struct, uint53 } from '@interpeer/wire-codec'
import type { PeerEntry, Registry } from './registry.js'

/** What the map has under a peer's key (vote-chain.cddl). */
export const peerRecord = struct({
  joinedHeight: uint53,
  tickets: uint53,
  jobsDone: uint53,
  agreed: uint53,
  late: uint53,
  absent: uint53,
  contradicted: uint53,
  unresolved: uint53,
  terminated: bool,
  awaySinceHeight: nullable(uint53),
})

/** All entries of the registry's map: the `peers` data set. A peer's sum is its tickets, so the map says whose ticket a number is. */
export const registryEntries = (registry: Registry): readonly MapPut[] => [...registry.values()].map(peerPut)

/** What makes the map of `after` of that of `before`: an edit for each peer whose entry is not the same. */
export function registryEdits(before: Registry, after: Registry): readonly MapEdit[] {
  return changedKeys(before, after).map((peer): MapEdit => {
    const entry = after.get(peer)
    return entry === undefined ? { type: 'delete', key: keyOfPeerId(peer) } : peerPut(entry)
  })
}
const peerPut = ({ peer, ...record }: PeerEntry): MapPut => ({
  type: 'put',
  key: keyOfPeerId(peer),
  value: encodeWith(peerRecord, record),
  sum: BigInt(record.tickets),
})

/**
 * A peer's entry, from the `peers` hash of a block's header and a proof (content-store's `proveEntry` with the peer's key). Undefined: the
 * proof shows that it is not registered.
 * @param peersHash 32 bytes, from a header that is trusted
 * @throws {ContentStoreError} MAP_PROOF_MALFORMED, MAP_PROOF_WRONG @throws {WireError} what is proven is no peer's record
 */
export function checkPeer(
  peersHash: Uint8Array,
  peer: PeerId,
  proof: Uint8Array,
): { readonly entry: PeerEntry | undefined; readonly tickets: bigint } {
  const { entry, total } = checkEntry(peersHash, keyOfPeerId(peer), proof)
  return { entry: entry && entryOf(entry.key, entry.value), tickets: total }
}

/**
 * Whose ticket a number is, from 0 to `tickets` - 1, from the `peers` hash of a header and a proof (content-store's `proveAt` with the
 * number). Tickets are counted in the order of keys, those of peers that may have no seat now with the others: the entry says who may.
 * @throws {ContentStoreError} MAP_PROOF_MALFORMED, MAP_PROOF_WRONG @throws {WireError} what is proven is no peer's record
 * @throws {CryptoError} PEER_KEY_UNUSABLE: its key names no peer
 */
export function checkTicket(
  peersHash: Uint8Array,
  ticket: bigint,
  proof: Uint8Array,
): { readonly entry: PeerEntry; readonly tickets: bigint } {
  const { entry, total } = checkAt(peersHash, ticket, proof)
  return { entry: entryOf(entry.key, entry.value), tickets: total }
}
const entryOf = (key: Uint8Array, value: Uint8Array): PeerEntry => ({ peer: peerIdOfKey(key), ...decodeWith(peerRecord, value) })
