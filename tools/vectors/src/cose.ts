import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { head, hexOfText } from './write.js'

/** An Ed25519 key by OpenSSL, not by our package. All in hexadecimal. */
export interface Key {
  readonly seed: string
  readonly publicKey: string
  readonly sign: (message: string) => string
}
/** The fixed head of an Ed25519 key in PKCS#8 (RFC 8410). */
const PKCS8 = '302e020100300506032b657004220420'
export function keyOf(seed: string): Key {
  const key = createPrivateKey({ key: Buffer.from(PKCS8 + seed, 'hex'), format: 'der', type: 'pkcs8' })
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return {
    seed,
    publicKey: Buffer.from(x as string, 'base64url').toString('hex'),
    sign: (message) => sign(null, Buffer.from(message, 'hex'), key).toString('hex'),
  }
}
export const sha256 = (hex: string): string => createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex')
/** A binary CIDv1 of dag-cbor, as network ids and JobIds are. */
export const cidOf = (hex: string): string => `01711220${sha256(hex)}`

export const bstr = (hex: string): string => head(2, hex.length / 2) + hex
export const tstr = (text: string): string => head(3, hexOfText(text).length / 2) + hexOfText(text)

export interface SignedAs {
  readonly network: string
  readonly number: number
  readonly version: number
}
/** What COSE_Sign1 signs (RFC 9052 §4.4), written by hand. */
export function sigStructure({ network, number, version }: SignedAs, payload: string): string {
  const external = `84${tstr('interpeer')}${bstr(network)}${head(0, number)}${head(0, version)}`
  return `84${tstr('Signature1')}${bstr('a10132')}${bstr(external)}${bstr(payload)}`
}
export const envelope = (payload: string, signature: string): string => `8443a10132a0${bstr(payload)}5840${signature}`
export const signed = (as: SignedAs, payload: string, key: Key): string => envelope(payload, key.sign(sigStructure(as, payload)))

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n
/** The same signature with S + L: it satisfies the equation, and STRICT refuses it. */
export function withOrderAdded(signature: string): string {
  const s = BigInt(`0x${reversed(signature.slice(64))}`) + ORDER
  return signature.slice(0, 64) + reversed(s.toString(16).padStart(64, '0'))
}
const reversed = (hex: string): string => Buffer.from(hex, 'hex').reverse().toString('hex')
/** The lowest bit of one byte turned. */
export function flipped(hex: string, at: number): string {
  const bytes = Buffer.from(hex, 'hex')
  bytes[at < 0 ? bytes.length + at : at] = (bytes.at(at) as number) ^ 1
  return bytes.toString('hex')
}
