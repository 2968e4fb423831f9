import type { Opener, Signer } from '@interpeer/crypto-ids'
import type { Verification } from '../src/index.js'
import { verification } from './jobs.js'

/**
 * What a member's processor is charged, in microseconds. Measured with `@interpeer/crypto-ids` on Node 24.21 on one core of the machine that CI has
 * (Xeon, 2 cores, 300-byte messages, mean of 100 to 500): another machine would charge other numbers, so these stay as they are written here.
 */
export const COSTS_US = {
  sign: 32,
  verify: 578,
  vrfProve: 7_916,
  vrfVerify: 5_467,
  /** Everything else that one event costs: decoding, copying, the record. */
  event: 60,
} as const
const REMEMBERED_MAX = 4_096

/** Counts what one member's operations cost, though all members of a simulation share what was verified. */
export class Meter {
  readonly signer: Signer
  readonly verification: Verification
  #us = 0
  readonly #remembered = new Set<string>()

  constructor(signer: Signer) {
    this.signer = {
      ...signer,
      sign: (bytes) => {
        this.#us += COSTS_US.sign
        return signer.sign(bytes)
      },
      vrfProve: (alpha) => {
        this.#us += COSTS_US.vrfProve
        return signer.vrfProve(alpha)
      },
    }
    const open: Opener['open'] = (message, envelope, signerOf) =>
      verification.opener.open(message, envelope, (value) => {
        const peer = signerOf(value)
        if (peer !== undefined) this.#once(envelope, COSTS_US.verify)
        return peer
      })
    this.verification = {
      opener: { open },
      vrfVerify: (publicKey, alpha, proof) => {
        this.#once(proof, COSTS_US.vrfVerify)
        return verification.vrfVerify(publicKey, alpha, proof)
      },
    }
  }

  /** What was spent since the last call. */
  take(): number {
    const us = this.#us
    this.#us = 0
    return us
  }

  /** A member remembers what it verified: the signature at an envelope's end, or a proof. */
  #once(bytes: Uint8Array, us: number): void {
    const name = String.fromCharCode(...bytes.subarray(-24))
    if (this.#remembered.has(name)) return
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear()
    this.#remembered.add(name)
    this.#us += us
  }
}
