import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { areDue } from './agenda/due.js'
import { NO_FUNDS, purseWith, samePayments } from './agenda/purse.js'
import { sameAncestors } from './ancestors.js'
import { type KnownBatch, seedAlpha } from './batch.js'
import { isAgainst, readDissent } from './dissent.js'
import { type BoundSet, quorum, type Turn } from './group-state.js'
import { type Proposal, tallyMessage } from './messages.js'
import { isInTime } from './pool.js'
import { isPieced } from './request-block.js'
import { BATCH_REQUESTS_LIMIT, PROVISIONAL_MAX } from './settings.js'
import { answeredBy, type GroupState, roomIn } from './state-block.js'
import { disputedWith, isJudged, namedThrough, rootBefore, unnamedSteps } from './steps.js'
import { isTally, outcomesOf, type Tally } from './tally.js'
import type { Opened } from './verifier.js'

/** The batch that a recovery binds this step to, if any. */
export function rerunOf(t: Turn, step: number): Uint8Array | undefined {
  return t.g.setup.rerun[step - 1]
}

/**
 * Why a proposed batch may not be sealed, as a code; undefined: it may, as far as can be told without the state. A bound batch keeps
 * its time, seed and bytes: q members checked them already, so the clock and the outcomes are not checked again.
 */
export function refusalOfBatch(t: Turn, opened: Opened<Proposal>, batch: KnownBatch, bound: BoundSet | undefined): string | undefined {
  const { base, settings, setup, open, closing } = t.g
  const { value } = batch
  const rerun = rerunOf(t, open.step)
  if (rerun !== undefined && !sameBytes(rerun, batch.bytes)) return 'BATCH_NOT_THE_RERUN'
  if (seedOf(t, batch) === undefined) return 'BATCH_SEED'
  if (rerun !== undefined) return undefined
  if (!sameBytes(value.job, t.g.job) || value.epoch !== setup.epoch || value.step !== open.step) return 'BATCH_OTHER_PLACE'
  if (!sameAncestors(value.ancestors, base.ancestors)) return 'BATCH_OTHER_PAST'
  if (bound !== undefined) return sameBytes(bound.hash, batch.hash) ? undefined : 'BATCH_NOT_THE_BOUND'
  const naming = refusalOfNaming(t, batch)
  if (naming !== undefined) return naming
  if (!sameBytes(value.collator, opened.value.from)) return 'BATCH_OTHER_COLLATOR'
  if (value.timeMs <= base.timeMs || Math.abs(value.timeMs - t.nowMs) > settings.clockToleranceMs) return 'BATCH_TIME'
  if (value.requests.length > settings.batchRequestsMax) return 'BATCH_TOO_LARGE'
  if (new Set(value.requests.map(({ id }) => hexOf(id))).size !== value.requests.length) return 'BATCH_REPEATS'
  if (!batch.requests.every((ref) => isInTime(ref, value.timeMs, settings.requestsKeptMs, settings.requestAheadMs)))
    return 'BATCH_REQUEST_TIME'
  if (value.requests.length > 1 && batch.requests.some(({ cid }) => isPieced(cid))) return 'BATCH_TOO_LARGE' // it goes alone
  if (value.closing !== (closing !== undefined && value.timeMs >= closing.atMs)) return 'BATCH_CLOSING'
  if (value.closing && value.requests.length + value.events.length > 0) return 'BATCH_CLOSING'
  const { settled, mayPay } = setup.funds ?? NO_FUNDS
  if (value.settled !== settled || value.mayPay !== mayPay) return 'BATCH_FUNDS'
  if (!value.closing && value.payments.length > 0) return 'BATCH_PAYMENTS'
  if (!value.closing) return value.outcomes.length === 0 ? undefined : 'BATCH_OUTCOMES'
  const tallies = readTallies(t, opened.value.tallies)
  if (tallies === undefined) return 'BATCH_TALLIES'
  const expected = outcomesOf(tallies, open.step - 1, setup.members.length, isJudged(t.g))
  return sameOutcomes(expected, value.outcomes) ? undefined : 'BATCH_OUTCOMES'
}

/**
 * Whether a batch names steps as it may: what was named stays named; what it names disputed, something signed is against; a frozen group runs nothing, on the
 * last state before the frozen step. That this member may call steps clear is checked as it seals (`mayName`): its window may still be open.
 */
function refusalOfNaming(t: Turn, batch: KnownBatch): string | undefined {
  const { g } = t
  const { final, disputed, dissents, step, closing, requests, events } = batch.value
  if (final < namedThrough(g) || final >= step) return 'BATCH_FINAL'
  for (const { step: against, envelope } of dissents) {
    const known = unnamedSteps(g).find((one) => one.step === against)
    const read = readDissent(g.verifier, envelope)
    if (known === undefined || read === undefined || !isAgainst(known, read)) return 'BATCH_DISSENT'
  }
  const carried = dissents.map((one) => one.step)
  if (disputed !== disputedWith(g, carried)) return 'BATCH_DISPUTED'
  const isHeld = isJudged(g) && disputed > 0
  if (isHeld && (final >= disputed || requests.length + events.length > 0)) return 'BATCH_FROZEN'
  if (batch.from !== (isHeld ? rootBefore(g, disputed) : g.base.root)) return 'BATCH_OTHER_PAST'
  if (!isHeld && (step - 1 - final > PROVISIONAL_MAX || requests.length > roomAmongOpen(t, final))) return 'BATCH_TOO_EARLY'
  if (closing && final !== (isHeld ? disputed : step) - 1) return 'BATCH_CLOSING'
  return undefined
}

/** How many requests a batch may have that names steps up to `final`: those that stay open have as many together as one batch may have. */
export function roomAmongOpen({ g }: Turn, final: number): number {
  const open = g.steps.filter(({ step }) => step > final && step > namedThrough(g))
  return BATCH_REQUESTS_LIMIT - open.reduce((sum, { certified }) => sum + certified.batch.requests.length, 0)
}

/** Why a batch may not run on the state it names: a write runs once. Nobody can seal it, whatever rank proposes it. */
export function refusalByState(t: Turn, batch: KnownBatch, state: GroupState): string | undefined {
  if (batch.requests.some(({ id }) => answeredBy(state, hexOf(id)) !== undefined)) return 'BATCH_REPEATS'
  if (batch.requests.length > roomIn(state, batch.value.timeMs, t.g.settings.requestsKeptMs)) return 'BATCH_STATE_FULL'
  const { epoch, timeMs, events, closing, disputed, payments } = batch.value
  // a frozen group's closing settles nothing: the chain opens the next epoch from shows
  const owed = closing && !(isJudged(t.g) && disputed > 0) ? purseWith(state.agenda.purse, batch.value).payments : []
  if (epoch === t.g.setup.epoch && !samePayments(owed, payments)) return 'BATCH_PAYMENTS'
  // one that is run again may come to a state where they are not: then they don't run
  return epoch !== t.g.setup.epoch || areDue(state.agenda, timeMs, events) ? undefined : 'BATCH_EVENTS'
}

/** The seed of a batch: 64 bytes that its collator could not choose. Undefined where the proof does not hold. */
export function seedOf(t: Turn, { value }: KnownBatch): Uint8Array | undefined {
  const { network, job } = t.g.setup
  return t.g.verifier.verification.vrfVerify(value.collator, seedAlpha(network, job, value.epoch, value.step), value.proof)
}

/** q members' tallies for the open step, or undefined. */
function readTallies(t: Turn, envelopes: readonly Uint8Array[]): readonly Tally[] | undefined {
  const tallies = new Map<number, Tally>()
  for (const envelope of envelopes) {
    const opened = t.g.verifier.open(tallyMessage, envelope)
    if (typeof opened === 'string' || opened.value.step !== t.g.open.step) return undefined
    if (!isTally(opened.value, t.g.open.step - 1, t.g.setup.members.length)) return undefined
    tallies.set(opened.seat, opened.value)
  }
  return tallies.size >= quorum(t.g) && tallies.size === envelopes.length ? [...tallies.values()] : undefined
}

const OUTCOMES = ['agreed', 'late', 'absent', 'contradicted', 'unresolved'] as const
function sameOutcomes(a: KnownBatch['value']['outcomes'], b: KnownBatch['value']['outcomes']): boolean {
  return a.length === b.length && a.every((one, i) => OUTCOMES.every((name) => one[name] === b[i]?.[name]))
}
