import { base58btc } from 'multiformats/bases/base58'
import { CryptoError, cut } from './errors.js'
import { faultOfPoint } from './strict.js'

declare const brand: unique symbol
/**
 * A peer's name in code and text: the Multikey of its Ed25519 public key, base58btc of ed 01 and the 32 bytes: `z6Mk…`, as in
 * did:key. On the wire: the 32 bytes alone.
 */
export type PeerId = string & { readonly [brand]: 'PeerId' }

/** Both ways of the same bounded memory: base58 divides long numbers, and every message names a peer. Cleared when full. */
const REMEMBERED_MAX = 8192
const idOfName = new Map<string, PeerId>() // by the key's bytes as a string of 32 code units
const keyOfId = new Map<PeerId, Uint8Array>()

/** @throws {CryptoError} PEER_ID_SYNTAX, PEER_KEY_UNUSABLE */
export function parsePeerId(text: string): PeerId {
  if (keyOfId.has(text as PeerId)) return text as PeerId
  if (!/^z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/.test(text)) throw new CryptoError({ code: 'PEER_ID_SYNTAX', text: cut(text) })
  const bytes = base58btc.decode(text)
  if (bytes.length !== 34 || bytes[0] !== 0xed || bytes[1] !== 0x01) throw new CryptoError({ code: 'PEER_ID_SYNTAX', text: cut(text) })
  return peerIdOfKey(bytes.subarray(2))
}

/**
 * The name of a public key. A key that no signature could count for (§3 of the design, the STRICT rule) names nobody.
 * @throws {CryptoError} PEER_KEY_UNUSABLE
 */
export function peerIdOfKey(publicKey: Uint8Array): PeerId {
  if (publicKey.length !== 32) throw new CryptoError({ code: 'PEER_KEY_UNUSABLE', reason: 'length' })
  const name = String.fromCharCode(...publicKey)
  const known = idOfName.get(name)
  if (known !== undefined) return known
  const fault = faultOfPoint(publicKey)
  if (fault !== undefined) throw new CryptoError({ code: 'PEER_KEY_UNUSABLE', reason: fault })
  const prefixed = Uint8Array.of(0xed, 0x01, ...publicKey)
  const id = base58btc.encode(prefixed) as string as PeerId
  if (keyOfId.size >= REMEMBERED_MAX) {
    idOfName.clear()
    keyOfId.clear()
  }
  idOfName.set(name, id)
  keyOfId.set(id, prefixed.slice(2))
  return id
}

/** The 32-byte public key, in an array of the caller's own. */
export function keyOfPeerId(peerId: PeerId): Uint8Array {
  const known = keyOfId.get(peerId)
  if (known !== undefined) return known.slice()
  return base58btc.decode(peerId).slice(2)
}
