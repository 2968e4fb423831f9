import type { ContentId } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { isRoomy } from './agenda/agenda.js'
import { answerOf, isWithinLimits, NOTHING_RAN, saltFor } from './answer.js'
import type { ExecutionResult } from './api.js'
import { type KnownBatch, namingOf, runsNothing } from './batch.js'
import { storeBatch } from './batch-block.js'
import { refusalByState, seedOf } from './check-batch.js'
import { executionOf } from './execution.js'
import { wantBefore } from './finality.js'
import { collatorSeat, count, othersOf, peerAt, type Run, send, type Turn } from './group-state.js'
import { sealMessage } from './messages.js'
import { takeOwnRun } from './own-run.js'
import { learnPace, waitAsLongAgain } from './pace.js'
import { heldBytes, isHeld } from './pool.js'
import { ownSealBytes, takeSeal } from './rounds.js'
import { sign } from './sign.js'
import { type GroupState, nextState } from './state-block.js'
import { isJudged, mayName, stateAt } from './steps.js'

/** Runs the current rank's batch, or what is missing for that; then seals it, as soon as it may. True when something moved. */
export function runAndSeal(t: Turn): boolean {
  const { open, base, seat } = t.g
  const proposal = open.proposals.get(open.rank)
  if (seat < 0 || proposal === undefined || proposal.refused) return false
  if (open.givenUp >= open.rank || (open.sealed?.rank ?? -1) >= open.rank) return false
  const { batch } = proposal
  if (open.runs.get(hexOf(batch.hash))?.type === 'running') return false // it was looked at before it ran
  const before = stateFor(t, batch)
  if (before === undefined) {
    if (batch.from !== base.root && batch.value.epoch === t.g.setup.epoch) wantBefore(t, batch.from)
    return false
  }
  const name = hexOf(batch.hash)
  const run = open.runs.get(name)
  // one whose bodies are awaited was looked at before
  const code = run?.type === 'fetching' ? undefined : refusalByState(t, batch, before)
  if (code !== undefined) return refuse(t, code)
  if (run?.type === 'ran') {
    const may = proposal.bound ? 'yes' : mayName(t, batch.value.final, stepsOf(batch))
    if (may === 'no') return refuse(t, 'BATCH_OVER_DISSENT')
    if (may !== 'yes') return false // its own window is open still
    seal(t, batch, run)
    return true
  }
  if (run?.type === 'running' || (run?.type === 'abstained' && run.rank === open.rank)) return false
  if (!proposal.bound && isOverfull(t, batch)) return refuse(t, 'BATCH_TOO_LARGE')
  const missing = batch.requests.filter((ref) => !isHeld(t, ref))
  if (missing.length > 0) {
    if (run?.type === 'fetching') return false
    open.runs.set(name, { type: 'fetching', rank: open.rank })
    t.effects.push({ type: 'fetch-bodies', requests: missing, from: holdersOf(t, proposal.seat) })
    return true
  }
  const seed = seedOf(t, batch)
  if (seed === undefined) return false
  if (runsNothing(batch, before) || leavesState(t, batch)) {
    finish(t, batch, before, { type: 'ran', files: before.files, ...NOTHING_RAN })
    return true
  }
  if (base.state === undefined) return false
  open.runs.set(name, { type: 'running', rank: open.rank, sinceMs: t.nowMs })
  t.effects.push({ type: 'execute', ...executionOf(batch, before, seed) })
  return true
}

function refuse(t: Turn, code: string): boolean {
  const { open } = t.g
  const proposal = open.proposals.get(open.rank)
  count(t, code)
  if (proposal !== undefined) open.proposals.set(open.rank, { ...proposal, refused: true })
  return true
}

/** Whether what is here of its requests is more than a batch may have: one always fits. Its collator could have members fetch and run for as long as it likes. */
function isOverfull(t: Turn, { requests }: KnownBatch): boolean {
  const bytes = requests.reduce((sum, ref) => sum + (heldBytes(t, ref) ?? 0), 0)
  return requests.length > 1 && bytes > t.g.settings.batchBytesMax
}

/** The steps that a batch carries dissents against. */
export const stepsOf = ({ value }: KnownBatch): ReadonlySet<number> => new Set(value.dissents.map(({ step }) => step))

/** A run ended: of the open step's batch, or of one that others certified before. */
export function onExecuted(t: Turn, hash: Uint8Array, from: ContentId, result: ExecutionResult): undefined {
  const { open } = t.g
  const name = hexOf(hash)
  const batch = open.batches.get(name)
  const before = batch === undefined ? undefined : stateFor(t, batch)
  const run = open.runs.get(name)
  if (batch !== undefined && run?.type === 'running' && from === before?.files) {
    const tookMs = t.nowMs - run.sinceMs
    learnPace(t, batch.requests.length, tookMs)
    if (result.type === 'ran') waitAsLongAgain(t, batch, tookMs)
    return finish(t, batch, before, result)
  }
  takeOwnRun(t, hash, from, result)
}

/** A closing batch, and what a frozen group certifies, change nothing: the root stays that of the last final state. */
export function leavesState({ g }: Turn, { value }: KnownBatch): boolean {
  return value.epoch === g.setup.epoch && (value.closing || (isJudged(g) && value.disputed > 0))
}

/** The state that an open batch runs on, if it is here. One that is run again runs on what stands, whatever it named. */
export function stateFor({ g }: Turn, batch: KnownBatch): GroupState | undefined {
  return batch.value.epoch === g.setup.epoch ? stateAt(g, batch.from) : g.base.state
}

/** What a run comes to; undefined where its result does not fit the batch, or no state block can hold it: then this member abstains, and goes on. */
export function stateAfter(
  t: Turn,
  batch: KnownBatch,
  before: GroupState,
  result: ExecutionResult & { type: 'ran' },
): GroupState | undefined {
  if (result.responses.length !== batch.requests.length || !isWithinLimits(result)) return undefined
  if (leavesState(t, batch)) return before
  if (result.agenda !== undefined && !isRoomy(result.agenda)) return count(t, 'STATE_UNWRITABLE')
  try {
    const { state, blocks } = nextState(before, batch, result.files, result.responses, t.g.settings.requestsKeptMs, result.agenda)
    t.blocks.push(...blocks)
    return state
  } catch {
    // a runtime's fault, or a bound that two parts of this program see otherwise: whatever it is, no reason to stop for all sites
    return count(t, 'STATE_UNWRITABLE')
  }
}

function finish(t: Turn, batch: KnownBatch, before: GroupState, result: ExecutionResult): undefined {
  const { open } = t.g
  const state = result.type === 'ran' ? stateAfter(t, batch, before, result) : undefined
  if (result.type !== 'ran' || state === undefined) {
    open.runs.set(hexOf(batch.hash), { type: 'abstained', rank: open.rank })
    return count(t, 'ABSTAINED')
  }
  open.runs.set(hexOf(batch.hash), { type: 'ran', result, state })
}

/** One batch for each (epoch, step, rank); sealing at a rank closes all lower ones. */
function seal(t: Turn, batch: KnownBatch, { result, state }: Run & { type: 'ran' }): undefined {
  const { base, open, self, setup, settings } = t.g
  const { rank, step } = open
  const context = { ...setup, step, rank, batch: batch.hash, key: self.publicKey }
  const answer = answerOf(state.root, result, namingOf(batch.value, setup.epoch), context)
  const salt = saltFor(self, context)
  const opened = sign(t, sealMessage, { step, rank, batch: batch.hash, seal: ownSealBytes(t, rank, batch.hash, salt, answer) })
  const start = batch.value.epoch === setup.epoch ? batch.from : base.root
  open.sealed = { rank, batch, start, salt, answer, envelope: opened.envelope }
  open.resendAtMs ??= t.nowMs + settings.resendMs
  storeBatch(t, batch)
  t.durable = true
  t.answers = true
  takeSeal(t, opened)
  send(t, [peerAt(t.g, collatorSeat(open, rank))], opened.envelope)
}

/** Whoever proposed it first, then everyone else. */
function holdersOf(t: Turn, seat: number) {
  const proposer = peerAt(t.g, seat)
  return [proposer, ...othersOf(t.g)].filter((peer, i, all) => peer !== t.g.self.peerId && all.indexOf(peer) === i)
}
