import type { ContentId } from '@interpeer/crypto-ids'
import type { CertifiedReveals } from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'
import { isLater } from '../served-state.js'
import type { ProvenPlace } from './reply-proof.js'

/** What verified replies showed of one site's group, newest certificate first. */
export interface Observed {
  readonly epoch: number
  readonly step: number
  readonly state: ContentId
  readonly certificates: readonly ObservedCertificate[]
}
export interface ObservedCertificate {
  readonly epoch: number
  readonly step: number
  readonly rank: number
  /** SHA-256 of the batch, in hexadecimal. */
  readonly batch: string
  readonly agreed: number
  readonly members: number
  /** When this side first saw it, ms since 1970: a certificate names no time. */
  readonly timeMs: number
}
const CERTIFICATES_KEPT = 8

/** How far each site's group has come, as far as this side was shown. One entry for each site that it asked. */
export class ObservedSites {
  readonly #sites = new Map<string, Observed>()

  of(job: string): Observed | undefined {
    return this.#sites.get(job)
  }

  /** The last step known to be certified in this epoch: the state's own, or a later one that names it final. */
  lastStep(job: string, epoch: number): number | undefined {
    const known = this.#sites.get(job)
    if (known?.epoch !== epoch) return undefined
    const newest = known.certificates[0]
    return newest?.epoch === epoch ? Math.max(newest.step, known.step) : known.step
  }

  /** Takes what a reply proved, and with what; an earlier state changes nothing. When the newest of its certificates was first seen. */
  take(job: string, at: Omit<Observed, 'certificates'>, { certified, newest }: Certificates, nowMs: number): number {
    const known = this.#sites.get(job)
    const earlier = known?.certificates ?? []
    const shown = [certified, newest].flatMap((one) => (one === undefined ? [] : [certificateOf(one, newest?.members ?? 0, nowMs)]))
    const seenMs = earlier.find(({ batch }) => batch === shown.at(-1)?.batch)?.timeMs ?? nowMs
    // of one step a newer certificate may come, that says again that it is the last final one
    if (known !== undefined && isLater(known, at)) return seenMs
    const byBatch = new Map([...shown, ...earlier].map((one) => [one.batch, one]))
    const inOrder = [...byBatch.values()].sort((a, b) => b.epoch - a.epoch || b.step - a.step)
    this.#sites.set(job, { ...at, certificates: inOrder.slice(0, CERTIFICATES_KEPT) })
    return seenMs
  }
}

type Certificates = Pick<ProvenPlace, 'certified' | 'newest'>
function certificateOf(certified: CertifiedReveals, members: number, timeMs: number): ObservedCertificate {
  const { epoch, step, rank, batchHash, agreed } = certified
  return { epoch, step, rank, batch: hexOf(batchHash), agreed: agreed.length, members, timeMs }
}
