import { type PeerId, sha256 } from '@interpeer/crypto-ids'
import { OverlayError } from '@interpeer/overlay'
import type { Overlay } from '@interpeer/overlay/node'
import { certificateAsk, certificateMessage } from '@interpeer/peer-group'
import { hexOf, sameBytes } from '@interpeer/wire-codec'

/** Who just named a certificate has it at hand. */
const ASK_MS = 5_000
/** Writes that wait at a member may fill what it serves at once; it has said no more than that it is busy. */
const AGAIN_MS = 50

/** Asks members for certificates that their answers name: once for all answers that wait for the same. */
export class LackedCertificates {
  readonly #overlay: Pick<Overlay, 'request'>
  /** No more than there are requests under way, and those that ended in the last `ASK_MS`. */
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
    const message = certificateAsk.encode({ job, certificate })
    const endMs = performance.now() + ASK_MS
    for (;;) {
      const timeoutMs = Math.ceil(endMs - performance.now())
      try {
        const bytes = await this.#overlay.request(peer, message, { timeoutMs, maxReplyBytes: certificateMessage.maxBytes })
        return sameBytes(sha256(bytes), certificate) ? bytes : undefined
      } catch (error) {
        if (!(error instanceof OverlayError) || error.code !== 'BUSY' || performance.now() + AGAIN_MS >= endMs) throw error
      }
      await new Promise((again) => setTimeout(again, AGAIN_MS))
    }
  }
}
