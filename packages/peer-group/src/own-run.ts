import type { ContentId } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { revealToo } from './adopt.js'
import { answerOf, matches, NOTHING_RAN } from './answer.js'
import type { ExecutionResult } from './api.js'
import { namingOf, runsNothing } from './batch.js'
import { refusalByState, seedOf } from './check-batch.js'
import { hasSeenFor } from './closing-reveal.js'
import { dissent, sayLate, sayWithheld } from './dissent.js'
import { executionOf } from './execution.js'
import { fetchState, takeState, tellRest } from './finality.js'
import { type KnownStep, othersOf, type Turn } from './group-state.js'
import type { Answer } from './messages.js'
import { isHeld, refName } from './pool.js'
import { leavesState, stateAfter } from './run.js'
import { WITHHELD_SHARE } from './settings.js'
import type { GroupState } from './state-block.js'
import { changeStep, isJudged, knownStep, objectedIn, stateAt } from './steps.js'

/**
 * Runs what others certified without this member, as long as it holds the state before: whether it agrees decides if the step may be called clear. Oldest first,
 * one at a time, also once the group has closed or shown: against what the others certified last it can still object. True when something moved.
 */
export function runCertified(t: Turn): boolean {
  const { g } = t
  if (g.seat < 0) return false
  askBodies(t)
  if (g.steps.some(({ own }) => own === 'running')) return false
  const known = g.steps.find(({ own }) => own === 'pending')
  if (known === undefined || !hasSeenFor(g, known.certified.batch)) return false
  const { batch, start } = known.certified
  const state = known.before ?? stateAt(g, start)
  if (state === undefined) {
    if (start === g.base.root || start === g.final.root) return false // it is being fetched
    changeStep(t, known.step, { own: 'missed' })
    return true
  }
  if (known.before === undefined) {
    changeStep(t, known.step, { before: state })
    return true
  }
  // nobody honest could have run it, so it is as if it had not been given: jurors find it invalid, and a reveal would only confirm it
  if (refusalByState(t, batch, state) !== undefined) {
    sayWithheld(t, known)
    return true
  }
  if (runsNothing(batch, state) || leavesState(t, batch)) {
    judge(t, known, state, { type: 'ran', files: state.files, ...NOTHING_RAN })
    return true
  }
  if (known.bodies !== 'held' && missingBodies(t, known).length > 0) return withheld(t, known)
  const seed = seedOf(t, batch)
  changeStep(t, known.step, { own: seed === undefined ? 'missed' : 'running' })
  if (seed === undefined) return true
  t.effects.push({ type: 'execute', ...executionOf(batch, state, seed) })
  return true
}

/** At once, also while another run or a fetch of the state holds it up: whoever asks late would say that they are withheld before they could come. */
function askBodies(t: Turn): void {
  for (const known of t.g.steps) {
    if (known.own !== 'pending' || known.bodies !== 'unknown') continue
    const missing = missingBodies(t, known)
    if (missing.length === 0) continue
    changeStep(t, known.step, { bodies: 'asked' })
    t.effects.push({ type: 'fetch-bodies', requests: missing, from: othersOf(t.g) })
  }
}

/** When a member whose bodies were withheld will say so. */
export function withheldAtMs({ g }: Turn): number | undefined {
  const waiting = g.steps.find(({ own, bodies }) => own === 'pending' && bodies === 'asked')
  return waiting === undefined ? undefined : waiting.sinceMs + g.settings.dissentWindowMs * WITHHELD_SHARE
}

function withheld(t: Turn, known: KnownStep): boolean {
  if (t.nowMs < (withheldAtMs(t) ?? Number.POSITIVE_INFINITY)) return false
  sayWithheld(t, known)
  return true
}

const missingBodies = (t: Turn, { certified, given }: KnownStep) =>
  certified.batch.requests.filter((ref) => !given.has(refName(ref)) && !isHeld(t, ref))

/** The shell has these bodies, perhaps not all at once: certified steps whose bodies are all there may now be run. */
export function takeBodies(t: Turn, names: ReadonlySet<string>): void {
  for (const known of t.g.steps) {
    if (known.bodies !== 'asked') continue
    const mine = known.certified.batch.requests.map(refName).filter((name) => names.has(name))
    const given = new Set([...known.given, ...mine])
    changeStep(t, known.step, { given, bodies: missingBodies(t, { ...known, given }).length === 0 ? 'held' : 'asked' })
  }
}

/** Bodies that were asked for and did not come: before this member says that they are withheld. */
export function askBodiesAgain(t: Turn): void {
  for (const known of t.g.steps) {
    if (known.own !== 'pending' || known.bodies !== 'asked') continue
    t.effects.push({ type: 'fetch-bodies', requests: missingBodies(t, known), from: othersOf(t.g) })
  }
}

/** The run of a certified batch ended here. */
export function takeOwnRun(t: Turn, hash: Uint8Array, from: ContentId, result: ExecutionResult): undefined {
  const known = t.g.steps.find(({ own, certified }) => own === 'running' && sameBytes(certified.batch.hash, hash))
  if (known === undefined) return
  if (known.before?.files === from) judge(t, known, known.before, result)
  else changeStep(t, known.step, { own: 'missed' })
  fetchState(t)
}

/** A step that it could say nothing of, for lack of the state that it now came to itself: it has its window from now on. */
function runAfter(t: Turn, state: GroupState): void {
  const { g } = t
  const isNext = ({ own, certified }: KnownStep) => own === 'missed' && certified.start === state.root
  g.steps = g.steps.map((one) => (isNext(one) ? { ...one, own: 'pending', before: state, sinceMs: t.nowMs } : one))
}

/** Compares what this member came to with what is certified. */
function judge(t: Turn, known: KnownStep, before: GroupState, result: ExecutionResult): undefined {
  const { self, setup } = t.g
  const { step, certified } = known
  const { batch, rank } = certified
  const after = result.type === 'ran' ? stateAfter(t, batch, before, result) : undefined
  if (result.type !== 'ran' || after === undefined) {
    changeStep(t, step, { own: 'late' })
    return sayLate(t, known)
  }
  const context = { ...setup, step, rank, batch: batch.hash, key: self.publicKey }
  const answer: Answer = answerOf(after.root, result, namingOf(batch.value, setup.epoch), context)
  if (!matches(answer, certified.answer)) return dissent(t, known, answer)
  changeStep(t, step, { own: 'agrees', state: after })
  takeState(t, after)
  runAfter(t, after)
  if (isJudged(t.g) && t.g.objectedFrom <= step) {
    t.g.objectedFrom = objectedIn(t.g)
    tellRest(t)
  }
  revealToo(t, knownStep(t.g, step) as KnownStep, answer)
}
