import { changedKeys, type MapEdit, type MapEntry, type MapPut } from '@interpeer/content-store'
import { bytesOfContentId, contentIdOfBytes, type JobId, jobIdOf, keyOfPeerId, peerIdOfKey, sha256 } from '@interpeer/crypto-ids'
import { MEMBERS_MAX } from '@interpeer/peer-group'
import { bytes, concatBytes, decodeWith, encodeWith, link, list, sameBytes, struct, uint32, uint53 } from '@interpeer/wire-codec'
import type { ClosedEpoch, ClosedEpochs } from './closed-epochs.js'

/** What the `jobs` map has of the epoch before a job's running one, under `previous` and SHA-256 of the job (peer.cddl). */
export const closedEpochRecord = struct({
  job: bytes(36),
  epoch: uint32,
  members: list(bytes(32), MEMBERS_MAX),
  start: link,
  untilMs: uint53,
})
const PREFIX = Uint8Array.from('previous', (letter) => letter.charCodeAt(0))
/** A key of 40 bytes, so never that of a job, which has 36. */
const keyOf = (job: JobId): Uint8Array => concatBytes(PREFIX, sha256(bytesOfContentId(job)))
export const isClosedEpochKey = (at: Uint8Array): boolean =>
  at.length === PREFIX.length + 32 && sameBytes(at.subarray(0, PREFIX.length), PREFIX)

export const closedEpochsEntries = (all: ClosedEpochs): readonly MapPut[] => [...all.values()].map(put)
export function closedEpochsEdits(before: ClosedEpochs, after: ClosedEpochs): readonly MapEdit[] {
  return changedKeys(before, after).map((job): MapEdit => {
    const one = after.get(job)
    return one === undefined ? { type: 'delete', key: keyOf(job) } : put(one)
  })
}
function put({ job, epoch, members, start, untilMs }: ClosedEpoch): MapPut {
  const value = { job: bytesOfContentId(job), epoch, members: members.map(keyOfPeerId), start: bytesOfContentId(start), untilMs }
  return { type: 'put', key: keyOf(job), value: encodeWith(closedEpochRecord, value) }
}

/** @throws {WireError} @throws {CryptoError} */
export function closedEpochFrom({ value }: Pick<MapEntry, 'value'>): ClosedEpoch {
  const { job, epoch, members, start, untilMs } = decodeWith(closedEpochRecord, value)
  return { job: jobIdOf(contentIdOfBytes(job)), epoch, members: members.map(peerIdOfKey), start: contentIdOfBytes(start), untilMs }
}
