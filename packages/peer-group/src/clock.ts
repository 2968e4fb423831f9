import { hexOf } from '@interpeer/wire-codec'
import { rerunOf } from './check-batch.js'
import { resendDissents } from './dissent.js'
import { nextEventMs } from './event-turns.js'
import { fetchState } from './finality.js'
import { askForMissing } from './gaps.js'
import { resendClosing, sendSteps } from './give-steps.js'
import { collatorSeat, othersOf, peerAt, send, type Turn } from './group-state.js'
import { tallyMessage } from './messages.js'
import { isNamingDue } from './naming.js'
import { isOutboxTurnDue, nextOutboxTurnMs } from './outbox-wakes.js'
import { askBodiesAgain, withheldAtMs } from './own-run.js'
import { timerDueMs } from './pace.js'
import { hasWork, isHeld, offerAgain } from './pool.js'
import { sendCommitSet } from './rounds.js'
import { sign } from './sign.js'
import { auditSkips, skipDueMs } from './skips.js'
import { nextWindowMs, unnamedSteps } from './steps.js'
import { giveUp, handBoundOn, joinableRank, startTimer } from './timeouts.js'
import { sayUnseen, unseenAtMs } from './unseen.js'

/** What is due by now: time-outs, messages to be sent again. True when something moved. */
export function onClock(t: Turn): boolean {
  const { g } = t
  sayUnseen(t)
  auditSkips(t)
  if (g.phase === 'shown') return false
  offerAgain(t)
  if (g.phase === 'closed') {
    resendClosing(t)
    return false
  }
  const told = tellTally(t)
  const { open } = g
  if (open.timerAtMs === undefined && open.givenUp < open.rank && isPending(t)) startTimer(t)
  const dueMs = timerDueMs(t)
  if (dueMs !== undefined && t.nowMs >= dueMs) {
    giveUp(t, open.rank)
    return true
  }
  if (open.resendAtMs === undefined && (isPending(t) || unnamedSteps(g).length > 0)) open.resendAtMs = t.nowMs + open.resendEveryMs
  if (open.resendAtMs !== undefined && t.nowMs >= open.resendAtMs) resend(t)
  return told
}

/** Nothing pending and not idle time: no timer runs. A lone time-out of a stranger to honesty starts none either. */
export function isPending(t: Turn): boolean {
  const { open, base, settings } = t.g
  return (
    open.rank > 0 ||
    open.givenUp >= 0 ||
    open.proposals.has(open.rank) ||
    open.sealed !== undefined ||
    t.nowMs >= base.sinceMs + settings.idleEveryMs ||
    closingDue(t) ||
    rerunOf(t, open.step) !== undefined ||
    joinableRank(t) >= open.rank ||
    isNamingDue(t) ||
    isOutboxTurnDue(t) ||
    hasWork(t)
  )
}

export const closingDue = ({ g, nowMs }: Turn): boolean => g.closing !== undefined && nowMs >= g.closing.atMs

/** Once closing is due, and what may still be said in open windows is said, every member tells what it knows of all outcomes, for the receipt. */
function tellTally(t: Turn): boolean {
  const { open, seat, tally } = t.g
  if (seat < 0 || !closingDue(t) || open.tallies.has(seat) || nextWindowMs(t) !== undefined) return false
  const opened = sign(t, tallyMessage, { step: open.step, ...tally })
  open.tallies.set(seat, opened)
  t.durable = true
  send(t, othersOf(t.g), opened.envelope)
  return true
}

/** Open messages go out again, byte for byte, and to everyone: the collator may be what is missing (WP §8.7). */
function resend(t: Turn): void {
  const { g } = t
  const { open } = g
  const { rank } = open
  const others = othersOf(g)
  const lacking = (map: ReadonlyMap<number, unknown> | undefined) =>
    others.filter((peer) => map?.has(g.setup.members.indexOf(peer)) !== true)
  if (open.proposed?.rank === rank && open.givenUp < rank) send(t, lacking(open.seals.get(rank)), open.proposed.envelope)
  if (open.bound?.rank === rank && collatorSeat(open, rank) === g.seat && open.givenUp < rank) sendCommitSet(t)
  if (open.sealed !== undefined) send(t, others, open.sealed.envelope)
  if (open.revealed !== undefined) send(t, others, open.revealed.envelope)
  for (const envelope of open.ownTimeouts) send(t, others, envelope)
  handBoundOn(t, rank)
  askMissing(t)
  askForMissing(t)
  askBodiesAgain(t)
  resendDissents(t)
  const tally = open.tallies.get(g.seat)
  if (tally !== undefined) send(t, others, tally.envelope)
  fetchState(t)
  const proposal = open.proposals.get(rank)
  if (proposal !== undefined && open.runs.get(hexOf(proposal.batch.hash))?.type === 'fetching') {
    const missing = proposal.batch.requests.filter((ref) => !isHeld(t, ref))
    const from = [peerAt(g, proposal.seat), ...others].filter((peer, i, all) => peer !== g.self.peerId && all.indexOf(peer) === i)
    if (missing.length > 0) t.effects.push({ type: 'fetch-bodies', requests: missing, from })
  }
  open.resendEveryMs = Math.min(2 * open.resendEveryMs, g.settings.resendMsMax)
  const isWaiting = isPending(t) || g.base.state === undefined || g.final.state === undefined || unnamedSteps(g).length > 0
  open.resendAtMs = isWaiting ? t.nowMs + open.resendEveryMs : undefined
}

/** Whoever has not revealed what is certified is shown it again: members ask the missing ones directly, while the window is open. */
function askMissing(t: Turn): void {
  const { g } = t
  for (const { step, certified, sinceMs } of unnamedSteps(g)) {
    if (t.nowMs > sinceMs + g.settings.dissentWindowMs) continue
    const missing = othersOf(g).filter((peer) => !certified.reveals.has(g.setup.members.indexOf(peer)))
    sendSteps(t, missing, [step])
  }
}

/** When this group next wants to be told the time. */
export function nextWakeMs(t: Turn): number | undefined {
  const { g } = t
  const { open } = g
  if (g.seat < 0) return undefined
  const times = [unseenAtMs(t), withheldAtMs(t), skipDueMs(t)]
  if (g.phase !== 'shown') times.push(g.offerAtMs, open.resendAtMs)
  if (g.phase === 'open') {
    const graceEndsMs = open.quorumAtMs === undefined ? undefined : open.quorumAtMs + g.settings.graceMs
    times.push(
      timerDueMs(t),
      g.closing?.atMs,
      g.base.sinceMs + g.settings.idleEveryMs,
      nextWindowMs(t),
      graceEndsMs,
      nextEventMs(t),
      nextOutboxTurnMs(t),
    )
    if (g.base.state === undefined) times.push(open.resendAtMs ?? t.nowMs + open.resendEveryMs)
  }
  const later = times.filter((time): time is number => time !== undefined && time > t.nowMs)
  return later.length === 0 ? undefined : Math.min(...later)
}
