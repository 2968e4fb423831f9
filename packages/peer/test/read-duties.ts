import type { ContentStore } from '@interpeer/content-store'
import { ReadCheckQueue } from '../src/node/read-check-queue.js'
import { ReadEvidence } from '../src/node/read-evidence.js'

/** What a host needs to run others' reads again, by the clock of this machine. */
export function readDuties(store: Pick<ContentStore, 'records'>, count: (code: string) => void) {
  const after = (ms: number, wake: () => void) => {
    const timer = setTimeout(wake, ms)
    return () => clearTimeout(timer)
  }
  return {
    readChecks: new ReadCheckQueue({ nowMs: () => performance.now(), after }, count),
    readEvidence: new ReadEvidence(store.records('read-evidence'), count),
  }
}
