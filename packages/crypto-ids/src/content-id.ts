import { concatBytes } from '@interpeer/wire-codec'
import { base32 } from 'multiformats/bases/base32'
import * as backend from '#backend'
import { base32OfName, bytesOfBase32Name } from './base32-names.js'
import { CryptoError, cut } from './errors.js'

declare const brand: unique symbol
/**
 * The name of a block: CIDv1 in base32 (`bafk…` raw, `bafy…` dag-cbor), sha2-256 and no other hash, so that bytes have one name
 * for each codec. On the wire: 36 bytes.
 */
export type ContentId = string & { readonly [brand]: 'ContentId' | 'JobId' | 'NetworkId' }
/** The ContentId of a bundle's first signed manifest, in which `job` is null. Always dag-cbor. */
export type JobId = ContentId & { readonly [brand]: 'JobId' }
/** The ContentId of the canonical genesis. Always dag-cbor. */
export type NetworkId = ContentId & { readonly [brand]: 'NetworkId' }
export type Codec = 'raw' | 'dag-cbor'

const RAW = 0x55
const DAG_CBOR = 0x71
const SHA2_256 = 0x12

/** @throws {CryptoError} CONTENT_ID_SYNTAX, CONTENT_ID_BYTES */
export function parseContentId(text: string): ContentId {
  if (!/^b[a-z2-7]{58}$/.test(text)) throw new CryptoError({ code: 'CONTENT_ID_SYNTAX', text: cut(text) })
  let bytes: Uint8Array
  try {
    bytes = base32.decode(text)
  } catch (cause) {
    throw new CryptoError({ code: 'CONTENT_ID_SYNTAX', text: cut(text) }, { cause }) // bits left over that are not zero
  }
  return contentIdOfBytes(bytes)
}

/** The name of a block's bytes. */
export function contentIdOf(bytes: Uint8Array, codec: Codec): ContentId {
  const prefix = Uint8Array.of(1, codec === 'raw' ? RAW : DAG_CBOR, SHA2_256, 32)
  return base32OfName(concatBytes(prefix, backend.sha256([bytes]))) as ContentId
}

/**
 * From the 36 bytes of the wire.
 * @throws {CryptoError} CONTENT_ID_BYTES
 */
export function contentIdOfBytes(bytes: Uint8Array): ContentId {
  if (bytes.length !== 36) throw new CryptoError({ code: 'CONTENT_ID_BYTES', reason: 'length' })
  const known = bytes[0] === 1 && (bytes[1] === RAW || bytes[1] === DAG_CBOR) && bytes[2] === SHA2_256 && bytes[3] === 32
  if (!known) throw new CryptoError({ code: 'CONTENT_ID_BYTES', reason: 'not CIDv1 sha2-256 of raw or dag-cbor' })
  return base32OfName(bytes) as ContentId
}

/** The 36 bytes, in an array of the caller's own. */
export function bytesOfContentId(cid: ContentId): Uint8Array {
  return bytesOfBase32Name(cid)
}

export function codecOf(cid: ContentId): Codec {
  return cid.startsWith('bafy') ? 'dag-cbor' : 'raw' // 15 bits: 01, then seven of 71 or of 55
}

/** @throws {CryptoError} CONTENT_ID_CODEC unless it names dag-cbor: one manifest, one JobId */
export function jobIdOf(manifest: ContentId): JobId {
  return requireDagCbor(manifest) as JobId
}

/** @throws {CryptoError} CONTENT_ID_SYNTAX, CONTENT_ID_BYTES, CONTENT_ID_CODEC */
export function parseJobId(text: string): JobId {
  return jobIdOf(parseContentId(text))
}

/** The network that canonical genesis bytes found. */
export function networkIdOf(genesis: Uint8Array): NetworkId {
  return contentIdOf(genesis, 'dag-cbor') as NetworkId
}

/** @throws {CryptoError} CONTENT_ID_SYNTAX, CONTENT_ID_BYTES, CONTENT_ID_CODEC */
export function parseNetworkId(text: string): NetworkId {
  return requireDagCbor(parseContentId(text)) as NetworkId
}

function requireDagCbor(cid: ContentId): ContentId {
  if (codecOf(cid) !== 'dag-cbor') throw new CryptoError({ code: 'CONTENT_ID_CODEC', wanted: 'dag-cbor' })
  return cid
}
