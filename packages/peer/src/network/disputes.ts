import { type ContentId, contentIdOfBytes, type JobId, jobIdOf, openMessage, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { type HeldClosing, SchedulerError } from '@interpeer/job-scheduler'
import {
  certificateMessage,
  type Dispute,
  type DisputeContext,
  disputeMessage,
  isSettled,
  type Judgment,
  judge,
  ranFrom,
  type Verification,
  verdictMessage,
  verifyDispute,
  withShown,
} from '@interpeer/peer-group'
import { transactionBytesMax } from '@interpeer/vote-chain'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { NetworkError } from './errors.js'
import type { NetworkState } from './network-state.js'

/** A group's dispute before the chain (docs/protocol/jury.md). */
export interface DisputeCase {
  /** Hexadecimal. */
  readonly id: string
  readonly job: JobId
  readonly epoch: number
  readonly members: readonly PeerId[]
  /** The group state that the epoch began from. */
  readonly start: ContentId
  /** The chain keeps a closing certificate that closes its step too: what a jury lets stand of that stays closed. */
  readonly isClosed: boolean
  /** What was brought: a group-dispute. */
  readonly dispute: Uint8Array
  readonly recordedHeight: number
  /** Null until the next block, whose seed draws it. Empty: there is none. */
  readonly jury: readonly PeerId[] | null
  /** Of the jurors when they were drawn, in thousandths. */
  readonly ratings: ReadonlyMap<PeerId, number>
  readonly fetchUntilMs: number
  readonly answerUntilMs: number
  readonly deadlineMs: number
  /** Signed, with the time of the block that took each: at most two of one juror. */
  readonly verdicts: readonly { readonly juror: PeerId; readonly envelope: Uint8Array; readonly atMs: number }[]
  readonly judgment: Judgment | null
  /** The time of the block that judged it. */
  readonly judgedMs: number | null
  /** Members that called the jury in vain and could not pay it: they leave their seats. */
  readonly debtors: readonly PeerId[]
}
export type Disputes = ReadonlyMap<string, DisputeCase>

/** Whole: what a block has no room for comes in parts. As large as a transaction may be, and a little less. */
export const DISPUTE_BYTES_MAX = 300_000
/** Disputes of one epoch with a gap, or while its closing is kept, that go by one member's word. */
const ASKED_BY_MEMBER_MAX = 4
/** Two that differ are a fault, and end an account: there is no third to record. */
const VERDICTS_OF_JUROR_MAX = 2

export type JudgedCase = DisputeCase & { readonly judgment: Judgment }

/** The disputes of an epoch whose verdicts open the next one. The last decides what from: the lowest step that was undone, or else the highest that stands. */
export const judgedCasesOf = (disputes: Disputes, job: JobId, epoch: number): readonly JudgedCase[] =>
  [...disputes.values()]
    .filter((one): one is JudgedCase => one.job === job && one.epoch === epoch && one.judgment?.opens !== undefined)
    .sort((a, b) => orderOf(a.judgment) - orderOf(b.judgment))
const orderOf = ({ outcome, step }: Judgment): number => (outcome === 'stands' ? step : 2 ** 33 - step)
/** Whether an epoch waits for a verdict: it must not be followed by another before. */
export const isDisputed = (disputes: Disputes, job: JobId, epoch: number): boolean =>
  [...disputes.values()].some((one) => one.job === job && one.epoch === epoch && one.judgment === null)

export const contextOfCase = (
  { network }: Pick<NetworkState, 'network'>,
  { job, epoch, members, start }: Omit<DisputeCase, 'judgment'>,
): DisputeContext => ({
  network,
  job,
  epoch,
  members,
  start,
})

/** What the verdicts that are there by a time come to; null: nothing yet. */
export function judgmentOf(
  one: Omit<DisputeCase, 'judgment'>,
  network: NetworkState['network'],
  nowMs: number,
  verification: Verification,
): Judgment | null {
  const context = contextOfCase({ network }, one)
  const dispute = withShown(verifyDispute(one.dispute, context, verification), [], context, verification)
  const { ratings, verdicts, deadlineMs, isClosed } = one
  const trial = { jury: one.jury ?? [], ratings, verdicts, deadlineMs, nowMs, frozen: true, isClosed }
  return judge(dispute, trial, context, verification) ?? null
}

/**
 * Records a dispute: it holds by itself, so anyone may bring it. One at a time for each job. After a verdict, steps that it did not settle may be disputed until the next epoch opens: later ones
 * where it lets one stand, for colluders may have named a lie final there while the jury looked at what is true; and those before the state that the jury began from.
 * @throws {NetworkError} DISPUTE_TOO_LARGE, DISPUTE_OPEN, DISPUTE_KNOWN, DISPUTE_UNJUDGED, CLOSING_HELD @throws {SchedulerError} JOB_UNKNOWN, EPOCH_OTHER
 * @throws {PeerGroupError} DISPUTE_INVALID
 */
export function recordDispute(
  state: NetworkState,
  bytes: Uint8Array,
  { height, verification }: { readonly height: number; readonly verification: Verification },
  most = Math.min(DISPUTE_BYTES_MAX, transactionBytesMax(state.settings.blockBytesMax)),
): NetworkState {
  if (bytes.length > most) throw new NetworkError({ code: 'DISPUTE_TOO_LARGE', bytes: bytes.length })
  const { job: named, epoch: given } = disputeMessage.decode(bytes)
  const job = jobIdOf(contentIdOfBytes(named))
  const entry = state.jobs.get(job)
  if (entry === undefined || entry.state !== 'running') throw new SchedulerError({ code: 'JOB_UNKNOWN', job })
  const { number, members, start } = entry.epoch
  if (given !== number) throw new SchedulerError({ code: 'EPOCH_OTHER', current: number, given })
  if (isDisputed(state.disputes, job, number)) throw new NetworkError({ code: 'DISPUTE_OPEN' })
  const dispute = verifyDispute(bytes, { network: state.network, job, epoch: number, members, start }, verification)
  const { id, kind, gap } = dispute
  const earlier = [...state.disputes.values()].filter((one) => one.job === job && one.epoch === number)
  const asked = earlier.map((one) => ({ one, of: verifyDispute(one.dispute, contextOfCase(state, one), verification) }))
  // where the epoch goes on, what a jury let stand settles nothing: but where it was closed before
  const isSettledBy = ({ one: { judgment }, of }: (typeof asked)[number]) =>
    judgment !== null && (judgment.opens !== undefined || entry.closing !== null) && isSettled(dispute, judgment, of)
  if (asked.some(isSettledBy)) throw new NetworkError({ code: 'DISPUTE_OPEN' })
  if (entry.closing !== null && !isOfClosed({ dispute: bytes }, entry.closing)) throw new NetworkError({ code: 'CLOSING_HELD' })
  if (gap > 0 || entry.closing !== null) checkRoom(dispute, asked)
  // such a group never freezes for what its members say: what q of them agree on stands, and who differs is unresolved
  if (kind === 'objection' && entry.epoch.jurors < members.length) throw new NetworkError({ code: 'DISPUTE_UNJUDGED' })
  const name = hexOf(id)
  if (state.disputes.has(name)) throw new NetworkError({ code: 'DISPUTE_KNOWN' })
  const times = { fetchUntilMs: 0, answerUntilMs: 0, deadlineMs: 0 }
  const about = { id: name, job, epoch: number, members, start, isClosed: entry.closing !== null, dispute: bytes, recordedHeight: height }
  const opened: DisputeCase = {
    ...about,
    ...times,
    jury: null,
    ratings: new Map(),
    verdicts: [],
    judgment: null,
    judgedMs: null,
    debtors: [],
  }
  return { ...state, disputes: new Map(state.disputes).set(name, opened) }
}

/**
 * Whether a dispute is about what a closing closes. All steps of such an epoch are certified, and the last is that closing: what is said to have no certificate, or comes after it, is of nothing that the next epoch
 * begins from.
 */
export function isOfClosed({ dispute }: Pick<DisputeCase, 'dispute'>, { certificate }: Pick<HeldClosing, 'certificate'>): boolean {
  const { step, evidence } = disputeMessage.decode(dispute)
  return evidence.type === 'objection' && step <= certificateMessage.decode(certificate).step
}

/** The same where the chain keeps a closing certificate of its epoch. One that was judged before is judged as of then: all that it said stands, and so does the closing. */
export function underClosing(
  one: DisputeCase,
  closing: Pick<HeldClosing, 'certificate'>,
  network: NetworkState['network'],
  verification: Verification,
): DisputeCase {
  if (one.isClosed || !isOfClosed(one, closing)) return one
  const closed = { ...one, isClosed: true }
  return one.judgedMs === null ? closed : { ...closed, judgment: judgmentOf(closed, network, one.judgedMs, verification) }
}

/**
 * Of those with a gap, and those against a closed epoch, each member has so many: of others' nobody is in its way. One that reaches further back than all before it is taken all the same, for what a member said anyone can
 * bring, from any step on. A stretch that a jury found right does not count.
 * @throws {NetworkError} DISPUTE_KNOWN
 */
function checkRoom(dispute: Dispute, asked: readonly { readonly one: DisputeCase; readonly of: Dispute }[]): void {
  const { gap, statements } = dispute
  const counted = asked.filter(({ one, of }) => (of.gap > 0 || one.isClosed) && !isPaidFor(one, of)).map(({ of }) => of)
  const isFurtherBack = gap > 0 && counted.every((of) => of.gap === 0 || ranFrom(dispute) < ranFrom(of))
  const isUsedUp = ({ peer }: Dispute['statements'][number]) =>
    counted.filter((of) => of.statements.some((other) => other.peer === peer)).length >= ASKED_BY_MEMBER_MAX
  if (!isFurtherBack && statements.every(isUsedUp)) throw new NetworkError({ code: 'DISPUTE_KNOWN' })
}

/** A stretch that holds was paid for by who asked for it: whoever was given nothing may need many of them. Not of who could not pay. */
const isPaidFor = ({ judgment, debtors }: DisputeCase, { stretch }: Dispute): boolean =>
  stretch !== undefined && judgment?.outcome === 'stands' && judgment.by === 'jury' && debtors.length === 0

/** @throws {NetworkError} DISPUTE_UNKNOWN: there is none of that id, or it is decided or past its deadline; VERDICT_STRANGER, VERDICT_KNOWN */
export function recordVerdict(state: NetworkState, envelope: Uint8Array, { timeMs }: { readonly timeMs: number }): NetworkState {
  const verdict = openMessage(verdictMessage, envelope, state.network, ({ from }) => peerIdOfKey(from))
  const one = state.disputes.get(hexOf(verdict.dispute))
  if (one === undefined || one.jury === null || one.judgment !== null || timeMs > one.deadlineMs) {
    throw new NetworkError({ code: 'DISPUTE_UNKNOWN' })
  }
  const juror = peerIdOfKey(verdict.from)
  if (!one.jury.includes(juror)) throw new NetworkError({ code: 'VERDICT_STRANGER' })
  const own = one.verdicts.filter((other) => other.juror === juror)
  if (own.length >= VERDICTS_OF_JUROR_MAX || own.some((other) => sameBytes(other.envelope, envelope))) {
    throw new NetworkError({ code: 'VERDICT_KNOWN' })
  }
  const taken = { ...one, verdicts: [...one.verdicts, { juror, envelope, atMs: timeMs }] }
  return { ...state, disputes: new Map(state.disputes).set(one.id, taken) }
}
