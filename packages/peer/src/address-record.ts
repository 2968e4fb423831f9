import { type NetworkId, openMessage, type PeerId, peerIdOfKey, type Signer, signMessage } from '@interpeer/crypto-ids'
import { bytes, bytesMax, hexOf, list, message, text, uint16, uint53 } from '@interpeer/wire-codec'

/**
 * Where a peer can be reached, said by itself (WP §6.4.2.2: a peer can prove its own identity, so nobody has to vouch for it). The
 * newest record of a peer counts.
 */
export const addressRecord = message(
  'address-record',
  28,
  1,
  { from: bytes(32), host: text(45), port: uint16, issuedMs: uint53 },
  { maxBytes: 128 },
)

export const ADDRESSES_MAX = 64
/** Asks for address records, and answers with them: each side sends what it knows. */
export const addressExchange = message('address-exchange', 29, 1, { records: list(bytesMax(256), ADDRESSES_MAX) }, { maxBytes: 20 * 1024 })

export interface PeerAddress {
  readonly peer: PeerId
  readonly host: string
  readonly port: number
  readonly issuedMs: number
  /** The signed record, to pass on. */
  readonly envelope: Uint8Array
}

export function signAddress(signer: Signer, network: NetworkId, address: { host: string; port: number }, issuedMs: number): Uint8Array {
  return signMessage(addressRecord, { from: signer.publicKey, host: address.host, port: address.port, issuedMs }, signer, network)
}

/** How far ahead of our clock a record may be issued: a record from the far future could never be replaced. */
const CLOCK_TOLERANCE_MS = 60_000
/** Places for strangers that are only told of. Those that answered where they say they are have all that others leave. */
const TOLD_MAX = 16

/**
 * When to issue a record of one's own: a start with a clock that is behind must not be older than what others still have of the start before. Theirs does not count where it is so far
 * ahead that nobody would take what comes after it.
 */
export const issueMs = (nowMs: number, theirsMs: number): number =>
  theirsMs > nowMs + CLOCK_TOLERANCE_MS ? nowMs : Math.max(nowMs, theirsMs + 1)

export type Place = Pick<PeerAddress, 'peer' | 'host' | 'port'>
export interface AddressRules {
  readonly network: NetworkId
  readonly nowMs: number
  /** This peer: it knows best where it is. */
  readonly self: PeerId
  /** Its newest record, as others give it back all the time. */
  readonly own?: Uint8Array | undefined
  /** Whether one can send there: a literal address, for a name would make us ask a resolver on a stranger's word, and none that stands for all. */
  readonly isReachable: (place: Place) => boolean
  /** Peers that count on the chain, or that this one's owner named. Anyone can make keys: all others are strangers, and make room for one of these. */
  readonly isKnown: (peer: PeerId) => boolean
  /** Whether the peer answered from this very place: then it is there, and nobody else is sent anything in its name. */
  readonly hasAnswered: (place: Place) => boolean
  /** Whether a place may be taken on the word of whoever tells of it now. */
  readonly isBelieved: (place: Place) => boolean
}
export interface MergedAddresses {
  readonly addresses: ReadonlyMap<PeerId, PeerAddress>
  readonly changed: readonly PeerAddress[]
  /** Those that made room. */
  readonly dropped: readonly PeerId[]
  /** The newest record of this peer itself that others have was issued then; 0: there was none. */
  readonly ownMs: number
  readonly refused: number
}

/**
 * The records of `known` and of `envelopes` together, the newest of each peer, at most `ADDRESSES_MAX`. Records that are malformed, forged,
 * from the future or not believed are left out and counted in `refused`, as are those for which there is no room.
 */
export function mergeAddresses(
  known: ReadonlyMap<PeerId, PeerAddress>,
  envelopes: readonly Uint8Array[],
  rules: AddressRules,
): MergedAddresses {
  const addresses = new Map(known)
  const changed = new Map<PeerId, PeerAddress>()
  const dropped = new Set<PeerId>()
  let [ownMs, refused] = [0, 0]
  // everyone tells everyone the same records again and again: those known to the byte are not verified again
  const seen = new Set([...known.values()].map(({ envelope }) => hexOf(envelope)))
  if (rules.own !== undefined) seen.add(hexOf(rules.own))
  for (const envelope of envelopes) {
    if (seen.has(hexOf(envelope))) continue
    const address = openAddress(envelope, rules)
    if (address === undefined || address.issuedMs > rules.nowMs + CLOCK_TOLERANCE_MS) {
      refused++
      continue
    }
    const { peer, issuedMs } = address
    if (peer === rules.self) ownMs = Math.max(ownMs, issuedMs)
    if (peer === rules.self || (addresses.get(peer)?.issuedMs ?? -1) >= issuedMs) continue
    const gone = rules.isBelieved(address) ? roomFor(address, addresses, rules) : undefined
    if (gone === undefined) {
      refused++
      continue
    }
    for (const other of gone) {
      addresses.delete(other)
      changed.delete(other)
      dropped.add(other)
    }
    addresses.set(peer, address)
    changed.set(peer, address)
    dropped.delete(peer)
  }
  return { addresses, changed: [...changed.values()], dropped: [...dropped], ownMs, refused }
}

/** Who has to go for one more: strangers that are only told of first, then others; undefined: there is no room. */
function roomFor(address: PeerAddress, addresses: ReadonlyMap<PeerId, PeerAddress>, rules: AddressRules): readonly PeerId[] | undefined {
  const { isKnown, hasAnswered } = rules
  const isTold = (one: PeerAddress): boolean => !isKnown(one.peer) && !hasAnswered(one)
  const others = [...addresses.values()].filter(({ peer }) => peer !== address.peer)
  const told = others.filter(isTold)
  if (isTold(address) && told.length >= TOLD_MAX) return undefined
  if (others.length < ADDRESSES_MAX) return []
  if (isTold(address)) return undefined
  const strangers = isKnown(address.peer) ? others.filter(({ peer }) => !isKnown(peer)) : []
  const goes = oldestOf(told) ?? oldestOf(strangers)
  return goes === undefined ? undefined : [goes.peer]
}

function oldestOf(addresses: readonly PeerAddress[]): PeerAddress | undefined {
  return addresses.reduce<PeerAddress | undefined>((a, b) => (a === undefined || b.issuedMs < a.issuedMs ? b : a), undefined)
}

function openAddress(envelope: Uint8Array, { network, isReachable }: AddressRules): PeerAddress | undefined {
  try {
    const { from, host, port, issuedMs } = openMessage(addressRecord, envelope, network, (value) => peerIdOfKey(value.from))
    const peer = peerIdOfKey(from)
    return isReachable({ peer, host, port }) ? { peer, host, port, issuedMs, envelope } : undefined
  } catch {
    return undefined
  }
}
