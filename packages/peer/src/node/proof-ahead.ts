import type { Signer } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'

/** A signer that remembers one VRF proof, made before it is asked for. What is remembered decides nothing but the time. */
export class ProofAhead {
  readonly signer: Signer
  readonly #signer: Signer
  #known: { readonly alpha: Uint8Array; readonly proof: Uint8Array } | undefined

  constructor(signer: Signer) {
    this.#signer = signer
    this.signer = { ...signer, vrfProve: (alpha) => this.#prove(alpha) }
  }

  /** Makes the proof now, if it is not here. */
  make(alpha: Uint8Array): void {
    this.#known = { alpha, proof: this.#prove(alpha) }
  }

  #prove(alpha: Uint8Array): Uint8Array {
    const known = this.#known
    return known !== undefined && sameBytes(known.alpha, alpha) ? known.proof : this.#signer.vrfProve(alpha)
  }
}
