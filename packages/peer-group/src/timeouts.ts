import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { accuse } from './accuse.js'
import { rerunOf } from './check-batch.js'
import { openDissents, takeDissent } from './dissent.js'
import { type BoundSet, collatorSeat, count, othersOf, peerAt, quorum, type SeenTimeout, send, type Turn } from './group-state.js'
import { accuseHiders } from './hidden-lock.js'
import { commitSetMessage, type Proposal, sealMessage, type Timeout, timeoutMessage } from './messages.js'
import { forgetRanks, revealsIn } from './open-step.js'
import { blame } from './pool.js'
import { joinCountOf } from './quorum.js'
import { RANK_DOUBLINGS_MAX, RANK_MAX } from './settings.js'
import { sign } from './sign.js'
import type { Opened } from './verifier.js'

/** Takes up a time-out of the open step, own or another's. Gives it as read, even where its sender told this member another before. */
export function takeTimeout(t: Turn, opened: Opened<Timeout>): SeenTimeout | undefined {
  const { open, base } = t.g
  const { rank, previous, bound } = opened.value
  if (!sameBytes(previous, base.batchHash)) return count(t, 'TIMEOUT_OTHER_PAST')
  const seen = open.timeouts.get(opened.seat) ?? []
  const same = seen.find((one) => one.value.rank === rank)
  if (same !== undefined && sameBytes(same.envelope, opened.envelope)) return same
  if (same !== undefined) accuse(t, 'two-timeouts', opened.seat, same.envelope, opened.envelope)
  const boundSet = bound === null ? undefined : readBoundSet(t, bound, rank)
  if (bound !== null && boundSet === undefined) return count(t, 'TIMEOUT_BOUND_INVALID')
  if (boundSet !== undefined) noteBound(t, boundSet)
  if (same === undefined) for (const envelope of opened.value.dissents) takeDissent(t, envelope)
  const taken = { ...opened, boundSet }
  accuseHiders(t, revealsIn(open), [opened])
  if (same === undefined) open.timeouts.set(opened.seat, [...seen, taken].sort((a, b) => b.value.rank - a.value.rank).slice(0, 2))
  return taken
}

/** q seals of distinct members for one batch, at a rank no higher than `rankMax`. */
export function readBoundSet(t: Turn, bound: NonNullable<Timeout['bound']>, rankMax: number): BoundSet | undefined {
  const { open, verifier } = t.g
  if (bound.rank > rankMax) return undefined
  const seats = new Set<number>()
  for (const envelope of bound.seals) {
    const seal = verifier.open(sealMessage, envelope)
    if (typeof seal === 'string' || seal.value.step !== open.step || seal.value.rank !== bound.rank) return undefined
    if (!sameBytes(seal.value.batch, bound.batch)) return undefined
    seats.add(seal.seat)
  }
  return seats.size >= quorum(t.g) ? { rank: bound.rank, hash: bound.batch, seals: bound.seals } : undefined
}

/** Remembers the highest commit set seen: nothing lowers it. */
export function noteBound(t: Turn, set: BoundSet): boolean {
  const { open } = t.g
  if (open.bound !== undefined && open.bound.rank >= set.rank) return false
  open.bound = set
  t.durable = true
  return true
}

/** The commit set of the highest rank among time-outs: what a proposal that shows them is bound to. */
export function boundBy(timeouts: readonly SeenTimeout[]): BoundSet | undefined {
  let highest: BoundSet | undefined
  for (const { boundSet } of timeouts) if (boundSet !== undefined && boundSet.rank > (highest?.rank ?? -1)) highest = boundSet
  return highest
}

/**
 * The time-outs that justify a proposal: q of exactly the rank before, taken up as if they had come by themselves. Judged as shown, not as this
 * member knows them: a traitor may have told it something else. Entries that do not hold count for nothing, and for all members alike.
 */
export function showTimeouts(t: Turn, { value }: Opened<Proposal>): readonly SeenTimeout[] | undefined {
  if (value.rank === 0) return []
  const seats = new Set<number>()
  const shown: SeenTimeout[] = []
  for (const envelope of value.timeouts) {
    const timeout = t.g.verifier.open(timeoutMessage, envelope)
    if (typeof timeout === 'string' || timeout.value.step !== t.g.open.step || timeout.value.rank !== value.rank - 1) continue
    if (seats.has(timeout.seat)) continue
    const seen = takeTimeout(t, timeout)
    if (seen === undefined) continue
    seats.add(timeout.seat)
    shown.push(seen)
  }
  return shown.length >= quorum(t.g) ? shown : undefined
}

/** A batch that time-outs or a recovery leave no choice about. */
export const isForced = (t: Turn, bound: BoundSet | undefined): boolean => bound !== undefined || rerunOf(t, t.g.open.step) !== undefined

export function timeoutsOfRank(t: Turn, rank: number): readonly SeenTimeout[] {
  return [...t.g.open.timeouts.values()].flatMap((seen) => seen.filter((one) => one.value.rank === rank))
}

/**
 * What the time-outs seen so far make of the rank: q of one rank start the timer of the next; N-q+1 of a higher rank make a member join it.
 */
export function followTimeouts(t: Turn): boolean {
  const { open } = t.g
  const ranks = [...new Set([...open.timeouts.values()].flatMap((seen) => seen.map((one) => one.value.rank)))].sort((a, b) => b - a)
  for (const rank of ranks) {
    const exact = timeoutsOfRank(t, rank)
    if (exact.length < quorum(t.g)) continue
    if (!open.blamed.has(rank) && isTooSlow(t, rank, exact)) {
      open.blamed.add(rank)
      blame(t, open.proposals.get(rank)?.batch, rank)
    }
    if (rank + 1 > open.rank && rank < RANK_MAX) {
      enterRank(t, rank + 1)
      return true
    }
    break
  }
  const joinRank = joinableRank(t)
  if (joinRank > open.rank) {
    giveUp(t, joinRank)
    return true
  }
  return false
}

/** Whether members say that the rank's batch was too slow. Its collator's own word is none: it may have held up what it proposed, to be rid of the requests in it. */
function isTooSlow({ g }: Turn, rank: number, timeouts: readonly SeenTimeout[]): boolean {
  const isAlone = g.setup.members.length === 1
  return timeouts.some(({ value, seat }) => value.abstained && (isAlone || seat !== collatorSeat(g.open, rank)))
}

/** The highest rank that N-q+1 members have given up, or a rank above it. */
export function joinableRank(t: Turn): number {
  const tops = [...t.g.open.timeouts.values()].map((seen) => (seen[0] as SeenTimeout).value.rank).sort((a, b) => b - a)
  return tops[joinCountOf(t.g.setup.members.length) - 1] ?? -1
}

/** Begins a rank: its timer starts here, at q time-outs of the one before, or at a proposal that shows them. */
export function enterRank(t: Turn, rank: number): void {
  const { open, settings } = t.g
  open.rank = rank
  open.timerSinceMs = undefined
  if (open.givenUp >= rank) open.timerAtMs = undefined
  else startTimer(t)
  open.resendEveryMs = settings.resendMs
  open.resendAtMs = t.nowMs + settings.resendMs
  forgetRanks(open)
}

export function startTimer(t: Turn): void {
  const { open } = t.g
  open.timerAtMs = t.nowMs + rankTimerMs(t, open.rank)
  open.timerSinceMs = t.nowMs
}
const rankTimerMs = (t: Turn, rank: number): number => t.g.settings.rankTimerMs * 2 ** Math.min(rank, RANK_DOUBLINGS_MAX)

/** Closes a rank for good: afterwards this member seals and reveals nothing there or below. */
export function giveUp(t: Turn, rank: number): void {
  const { open, base } = t.g
  if (rank <= open.givenUp || rank < open.rank) return
  const proposal = open.proposals.get(rank)
  const run = proposal === undefined ? undefined : open.runs.get(hexOf(proposal.batch.hash))
  const bound = open.bound === undefined ? null : { rank: open.bound.rank, batch: open.bound.hash, seals: open.bound.seals }
  const dissents = openDissents(t).map(({ envelope }) => envelope)
  open.rank = rank
  open.timerAtMs = undefined
  open.givenUp = rank
  const opened = sign(t, timeoutMessage, {
    step: open.step,
    rank,
    previous: base.batchHash,
    bound,
    dissents,
    abstained: run?.type === 'abstained',
  })
  open.ownTimeouts = [opened.envelope, ...open.ownTimeouts].slice(0, 2)
  open.resendAtMs = t.nowMs + open.resendEveryMs
  t.durable = true
  takeTimeout(t, opened)
  send(t, othersOf(t.g), opened.envelope)
  handBoundOn(t, rank + 1)
}

/** The collator of a later rank has to propose what a commit set binds: it gets the batch from those who show it the set. */
export function handBoundOn(t: Turn, rank: number): void {
  const { open } = t.g
  const batch = open.bound === undefined ? undefined : open.batches.get(hexOf(open.bound.hash))
  if (open.bound === undefined || batch === undefined || open.bound.rank >= rank) return
  const fields = { step: open.step, rank: open.bound.rank, batch: batch.bytes, seals: open.bound.seals }
  send(t, [peerAt(t.g, collatorSeat(open, rank))], sign(t, commitSetMessage, fields).envelope)
}
