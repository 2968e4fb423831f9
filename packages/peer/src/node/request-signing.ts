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

/** Writes that follow another within so long are signed together: a member hands them on no sooner, and the group takes much longer. */
const GATHER_MS = 25

/**
 * Signs this peer's requests: those that are made in one turn of the event loop by one signature, so that each member checks one for all of them. Reads wait
 * no longer than that turn, nor does the first write after a pause.
 */
export class RequestSigning {
  readonly #signer: Signer
  readonly #network: NetworkId
  #reads: Waiting[] = []
  #writes: Waiting[] = []
  /** Runs while a write was signed a moment ago. */
  #gathering: NodeJS.Timeout | undefined

  constructor(signer: Signer, network: NetworkId) {
    this.#signer = signer
    this.#network = network
  }

  /** @throws {WireError} where it is no request (rejects) */
  async sign(value: SiteRequest, isRead: boolean): Promise<Uint8Array> {
    const request = { value, bytes: siteRequest.encode(value) }
    if (!mayShareSignature(request)) return signRequests([request], this.#signer, this.#network)[0] as Uint8Array
    return new Promise((resolve, reject) => {
      const waiting = isRead ? this.#reads : this.#writes
      waiting.push({ request, resolve, reject })
      if (waiting.length >= TREE_REQUESTS_MAX) this.#sign(isRead ? this.#takeReads() : this.#takeWrites())
      else if (waiting.length > 1) return
      else if (isRead) setImmediate(() => this.#sign(this.#takeReads()))
      else if (this.#gathering === undefined) setImmediate(() => this.#sign(this.#takeWrites()))
    })
  }

  /** Lets go of its timer. What waits is signed. */
  close(): void {
    clearTimeout(this.#gathering)
    this.#sign(this.#writes)
    this.#writes = []
  }

  #takeReads(): readonly Waiting[] {
    const reads = this.#reads
    this.#reads = []
    return reads
  }

  #takeWrites(): readonly Waiting[] {
    const writes = this.#writes
    this.#writes = []
    clearTimeout(this.#gathering)
    this.#gathering = undefined
    if (writes.length > 0) this.#gathering = setTimeout(() => this.#sign(this.#takeWrites()), GATHER_MS)
    return writes
  }

  #sign(waiting: readonly Waiting[]): void {
    if (waiting.length === 0) return
    try {
      const requests = waiting.map(({ request }) => request)
      const signed = signRequests(requests, this.#signer, this.#network)
      for (const [i, { resolve }] of waiting.entries()) resolve(signed[i] as Uint8Array)
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  }
}
