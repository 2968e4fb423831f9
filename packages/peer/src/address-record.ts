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

export interface AddressRules {
  readonly network: NetworkId
  readonly nowMs: number
  /** This peer: it knows best where it is. */
  readonly self: PeerId
  /** Whether a host is a literal address: a name would make us ask a resolver on a stranger's word. */
  readonly isLiteral: (host: string) => boolean
  /** Peers that the chain knows: anyone can make keys, so when there are too many addresses, a stranger's makes room for one of theirs. */
  readonly isRegistered: (peer: PeerId) => boolean
}
export interface MergedAddresses {
  readonly addresses: ReadonlyMap<PeerId, PeerAddress>
  readonly changed: readonly PeerAddress[]
  /** Those that made room. */
  readonly dropped: readonly PeerId[]
  readonly refused: number
}

/**
 * The records of `known` and of `envelopes` together, the newest of each peer, at most `ADDRESSES_MAX`. Records that are malformed, forged or
 * from the future are left out and counted in `refused`, as are strangers when there is no room.
 */
export function mergeAddresses(
  known: ReadonlyMap<PeerId, PeerAddress>,
  envelopes: readonly Uint8Array[],
  rules: AddressRules,
): MergedAddresses {
  const addresses = new Map(known)
  const changed = new Map<PeerId, PeerAddress>()
  const dropped = new Set<PeerId>()
  let refused = 0
  // everyone tells everyone the same records again and again: those known to the byte are not verified again
  const seen = new Set([...known.values()].map(({ envelope }) => hexOf(envelope)))
  for (const envelope of envelopes) {
    if (seen.has(hexOf(envelope))) continue
    const address = openAddress(envelope, rules)
    if (address === undefined || address.issuedMs > rules.nowMs + CLOCK_TOLERANCE_MS) {
      refused++
      continue
    }
    const { peer, issuedMs } = address
    if (peer === rules.self || (addresses.get(peer)?.issuedMs ?? -1) >= issuedMs) continue
    if (!addresses.has(peer) && addresses.size >= ADDRESSES_MAX) {
      const stranger = rules.isRegistered(peer) ? oldestStranger(addresses, rules) : undefined
      if (stranger === undefined) {
        refused++
        continue
      }
      addresses.delete(stranger)
      changed.delete(stranger)
      dropped.add(stranger)
    }
    addresses.set(peer, address)
    changed.set(peer, address)
    dropped.delete(peer)
  }
  return { addresses, changed: [...changed.values()], dropped: [...dropped], refused }
}

function oldestStranger(addresses: ReadonlyMap<PeerId, PeerAddress>, { isRegistered }: AddressRules): PeerId | undefined {
  const strangers = [...addresses.values()].filter(({ peer }) => !isRegistered(peer))
  return strangers.reduce<PeerAddress | undefined>((a, b) => (a === undefined || b.issuedMs < a.issuedMs ? b : a), undefined)?.peer
}

function openAddress(envelope: Uint8Array, { network, isLiteral }: AddressRules): PeerAddress | undefined {
  try {
    const { from, host, port, issuedMs } = openMessage(addressRecord, envelope, network, (value) => peerIdOfKey(value.from))
    if (!isLiteral(host) || port === 0) return undefined
    return { peer: peerIdOfKey(from), host, port, issuedMs, envelope }
  } catch {
    return undefined
  }
}
