import { encodeBody, headerMessage } from './block.js'
import { dueMs, makeBlock } from './candidate.js'
import { certified } from './certified.js'
import { inTurn } from './pool.js'
import type { Candidate, Draft } from './state.js'
import { castProposal, castVote, ownRound } from './tell.js'
import { agreedIn, envelopesFor, namedBlocks, ROUNDS_KEPT, roundToJoin, votesOf } from './votes.js'

/** No step moves further than this; a bug that would loop stops here instead. */
const MOVES_MAX = 64

/** Whether this peer may vote on the next height. */
export const mayVote = <S>(d: Draft<S>): boolean => d.fixed.votes && d.tip.height + 1 >= d.silentBelow
export const resendMs = <S>(d: Draft<S>): number => Math.max(50, Math.ceil(d.fixed.genesis.settings.roundMs / 2))
/** How long round r waits for a proposal. Grows, so that in the end it is longer than messages take. */
const proposeMs = <S>(d: Draft<S>, round: number): number => Math.ceil(d.fixed.genesis.settings.roundMs * (1 + Math.min(round, 40) / 2))

/** Applies the rules of docs/protocol/vote-chain.md until none of them moves. */
export function settle<S>(d: Draft<S>): void {
  for (let moves = 0; moves < MOVES_MAX; moves++) if (!move(d)) return
}

function move<S>(d: Draft<S>): boolean {
  if (!mayVote(d)) return false
  if (decide(d)) return true
  if (d.phase === 'wait') return d.nowMs >= dueMs(d.fixed, d.tip) && startRound(d, 0)
  const join = roundToJoin(d)
  if (join !== undefined) return startRound(d, join)
  if (d.phase === 'propose') return propose(d) || voteSoft(d)
  if (d.phase === 'soft' && voteCertify(d)) return true
  return endRound(d)
}

/** Rule 8: a quorum of certify votes of one round for one block makes it final, whatever round this peer is in. */
function decide<S>(d: Draft<S>): boolean {
  for (const [round, { certify }] of d.votes) {
    const block = agreedIn(certify, d.fixed.quorum)
    const candidate = typeof block === 'string' ? d.candidates.get(block) : undefined
    if (candidate === undefined) continue
    const certificate = { height: d.tip.height + 1, round, block: candidate.hash, votes: envelopesFor(certify, candidate.name) }
    certified(d, candidate, certificate)
    return true
  }
  return false
}

export function startRound<S>(d: Draft<S>, round: number): true {
  d.round = round
  d.phase = 'propose'
  d.deadlines = { propose: d.nowMs + proposeMs(d, round), resend: d.nowMs + resendMs(d), follow: d.deadlines.follow ?? d.nowMs }
  const kept = ([at]: readonly [number, unknown]): boolean => at + ROUNDS_KEPT >= round
  d.votes = new Map([...d.votes].filter(kept))
  d.proposals = new Map([...d.proposals].filter(kept))
  const named = new Set([...[...d.proposals.values()].map(({ block }) => block), ...namedBlocks(d).keys()])
  const needed = (name: string): boolean => named.has(name) || name === d.locked?.block || name === d.highest?.block
  d.candidates = new Map([...d.candidates].filter(([name]) => needed(name)))
  return true
}

/** Rules 1 and 2: the leader proposes the block of the highest soft bundle that it knows, else a block of its own. Once a round. */
function propose<S>(d: Draft<S>): boolean {
  const { leaders } = d.tip
  if (leaders[d.round % leaders.length] !== d.fixed.signer.peerId || d.proposals.has(d.round)) return false
  if (ownRound(d, d.round).proposal !== undefined) return false
  const bound = d.highest === undefined ? undefined : d.candidates.get(d.highest.block)
  if (d.highest !== undefined && bound === undefined) return false // it is being asked for
  const block: Omit<Candidate<S>, 'envelope'> = bound ?? makeBlock(d.fixed, d.tip, inTurn(d.pool), d.nowMs)
  const softRound = bound === undefined ? null : (d.highest?.round ?? null)
  const envelope = castProposal(d, block, encodeBody(block.body), headerMessage.encode(block.header))
  d.candidates = new Map(d.candidates).set(block.name, { ...block, envelope })
  d.proposals = new Map(d.proposals).set(d.round, { block: block.name, fits: true, softRound })
  return true
}

/** Rules 3 and 4: one soft vote a round, for the proposal unless a lock forbids it, for none where it is missing or wrong. */
function voteSoft<S>(d: Draft<S>): boolean {
  const proposed = d.proposals.get(d.round)
  if (proposed === undefined) {
    if (d.nowMs < (d.deadlines.propose ?? 0)) return false
    castVote(d, 'soft', null)
    return true
  }
  const { block, fits, softRound } = proposed
  const free = d.locked === undefined || d.locked.block === block || (softRound !== null && d.locked.round <= softRound)
  castVote(d, 'soft', fits && free ? block : null)
  return true
}

/** Rules 5 and 6: certify what a quorum voted for softly in this round, and be bound to it; none where the quorum is for none, or split. */
function voteCertify<S>(d: Draft<S>): boolean {
  const { soft } = votesOf(d, d.round)
  const agreed = d.highest?.round === d.round ? d.highest.block : agreedIn(soft, d.fixed.quorum)
  if (typeof agreed === 'string' && d.candidates.has(agreed)) {
    d.locked = { round: d.round, block: agreed }
    castVote(d, 'certify', agreed)
    return true
  }
  if (agreed === null) {
    castVote(d, 'certify', null)
    return true
  }
  if (soft.size < d.fixed.quorum && agreed === undefined) return false
  if (d.deadlines.soft === undefined) {
    d.deadlines = { ...d.deadlines, soft: d.nowMs + Math.ceil(proposeMs(d, d.round) / 2) }
    return true
  }
  if (d.nowMs < d.deadlines.soft) return false
  castVote(d, 'certify', null)
  return true
}

/** Rule 7: a quorum of certify votes, for no one block: wait a little for others, then the next round. */
function endRound<S>(d: Draft<S>): boolean {
  const { certify } = votesOf(d, d.round)
  if (certify.size < d.fixed.quorum) return false
  if (d.deadlines.certify === undefined) {
    d.deadlines = { ...d.deadlines, certify: d.nowMs + Math.ceil(proposeMs(d, d.round) / 2) }
    return true
  }
  return d.nowMs >= d.deadlines.certify && startRound(d, d.round + 1)
}
