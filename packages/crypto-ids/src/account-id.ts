import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import * as backend from '#backend'
import { bytesOfContentId, type JobId } from './content-id.js'
import { CryptoError, cut, requireLength } from './errors.js'
import { keyOfPeerId, type PeerId } from './peer-id.js'

declare const brand: unique symbol
/**
 * Who holds coins: 32 bytes, as 64 lower-case hexadecimal digits. A peer's public key, or the SHA-256 of a JobId, so that anyone
 * can donate to a site that has no owner (§3).
 */
export type AccountId = string & { readonly [brand]: 'AccountId' }

/** @throws {CryptoError} ACCOUNT_ID_SYNTAX */
export function parseAccountId(text: string): AccountId {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new CryptoError({ code: 'ACCOUNT_ID_SYNTAX', text: cut(text) })
  return text as AccountId
}

export function accountOfPeer(peerId: PeerId): AccountId {
  return hexOf(keyOfPeerId(peerId)) as AccountId
}

export function accountOfJob(jobId: JobId): AccountId {
  return hexOf(backend.sha256([bytesOfContentId(jobId)])) as AccountId
}

/**
 * From the 32 bytes of the wire.
 * @throws {CryptoError} BYTES_LENGTH
 */
export function accountOfBytes(bytes: Uint8Array): AccountId {
  requireLength(bytes, 32, 'account id')
  return hexOf(bytes) as AccountId
}

export function bytesOfAccount(account: AccountId): Uint8Array {
  return bytesOfHex(account)
}
