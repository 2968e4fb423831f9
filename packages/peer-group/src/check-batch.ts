import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { type KnownBatch, seedAlpha } from './batch.js'
import { type BoundSet, quorum, type Turn } from './group-state.js'
import { type Proposal, tallyMessage } from './messages.js'
import { isInTime } from './pool.js'
import { answeredBy, roomIn } from './state-block.js'
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
  if (!sameBytes(value.previous, base.batchHash) || batch.from !== base.root) return 'BATCH_OTHER_PAST'
  if (bound !== undefined) return sameBytes(bound.batch.hash, batch.hash) ? undefined : 'BATCH_NOT_THE_BOUND'
  if (!sameBytes(value.collator, opened.value.from)) return 'BATCH_OTHER_COLLATOR'
  if (value.timeMs <= base.timeMs || Math.abs(value.timeMs - t.nowMs) > settings.clockToleranceMs) return 'BATCH_TIME'
  if (value.requests.length > settings.batchRequestsMax) return 'BATCH_TOO_LARGE'
  if (new Set(value.requests.map(({ id }) => hexOf(id))).size !== value.requests.length) return 'BATCH_REPEATS'
  if (!batch.requests.every((ref) => isInTime(ref, value.timeMs, settings.requestsKeptMs, settings.requestAheadMs)))
    return 'BATCH_REQUEST_TIME'
  if (value.closing !== (closing !== undefined && value.timeMs >= closing.atMs)) return 'BATCH_CLOSING'
  if (value.closing && value.requests.length > 0) return 'BATCH_CLOSING'
  if (!value.closing) return value.outcomes.length === 0 ? undefined : 'BATCH_OUTCOMES'
  const tallies = readTallies(t, opened.value.tallies)
  if (tallies === undefined) return 'BATCH_TALLIES'
  const expected = outcomesOf(tallies, open.step - 1, setup.members.length)
  return sameOutcomes(expected, value.outcomes) ? undefined : 'BATCH_OUTCOMES'
}

/** Why a batch may not run on the state it names: a write runs once. Nobody can seal it, whatever rank proposes it. */
export function refusalByState(t: Turn, batch: KnownBatch): string | undefined {
  const { state } = t.g.base
  if (state === undefined) return 'STATE_MISSING'
  if (batch.from !== state.root) return 'BATCH_OTHER_PAST'
  if (batch.requests.some(({ id }) => answeredBy(state, hexOf(id)) !== undefined)) return 'BATCH_REPEATS'
  return batch.requests.length > roomIn(state, batch.value.timeMs, t.g.settings.requestsKeptMs) ? 'BATCH_STATE_FULL' : undefined
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

function sameOutcomes(a: KnownBatch['value']['outcomes'], b: KnownBatch['value']['outcomes']): boolean {
  return (
    a.length === b.length &&
    a.every((one, i) => one.agreed === b[i]?.agreed && one.absent === b[i]?.absent && one.contradicted === b[i]?.contradicted)
  )
}
