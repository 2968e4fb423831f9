import { type ContentId, sha256 } from '@interpeer/crypto-ids'
import type { ResponseTree } from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'

/** What proves the answers of one step's writes to their askers. */
export interface WrittenStep {
  readonly epoch: number
  readonly step: number
  /** The group state block after it. */
  readonly state: ContentId
  readonly certificate: Uint8Array
  /** The later certificate that names the step final; null where its own proves it, or where it is not final yet. */
  readonly named: Uint8Array | null
  /** The step's responses, in the order of its batch. */
  readonly responses: ResponseTree
}
/** A write, by its place in the batch of its step. */
export interface ProvenWrite {
  readonly step: WrittenStep
  readonly index: number
}
const IDS_MAX = 32_768
const KEPT_MS = 600_000
/** By their digests: of the last 64 steps, whose askers are told these only. Each has its own, perhaps another from before it was final, and the one that names it. */
const CERTIFICATES_MAX = 3 * 64

/** The steps that ran the last writes, by request id: so long as a repeated request may come. In memory: after a restart another member tells. */
export class ProvenWrites {
  readonly #steps = new Map<string, { readonly write: ProvenWrite; readonly untilMs: number }>()
  readonly #certificates = new Map<string, Uint8Array>()
  readonly #digests = new WeakMap<Uint8Array, Uint8Array>()

  add(ids: readonly Uint8Array[], step: WrittenStep, nowMs: number): void {
    for (const [index, id] of ids.entries()) {
      const key = hexOf(id)
      this.#steps.delete(key) // told again after a restart of its epoch: the newest stands last
      this.#steps.set(key, { write: { step, index }, untilMs: nowMs + KEPT_MS })
    }
    for (const [key, { untilMs }] of this.#steps) {
      if (untilMs > nowMs && this.#steps.size <= IDS_MAX) break
      this.#steps.delete(key)
    }
    if (ids.length === 0) return
    for (const certificate of [step.certificate, step.named]) {
      if (certificate === null) continue
      const digest = hexOf(this.digestOf(certificate))
      this.#certificates.delete(digest) // one that names several steps is as new as the last of them
      this.#certificates.set(digest, certificate)
    }
    for (const digest of this.#certificates.keys()) {
      if (this.#certificates.size <= CERTIFICATES_MAX) break
      this.#certificates.delete(digest)
    }
  }

  get(id: Uint8Array): ProvenWrite | undefined {
    return this.#steps.get(hexOf(id))?.write
  }

  /** The SHA-256 of a step's certificate: made once for all whom it answers. */
  digestOf(certificate: Uint8Array): Uint8Array {
    const known = this.#digests.get(certificate)
    const digest = known ?? sha256(certificate)
    if (known === undefined) this.#digests.set(certificate, digest)
    return digest
  }

  /** One of the last steps' certificates. */
  certificate(digest: string): Uint8Array | undefined {
    return this.#certificates.get(digest)
  }
}
