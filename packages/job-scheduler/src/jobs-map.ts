import { changedKeys, checkEntry, type MapEdit, type MapEntry, type MapPut } from '@interpeer/content-store'
import {
  bytesOfContentId,
  contentIdOfBytes,
  type JobId,
  jobIdOf,
  keyOfPeerId,
  type NetworkId,
  type PeerId,
  peerIdOfKey,
  sha256,
} from '@interpeer/crypto-ids'
import {
  bool,
  bytes,
  bytesMax,
  decodeWith,
  encodeWith,
  type Infer,
  link,
  list,
  nullable,
  oneOf,
  struct,
  uint8,
  uint16,
  uint32,
  uint53,
  uint64,
} from '@interpeer/wire-codec'
import { type Job, type Jobs, RERUN_MAX, type Recovering, seatsOfJob } from './job.js'
import { openManifest, SEATS_MAX, SIGNED_MANIFEST_BYTES_MAX } from './manifest.js'

const [hash, key] = [bytes(32), bytes(32)]
const members = list(key, SEATS_MAX)
/** What the map has under a JobId's bytes (job-scheduler.cddl). Batches, shows and parts of shows are named by their hashes: they can be megabytes. */
export const jobRecord = struct({
  state: oneOf('running', 'ended', 'waiting'),
  manifest: bytesMax(SIGNED_MANIFEST_BYTES_MAX),
  startMs: uint53,
  tenureMs: uint53,
  epoch: struct({
    number: uint32,
    members,
    sinceMs: list(uint53, SEATS_MAX),
    seed: hash,
    start: link,
    startTimeMs: uint53,
    openedMs: uint53,
    openedHeight: uint53,
    certificate: nullable(hash),
    rerun: list(hash, RERUN_MAX),
    writesMayBeLost: bool,
    jurors: uint8,
    mayPay: uint64,
  }),
  next: nullable(struct({ members, seed: hash, seat: uint16, leaver: key, joiner: key, atMs: uint53, jurors: uint8, mayPay: uint64 })),
  recovering: nullable(
    struct({
      sinceHeight: uint53,
      sinceMs: uint53,
      leave: members,
      waitsSinceMs: uint53,
      shows: list(struct({ member: key, show: hash }), SEATS_MAX),
      parts: list(struct({ member: key, show: hash, bytes: hash }), SEATS_MAX),
    }),
  ),
  closing: nullable(struct({ certificate: hash, batch: hash, height: uint53, sinceHeight: uint53, sinceMs: uint53 })),
  last: nullable(struct({ epoch: uint32, certificate: hash, state: link, atMs: uint53, height: uint53 })),
  paid: uint64,
})
/** A job's entry as others are shown it: keys are raw public keys (32 bytes), hashes SHA-256, links binary CIDs. */
export type JobRecord = Infer<typeof jobRecord>

/** All entries of the map of jobs: the `jobs` data set. A job's sum is its seats, so the map says whose seat a number is. */
export const jobsEntries = (jobs: Jobs): readonly MapPut[] => [...jobs.values()].map(jobPut)

/** What makes the map of `after` of that of `before`: an edit for each job whose entry is not the same. */
export function jobsEdits(before: Jobs, after: Jobs): readonly MapEdit[] {
  return changedKeys(before, after).map((job): MapEdit => {
    const entry = after.get(job)
    return entry === undefined ? { type: 'delete', key: bytesOfContentId(job) } : jobPut(entry)
  })
}
const jobPut = (job: Job): MapPut => ({
  type: 'put',
  key: bytesOfContentId(job.job),
  value: encodeWith(jobRecord, jobRecordOf(job)),
  sum: BigInt(seatsOfJob(job)),
})

/** A job's entry as the map has it. */
export function jobRecordOf({ state, manifestEnvelope, timetable, epoch, next, recovering, closing, last, paid }: Job): JobRecord {
  const keys = (peers: readonly PeerId[]) => peers.map(keyOfPeerId)
  return {
    state,
    manifest: manifestEnvelope,
    startMs: timetable.startMs,
    tenureMs: timetable.tenureMs,
    epoch: { ...epoch, members: keys(epoch.members), start: bytesOfContentId(epoch.start), rerun: epoch.rerun.map(hashOf) },
    next: next && { ...next, members: keys(next.members), leaver: keyOfPeerId(next.leaver), joiner: keyOfPeerId(next.joiner) },
    recovering: recovering && {
      ...recovering,
      leave: keys(recovering.leave),
      shows: recovering.shows.map(({ member, show }) => ({ member: keyOfPeerId(member), show: hashOf(show) })),
      parts: recovering.parts.map(({ member, show, bytes: held }) => ({ member: keyOfPeerId(member), show, bytes: hashOf(held) })),
    },
    closing: closing && { ...closing, certificate: hashOf(closing.certificate), batch: hashOf(closing.batch) },
    last: last && { ...last, state: bytesOfContentId(last.state) },
    paid,
  }
}
const hashOf = (given: Uint8Array): Uint8Array => sha256(given)

/** Gives what a record names by its SHA-256; undefined where it is not at hand. */
export type BlobOf = (hash: Uint8Array) => Uint8Array | undefined

/**
 * A job as its record and what that names by hash say. Undefined: some of that is not at hand (`blobOf` was asked for all of it).
 * @throws {WireError} @throws {CryptoError} what is there is no job's record
 */
export function jobFrom({ key, value }: Pick<MapEntry, 'key' | 'value'>, network: NetworkId, blobOf: BlobOf): Job | undefined {
  const {
    state,
    manifest: manifestEnvelope,
    startMs,
    tenureMs,
    epoch,
    next,
    recovering,
    closing,
    last,
    paid,
  } = decodeWith(jobRecord, value)
  const manifest = openManifest(manifestEnvelope, network)
  const peers = (keys: readonly Uint8Array[]) => keys.map(peerIdOfKey)
  const rerun = epoch.rerun.map(blobOf)
  const shows = recovering?.shows.map(({ member, show }) => ({ member: peerIdOfKey(member), show: blobOf(show) })) ?? []
  const parts = recovering?.parts.map(({ member, show, bytes: held }) => ({ member: peerIdOfKey(member), show, bytes: blobOf(held) })) ?? []
  const [certificate, batch] = [closing && blobOf(closing.certificate), closing && blobOf(closing.batch)]
  if (certificate === undefined || batch === undefined) return undefined
  if (rerun.includes(undefined) || shows.some(({ show }) => show === undefined) || parts.some(({ bytes: held }) => held === undefined))
    return undefined
  return {
    job: jobIdOf(contentIdOfBytes(key)),
    state,
    manifest,
    manifestEnvelope,
    timetable: { startMs, seats: manifest.seats, tenureMs },
    epoch: {
      ...epoch,
      members: peers(epoch.members),
      start: contentIdOfBytes(epoch.start),
      rerun: rerun as readonly Uint8Array[],
    },
    next: next && { ...next, members: peers(next.members), leaver: peerIdOfKey(next.leaver), joiner: peerIdOfKey(next.joiner) },
    recovering: recovering && {
      ...recovering,
      leave: peers(recovering.leave),
      shows: shows as Recovering['shows'],
      parts: parts as Recovering['parts'],
    },
    closing: closing && { ...closing, certificate: certificate as Uint8Array, batch: batch as Uint8Array },
    last: last && { ...last, state: contentIdOfBytes(last.state) },
    paid,
  }
}
/** What the entries of jobs name by hash. */
export const blobsOfJobs = (jobs: Jobs): readonly Uint8Array[] =>
  [...jobs.values()].flatMap(({ epoch, recovering, closing }) => [
    ...epoch.rerun,
    ...(closing === null ? [] : [closing.certificate, closing.batch]),
    ...(recovering?.shows ?? []).map(({ show }) => show),
    ...(recovering?.parts ?? []).map(({ bytes: held }) => held),
  ])

/**
 * A job's entry, from the `jobs` hash of a block's header and a proof (content-store's `proveEntry` with the JobId's bytes). Undefined: the
 * proof shows that there is no such job.
 * @param jobsHash 32 bytes, from a header that is trusted
 * @throws {ContentStoreError} MAP_PROOF_MALFORMED, MAP_PROOF_WRONG @throws {WireError} what is proven is no job's record
 */
export function checkJob(jobsHash: Uint8Array, job: JobId, proof: Uint8Array): JobRecord | undefined {
  const { entry } = checkEntry(jobsHash, bytesOfContentId(job), proof)
  return entry && decodeWith(jobRecord, entry.value)
}
