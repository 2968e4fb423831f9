import type { NetworkId, Signer } from '@interpeer/crypto-ids'
import {
  mayShareSignature,
  type SiteRequest,
  signRequests,
  siteRequest,
  TREE_REQUESTS_MAX,
  type UnsignedRequest,
} from '@interpeer/peer-group'

interface Waiting {
  readonly request: UnsignedRequest
  readonly resolve: (signed: Uint8Array) => void
  readonly reject: (reason: unknown) => void
}

/**
 * Signs this peer's requests: those that are made in one turn of the event loop by one signature, so that each member checks one for all of them. Nobody
 * waits longer than that turn.
 */
export class RequestSigning {
  readonly #signer: Signer
  readonly #network: NetworkId
  #waiting: Waiting[] = []

  constructor(signer: Signer, network: NetworkId) {
    this.#signer = signer
    this.#network = network
  }

  /** @throws {WireError} where it is no request (rejects) */
  async sign(value: SiteRequest): Promise<Uint8Array> {
    const request = { value, bytes: siteRequest.encode(value) }
    if (!mayShareSignature(request)) return signRequests([request], this.#signer, this.#network)[0] as Uint8Array
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#signAll())
      this.#waiting.push({ request, resolve, reject })
      if (this.#waiting.length >= TREE_REQUESTS_MAX) this.#signAll()
    })
  }

  #signAll(): void {
    const waiting = this.#waiting
    this.#waiting = []
    try {
      const requests = waiting.map(({ request }) => request)
      const signed = signRequests(requests, this.#signer, this.#network)
      for (const [i, { resolve }] of waiting.entries()) resolve(signed[i] as Uint8Array)
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  }
}
