import { eventsNamed } from './agenda/due.js'
import { purseWith } from './agenda/purse.js'
import type { Execution } from './api.js'
import type { KnownBatch } from './batch.js'
import type { GroupState } from './state-block.js'

/** What running a batch on a state means. Events that the state does not have due are left out: a batch that is run again may come to another state. */
export function executionOf(batch: KnownBatch, { files, agenda, isFresh }: GroupState, seed: Uint8Array): Execution {
  const { step, timeMs, events } = batch.value
  const purse = purseWith(agenda.purse, batch.value)
  const due = eventsNamed(agenda, timeMs, events)
  return {
    batch: batch.hash,
    step,
    from: files,
    agenda: purse === agenda.purse ? agenda : { ...agenda, purse },
    isFirst: isFresh,
    events: due,
    requests: batch.requests,
    timeMs,
    seed,
  }
}
