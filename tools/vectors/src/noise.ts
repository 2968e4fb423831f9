import { createCipheriv, createHash, createPrivateKey, createPublicKey, diffieHellman, hkdfSync, type KeyObject } from 'node:crypto'

/** An X25519 key by OpenSSL. */
export interface Agreeing {
  readonly publicKey: string
  readonly privateKey: KeyObject
}
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')
export function agreeingOf(secret: string): Agreeing {
  const privateKey = createPrivateKey({ key: bytes(`302e020100300506032b656e04220420${secret}`), format: 'der', type: 'pkcs8' })
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' })
  return { privateKey, publicKey: Buffer.from(x as string, 'base64url').toString('hex') }
}
/** The static key of a peer: the Montgomery image of its Ed25519 key (RFC 8032 §5.1.5, RFC 7748). */
export const staticOf = (seed: string): Agreeing => agreeingOf(createHash('sha512').update(bytes(seed)).digest('hex').slice(0, 64))

function agree(own: Agreeing, theirs: string): string {
  const publicKey = createPublicKey({ key: bytes(`302a300506032b656e032100${theirs}`), format: 'der', type: 'spki' })
  return diffieHellman({ privateKey: own.privateKey, publicKey }).toString('hex')
}

/** Noise_IK_25519_ChaChaPoly_SHA256 (revision 34) seen by one who knows both sides' keys. */
export class NoiseIk {
  #hash = Buffer.from('Noise_IK_25519_ChaChaPoly_SHA256').toString('hex')
  #chain = this.#hash
  #key = ''
  #nonce = 0

  constructor(prologue: string, responder: string) {
    this.#mixHash(prologue)
    this.#mixHash(responder)
  }

  /** e, es, s, ss. `shared`: in place of what the ephemeral key agrees on, where it is none. */
  initiation(ephemeral: Agreeing, own: Agreeing, responder: string, payload: string): string {
    this.#mixHash(ephemeral.publicKey)
    this.#mixKey(agree(ephemeral, responder))
    const sealed = this.#seal(own.publicKey)
    this.#mixKey(agree(own, responder))
    return ephemeral.publicKey + sealed + this.#seal(payload)
  }
  /** e, ee, se. */
  response(ephemeral: Agreeing, theirEphemeral: string, theirStatic: string, payload: string): string {
    this.#mixHash(ephemeral.publicKey)
    this.#mixKey(agree(ephemeral, theirEphemeral))
    this.#mixKey(agree(ephemeral, theirStatic))
    return ephemeral.publicKey + this.#seal(payload)
  }

  #mixHash(data: string): void {
    this.#hash = createHash('sha256')
      .update(bytes(this.#hash + data))
      .digest('hex')
  }
  #mixKey(secret: string): void {
    const keys = Buffer.from(hkdfSync('sha256', bytes(secret), bytes(this.#chain), '', 64)).toString('hex')
    this.#chain = keys.slice(0, 64)
    this.#key = keys.slice(64)
    this.#nonce = 0
  }
  #seal(plain: string): string {
    const nonce = Buffer.alloc(12)
    nonce.writeBigUInt64LE(BigInt(this.#nonce++), 4)
    const cipher = createCipheriv('chacha20-poly1305', bytes(this.#key), nonce, { authTagLength: 16 })
    cipher.setAAD(bytes(this.#hash), { plaintextLength: plain.length / 2 })
    const sealed = Buffer.concat([cipher.update(bytes(plain)), cipher.final(), cipher.getAuthTag()]).toString('hex')
    this.#mixHash(sealed)
    return sealed
  }
}
