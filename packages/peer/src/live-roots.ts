import type { LiveRoots } from '@interpeer/content-store'
import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import { batchReferences } from '@interpeer/peer-group'
import { hasPartIn, type SiteView } from './site-view.js'

/** What this peer has of one site, in memory and on disk: after a crash only the disk's part is left, so both count. */
export interface SiteHoldings {
  readonly view: SiteView
  /** This peer still answers for the site, also a while after it left its seat. */
  readonly isHosted: boolean
  /** The last final state that it serves, and the one that its disk says until the other is durable. Each is here whole. */
  readonly served: readonly ContentId[]
  /** What its open epochs, their records, a shadow and fetches need. Not all of it is here. */
  readonly needed: Iterable<ContentId>
}

/** Whether this peer still owes somebody the last final state that it served: then it stays, and so does the record that names it. */
export function owesState({ view, isHosted, served }: Pick<SiteHoldings, 'view' | 'isHosted' | 'served'>, self: PeerId): boolean {
  if (isHosted) return true
  const { ended, members, next, start } = view
  // the state that the epoch began from: until the chain names a later one, whoever was a member before may be the last that has it
  return !ended && (members.includes(self) || next?.members.includes(self) === true || served.includes(start))
}

/**
 * The roots that a peer keeps (ADR 0007): a pure function of what it has signed, serves and fetches, of the chain, and of `others`: live claims, copies
 * that scripts run on. What a crash would bring back from the disk is among it.
 */
export function liveRoots(sites: Iterable<SiteHoldings>, others: Iterable<ContentId>, self: PeerId): LiveRoots {
  const [held, wanted] = [new Set<ContentId>(), new Set<ContentId>(others)]
  for (const site of sites) {
    const { view, served, needed } = site
    for (const cid of owesState(site, self) ? served : []) held.add(cid)
    for (const cid of needed) wanted.add(cid)
    if (view.ended || !hasPartIn(view, self)) continue
    wanted.add(view.start)
    for (const cid of batchReferences(view.rerun)) wanted.add(cid)
  }
  return { held, wanted }
}
