import { type NetworkId, openMessage, type PeerId, peerIdOfKey, type Signer, signMessage } from '@interpeer/crypto-ids'
import { bytes, bytesMax, type Infer, list, message, text, uint16, uint53 } from '@interpeer/wire-codec'

/**
 * Where a peer can be reached, said by itself (WP §6.4.2.2: a peer can prove its own identity, so nobody has to vouch for it). The
 * newest record of a peer counts.
 */
export const addressRecord = message(
  'address-record',
  1,
  { from: bytes(32), host: text(45), port: uint16, issuedMs: uint53 },
  { maxBytes: 128 },
)
export type AddressRecord = Infer<typeof addressRecord>

export const ADDRESSES_MAX = 64
/** Asks for address records, and answers with them: each side sends what it knows. */
export const addressExchange = message('address-exchange', 1, { records: list(bytesMax(256), ADDRESSES_MAX) }, { maxBytes: 20 * 1024 })

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

/**
 * The records of `known` and of `envelopes` together, the newest of each peer. Records that are malformed, forged or from the future are left
 * out and counted in `refused`. When `ADDRESSES_MAX` peers are known, strangers are left out, so that nobody can push known peers away.
 */
export function mergeAddresses(
  known: ReadonlyMap<PeerId, PeerAddress>,
  envelopes: readonly Uint8Array[],
  network: NetworkId,
  nowMs: number,
): { readonly addresses: ReadonlyMap<PeerId, PeerAddress>; readonly changed: readonly PeerAddress[]; readonly refused: number } {
  const addresses = new Map(known)
  const changed: PeerAddress[] = []
  let refused = 0
  for (const envelope of envelopes) {
    const address = openAddress(envelope, network)
    if (address === undefined || address.issuedMs > nowMs + CLOCK_TOLERANCE_MS) refused++
    else if ((addresses.get(address.peer)?.issuedMs ?? -1) >= address.issuedMs) continue
    else if (!addresses.has(address.peer) && addresses.size >= ADDRESSES_MAX) refused++
    else {
      addresses.set(address.peer, address)
      changed.push(address)
    }
  }
  return { addresses, changed, refused }
}

function openAddress(envelope: Uint8Array, network: NetworkId): PeerAddress | undefined {
  try {
    const { from, host, port, issuedMs } = openMessage(addressRecord, envelope, network, (value) => peerIdOfKey(value.from))
    // only literal addresses: a name would make us ask a resolver on a stranger's word
    if (!/^[0-9a-fA-F.:]+$/.test(host) || port === 0) return undefined
    return { peer: peerIdOfKey(from), host, port, issuedMs, envelope }
  } catch {
    return undefined
  }
}

