import type { Opener, Signer } from '@interpeer/crypto-ids'
import type { Verification } from '../src/index.js'
import { proposalMessage } from '../src/messages.js'

export interface Costs {
  readonly sign: number
  readonly verify: number
  readonly vrfProve: number
  readonly vrfVerify: number
  readonly event: number
  /** Whether the signature of a proposal is charged, too. */
  readonly isWhole: boolean
}
/** What a processor is charged, in microseconds: as measured for peer-group's simulations (its `costs.ts` says on what). */
const COSTS_US: Costs = { sign: 32, verify: 578, vrfProve: 7_916, vrfVerify: 5_467, event: 60, isWhole: false }
/**
 * The same, of a process that has run for a while: `@interpeer/crypto-ids` on Node 24.21, one core of a Xeon of two, votes of 231 bytes, each of another key and none twice, CPU time,
 * mean of 100 to 250 after 50; `event` is the rest of what a message costs, as above. Another machine would charge other numbers, so these stay as they are written here.
 */
export const WARM_COSTS_US: Costs = { sign: 38, verify: 203, vrfProve: 2_976, vrfVerify: 2_596, event: 60, isWhole: true }
const REMEMBERED_MAX = 4_096

/** Names of what was verified, as numbers: very many peers remember the same ones. */
export class Names {
  readonly #numbers = new Map<string, number>()
  numberOf(name: string): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    this.#numbers.set(name, this.#numbers.size)
    return this.#numbers.size - 1
  }
}

/** Counts what one peer's operations cost, though all peers of a simulation share what was verified. */
export class Meter {
  readonly signer: Signer
  readonly verification: Verification
  #us = 0
  readonly #costs: Costs
  readonly #remembered = new Set<number>()
  readonly #names: Names

  constructor(signer: Signer, { opener, vrfOutput, ownOutput }: Verification, costs = COSTS_US, names = new Names()) {
    this.#costs = costs
    this.#names = names
    this.signer = {
      ...signer,
      sign: (bytes) => {
        this.#us += costs.sign
        return signer.sign(bytes)
      },
      vrfProve: (input) => {
        this.#us += costs.vrfProve
        return signer.vrfProve(input)
      },
    }
    const open: Opener['open'] = (message, envelope, signerOf) => {
      if (costs.isWhole || message.number !== proposalMessage.number) this.#once(envelope, costs.verify)
      return opener.open(message, envelope, signerOf)
    }
    this.verification = {
      opener: { open },
      ownOutput,
      vrfOutput: (publicKey, input, proof) => {
        this.#once(proof.subarray(0, 64), costs.vrfVerify)
        return vrfOutput(publicKey, input, proof)
      },
    }
  }

  /** What was spent since the last call, and what an event costs by itself. */
  take(): number {
    const us = this.#us + this.#costs.event
    this.#us = 0
    return us
  }

  #once(bytes: Uint8Array, us: number): void {
    const name = this.#names.numberOf(String.fromCharCode.apply(null, bytes.subarray(-32) as unknown as number[]))
    if (this.#remembered.has(name)) return
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear()
    this.#remembered.add(name)
    this.#us += us
  }
}
