import { changedKeys, type MapEdit, type MapEntry, type MapPut } from '@interpeer/content-store'
import { bytesOfContentId, contentIdOfBytes, jobIdOf, keyOfPeerId, openMessage, peerIdOfKey, sha256 } from '@interpeer/crypto-ids'
import type { BlobOf } from '@interpeer/job-scheduler'
import { MEMBERS_MAX, type Verification, verdictMessage } from '@interpeer/peer-group'
import {
  bytes,
  bytesOfHex,
  concatBytes,
  decodeWith,
  encodeWith,
  hexOf,
  list,
  nullable,
  oneOf,
  sameBytes,
  struct,
  uint16,
  uint32,
  uint53,
} from '@interpeer/wire-codec'
import { type DisputeCase, type Disputes, isOfClosed, judgmentOf } from './disputes.js'
import { JURY_MAX } from './draw-jury.js'
import { NetworkError } from './errors.js'
import type { NetworkState } from './network-state.js'

/** What the `jobs` map has of a dispute, under `dispute/` and its id (peer.cddl). What is large and was in blocks is named by its hash. */
export const disputeRecord = struct({
  job: bytes(36),
  epoch: uint32,
  dispute: bytes(32),
  recordedHeight: uint53,
  jury: nullable(list(bytes(32), JURY_MAX)),
  ratings: list(uint16, JURY_MAX),
  fetchUntilMs: uint53,
  answerUntilMs: uint53,
  deadlineMs: uint53,
  verdicts: list(struct({ verdict: bytes(32), atMs: uint53 }), 2 * JURY_MAX),
  judgedMs: nullable(uint53),
  debtors: list(bytes(32), MEMBERS_MAX),
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
function put({ id, job, jury, ratings, dispute, verdicts, judgment, debtors, ...rest }: DisputeCase): MapPut {
  const { epoch, recordedHeight, fetchUntilMs, answerUntilMs, deadlineMs, judgedMs } = rest
  const value = encodeWith(disputeRecord, {
    ...{ epoch, recordedHeight, fetchUntilMs, answerUntilMs, deadlineMs, judgedMs },
    job: bytesOfContentId(job),
    dispute: sha256(dispute),
    jury: jury === null ? null : jury.map(keyOfPeerId),
    ratings: (jury ?? []).map((peer) => ratings.get(peer) ?? 0),
    verdicts: verdicts.map(({ envelope, atMs }) => ({ verdict: sha256(envelope), atMs })),
    debtors: debtors.map(keyOfPeerId),
    outcome: judgment?.outcome ?? 'open',
  })
  return { type: 'put', key: disputeKey(id), value }
}

/** What the entries of disputes name by hash. */
export const blobsOfDisputes = (disputes: Disputes): readonly Uint8Array[] =>
  [...disputes.values()].flatMap(({ dispute, verdicts }) => [dispute, ...verdicts.map(({ envelope }) => envelope)])

/** Whether a key of the `jobs` map is a dispute's. */
export const isDisputeKey = (key: Uint8Array): boolean =>
  key.length === PREFIX.length + 32 && sameBytes(key.subarray(0, PREFIX.length), PREFIX)

/**
 * A dispute as its record, its job's entry and what the record names by hash say. Judged ones are judged again, as of then: that comes to the same.
 * Undefined: something is not at hand.
 * @throws {WireError} @throws {CryptoError} @throws {PeerGroupError} @throws {NetworkError} DISPUTE_UNKNOWN: it is of no job
 */
export function disputeFrom(
  { key, value }: Pick<MapEntry, 'key' | 'value'>,
  { network, jobs }: Pick<NetworkState, 'network' | 'jobs'>,
  blobOf: BlobOf,
  verification: Verification,
): DisputeCase | undefined {
  const { job: named, dispute: hash, jury: jurors, ratings, verdicts, debtors, outcome: _, ...rest } = decodeWith(disputeRecord, value)
  const [dispute, envelopes] = [blobOf(hash), verdicts.map(({ verdict }) => blobOf(verdict))]
  const job = jobIdOf(contentIdOfBytes(named))
  const entry = jobs.get(job)
  if (entry === undefined) throw new NetworkError({ code: 'DISPUTE_UNKNOWN' })
  if (dispute === undefined || envelopes.includes(undefined)) return undefined
  const { members, start } = entry.epoch
  const isClosed = entry.closing !== null && isOfClosed({ dispute }, entry.closing)
  const jury = jurors === null ? null : jurors.map(peerIdOfKey)
  const given = {
    ...{ ...rest, id: hexOf(key.subarray(PREFIX.length)), job, members, start, isClosed, dispute, jury, debtors: debtors.map(peerIdOfKey) },
    ratings: new Map((jury ?? []).map((peer, i) => [peer, ratings[i] ?? 0])),
    verdicts: verdicts.map(({ atMs }, i) => {
      const envelope = envelopes[i] as Uint8Array
      const { from } = openMessage(verdictMessage, envelope, network, (verdict) => peerIdOfKey(verdict.from))
      return { juror: peerIdOfKey(from), envelope, atMs }
    }),
  }
  return { ...given, judgment: rest.judgedMs === null ? null : judgmentOf(given, network, rest.judgedMs, verification) }
}
