import type { ContentId, JobId, NetworkId, PeerId } from '@interpeer/crypto-ids'
import { compareBytes } from '@interpeer/wire-codec'
import { ContentStoreError } from '../errors.js'
import type { RecordStore } from '../records.js'
import { CLAIM_MAX_MS, type Claim, openClaim } from './claim.js'

/** The most signers one job is remembered for, and the most claims in all. Ended claims make room, live ones never do. */
export const CLAIMS_PER_JOB_MAX = 64
export const CLAIMS_MAX = 16_384

/** Who refers to what: the newest claim of each job and signer. A value: taking a claim makes a new one. */
export interface ClaimBook {
  /** By `JOB/PEER`, which is also the key of its record. */
  readonly claims: ReadonlyMap<string, Claim>
}
export const emptyClaimBook: ClaimBook = { claims: new Map() }

export interface ClaimRules {
  readonly network: NetworkId
  /** Network time. */
  readonly nowMs: number
  /** Whether this peer speaks for the job: its uploader, a member of its group. A claim by anyone else changes nothing. */
  readonly mayClaim: (job: JobId, from: PeerId) => boolean
}
export interface TakenClaim {
  readonly book: ClaimBook
  /** What has to be durable before the claim counts; empty where nothing changed: the book had it, or a newer one. */
  readonly records: readonly (readonly [key: string, bytes: Uint8Array])[]
  /** Records to delete: of an ended claim that made room. */
  readonly dropped: readonly string[]
}

/**
 * Takes up a signed claim, which may end an earlier one of the same job and signer. The one issued last counts, whatever order they come in
 * (of two issued at one time, the one whose bytes are greater), so an old one that is sent again revives nothing. (Where an
 * ended one had to make room, an older one of that signer could come back, until its own end: it would keep content longer, never lose it.)
 * @throws {ContentStoreError} CLAIM_TIME, CLAIM_NOT_ALLOWED, CLAIMS_FULL
 * @throws {CryptoError} {WireError} as `openClaim`
 */
export function takeClaim(book: ClaimBook, envelope: Uint8Array, { network, nowMs, mayClaim }: ClaimRules): TakenClaim {
  const claim = openClaim(envelope, network, nowMs)
  const { job, from } = claim
  if (!mayClaim(job, from)) throw new ContentStoreError({ code: 'CLAIM_NOT_ALLOWED', job, from })
  const key = `${job}/${from}`
  const there = book.claims.get(key)
  if (isForgotten(claim, nowMs) || (there !== undefined && !isNewer(claim, there))) return { book, records: [], dropped: [] }
  const dropped = there === undefined ? roomFor(book, job, nowMs) : []
  const claims = new Map(book.claims)
  for (const gone of dropped) claims.delete(gone)
  return { book: { claims: claims.set(key, claim) }, records: [[key, envelope]], dropped }
}

/** What has to go for one more signer of a job: of the ended claims the one issued first. @throws {ContentStoreError} CLAIMS_FULL */
function roomFor({ claims }: ClaimBook, job: JobId, nowMs: number): readonly string[] {
  const ofJob = [...claims].filter(([, one]) => one.job === job)
  const crowd = ofJob.length >= CLAIMS_PER_JOB_MAX ? ofJob : claims.size >= CLAIMS_MAX ? [...claims] : []
  if (crowd.length === 0) return []
  const ended = crowd.filter(([, { untilMs }]) => untilMs <= nowMs).toSorted(([, a], [, b]) => a.issuedMs - b.issuedMs)
  if (ended[0] === undefined) throw new ContentStoreError({ code: 'CLAIMS_FULL', job })
  return [ended[0][0]]
}

const isNewer = (a: Claim, b: Claim): boolean =>
  a.issuedMs > b.issuedMs || (a.issuedMs === b.issuedMs && compareBytes(a.envelope, b.envelope) > 0)

/** A claim is remembered for as long as an older one, sent again, could still be believed. */
const isForgotten = ({ issuedMs }: Claim, nowMs: number): boolean => issuedMs + CLAIM_MAX_MS <= nowMs

/** Every root that someone vouches for at that time, each once. */
export function claimedRoots({ claims }: ClaimBook, nowMs: number): ReadonlySet<ContentId> {
  return new Set([...claims.values()].filter(({ untilMs }) => untilMs > nowMs).flatMap(({ roots }) => roots))
}

/** Which jobs refer to this root at that time (WP §6.9: the list of scripts that reference it). */
export function jobsReferringTo({ claims }: ClaimBook, root: ContentId, nowMs: number): ReadonlySet<JobId> {
  const referring = [...claims.values()].filter(({ roots, untilMs }) => untilMs > nowMs && roots.includes(root))
  return new Set(referring.map(({ job }) => job))
}

/** The book without what no longer matters, and the keys of the records to delete. */
export function forgetClaims({ claims }: ClaimBook, nowMs: number): { readonly book: ClaimBook; readonly keys: readonly string[] } {
  const keys = [...claims].filter(([, claim]) => isForgotten(claim, nowMs)).map(([key]) => key)
  const gone = new Set(keys)
  return { book: { claims: new Map([...claims].filter(([key]) => !gone.has(key))) }, keys }
}

/**
 * The book that `records` held when this peer stopped. Signatures are checked again; what fails is left out and counted. Times are not: a
 * clock that went back must not make a peer forget.
 * @throws {ContentStoreError} RECORD_CORRUPT: who does not know all claims must not collect
 */
export function openClaimBook(
  records: Pick<RecordStore, 'list'>,
  network: NetworkId,
): { readonly book: ClaimBook; readonly refused: number } {
  const claims = new Map<string, Claim>()
  let refused = 0
  for (const [key, envelope] of records.list('')) {
    try {
      const claim = openClaim(envelope, network, Number.POSITIVE_INFINITY)
      if (key !== `${claim.job}/${claim.from}`) refused++
      else claims.set(key, claim)
    } catch {
      refused++
    }
  }
  return { book: { claims }, refused }
}
