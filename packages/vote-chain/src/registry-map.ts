import { changedKeys, checkAt, checkEntry, type MapEdit, type MapEntry, type MapPut } from '@interpeer/content-store'
import { accountOfBytes, bytesOfAccount, keyOfPeerId, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { bytes, decodeWith, encodeWith, type Infer, list, nullable, oneOf, struct, uint16, uint53 } from '@interpeer/wire-codec'
import { DECLINES_MAX, KEYS_BEFORE_MAX, type PeerEntry, type Registry } from './registry.js'

const key = bytes(32)
const rating = struct({ good: uint53, bad: uint53 })
/** What the map has under a peer's key (vote-chain.cddl). */
export const peerRecord = struct({
  standing: oneOf('joining', 'joined', 'left', 'rotated', 'terminated'),
  joinedHeight: uint53,
  activeHeight: uint53,
  awaySinceHeight: nullable(uint53),
  orders: uint53,
  termsHeight: uint53,
  recovery: nullable(bytes(32)),
  heir: nullable(key),
  former: list(key, KEYS_BEFORE_MAX),
  slots: uint16,
  declines: list(key, DECLINES_MAX),
  seats: uint16,
  tickets: uint53,
  ticketsNew: uint53,
  intervalHeight: uint53,
  jobsDone: uint53,
  jobsInterval: uint53,
  jobsIntervalBefore: uint53,
  agreed: uint53,
  late: uint53,
  absent: uint53,
  contradicted: uint53,
  unresolved: uint53,
  connection: rating,
  agreement: rating,
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
const peerPut = (entry: PeerEntry): MapPut => ({
  type: 'put',
  key: keyOfPeerId(entry.peer),
  value: encodeWith(peerRecord, recordOf(entry)),
  sum: BigInt(entry.tickets),
})
function recordOf({ peer: _, ...entry }: PeerEntry): Infer<typeof peerRecord> {
  const former = entry.former.map(keyOfPeerId)
  return { ...entry, heir: entry.heir && keyOfPeerId(entry.heir), former, declines: entry.declines.map(bytesOfAccount) }
}

/** The registry among a map's entries; what has another key is not looked at. @throws {WireError} @throws {CryptoError} what is under a key is no peer's record */
export const registryFrom = (entries: readonly Pick<MapEntry, 'key' | 'value'>[]): Registry => {
  const peers = entries.filter(({ key }) => key.length === 32)
  return new Map(peers.map(({ key, value }) => entryOf(key, value)).map((entry) => [entry.peer, entry]))
}

/**
 * A peer's entry, from the `peers` hash of a block's header and a proof (content-store's `proveEntry` with the peer's key). Undefined: the
 * proof shows that it is not registered.
 * @param peersHash 32 bytes, from a header that is trusted
 * @throws {ContentStoreError} MAP_PROOF_MALFORMED, MAP_PROOF_WRONG @throws {WireError} what is proven is no peer's record
 * @throws {CryptoError} PEER_KEY_UNUSABLE: its heir's key names no peer
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
function entryOf(key: Uint8Array, value: Uint8Array): PeerEntry {
  const record = decodeWith(peerRecord, value)
  const heir = record.heir && peerIdOfKey(record.heir)
  const former = record.former.map(peerIdOfKey)
  return { peer: peerIdOfKey(key), ...record, heir, former, declines: record.declines.map(accountOfBytes) }
}
