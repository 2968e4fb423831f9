import type { Opener, Signer } from '@interpeer/crypto-ids'
import type { Verification } from '../src/index.js'

/** What a processor is charged, in microseconds: as measured for peer-group's simulations (its `costs.ts` says on what). */
const COSTS_US = { sign: 32, verify: 578, vrfProve: 7_916, vrfVerify: 5_467, event: 60 } as const
const REMEMBERED_MAX = 4_096

/** Counts what one peer's operations cost, though all peers of a simulation share what was verified. */
export class Meter {
  readonly signer: Signer
  readonly verification: Verification
  #us = 0
  readonly #remembered = new Set<string>()

  constructor(signer: Signer, { opener, vrfOutput, ownOutput }: Verification) {
    this.signer = {
      ...signer,
      sign: (bytes) => {
        this.#us += COSTS_US.sign
        return signer.sign(bytes)
      },
      vrfProve: (input) => {
        this.#us += COSTS_US.vrfProve
        return signer.vrfProve(input)
      },
    }
    const open: Opener['open'] = (message, envelope, signerOf) => {
      this.#once(envelope, COSTS_US.verify)
      return opener.open(message, envelope, signerOf)
    }
    this.verification = {
      opener: { open },
      ownOutput,
      vrfOutput: (publicKey, input, proof) => {
        this.#once(proof.subarray(0, 64), COSTS_US.vrfVerify)
        return vrfOutput(publicKey, input, proof)
      },
    }
  }

  /** What was spent since the last call, and what an event costs by itself. */
  take(): number {
    const us = this.#us + COSTS_US.event
    this.#us = 0
    return us
  }

  #once(bytes: Uint8Array, us: number): void {
    const name = String.fromCharCode(...bytes.subarray(-32))
    if (this.#remembered.has(name)) return
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear()
    this.#remembered.add(name)
    this.#us += us
  }
}
