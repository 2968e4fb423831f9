import type { ContentId } from '@interpeer/crypto-ids'

/** Who wants a block: nearly always one, so that a set is made for the second only. */
export class WantedBy<Wanter extends object> {
  readonly #wanters = new Map<ContentId, Wanter | Set<Wanter>>()

  add(cid: ContentId, wanter: Wanter): void {
    const others = this.#wanters.get(cid)
    if (others instanceof Set) others.add(wanter)
    else this.#wanters.set(cid, others === undefined || others === wanter ? wanter : new Set([others, wanter]))
  }
  delete(cid: ContentId, wanter: Wanter): void {
    const wanters = this.#wanters.get(cid)
    if (wanters instanceof Set) wanters.delete(wanter)
    if (wanters === wanter || (wanters instanceof Set && wanters.size === 0)) this.#wanters.delete(cid)
  }
  of(cid: ContentId): readonly Wanter[] {
    const wanters = this.#wanters.get(cid)
    if (wanters === undefined) return []
    return wanters instanceof Set ? [...wanters] : [wanters]
  }
}
