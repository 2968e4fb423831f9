import { createCipheriv, createHash } from 'node:crypto'

/** Every random byte that a script sees: AES-256-CTR over zeros, keyed by SHA-256 of the agreed seed. */
export class SeededRandom {
  readonly #cipher

  constructor(seed: Uint8Array) {
    this.#cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(seed).digest(), new Uint8Array(16))
  }

  fill(target: Uint8Array): void {
    target.set(this.#cipher.update(new Uint8Array(target.length)))
  }
}

/** A process number out of the seed: OpenSSL and lcg_value() mix it in, so the snapshot's frozen state differs by request. */
export function processIdOf(seed: Uint8Array): number {
  return 2 + (createHash('sha256').update('interpeer pid').update(seed).digest().readUInt32BE(0) % 0x3f_fffe)
}
