import { type ContentId, contentIdOf, type NetworkId, type Verified } from '@interpeer/crypto-ids'
import { createRequestOpener, isPieced, type ReadRequestBlock, type RequestOpener, type SiteRequest } from '@interpeer/peer-group'

const ENTRIES_MAX = 4_096
const BYTES_MAX = 32 * 1024 * 1024

/**
 * Visitors' requests whose signatures held: a member meets each as it arrives or is offered, and again as it runs. By the name of the block, which its
 * signature is part of, so no answer depends on what is remembered, only the time.
 */
export class KnownRequests {
  readonly #network: NetworkId
  readonly #opener: RequestOpener
  /** Half of what is kept, at most: then it is the older half. To forget the oldest of a map one by one costs more, the more were forgotten. */
  #newer = new Map<ContentId, Verified<SiteRequest>>()
  #older = new Map<ContentId, Verified<SiteRequest>>()
  /** Of the newer half. */
  #bytes = 0

  constructor(network: NetworkId) {
    this.#network = network
    this.#opener = createRequestOpener(network)
  }

  get network(): NetworkId {
    return this.#network
  }

  /** @param cid the name of `envelope` as a raw block @throws {CryptoError} @throws {WireError} */
  open(cid: ContentId, envelope: Uint8Array): Verified<SiteRequest> {
    const known = this.#newer.get(cid) ?? this.#older.get(cid)
    if (known !== undefined) return known
    const request = this.#opener.open(envelope)
    if (this.#newer.size >= ENTRIES_MAX / 2 || this.#bytes + envelope.length > BYTES_MAX / 2) {
      this.#older = this.#newer
      this.#newer = new Map()
      this.#bytes = 0
    }
    this.#newer.set(cid, request)
    this.#bytes += envelope.length
    return request
  }

  /**
   * Undefined where its asker did not sign it for this network, or where the block does not link to the body that it says.
   * @param cid the name of the block
   */
  findIn(cid: ContentId, { envelope, parts }: ReadRequestBlock): Verified<SiteRequest> | undefined {
    try {
      const request = this.open(isPieced(cid) ? contentIdOf(envelope, 'raw') : cid, envelope)
      return request.parts.length === parts.length ? request : undefined
    } catch {
      return undefined
    }
  }
}
