import type { PeerId } from '@interpeer/crypto-ids'
import { collatorOrder } from '@interpeer/peer-group'
import type { SiteView } from '../site-view.js'
import type { ObservedSites } from './observed-sites.js'

const SILENT_MS = 30_000
const SILENT_MAX = 1_024

/** Which member of a site to ask: the one that answered last, then others by chance, so that load spreads over gateways; a write's collator first. */
export class MemberChoice {
  readonly #observed: ObservedSites
  readonly #now: () => number
  readonly #favourites = new Map<string, PeerId>()
  /** Who did not answer in time, or not well, or refused what another answered, and when: others are asked first for a while. */
  readonly #silent = new Map<PeerId, number>()

  constructor(observed: ObservedSites, now: () => number) {
    this.#observed = observed
    this.#now = now
  }

  /** Everyone but those of `not` once, then everyone again, since groups move. Undefined: there is nobody. */
  next(view: SiteView, asked: readonly PeerId[], isRead: boolean, not: ReadonlySet<PeerId>): PeerId | undefined {
    const candidates = this.candidates(view).filter((peer) => !not.has(peer))
    const collator = isRead ? undefined : this.#collator(view)
    if (collator !== undefined && !asked.includes(collator) && candidates.includes(collator)) return collator
    const times = (peer: PeerId) => asked.filter((one) => one === peer).length
    return candidates.reduce<PeerId | undefined>((best, peer) => (best === undefined || times(peer) < times(best) ? peer : best), undefined)
  }

  /** All who may answer, in an order of chance behind the favourite; those who did not answer lately last. */
  candidates(view: SiteView): readonly PeerId[] {
    const all = [...new Set([...(this.#isClosing(view) ? (view.next?.members ?? []) : []), ...view.members])]
    const favourite = this.#favourites.get(view.job)
    const others = all.filter((peer) => peer !== favourite).map((peer) => ({ peer, place: Math.random() + (this.#isSilent(peer) ? 1 : 0) }))
    const shuffled = others.sort((a, b) => a.place - b.place).map(({ peer }) => peer)
    return favourite !== undefined && all.includes(favourite) ? [favourite, ...shuffled] : shuffled
  }

  /** It answered, or refused to. */
  answered(job: string, peer: PeerId, isRefusal: boolean): void {
    if (isRefusal) this.#forget(job, peer)
    else {
      this.#silent.delete(peer)
      this.#favourites.set(job, peer)
    }
  }

  /** It did not answer, or not well. @param isSilent it had its time */
  failed(job: string, peer: PeerId, isSilent: boolean): void {
    if (isSilent) {
      if (this.#silent.size >= SILENT_MAX) this.#silent.clear()
      this.#silent.set(peer, this.#now())
    }
    this.#forget(job, peer)
  }

  #forget(job: string, peer: PeerId): void {
    if (this.#favourites.get(job) === peer) this.#favourites.delete(job)
  }

  /** Who collates the step after the last one seen: a write is final there two messages earlier than elsewhere. It may be another by now; any member will do. */
  #collator(view: SiteView): PeerId | undefined {
    const lastStep = this.#observed.lastStep(view.job, view.epoch)
    if (lastStep === undefined || this.#isClosing(view)) return undefined
    const collator = view.members[collatorOrder(view.chainSeed, lastStep + 1, view.members.length)[0] as number] as PeerId
    return this.#isSilent(collator) ? undefined : collator
  }

  #isSilent(peer: PeerId): boolean {
    return this.#now() < (this.#silent.get(peer) ?? Number.NEGATIVE_INFINITY) + SILENT_MS
  }

  #isClosing({ next }: SiteView): boolean {
    return next !== null && this.#now() >= next.atMs
  }
}
