import { type PeerId, signMessage } from '@interpeer/crypto-ids'
import { dueMs } from './candidate.js'
import { keepGoing } from './follow.js'
import { passOwn } from './gossip/pass-on.js'
import { transactionMessage } from './messages.js'
import { receive } from './receive.js'
import { attemptMs, endsAtMs, mayVote, proposesAtMs, settle, softAtMs } from './rounds.js'
import { keepSharing, pullMs } from './share.js'
import type { ChainEvent, ChainState, ChainStep, Draft } from './state.js'
import { keepTransaction } from './take-transaction.js'
import { isGossiping, others, sendTo } from './tell.js'

/**
 * Moves a peer's part of the vote-chain forward by one event (§6.7). Effects are to be carried out in order; a `persist` or
 * `block` must be durable before the effects after it. Never throws on what other peers send: it is counted. Time is network time
 * in ms and never goes back: an earlier `nowMs` is taken as the latest seen.
 */
export function stepChain<S>(state: ChainState<S>, event: ChainEvent): ChainStep<S> {
  const d: Draft<S> = { ...state, nowMs: Math.max(state.nowMs, event.nowMs), effects: [] }
  if (event.type === 'message') receive(d, event.from, event.envelope)
  if (event.type === 'submit') submit(d, event.transaction)
  settle(d)
  if (isGossiping(d)) keepSharing(d)
  keepGoing(d)
  return finish(d)
}

export function finish<S>(d: Draft<S>): ChainStep<S> {
  const { effects, ...state } = d
  const atMs = nextWake(d)
  if (atMs === state.wakeAtMs && atMs > d.nowMs) return { state, effects }
  return { state: { ...state, wakeAtMs: atMs }, effects: [...effects, { type: 'wake', atMs }] }
}

function nextWake<S>(d: Draft<S>): number {
  const { resend, follow } = d.deadlines
  const at: (number | undefined)[] = [follow]
  if (mayVote(d) && d.phase === 'wait') at.push(dueMs(d.fixed, d.tip))
  if (mayVote(d) && d.phase === 'vote') at.push(resend, proposesAtMs(d), softAtMs(d), endsAtMs(d), endsAtMs(d) + attemptMs(d))
  if (isGossiping(d))
    at.push(
      Math.max(d.gossip.tendAtMs, d.nowMs + 1),
      d.gossip.flushAtMs,
      ...[...d.pulls.values()].map(({ askedMs }) => askedMs + pullMs(d)),
    )
  const next = at.filter((ms): ms is number => ms !== undefined && ms > d.nowMs)
  return Math.min(...next, d.nowMs + d.fixed.genesis.settings.cycleMs)
}

/** Electors that a peer which is none hands a transaction to, where electors gossip. */
const HANDED_TO = 4
/** A transaction of this peer's own: for all who may lead, then offered again until a block has it. */
function submit<S>(d: Draft<S>, transaction: Uint8Array): undefined {
  if (!keepTransaction(d, 'self', transaction)) return
  const value = { transaction, sender: d.fixed.signer.publicKey }
  if (isGossiping(d)) return passOwn(d, 'transaction', transaction)
  const peers = others(d)
  const first = d.nowMs % Math.max(1, peers.length)
  const some = Array.from({ length: HANDED_TO }, (_, i) => peers[(first + i) % peers.length] as PeerId)
  const to = peers.length > d.fixed.gossip.directMax ? some : peers
  sendTo(d, to, signMessage(transactionMessage, value, d.fixed.signer, d.fixed.network))
}
