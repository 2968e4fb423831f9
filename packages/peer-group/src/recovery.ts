import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { type KnownBatch, readBatch } from './batch.js'
import { type CertifiedStep, closes, readCertificate } from './certificate.js'
import { PeerGroupError } from './errors.js'
import { sealMessage, showMessage } from './messages.js'
import { quorumOf } from './quorum.js'
import { createVerifier, type GroupContext, type Verification, type Verifier } from './verifier.js'

/** What a block opens the next epoch from, when the old one could not close itself (design §6, Recovery). */
export interface Recovery {
  /** The last final step shown; undefined: none, the epoch begins where the old one began. */
  readonly last?: {
    readonly step: number
    readonly certificate: Uint8Array
    readonly batch: Uint8Array
    readonly state: ContentId
    readonly timeMs: number
  }
  /** Batches that the next group runs again first, unchanged and in order. */
  readonly rerun: readonly Uint8Array[]
  /** Whose shows count, in seat order. With fewer than q of them, writes may be lost. */
  readonly shown: readonly PeerId[]
  /** q members showed: no acknowledged write can be missing. */
  readonly complete: boolean
  /** The last step shown is a closing one: the epoch is over, and its receipt stands. */
  readonly closed: boolean
}

/**
 * Puts old members' shows together. Every certificate lies with one honest member of any q, and every commit set that a certificate
 * may have come from too, so what q members show loses nothing final. Certificates count from any holder.
 * @throws {PeerGroupError} SHOWS_INVALID when a show or certificate does not hold
 */
export function recoverFrom(
  shows: readonly Uint8Array[],
  context: GroupContext,
  found: readonly { readonly certificate: Uint8Array; readonly batch: Uint8Array }[] = [],
  verification?: Verification,
): Recovery {
  const verifier = createVerifier(context, verification)
  const opened = shows.map((envelope) => {
    const show = verifier.open(showMessage, envelope)
    if (typeof show === 'string') throw invalid(show)
    return show
  })
  const seats = new Set(opened.map(({ seat }) => seat))
  if (seats.size !== opened.length) throw invalid('a member shows twice')
  const certificates = [...found, ...opened.flatMap(({ value }) => (value.last === null ? [] : [value.last]))]
  let last: (CertifiedStep & { readonly certificate: Uint8Array }) | undefined
  for (const { certificate, batch } of certificates) {
    const certified = readOrThrow(certificate, batch, verifier)
    if (certified.step > (last?.step ?? 0)) last = { ...certified, certificate }
  }
  const step = (last?.step ?? 0) + 1
  let bound: { readonly rank: number; readonly batch: KnownBatch } | undefined
  for (const { value } of opened) {
    if (value.bound === null) continue
    const set = readSet(value.bound, verifier)
    if (set.step === step && set.rank > (bound?.rank ?? -1)) bound = set
  }
  const closed = last !== undefined && closes(last.batch.value, context)
  return {
    ...(last === undefined
      ? {}
      : { last: { step: last.step, certificate: last.certificate, batch: last.batch.bytes, state: last.state, timeMs: last.timeMs } }),
    rerun: bound === undefined || closed ? [] : [bound.batch.bytes],
    shown: context.members.filter((_, seat) => seats.has(seat)),
    complete: seats.size >= quorumOf(context.members.length),
    closed,
  }
}

function readSet(
  { rank, batch: bytes, seals }: { readonly rank: number; readonly batch: Uint8Array; readonly seals: readonly Uint8Array[] },
  verifier: Verifier,
): { readonly step: number; readonly rank: number; readonly batch: KnownBatch } {
  let batch: KnownBatch
  try {
    batch = readBatch(bytes)
  } catch (cause) {
    throw invalid('a batch that is not readable', cause)
  }
  const seats = new Set<number>()
  const steps = new Set<number>()
  for (const envelope of seals) {
    const seal = verifier.open(sealMessage, envelope)
    if (typeof seal === 'string') throw invalid(seal)
    if (seal.value.rank !== rank || !sameBytes(seal.value.batch, batch.hash)) throw invalid('a seal of another place')
    seats.add(seal.seat)
    steps.add(seal.value.step)
  }
  const [step] = steps
  if (step === undefined || steps.size !== 1 || seats.size < quorumOf(verifier.context.members.length)) throw invalid('not a commit set')
  return { step, rank, batch }
}

function readOrThrow(certificate: Uint8Array, batch: Uint8Array, verifier: Verifier): CertifiedStep {
  try {
    return readCertificate(certificate, batch, verifier)
  } catch (cause) {
    if (cause instanceof PeerGroupError) throw invalid(cause.failure.reason, cause)
    throw cause
  }
}

const invalid = (reason: string, cause?: unknown): PeerGroupError => new PeerGroupError({ code: 'SHOWS_INVALID', reason }, { cause })
