import { bytesOfContentId, type ContentId, CryptoError, contentIdOfBytes } from '@interpeer/crypto-ids'
import {
  bytes,
  bytesMax,
  decodeWith,
  encodeWith,
  hexOf,
  type Infer,
  link,
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
import { ancestorContext, ancestorsAfter, NO_BATCH } from './ancestors.js'
import { matches } from './answer.js'
import { type KnownBatch, readBatch } from './batch.js'
import { readCertificate, readReveals } from './certificate.js'
import { readDissent } from './dissent.js'
import { PeerGroupError } from './errors.js'
import type { Base, Final, Group, KnownStep, OpenStep, Turn } from './group-state.js'
import {
  answerSchema,
  boundSetSchema,
  CERTIFICATE_MAX_BYTES,
  proposalMessage,
  REVEAL_MAX_BYTES,
  revealMessage,
  SEAL_MAX_BYTES,
  SHOW_MAX_BYTES,
  SHOWN_STEPS_MAX,
  sealMessage,
  shownStepSchema,
  TALLY_MAX_BYTES,
  TIMEOUT_MAX_BYTES,
  tallyMessage,
  timeoutMessage,
} from './messages.js'
import { newOpenStep } from './open-step.js'
import { BATCH_MAX_BYTES, DISSENT_MAX_BYTES, DISSENTS_MAX, UNSEEN_MAX } from './settings.js'
import { disputedIn, isJudged, unnamedSteps } from './steps.js'
import { tallyRecord } from './tally.js'
import { boundBy, isForced, showTimeouts, takeTimeout } from './timeouts.js'
import type { Verifier } from './verifier.js'

/** The step before the last final one, too: its last reveals may still be on their way. */
const LAST_STEPS_MAX = SHOWN_STEPS_MAX + 1
/** And one before those that something is signed against: of many batches that are run again none is named before all have run. And one that this member objected to. */
const RECORD_STEPS_MAX = LAST_STEPS_MAX + 2
export const RECORD_VERSION = 7
export const RECORD_MAX_BYTES = 4 * 1024 * 1024
const PROPOSAL_MAX_BYTES = 1024 * 1024 + 256
const batchBytes = bytesMax(BATCH_MAX_BYTES)

/** What a crash must not forget (design §6, Persist before send): everything this member has signed for the open step, byte for byte. */
export const recordSchema = struct({
  version: uint8,
  job: bytes(36),
  epoch: uint32,
  phase: oneOf('open', 'closed', 'shown'),
  /** The last final step, and the certified ones since; what each was shown against it. */
  steps: list(shownStepSchema, RECORD_STEPS_MAX),
  /** The last final step; 0: none. */
  final: uint32,
  rank: uint16,
  proposed: nullable(struct({ rank: uint16, envelope: bytesMax(PROPOSAL_MAX_BYTES) })),
  sealed: nullable(
    struct({ rank: uint16, batch: batchBytes, start: link, salt: bytes(32), answer: answerSchema, envelope: bytesMax(SEAL_MAX_BYTES) }),
  ),
  bound: nullable(boundSetSchema),
  boundBatch: nullable(batchBytes),
  lockRank: nullable(uint16),
  revealed: nullable(struct({ rank: uint16, envelope: bytesMax(REVEAL_MAX_BYTES) })),
  /** The highest rank given up, plus one; 0: none. */
  givenUpBelow: uint32,
  timeouts: list(bytesMax(TIMEOUT_MAX_BYTES), 2),
  tally: tallyRecord,
  /** This member's tally for the open step, as it was sent. */
  ownTally: nullable(bytesMax(TALLY_MAX_BYTES)),
  show: nullable(bytesMax(SHOW_MAX_BYTES + 128)),
  /** Certificates whose batches nobody gave, and that this is so, as it was signed: the chain may have to be told again. And the first step that it is said of. */
  unseen: list(struct({ certificate: bytesMax(CERTIFICATE_MAX_BYTES), said: bytesMax(DISSENT_MAX_BYTES), fromStep: uint32 }), UNSEEN_MAX),
})
type DurableRecord = Infer<typeof recordSchema>

export function writeRecord(g: Group): Uint8Array {
  const { final, open } = g
  return encodeWith(
    recordSchema,
    {
      version: RECORD_VERSION,
      job: g.job,
      epoch: g.setup.epoch,
      phase: g.phase,
      steps: stepsToKeep(g).map(({ certified, dissents }) => ({
        certificate: certified.certificate,
        batch: certified.batch.bytes,
        dissents: dissentsToKeep(dissents, g.seat),
      })),
      final: final.step,
      rank: open.rank,
      proposed: open.proposed ?? null,
      sealed:
        open.sealed === undefined ? null : { ...open.sealed, batch: open.sealed.batch.bytes, start: bytesOfContentId(open.sealed.start) },
      bound: open.bound === undefined ? null : { rank: open.bound.rank, batch: open.bound.hash, seals: open.bound.seals },
      boundBatch: open.bound === undefined ? null : (open.batches.get(hexOf(open.bound.hash))?.bytes ?? null),
      lockRank: open.lockRank ?? null,
      revealed: open.revealed ?? null,
      givenUpBelow: open.givenUp + 1,
      timeouts: open.ownTimeouts,
      tally: g.tally,
      ownTally: open.tallies.get(g.seat)?.envelope ?? null,
      show: g.show ?? null,
      unseen: g.unseen.flatMap(({ certificate, said, step, fromStep = step }) =>
        said === undefined ? [] : [{ certificate, said, fromStep }],
      ),
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

/**
 * The last final step, what is certified since, and the steps before it that others may still complete. Of those that are too many the lowest that something is signed
 * against: who remembers that names neither it nor any after it, and the others are asked for again. And the lowest that it objected to itself: a block may not have that yet.
 */
function stepsToKeep(g: Group): readonly KnownStep[] {
  const last = g.steps.filter(({ step }) => step >= g.final.step - 1).slice(-LAST_STEPS_MAX)
  const lowest = unnamedSteps(g).find(({ dissents }) => dissents.size > 0)
  const own = g.steps.find(({ dissents }) => dissents.has(g.seat))
  return g.steps.filter((one) => one === lowest || one === own || last.includes(one))
}

/** The own one first: who signed it has to stand by it. */
function dissentsToKeep(dissents: ReadonlyMap<number, Uint8Array>, seat: number): readonly Uint8Array[] {
  const own = dissents.get(seat)
  const others = [...dissents].filter(([by]) => by !== seat).map(([, envelope]) => envelope)
  return [...(own === undefined ? [] : [own]), ...others].slice(0, DISSENTS_MAX)
}

/** What this member signed about steps that nobody gave it the batches of. @throws {PeerGroupError} RECORD_UNREADABLE */
export function unseenOf({ verifier }: Pick<Group, 'verifier'>, record: DurableRecord | undefined, nowMs: number): Group['unseen'] {
  return (record?.unseen ?? []).map((one) => ({ ...within(() => readReveals(one.certificate, verifier)), ...one, sinceMs: nowMs }))
}

/** Where an epoch begins, or where the record left it. Windows begin anew. @throws {PeerGroupError} RECORD_UNREADABLE */
export function placeOf(
  { setup, verifier, seat }: Pick<Group, 'setup' | 'verifier' | 'seat'>,
  record: DurableRecord | undefined,
  nowMs: number,
): Pick<Group, 'base' | 'final' | 'steps' | 'frozen'> {
  const restored = (record?.steps ?? []).map((shown) => within(() => restoreStep(shown, verifier, seat, nowMs)))
  const carried = disputedIn(restored, setup.epoch)
  const steps = restored.map((one) => ({ ...one, named: carried.has(one.step) }))
  const tip = steps.at(-1)
  const last = steps.find(({ step }) => step === record?.final)
  const rootOfStep = ({ certified }: KnownStep): ContentId => contentIdOfBytes(certified.answer.root)
  const base: Base =
    tip === undefined
      ? { step: 0, batchHash: NO_BATCH, ancestors: [], root: setup.start, timeMs: setup.startTimeMs ?? 0, sinceMs: nowMs }
      : {
          step: tip.step,
          batchHash: tip.certified.batch.hash,
          ancestors: ancestorsAfter({ step: tip.step, batch: tip.certified.batch }, ancestorContext(setup)),
          root: rootOfStep(tip),
          timeMs: tip.certified.batch.value.timeMs,
          sinceMs: nowMs,
        }
  const final: Final = { step: last?.step ?? 0, root: last === undefined ? setup.start : rootOfStep(last), announced: false }
  return { base, final, steps, frozen: frozenBy(steps, setup) }
}

/** What certified batches named disputed, where a jury decides. */
function frozenBy(steps: readonly KnownStep[], setup: Group['setup']): number {
  if (!isJudged({ setup })) return 0
  const all = steps.flatMap(({ certified: { answer } }) => (answer.disputed > 0 ? [answer.disputed] : []))
  return all.length === 0 ? 0 : Math.min(...all)
}

function restoreStep(
  { certificate, batch, dissents }: DurableRecord['steps'][number],
  verifier: Verifier,
  seat: number,
  nowMs: number,
): KnownStep {
  const { step, rank, answer, start, batch: known, reveals } = readCertificate(certificate, batch, verifier)
  const bySeat = new Map(reveals.map((one) => [one.seat, one]))
  const own = bySeat.get(seat)
  const against = dissents.flatMap((envelope) => {
    const read = readDissent(verifier, envelope)
    return read === undefined ? [] : [[read.seat, envelope] as const]
  })
  const isOwn = against.some(([by]) => by === seat)
  return {
    step,
    certified: { rank, answer, batch: known, start, certificate, reveals: bySeat },
    sinceMs: nowMs,
    own: isOwn ? 'differs' : own === undefined ? 'pending' : matches(own.value.answer, answer) ? 'agrees' : 'differs',
    mayReveal: false, // what was sealed elsewhere at that rank is not known any more
    bodies: 'unknown',
    given: new Set(),
    completed: false,
    told: 'no',
    dissents: new Map(against),
    holders: new Map(),
    timeouts: [],
    named: false,
  }
}

/**
 * Puts the record's open step back, its own messages included, as if they had just been made.
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
  if (record.sealed !== null) {
    const { batch, start } = record.sealed
    open.sealed = { ...record.sealed, batch: known(batch), start: within(() => contentIdOfBytes(start)) }
  }
  if (record.bound !== null) open.bound = { rank: record.bound.rank, hash: record.bound.batch, seals: record.bound.seals }
  if (record.boundBatch !== null) known(record.boundBatch)
  if (record.proposed !== null) {
    const opened = g.verifier.open(proposalMessage, record.proposed.envelope)
    if (typeof opened !== 'string') {
      // its own choice once, it may have been shown a dissent since: then it is not sealed (`mayName`)
      const bound = isForced(t, boundBy(showTimeouts(t, opened) ?? []))
      open.proposals.set(record.proposed.rank, { ...opened, batch: known(opened.value.batch), refused: false, bound })
    }
  }
  const seal = open.sealed === undefined ? 'none' : g.verifier.open(sealMessage, open.sealed.envelope)
  if (typeof seal !== 'string') open.seals.set(seal.value.rank, new Map([[seal.seat, seal]]))
  const revealed = open.revealed === undefined ? 'none' : g.verifier.open(revealMessage, open.revealed.envelope)
  if (typeof revealed !== 'string') open.reveals.set(revealed.value.rank, new Map([[revealed.seat, revealed]]))
  const tally = record.ownTally === null ? 'none' : g.verifier.open(tallyMessage, record.ownTally)
  if (typeof tally !== 'string') open.tallies.set(tally.seat, tally)
  for (const envelope of record.timeouts) {
    const timeout = g.verifier.open(timeoutMessage, envelope)
    if (typeof timeout !== 'string') takeTimeout(t, timeout)
  }
}
