import type { ContentId } from '@interpeer/crypto-ids'
import { bytesOfContentId } from '@interpeer/crypto-ids'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { announce, fetchState, takeLateReveal } from './adopt.js'
import { answerOf, saltFor } from './answer.js'
import type { ExecutionResult } from './api.js'
import type { KnownBatch } from './batch.js'
import { refusalByState, seedOf } from './check-batch.js'
import { collatorSeat, count, othersOf, peerAt, type Run, send, type Turn } from './group-state.js'
import { revealMessage, sealMessage } from './messages.js'
import { isHeld } from './pool.js'
import { ownSealBytes, takeSeal } from './rounds.js'
import { sign } from './sign.js'
import { nextState } from './state-block.js'

const NO_TRANSCRIPT = new Uint8Array(32)

/** Runs the current rank's batch, or what is missing for that; then seals it. True when something moved. */
export function runAndSeal(t: Turn): boolean {
  const { open, base, seat } = t.g
  const proposal = open.proposals.get(open.rank)
  if (seat < 0 || proposal === undefined || proposal.refused || base.state === undefined) return false
  if (open.givenUp >= open.rank || (open.sealed?.rank ?? -1) >= open.rank) return false
  const { batch } = proposal
  if (open.runs.get(hexOf(batch.hash))?.type === 'running') return false // it was looked at before it ran
  const code = refusalByState(t, batch)
  if (code !== undefined) {
    count(t, code)
    open.proposals.set(open.rank, { ...proposal, refused: true })
    return true
  }
  const name = hexOf(batch.hash)
  const run = open.runs.get(name)
  if (run?.type === 'ran') {
    seal(t, batch, run)
    return true
  }
  if (run?.type === 'running' || (run?.type === 'abstained' && run.rank === open.rank)) return false
  const missing = batch.requests.filter((ref) => !isHeld(t, ref))
  if (missing.length > 0) {
    if (run?.type === 'fetching') return false
    open.runs.set(name, { type: 'fetching', rank: open.rank })
    t.effects.push({ type: 'fetch-bodies', requests: missing, from: holdersOf(t, proposal.seat) })
    return true
  }
  const seed = seedOf(t, batch)
  if (seed === undefined) return false
  if (batch.requests.length === 0) {
    finish(t, batch, { type: 'ran', files: base.state.files, responses: [], transcript: NO_TRANSCRIPT })
    return true
  }
  open.runs.set(name, { type: 'running', rank: open.rank })
  const { files } = base.state
  t.effects.push({ type: 'execute', batch: batch.hash, from: files, requests: batch.requests, timeMs: batch.value.timeMs, seed })
  return true
}

/** A run ended: of the open step's batch, or of the last final one, where others were faster. */
export function onExecuted(t: Turn, hash: Uint8Array, from: ContentId, result: ExecutionResult): undefined {
  const { open, base } = t.g
  const name = hexOf(hash)
  const batch = open.batches.get(name)
  if (batch !== undefined && open.runs.get(name)?.type === 'running' && from === base.state?.files) return finish(t, batch, result)
  if (!base.running || !sameBytes(hash, base.batchHash) || base.certified === undefined) return
  t.g.base = { ...base, running: false }
  if (base.state !== undefined) return
  fetchOrCompare(t, from, result)
}

/** Others made the step final while this member still ran it: its answer comes late, for the record. */
function fetchOrCompare(t: Turn, from: ContentId, result: ExecutionResult): undefined {
  const { base, previous, settings } = t.g
  const batch = base.certified?.batch
  const fits = batch !== undefined && previous?.root === batch.from && previous.files === from
  if (!fits || result.type !== 'ran' || result.responses.length !== batch.requests.length) return fetchState(t)
  const { state, blocks } = nextState(previous, batch, result.files, result.responses, settings.requestsKeptMs)
  t.blocks.push(...blocks)
  if (base.late?.open === true) lateReveal(t, batch, state.root, result)
  if (state.root !== base.root) return fetchState(t)
  t.g.base = { ...t.g.base, state }
  announce(t)
}

function lateReveal(t: Turn, batch: KnownBatch, root: ContentId, result: ExecutionResult & { type: 'ran' }): undefined {
  const { base, self, setup } = t.g
  if (base.certified === undefined || t.g.phase === 'shown') return
  const { rank } = base.certified
  const context = { ...setup, step: base.step, rank, batch: batch.hash, key: self.publicKey }
  const answer = answerOf(root, result.responses, result.transcript, context)
  const fields = { step: base.step, rank, batch: batch.hash, start: bytesOfContentId(batch.from), salt: saltFor(self, context), answer }
  const opened = sign(t, revealMessage, fields)
  t.g.base = { ...base, late: { reveal: opened, open: false } }
  t.durable = true
  takeLateReveal(t, opened)
  send(t, othersOf(t.g), opened.envelope)
}

function finish(t: Turn, batch: KnownBatch, result: ExecutionResult): undefined {
  const { open, base, settings } = t.g
  const name = hexOf(batch.hash)
  const fits = result.type === 'ran' && result.responses.length === batch.requests.length && result.transcript.length === 32
  if (!fits || base.state === undefined) {
    open.runs.set(name, { type: 'abstained', rank: open.rank })
    return count(t, 'ABSTAINED')
  }
  const { state, blocks } = nextState(base.state, batch, result.files, result.responses, settings.requestsKeptMs)
  t.blocks.push(...blocks)
  open.runs.set(name, { type: 'ran', result, state })
}

/** One batch for each (epoch, step, rank); sealing at a rank closes all lower ones. */
function seal(t: Turn, batch: KnownBatch, { result, state }: Run & { type: 'ran' }): undefined {
  const { open, self, setup, settings } = t.g
  const { rank, step } = open
  const context = { ...setup, step, rank, batch: batch.hash, key: self.publicKey }
  const answer = answerOf(state.root, result.responses, result.transcript, context)
  const salt = saltFor(self, context)
  const opened = sign(t, sealMessage, { step, rank, batch: batch.hash, seal: ownSealBytes(t, rank, batch.hash, salt, answer) })
  open.sealed = { rank, batch, salt, answer, envelope: opened.envelope }
  open.resendAtMs ??= t.nowMs + settings.resendMs
  t.durable = true
  takeSeal(t, opened)
  send(t, [peerAt(t.g, collatorSeat(open, rank))], opened.envelope)
}

/** Whoever proposed it first, then everyone else. */
function holdersOf(t: Turn, seat: number) {
  const proposer = peerAt(t.g, seat)
  return [proposer, ...othersOf(t.g)].filter((peer, i, all) => peer !== t.g.self.peerId && all.indexOf(peer) === i)
}
