import type { NetworkId } from '@interpeer/crypto-ids'
import type { ReadContext } from '@interpeer/peer-group'
import type { SiteView } from './site-view.js'

/** What the chain says of a site, as far as a read can be judged by it: a state of the epoch before is still read at the beginning of this one. */
export function readContextOf(view: SiteView, network: NetworkId): ReadContext {
  const { job, runtime, epoch, members, next, previousEpoch, previousMembers, start } = view
  return {
    network,
    job,
    runtime,
    epochs: [
      { epoch, members, start },
      { epoch: epoch + 1, members: next?.members ?? [], start: null },
      { epoch: previousEpoch, members: previousMembers, start: null },
    ],
  }
}
