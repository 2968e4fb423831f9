import { type Cipheriv, createCipheriv } from 'node:crypto'
import { sha256 } from './sha256.js'

// A call of the cipher costs as much as some kilobytes do, and PHP asks for 256 bytes at a time.
const AHEAD_BYTES = 2048

/** Every random byte that a script sees: AES-256-CTR over zeros, keyed by SHA-256 of the agreed seed. */
export class SeededRandom {
  readonly #seed: Uint8Array
  /** Made when it is first needed: most requests draw nothing. */
  #cipher: Cipheriv | undefined
  #ahead: Uint8Array = new Uint8Array(0)

  constructor(seed: Uint8Array) {
    this.#seed = seed
  }

  fill(target: Uint8Array): void {
    const ready = this.#ahead.subarray(0, target.length)
    target.set(ready)
    this.#ahead = this.#ahead.subarray(ready.length)
    const missing = target.length - ready.length
    if (missing === 0) return
    this.#cipher ??= createCipheriv('aes-256-ctr', sha256([this.#seed]), new Uint8Array(16))
    const more = this.#cipher.update(new Uint8Array(Math.max(missing, AHEAD_BYTES)))
    target.set(more.subarray(0, missing), ready.length)
    this.#ahead = more.subarray(missing)
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
  const digest = sha256(['interpeer pid', seed])
  return 2 + (new DataView(digest.buffer).getUint32(0) % 0x3f_fffe)
}
