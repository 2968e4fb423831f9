import { changedKeys, type MapEdit, type MapPut } from '@interpeer/content-store'
import { bytesOfContentId, keyOfPeerId, sha256 } from '@interpeer/crypto-ids'
import { bytes, bytesOfHex, concatBytes, encodeWith, list, nullable, oneOf, struct, uint32, uint53 } from '@interpeer/wire-codec'
import type { DisputeCase, Disputes } from './disputes.js'

const JURY_MAX = 63
/** What the `jobs` map has of a dispute, under `dispute/` and its id (peer.cddl). What is large and was in blocks is named by its hash. */
export const disputeRecord = struct({
  job: bytes(36),
  epoch: uint32,
  dispute: bytes(32),
  recordedHeight: uint53,
  jury: nullable(list(bytes(32), JURY_MAX)),
  fetchUntilMs: uint53,
  answerUntilMs: uint53,
  deadlineMs: uint53,
  verdicts: list(bytes(32), 2 * JURY_MAX),
  outcome: oneOf('open', 'stands', 'overturned', 'dropped', 'unjudged'),
})
const PREFIX = Uint8Array.from('dispute/', (letter) => letter.charCodeAt(0))
/** Where the map has a dispute: a key of 40 bytes, so never that of a job, which has 36. */
export const disputeKey = (id: string): Uint8Array => concatBytes(PREFIX, bytesOfHex(id))

export const disputesEntries = (disputes: Disputes): readonly MapPut[] => [...disputes.values()].map(put)
export function disputesEdits(before: Disputes, after: Disputes): readonly MapEdit[] {
  return changedKeys(before, after).map((id): MapEdit => {
    const one = after.get(id)
    return one === undefined ? { type: 'delete', key: disputeKey(id) } : put(one)
  })
}
function put({ id, job, jury, dispute, verdicts, judgment, ...rest }: DisputeCase): MapPut {
  const { epoch, recordedHeight, fetchUntilMs, answerUntilMs, deadlineMs } = rest
  const value = encodeWith(disputeRecord, {
    ...{ epoch, recordedHeight, fetchUntilMs, answerUntilMs, deadlineMs },
    job: bytesOfContentId(job),
    dispute: sha256(dispute),
    jury: jury === null ? null : jury.map(keyOfPeerId),
    verdicts: verdicts.map(({ envelope }) => sha256(envelope)),
    outcome: judgment?.outcome ?? 'open',
  })
  return { type: 'put', key: disputeKey(id), value }
}
