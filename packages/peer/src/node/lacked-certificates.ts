import { type PeerId, sha256 } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import { certificateAsk, certificateMessage } from '@interpeer/peer-group'
import { hexOf, sameBytes } from '@interpeer/wire-codec'

/** Who just named a certificate has it at hand. */
const ASK_MS = 5_000

/** Asks members for certificates that their answers name: once for all answers that wait for the same. */
export class LackedCertificates {
  readonly #overlay: Pick<Overlay, 'request'>
  /** No more than there are requests under way. */
  readonly #asking = new Map<string, Promise<Uint8Array | undefined>>()

  constructor(overlay: Pick<Overlay, 'request'>) {
    this.#overlay = overlay
  }

  /** The bytes of that SHA-256; undefined where the member gives others, or none. @throws {OverlayError} (rejects) */
  ask(peer: PeerId, job: Uint8Array, digest: Uint8Array): Promise<Uint8Array | undefined> {
    const key = `${peer} ${hexOf(job)} ${hexOf(digest)}`
    const known = this.#asking.get(key)
    if (known !== undefined) return known
    const asking = this.#ask(peer, job, digest).finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    return asking
  }

  async #ask(peer: PeerId, job: Uint8Array, certificate: Uint8Array): Promise<Uint8Array | undefined> {
    const options = { timeoutMs: ASK_MS, maxReplyBytes: certificateMessage.maxBytes }
    const bytes = await this.#overlay.request(peer, certificateAsk.encode({ job, certificate }), options)
    return sameBytes(sha256(bytes), certificate) ? bytes : undefined
  }
}
