import type { ContentStore } from '@interpeer/content-store'
import { networkIdOf } from '@interpeer/crypto-ids'
import { createVerification } from '@interpeer/peer-group'
import { Complaints } from '../src/node/complaints.js'
import { ReadCheckQueue } from '../src/node/read-check-queue.js'
import { ReadEvidence } from '../src/node/read-evidence.js'

/** What a host needs to run others' reads again, by the clock of this machine, and to complain of members, as a rule where nobody hears it. */
export function readDuties(
  store: Pick<ContentStore, 'records'>,
  count: (code: string) => void,
  submit: (transaction: Uint8Array) => void = () => {},
) {
  const after = (ms: number, wake: () => void) => {
    const timer = setTimeout(wake, ms)
    return () => clearTimeout(timer)
  }
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  return {
    complaints: new Complaints({
      ...{ records: store.records('evidence'), disputeRecords: store.records('disputes'), count, log },
      verification: createVerification(networkIdOf(new Uint8Array([1]))),
      submit,
    }),
    readChecks: new ReadCheckQueue({ nowMs: () => performance.now(), after }, count),
    readEvidence: new ReadEvidence(store.records('read-evidence'), count),
  }
}
