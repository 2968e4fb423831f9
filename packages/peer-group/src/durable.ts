import { CryptoError } from '@interpeer/crypto-ids'
import {
  bytes,
  bytesMax,
  decodeWith,
  encodeWith,
  hexOf,
  type Infer,
  list,
  nullable,
  oneOf,
  sameBytes,
  struct,
  uint8,
  uint16,
  uint32,
  WireError,
} from '@interpeer/wire-codec'
import { type KnownBatch, NO_BATCH, readBatch } from './batch.js'
import { readCertificate } from './certificate.js'
import { PeerGroupError } from './errors.js'
import type { Base, Group, OpenStep, Turn } from './group-state.js'
import {
  answerSchema,
  CERTIFICATE_MAX_BYTES,
  commitSetSchema,
  proposalMessage,
  REVEAL_MAX_BYTES,
  revealMessage,
  SEAL_MAX_BYTES,
  sealMessage,
  TALLY_MAX_BYTES,
  TIMEOUT_MAX_BYTES,
  tallyMessage,
  timeoutMessage,
} from './messages.js'
import { newOpenStep } from './open-step.js'
import { BATCH_MAX_BYTES } from './settings.js'
import { tallyRecord } from './tally.js'
import { takeTimeout } from './timeouts.js'

const RECORD_VERSION = 2
export const RECORD_MAX_BYTES = 4 * 1024 * 1024
const PROPOSAL_MAX_BYTES = 1024 * 1024 + 256
const batchBytes = bytesMax(BATCH_MAX_BYTES)

/** What a crash must not forget (design §6, Persist before send): everything this member has signed for the open step, byte for byte. */
export const recordSchema = struct({
  version: uint8,
  job: bytes(36),
  epoch: uint32,
  phase: oneOf('open', 'closed', 'shown'),
  last: nullable(struct({ step: uint32, certificate: bytesMax(CERTIFICATE_MAX_BYTES), batch: batchBytes })),
  /** This member's reveal for the last final step, where its certificate lacks it. */
  late: nullable(bytesMax(REVEAL_MAX_BYTES)),
  rank: uint16,
  proposed: nullable(struct({ rank: uint16, envelope: bytesMax(PROPOSAL_MAX_BYTES) })),
  sealed: nullable(struct({ rank: uint16, batch: batchBytes, salt: bytes(32), answer: answerSchema, envelope: bytesMax(SEAL_MAX_BYTES) })),
  bound: nullable(commitSetSchema),
  lockRank: nullable(uint16),
  revealed: nullable(struct({ rank: uint16, envelope: bytesMax(REVEAL_MAX_BYTES) })),
  /** The highest rank given up, plus one; 0: none. */
  givenUpBelow: uint32,
  timeouts: list(bytesMax(TIMEOUT_MAX_BYTES), 2),
  tally: tallyRecord,
  /** This member's tally for the open step, as it was sent. */
  ownTally: nullable(bytesMax(TALLY_MAX_BYTES)),
  show: nullable(bytesMax(256 * 1024)),
})
type DurableRecord = Infer<typeof recordSchema>

export function writeRecord(g: Group): Uint8Array {
  const { base, open } = g
  return encodeWith(
    recordSchema,
    {
      version: RECORD_VERSION,
      job: g.job,
      epoch: g.setup.epoch,
      phase: g.phase,
      last:
        base.certified === undefined
          ? null
          : { step: base.step, certificate: base.certified.certificate, batch: base.certified.batch.bytes },
      late: base.late?.reveal?.envelope ?? null,
      rank: open.rank,
      proposed: open.proposed ?? null,
      sealed: open.sealed === undefined ? null : { ...open.sealed, batch: open.sealed.batch.bytes },
      bound: open.bound === undefined ? null : { ...open.bound, batch: open.bound.batch.bytes },
      lockRank: open.lockRank ?? null,
      revealed: open.revealed ?? null,
      givenUpBelow: open.givenUp + 1,
      timeouts: open.ownTimeouts,
      tally: g.tally,
      ownTally: open.tallies.get(g.seat)?.envelope ?? null,
      show: g.show ?? null,
    },
    RECORD_MAX_BYTES,
  )
}

/** @throws {PeerGroupError} RECORD_UNREADABLE */
export function readRecord(record: Uint8Array, job: Uint8Array, epoch: number): DurableRecord {
  let value: DurableRecord
  try {
    value = decodeWith(recordSchema, record, RECORD_MAX_BYTES)
  } catch (cause) {
    throw unreadable('not a record', cause)
  }
  if (value.version !== RECORD_VERSION) throw unreadable('another version')
  if (!sameBytes(value.job, job) || value.epoch !== epoch) {
    throw unreadable('of another job or epoch')
  }
  return value
}

/** Reads the certificates and batches inside a record. @throws {PeerGroupError} RECORD_UNREADABLE */
function within<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof CryptoError || cause instanceof PeerGroupError || cause instanceof WireError) {
      throw unreadable('it holds what is no certificate or batch', cause)
    }
    throw cause
  }
}
const unreadable = (reason: string, cause?: unknown): PeerGroupError => new PeerGroupError({ code: 'RECORD_UNREADABLE', reason }, { cause })

/** Where an epoch begins, or where the record left it. @throws {PeerGroupError} RECORD_UNREADABLE */
export function baseOf(g: Pick<Group, 'setup' | 'verifier'>, record: DurableRecord | undefined, nowMs: number): Base {
  const { setup } = g
  const fresh = { sinceMs: nowMs, announced: false, running: false }
  if (record?.last === undefined || record.last === null) {
    return { ...fresh, step: 0, batchHash: NO_BATCH, root: setup.start, timeMs: setup.startTimeMs ?? 0 }
  }
  const { certificate, batch } = record.last
  const certified = within(() => readCertificate(certificate, batch, g.verifier))
  return {
    ...fresh,
    step: certified.step,
    batchHash: certified.batchHash,
    root: certified.state,
    timeMs: certified.timeMs,
    certified: {
      rank: certified.rank,
      answer: certified.answer,
      batch: certified.batch,
      certificate,
      revealed: new Set(certified.reveals.map(({ seat }) => seat)),
    },
  }
}

/**
 * Puts the record's late reveal and open step back, its own messages included, as if they had just been made.
 * @throws {PeerGroupError} RECORD_UNREADABLE
 */
export function restoreOpenStep(t: Turn, record: DurableRecord): void {
  const { g } = t
  const open: OpenStep = newOpenStep(g, g.base.step + 1)
  g.open = open
  open.rank = record.rank
  open.givenUp = record.givenUpBelow - 1
  open.lockRank = record.lockRank ?? undefined
  open.revealed = record.revealed ?? undefined
  open.proposed = record.proposed ?? undefined
  open.ownTimeouts = record.timeouts
  const known = (batch: Uint8Array): KnownBatch => {
    const read = within(() => readBatch(batch))
    open.batches.set(hexOf(read.hash), read)
    return read
  }
  if (record.sealed !== null) open.sealed = { ...record.sealed, batch: known(record.sealed.batch) }
  if (record.bound !== null) open.bound = { ...record.bound, batch: known(record.bound.batch) }
  if (record.proposed !== null) {
    const opened = g.verifier.open(proposalMessage, record.proposed.envelope)
    if (typeof opened !== 'string')
      open.proposals.set(record.proposed.rank, { ...opened, batch: known(opened.value.batch), refused: false })
  }
  const seal = open.sealed === undefined ? 'none' : g.verifier.open(sealMessage, open.sealed.envelope)
  if (typeof seal !== 'string') open.seals.set(seal.value.rank, new Map([[seal.seat, seal]]))
  const revealed = open.revealed === undefined ? 'none' : g.verifier.open(revealMessage, open.revealed.envelope)
  if (typeof revealed !== 'string') open.reveals.set(revealed.value.rank, new Map([[revealed.seat, revealed]]))
  const late = record.late === null ? 'none' : g.verifier.open(revealMessage, record.late)
  if (typeof late !== 'string') g.base = { ...g.base, late: { reveal: late, open: false } }
  const tally = record.ownTally === null ? 'none' : g.verifier.open(tallyMessage, record.ownTally)
  if (typeof tally !== 'string') open.tallies.set(tally.seat, tally)
  for (const envelope of record.timeouts) {
    const timeout = g.verifier.open(timeoutMessage, envelope)
    if (typeof timeout !== 'string') takeTimeout(t, timeout)
  }
}
