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

/** Of PHP's start and of the requests that warm it up: all that is in an image. */
export const START_SEED: Uint8Array = new TextEncoder().encode('interpeer start-up')
const START_PROCESS = 1

/**
 * A process number out of the seed. OpenSSL takes fresh randomness when the number is another than it remembers, and an image remembers the start's,
 * which no request has.
 */
export function processIdOf(seed: Uint8Array): number {
  if (seed === START_SEED) return START_PROCESS
  return 2 + (createHash('sha256').update('interpeer pid').update(seed).digest().readUInt32BE(0) % 0x3f_fffe)
}
