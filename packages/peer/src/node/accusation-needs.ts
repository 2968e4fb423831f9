import type { BlockStore } from '@interpeer/content-store'
import type { ContentId, NetworkId } from '@interpeer/crypto-ids'
import { batchBlockId, openOwnAccusation, openReadAccusation, readBatch } from '@interpeer/peer-group'
import type { AccusationCase } from '../network/accusations.js'

interface Places {
  readonly network: NetworkId
  readonly store: Pick<BlockStore, 'get'>
}

/** What jurors of a recorded accusation fetch, each with all below it, as far as the evidence that is here tells: evidence, state, batch and bodies. */
export function neededFor(one: AccusationCase, runtime: string | undefined, { network, store }: Places): readonly ContentId[] {
  const cid = batchBlockId(one.evidence)
  try {
    const evidence = store.get(cid)
    return evidence === undefined ? [cid] : [cid, ...namedIn(evidence, one, runtime, { network, store })]
  } catch {
    return [cid] // nothing more of it can be read
  }
}

function namedIn(evidence: Uint8Array, one: AccusationCase, runtime = '', { network, store }: Places): readonly ContentId[] {
  const { job, epoch, members, start } = one
  if (one.kind === 'read') {
    const read = openReadAccusation(evidence, one, { network, job, runtime, epochs: [{ epoch, members, start }] })
    return read === undefined ? [] : [read.rerun.state]
  }
  if (one.kind === 'two-signed') return []
  const own = openOwnAccusation(evidence, one, { network, job, epoch, members })
  if (own === undefined) return []
  const batch = batchBlockId(own.batch)
  const bytes = store.get(batch)
  return [own.start, batch, ...(bytes === undefined ? [] : readBatch(bytes).requests.map(({ cid }) => cid))]
}
