/**
 * What a platform has to supply, as a module of functions. Two exist, and package.json's "imports" map chooses: `node:crypto` where the condition "node"
 * holds, noble elsewhere. Tests hold them to equal answers on every vector, so the choice is one of speed alone.
 */
export interface Backend {
  /** SHA-256 of the parts joined. */
  sha256(parts: readonly Uint8Array[]): Uint8Array
  hmacSha256(key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array
  /** `seed` is 32 secret bytes (RFC 8032). */
  signingKey(seed: Uint8Array): SigningKey
  /**
   * Cofactorless Ed25519 for what passed our pre-filter; see strict.ts. Never call it without: the accept sets of native
   * verifiers differ, even between releases of Node.
   */
  verifyFiltered(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
  /** `secret` is 32 bytes, clamped inside (RFC 7748). */
  agreementKey(secret: Uint8Array): AgreementKey
  /** The same for a secret that is used once: 32 bytes, or undefined where they would be all zero. Both must be 32 bytes. */
  x25519(secret: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined
  /** The first bytes of ChaCha20's stream (RFC 8439) for nonce 0, counter 0: for a key that hides one thing, ever. */
  chacha20(key: Uint8Array, length: number): Uint8Array
  /** ChaCha20-Poly1305 (RFC 8439): ciphertext, then the 16-byte tag. */
  aeadSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array
  aeadOpen(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined
}

export interface SigningKey {
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

export interface AgreementKey {
  /** 32 bytes: the X25519 public key. */
  readonly publicKey: Uint8Array
  /** 32 bytes, or undefined where the result would be all zero. The other side's key must be 32 bytes. */
  agree(theirPublicKey: Uint8Array): Uint8Array | undefined
}
