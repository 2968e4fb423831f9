import { changedKeys, type MapEdit, type MapEntry, type MapPut } from '@interpeer/content-store'
import { bytesOfContentId, contentIdOfBytes, jobIdOf, keyOfPeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { type AccusationFinding, accusationFinding, MEMBERS_MAX } from '@interpeer/peer-group'
import {
  bytes,
  bytesOfHex,
  concatBytes,
  decodeWith,
  encodeWith,
  hexOf,
  link,
  list,
  nullable,
  oneOf,
  sameBytes,
  struct,
  uint8,
  uint16,
  uint32,
  uint53,
} from '@interpeer/wire-codec'
import type { AccusationCase, Accusations } from './accusations.js'
import { JURY_MAX } from './draw-jury.js'

const key = bytes(32)
const ENDS = ['open', 'unjudged', 'settled'] as const
const isEnd = (came: string): came is (typeof ENDS)[number] => ENDS.some((one) => one === came)
const outcome = oneOf(
  ...(['undecided', 'not-fetched', 'unfit', 'accused-lied', 'accuser-lied', 'both-lied', 'not-ended'] as const),
  ...(['open-case', 'unjudged-case', 'settled-case'] as const),
)
/** What the `jobs` map has of an accusation, under `accused/` and its id (peer.cddl). */
export const accusationRecord = struct({
  job: bytes(36),
  epoch: uint32,
  members: list(key, MEMBERS_MAX),
  start: link,
  accuser: key,
  accused: key,
  kind: oneOf('read', 'own-part', 'two-signed'),
  evidence: bytes(32),
  recordedHeight: uint53,
  jury: nullable(list(key, JURY_MAX)),
  ratings: list(uint16, JURY_MAX),
  fetchUntilMs: uint53,
  answerUntilMs: uint53,
  deadlineMs: uint53,
  verdicts: list(struct({ juror: key, finding: accusationFinding }), JURY_MAX),
  outcome,
  leave: list(key, MEMBERS_MAX),
  askedEpoch: uint32,
  asked: uint8,
})
const PREFIX = Uint8Array.from('accused/', (letter) => letter.charCodeAt(0))
/** A key of 40 bytes, so never that of a job, which has 36. */
const keyOf = (id: string): Uint8Array => concatBytes(PREFIX, bytesOfHex(id))
export const isAccusationKey = (at: Uint8Array): boolean =>
  at.length === PREFIX.length + 32 && sameBytes(at.subarray(0, PREFIX.length), PREFIX)

export const accusationsEntries = (accusations: Accusations): readonly MapPut[] => [...accusations.values()].map(put)
export function accusationsEdits(before: Accusations, after: Accusations): readonly MapEdit[] {
  return changedKeys(before, after).map((id): MapEdit => {
    const one = after.get(id)
    return one === undefined ? { type: 'delete', key: keyOf(id) } : put(one)
  })
}
function put({ id, jury, ratings, outcome: came, ...one }: AccusationCase): MapPut {
  const value = encodeWith(accusationRecord, {
    ...one,
    job: bytesOfContentId(one.job),
    start: bytesOfContentId(one.start),
    members: one.members.map(keyOfPeerId),
    accuser: keyOfPeerId(one.accuser),
    accused: keyOfPeerId(one.accused),
    jury: jury === null ? null : jury.map(keyOfPeerId),
    ratings: (jury ?? []).map((peer) => ratings.get(peer) ?? 0),
    verdicts: one.verdicts.map(({ juror, finding }) => ({ juror: keyOfPeerId(juror), finding })),
    leave: one.leave.map(keyOfPeerId),
    outcome: isEnd(came) ? `${came}-case` : came,
  })
  return { type: 'put', key: keyOf(id), value }
}

/** The accusation that an entry is of. @throws {WireError} @throws {CryptoError} */
export function accusationFrom({ key: at, value }: Pick<MapEntry, 'key' | 'value'>): AccusationCase {
  const read = decodeWith(accusationRecord, value)
  const jury = read.jury === null ? null : read.jury.map(peerIdOfKey)
  return {
    ...read,
    id: hexOf(at.subarray(PREFIX.length)),
    job: jobIdOf(contentIdOfBytes(read.job)),
    start: contentIdOfBytes(read.start),
    members: read.members.map(peerIdOfKey),
    accuser: peerIdOfKey(read.accuser),
    accused: peerIdOfKey(read.accused),
    jury,
    ratings: new Map((jury ?? []).map((peer, i) => [peer, read.ratings[i] ?? 0])),
    verdicts: read.verdicts.map(({ juror, finding: said }) => ({ juror: peerIdOfKey(juror), finding: said })),
    leave: read.leave.map(peerIdOfKey),
    outcome: ENDS.find((one) => read.outcome === `${one}-case`) ?? (read.outcome as AccusationFinding),
  }
}
