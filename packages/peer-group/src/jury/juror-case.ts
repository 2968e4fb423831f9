import { bytesOfContentId, type ContentId, signMessage } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { answerOf, isWithinLimits, matches, NOTHING_RAN } from '../answer.js'
import type { ExecutionResult, RequestRef } from '../api.js'
import { type KnownBatch, namingOf, runsNothing } from '../batch.js'
import { executionOf } from '../execution.js'
import type { Answer } from '../messages.js'
import { GROUP_DEFAULTS } from '../settings.js'
import { nextState } from '../state-block.js'
import { batchSeed, isRunnable } from './case-batch.js'
import { isFromWord } from './dispute.js'
import { askForBatches, askForBodies, othersOf } from './fetch.js'
import { gapStart, isInGap } from './gap.js'
import type { CaseStep, Juror, JurorStep, JurorTurn } from './juror-api.js'
import { writeJurorRecord } from './juror-record.js'
import { type Finding, verdictMessage } from './messages.js'
import { beginRelief, relieve, spareRequestsOf } from './relief.js'
import { claimedRoot, isFound, isNamedByNext, walkBack } from './walk-back.js'

/** The first pause before a juror asks, or says, the same again; it doubles up to the last. */
export const FIRST_PAUSE_MS = 300
const PAUSE_MAX_MS = 1_000

export const count = ({ effects }: JurorTurn, code: string): undefined => {
  effects.push({ type: 'count', code })
}
export const requestsOf = ({ steps, batches }: Juror): readonly RequestRef[] =>
  steps.flatMap(({ batch }) => batches.get(hexOf(batch))?.known?.requests ?? [])
/** The step to be run on the state that is held. */
export const nextStep = ({ steps, held }: Pick<Juror, 'steps' | 'held'>): CaseStep | undefined =>
  steps.find(({ step }) => step === (held?.step ?? -1) + 1)

/** Does what can be done now: fetches, hands on, runs, and says what it found. */
export function advance(t: JurorTurn): JurorStep {
  const { j, nowMs } = t
  const { setup } = j
  if (j.verdict === undefined) {
    if (isNothingAsked(j)) find(t, { type: 'holds' })
    else if (j.relieved === undefined) lookInto(t)
    if (j.verdict === undefined && j.relieved !== undefined && relieve(t)) find(t, { type: 'holds' })
    if (j.verdict === undefined && nowMs >= setup.answerUntilMs) find(t, { type: 'too-slow' })
  }
  again(t)
  return { state: j, effects: t.effects }
}
function lookInto(t: JurorTurn): undefined {
  const { j, nowMs } = t
  walkBack(t)
  const lacking = firstLacking(j)
  if (lacking !== undefined && nowMs >= j.setup.fetchUntilMs && !j.late) return find(t, { type: 'unfetchable', step: lacking })
  // a large state takes its time: that is no word against a step
  if (lacking !== undefined || j.held === undefined) return
  handOn(t)
  while (j.verdict === undefined && j.relieved === undefined && !j.running) runNext(t)
}

/** Asks, or brings the verdict, again where it is time; and says when the next time is. */
function again(t: JurorTurn): undefined {
  const { j, nowMs, effects } = t
  if (j.recorded) return
  if (nowMs >= j.againAtMs) {
    if (j.verdict === undefined) askForRest(t)
    else effects.push({ type: 'verdict', envelope: j.verdict })
    j.againAtMs = nowMs + j.againEveryMs
    j.againEveryMs = Math.min(2 * j.againEveryMs, PAUSE_MAX_MS)
  }
  const { fetchUntilMs, answerUntilMs } = j.setup
  const limits = j.verdict === undefined ? [fetchUntilMs, answerUntilMs].filter((atMs) => atMs > nowMs) : []
  effects.push({ type: 'wake', atMs: Math.min(j.againAtMs, ...limits) })
}

function askForRest(t: JurorTurn): undefined {
  const { j, effects } = t
  if (j.held === undefined && j.startRoot !== undefined) effects.push({ type: 'fetch-state', root: j.startRoot, from: othersOf(j) })
  const hashes = [...j.steps, ...j.passed].map(({ batch }) => batch).filter((batch) => !j.batches.has(hexOf(batch)))
  askForBatches(t, hashes)
  askForBodies(t, j.relieved === undefined ? requestsOf(j) : spareRequestsOf(j))
}

/** The first step that can't be run for lack of what others have. */
function firstLacking(j: Juror): number | undefined {
  const { steps, passed, batches, bodies, setup } = j
  const { dispute } = setup
  const isHere = ({ batch }: CaseStep) => {
    const fetched = batches.get(hexOf(batch))
    return fetched !== undefined && (fetched.known?.requests ?? []).every(({ cid }) => bodies.has(cid))
  }
  const [lacking, gap] = [steps.find((one) => !isHere(one))?.step, gapStart(dispute)]
  // a stretch's first batch that is of another epoch names no state to begin from
  const isGapOpen = !isFound(j) || j.startRoot === undefined || passed.some(({ batch }) => !batches.has(hexOf(batch)))
  if (lacking !== undefined && (gap === undefined || lacking < gap)) return lacking
  return isGapOpen || (lacking !== undefined && isInGap(dispute, lacking)) ? gap : lacking
}

function handOn({ j, effects }: JurorTurn): undefined {
  if (j.handedOn) return
  j.handedOn = true
  const batches = [...j.steps, ...j.passed].sort((a, b) => a.step - b.step).flatMap(({ batch }) => j.batches.get(hexOf(batch))?.bytes ?? [])
  effects.push({ type: 'hand-on', batches, requests: requestsOf(j), to: othersOf(j) })
}

function runNext(t: JurorTurn): undefined {
  const { j, effects } = t
  const next = nextStep(j)
  if (next === undefined || j.held === undefined) throw new RangeError('a step that does not follow')
  const batch = j.batches.get(hexOf(next.batch))?.known
  const seed = batch && batchSeed(batch, j.verifier)
  if (batch === undefined || seed === undefined || !isRunnable(batch, next.step, j) || !isNamedIn(j, next.step))
    return findNone(t, next.step)
  const { state } = j.held
  if (runsNothing(batch, state) || isClosing(batch, j)) return finish(t, next, { type: 'ran', files: state.files, ...NOTHING_RAN })
  j.running = true
  effects.push({ type: 'execute', ...executionOf(batch, state, seed) })
}

/** A run ended. It goes on if it comes to what is certified; at the disputed step, or where it comes to something else, it says to what. */
export function finish(t: JurorTurn, next: CaseStep, result: ExecutionResult): undefined {
  const { j } = t
  const batch = j.batches.get(hexOf(next.batch))?.known
  if (batch === undefined || j.held === undefined || !isWhole(result, batch)) return find(t, { type: 'too-slow' })
  const { context, requestsKeptMs = GROUP_DEFAULTS.requestsKeptMs } = j.setup
  const before = j.held.state
  const { state, blocks } = isClosing(batch, j)
    ? { state: before, blocks: [] }
    : nextState(before, batch, result.files, result.responses, requestsKeptMs, result.agenda)
  t.effects.push({ type: 'store', blocks })
  const place = { ...context, step: next.step, rank: 0, batch: batch.hash, key: j.self.publicKey }
  const answer = answerOf(state.root, result, namingOf(batch.value, context.epoch), place)
  j.held = { step: next.step, state }
  if (!isAsClaimed(j, next, answer, state.root)) find(t, { type: 'answered', step: next.step, answer })
  else if (next.step === j.setup.dispute.stretch?.through && next.step < j.setup.dispute.step) beginRelief(t, next.step)
}
/** What leads to two steps of a gap has to be one chain. */
const isNamedIn = (j: Juror, step: number): boolean => !isInGap(j.setup.dispute, step) || isNamedByNext(j, step)
/** A stretch of what the epoch had to run again: those batches say nothing of what they begin from here, so there is nothing to compare. */
const isNothingAsked = ({ verdict, setup: { dispute, rerun } }: Juror): boolean => {
  const { stretch } = dispute
  return verdict === undefined && stretch !== undefined && isFromWord(dispute) && stretch.after < rerun.length
}
/** Of the disputed step the own answer is what is asked for. */
function isAsClaimed(j: Juror, { step, certified }: CaseStep, answer: Answer, root: ContentId): boolean {
  if (isInGap(j.setup.dispute, step)) return (claimedRoot(j, step) ?? root) === root
  return certified !== undefined && matches(answer, certified.answer)
}
/** No honest member could have run it. What leads to the disputed step is not there then, if it is of a gap. */
function findNone(t: JurorTurn, step: number): undefined {
  const { dispute } = t.j.setup
  return find(t, isInGap(dispute, step) ? { type: 'unfetchable', step: gapStart(dispute) as number } : { type: 'invalid', step })
}
/** It changes nothing, old request ids included. */
const isClosing = ({ value }: KnownBatch, { setup }: Juror): boolean => value.closing && value.epoch === setup.context.epoch

const isWhole = (result: ExecutionResult, batch: KnownBatch): result is ExecutionResult & { type: 'ran' } =>
  result.type === 'ran' && result.responses.length === batch.requests.length && isWithinLimits(result)

/** One verdict for a dispute: durable before it is sent. */
function find(t: JurorTurn, finding: Finding): undefined {
  const { j, nowMs, effects } = t
  const { context, dispute } = j.setup
  if (j.verdict !== undefined) throw new RangeError('a second verdict')
  const value = { job: bytesOfContentId(context.job), epoch: context.epoch, dispute: dispute.id, from: j.self.publicKey, finding }
  j.verdict = signMessage(verdictMessage, value, j.self, context.network)
  j.againAtMs = nowMs
  j.againEveryMs = FIRST_PAUSE_MS
  effects.push({ type: 'persist', bytes: writeJurorRecord(dispute, j.verdict) })
}
