import { changedKeys, type MapEdit, type MapEntry, type MapPut } from '@interpeer/content-store'
import { bytesOfContentId, contentIdOfBytes, jobIdOf, keyOfPeerId, peerIdOfKey, sha256 } from '@interpeer/crypto-ids'
import type { BlobOf } from '@interpeer/job-scheduler'
import { bytes, bytesOfHex, concatBytes, decodeWith, encodeWith, hexOf, sameBytes, struct, uint32 } from '@interpeer/wire-codec'
import type { AllDisputeParts, DisputeParts } from './dispute-parts.js'

/** What the `jobs` map has of a dispute that comes in parts, under `parts-of` and SHA-256 of job and member (peer.cddl). The bytes so far are named by their hash. */
export const disputePartsRecord = struct({
  job: bytes(36),
  epoch: uint32,
  member: bytes(32),
  dispute: bytes(32),
  size: uint32,
  held: bytes(32),
})
const PREFIX = Uint8Array.from('parts-of', (letter) => letter.charCodeAt(0))
/** A key of 40 bytes, so never that of a job, which has 36. */
export const isDisputePartsKey = (at: Uint8Array): boolean =>
  at.length === PREFIX.length + 32 && sameBytes(at.subarray(0, PREFIX.length), PREFIX)
const keyOf = (name: string): Uint8Array => concatBytes(PREFIX, bytesOfHex(name))

export const disputePartsEntries = (all: AllDisputeParts): readonly MapPut[] => [...all].map(put)
export function disputePartsEdits(before: AllDisputeParts, after: AllDisputeParts): readonly MapEdit[] {
  return changedKeys(before, after).map((name): MapEdit => {
    const one = after.get(name)
    return one === undefined ? { type: 'delete', key: keyOf(name) } : put([name, one])
  })
}
function put([name, { job, epoch, member, dispute, size, bytes: held }]: readonly [string, DisputeParts]): MapPut {
  const value = { job: bytesOfContentId(job), epoch, member: keyOfPeerId(member), dispute, size, held: sha256(held) }
  return { type: 'put', key: keyOf(name), value: encodeWith(disputePartsRecord, value) }
}

/** What the entries name by hash. */
export const blobsOfDisputeParts = (all: AllDisputeParts): readonly Uint8Array[] => [...all.values()].map(({ bytes: held }) => held)

/** Undefined: what it names by hash is not at hand. @throws {WireError} @throws {CryptoError} */
export function disputePartsFrom({ key, value }: Pick<MapEntry, 'key' | 'value'>, blobOf: BlobOf): [string, DisputeParts] | undefined {
  const { job, epoch, member, dispute, size, held } = decodeWith(disputePartsRecord, value)
  const given = blobOf(held)
  if (given === undefined) return undefined
  const read = { job: jobIdOf(contentIdOfBytes(job)), epoch, member: peerIdOfKey(member), dispute, size, bytes: given }
  return [hexOf(key.subarray(PREFIX.length)), read]
}
