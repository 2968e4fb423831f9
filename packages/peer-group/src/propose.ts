import { bytesOfContentId } from '@interpeer/crypto-ids'
import { hexOf, sameBytes, WireError } from '@interpeer/wire-codec'
import { accuse } from './accuse.js'
import { takeLateReveal } from './adopt.js'
import type { DueEvent } from './agenda/due.js'
import { NO_FUNDS, purseWith } from './agenda/purse.js'
import type { RequestRef } from './api.js'
import { type KnownBatch, readBatch, seedAlpha, writeBatch } from './batch.js'
import { openReveals } from './certificate.js'
import { refusalOfBatch, rerunOf, roomAmongOpen } from './check-batch.js'
import { openDissents } from './dissent.js'
import { PeerGroupError } from './errors.js'
import { eventsFor } from './event-turns.js'
import { collatorSeat, count, othersOf, quorum, send, type Turn } from './group-state.js'
import { certificateMessage, type Proposal, proposalMessage, UNANIMOUS_SHOWN_MAX } from './messages.js'
import { isNamingDue } from './naming.js'
import { isOutboxTurnDue } from './outbox-wakes.js'
import { requestsInTime } from './pace.js'
import { candidates } from './pool.js'
import { isPieced } from './request-block.js'
import { PROVISIONAL_MAX } from './settings.js'
import { sign } from './sign.js'
import { roomIn } from './state-block.js'
import { disputedWith, isJudged, isUnanimous, nameable, rootBefore, unnamedSteps } from './steps.js'
import { outcomesOf } from './tally.js'
import { boundBy, enterRank, isForced, showTimeouts, timeoutsOfRank } from './timeouts.js'
import type { Opened } from './verifier.js'

/** A proposal of the open step, own or another's. */
export function takeProposal(t: Turn, opened: Opened<Proposal>): undefined {
  const { open } = t.g
  const { rank } = opened.value
  if (opened.seat !== collatorSeat(open, rank)) return count(t, 'NOT_THE_COLLATOR')
  const earlier = open.proposals.get(rank)
  if (earlier !== undefined) return accuse(t, 'two-proposals', opened.seat, earlier.envelope, opened.envelope)
  if (rank < open.rank || rank <= open.givenUp) return count(t, 'RANK_OVER')
  let batch: KnownBatch
  try {
    batch = readBatch(opened.value.batch)
  } catch {
    return count(t, 'BATCH_MALFORMED')
  }
  const shown = showTimeouts(t, opened)
  if (shown === undefined) return count(t, 'PROPOSAL_UNJUSTIFIED')
  const bound = boundBy(shown)
  if (isPadded(t, opened.value, batch, isForced(t, bound))) return count(t, 'PROPOSAL_PADDED')
  for (const certificate of opened.value.unanimous) takeUnanimous(t, certificate)
  // A lock yields only to q time-outs of its own rank or later; those were just checked, and sealing closes lower ranks.
  if (open.lockRank !== undefined && rank <= open.lockRank) return count(t, 'LOCKED')
  const code = refusalOfBatch(t, opened, batch, bound)
  if (rank > open.rank) enterRank(t, rank)
  if (code !== undefined) return count(t, code)
  open.batches.set(hexOf(batch.hash), batch)
  open.proposals.set(rank, { ...opened, batch, refused: false, bound: isForced(t, bound) })
  open.resendAtMs ??= t.nowMs + t.g.settings.resendMs
}

/** Whether it has what can say nothing there: it would only make two of them too long to be shown to anyone. */
function isPadded({ g }: Turn, { rank, timeouts, tallies, unanimous }: Proposal, { value }: KnownBatch, forced: boolean): boolean {
  if (timeouts.length > (rank === 0 ? 0 : g.setup.members.length)) return true
  return forced ? tallies.length + unanimous.length > 0 : !value.closing && tallies.length > 0
}

/** Proposes, if this member collates the current rank and there is something to agree on. */
export function propose(t: Turn): boolean {
  const { open, seat, settings } = t.g
  const { rank } = open
  if (seat < 0 || collatorSeat(open, rank) !== seat || open.proposals.has(rank) || rank <= open.givenUp) return false
  if ((open.proposed?.rank ?? -1) >= rank) return false
  const timeouts = rank === 0 ? [] : timeoutsOfRank(t, rank - 1)
  if (rank > 0 && timeouts.length < quorum(t.g)) return false
  const rerun = rerunOf(t, open.step)
  const bound = boundBy(timeouts)
  const boundBatch = bound === undefined ? undefined : open.batches.get(hexOf(bound.hash))
  if (bound !== undefined && boundBatch === undefined) return false // its bytes are still to come, from whoever showed it
  const forced = boundBatch ?? (rerun === undefined ? undefined : readBatch(rerun))
  const chosen = forced === undefined ? newBatch(t) : { batch: forced, tallies: [], unanimous: [] }
  if (chosen === undefined) return false
  const opened = sign(t, proposalMessage, {
    step: open.step,
    rank,
    batch: chosen.batch.bytes,
    timeouts: timeouts.map(({ envelope }) => envelope),
    tallies: chosen.tallies,
    unanimous: chosen.unanimous,
  })
  open.proposed = { rank, envelope: opened.envelope }
  open.proposals.set(rank, { ...opened, batch: chosen.batch, refused: false, bound: isForced(t, bound) })
  open.batches.set(hexOf(chosen.batch.hash), chosen.batch)
  open.resendAtMs = t.nowMs + settings.resendMs
  t.durable = true
  send(t, othersOf(t.g), opened.envelope)
  return true
}

/**
 * A certificate in which all members reveal alike, of a step that this member knows with fewer reveals. Of any other no signature is checked: each proposal may
 * show some, and a collator may send as many proposals as it likes.
 */
function takeUnanimous(t: Turn, certificate: Uint8Array): undefined {
  try {
    const { step, batch } = certificateMessage.decode(certificate)
    const known = unnamedSteps(t.g).find((one) => one.step === step)
    if (known === undefined || isUnanimous(known, t.g.setup.members.length) || !sameBytes(known.certified.batch.hash, batch)) return
    const { reveals } = openReveals(certificate, t.g.verifier)
    for (const reveal of reveals) takeLateReveal(t, reveal)
  } catch (error) {
    if (!(error instanceof PeerGroupError || error instanceof WireError)) throw error
    count(t, 'CERTIFICATE_INVALID')
  }
}

interface Chosen {
  readonly batch: KnownBatch
  readonly tallies: readonly Uint8Array[]
  readonly unanimous: readonly Uint8Array[]
}

/** A batch of this member's own choice, or undefined while there is nothing to put into one. */
function newBatch(t: Turn): Chosen | undefined {
  const { open, base, setup, self, settings, job, closing } = t.g
  const timeMs = Math.max(t.nowMs, base.timeMs + 1)
  const dissents = openDissents(t)
  const against = new Set(dissents.map(({ step }) => step))
  const disputed = disputedWith(t.g, against)
  const isHeld = isJudged(t.g) && disputed > 0
  const final = Math.min(nameable(t, against), isHeld ? disputed - 1 : open.step - 1)
  const isClosing = closing !== undefined && timeMs >= closing.atMs
  if (isClosing && final !== (isHeld ? disputed : open.step) - 1) return undefined // windows are still open
  if (!isHeld && open.step - 1 - final > PROVISIONAL_MAX) return undefined // enough waits for dissent already
  const tallies = isClosing ? [...open.tallies.values()] : []
  if (isClosing && tallies.length < quorum(t.g)) return undefined
  const from = isHeld ? rootBefore(t.g, disputed) : base.root
  if (from === undefined || (!isHeld && base.state === undefined)) return undefined
  // a closing batch goes onto the chain with its proof, so no script may run on its seed: writes wait for the next epoch
  const { requests, events } =
    isClosing || isHeld || base.state === undefined
      ? NO_WORK
      : chooseWork(t, Math.min(roomIn(base.state, timeMs, settings.requestsKeptMs), roomAmongOpen(t, final)), timeMs)
  const early = t.nowMs < base.sinceMs + settings.idleEveryMs && !isOutboxTurnDue(t)
  if (open.rank === 0 && !isClosing && requests.length + events.length === 0 && early && !isNamingDue(t)) return undefined
  const { settled, mayPay } = setup.funds ?? NO_FUNDS
  const funds = { settled, mayPay }
  open.proof ??= self.vrfProve(seedAlpha(setup.network, setup.job, setup.epoch, open.step))
  const batch = writeBatch({
    job,
    epoch: setup.epoch,
    step: open.step,
    ancestors: base.ancestors,
    from: bytesOfContentId(from),
    collator: self.publicKey,
    timeMs,
    proof: open.proof,
    requests: requests.map(({ id, ms, cid }) => ({ id, ms, cid: bytesOfContentId(cid) })),
    events: events.map(({ id }) => id),
    final,
    disputed,
    dissents,
    ...funds,
    closing: isClosing,
    outcomes: isClosing
      ? outcomesOf(
          tallies.map(({ value }) => value),
          open.step - 1,
          setup.members.length,
          isJudged(t.g),
        )
      : [],
    payments: isClosing && !isHeld && base.state !== undefined ? purseWith(base.state.agenda.purse, funds).payments : [],
  })
  return { batch, tallies: tallies.map(({ envelope }) => envelope), unanimous: shownUnanimous(t, final) }
}

/** What the others may lack to see that steps are final before their windows are over. */
function shownUnanimous({ g, nowMs }: Turn, final: number): readonly Uint8Array[] {
  const early = unnamedSteps(g).filter((one) => one.step <= final && one.completed && nowMs < one.sinceMs + g.settings.dissentWindowMs)
  return early.slice(-UNANIMOUS_SHOWN_MAX).map(({ certified }) => certified.certificate)
}

const NO_WORK = { requests: [], events: [] }
function chooseWork(
  t: Turn,
  room: number,
  timeMs: number,
): { readonly requests: readonly RequestRef[]; readonly events: readonly DueEvent[] } {
  const { events, isAlone } = eventsFor(t, timeMs)
  if (isAlone) return { events, requests: [] }
  const { requests, hasFailed } = chooseRequests(t, room, timeMs)
  return { requests, events: hasFailed ? [] : events }
}

/**
 * Oldest first, within bounds and the state's room: a batch that the state cannot take is sealed by nobody. One whose batch found no quorum before goes
 * alone, so that it takes no other down with it.
 */
function chooseRequests(t: Turn, room: number, timeMs: number): { readonly requests: readonly RequestRef[]; readonly hasFailed?: boolean } {
  const { settings } = t.g
  const waiting = candidates(t, timeMs)
  const first = waiting[0]
  if (first === undefined || room <= 0) return { requests: [] }
  if (first.failures > 0) return { requests: [first.ref], hasFailed: true }
  const chosen: RequestRef[] = []
  let bytes = 0
  const requestsMax = Math.min(settings.batchRequestsMax, room, requestsInTime(t.g))
  for (const { ref, size: blockBytes, failures } of waiting) {
    if (failures > 0) continue
    // what lies in further blocks goes alone
    const size = isPieced(ref.cid) ? settings.batchBytesMax : blockBytes
    if (chosen.length >= requestsMax || (chosen.length > 0 && bytes + size > settings.batchBytesMax)) break
    chosen.push(ref)
    bytes += size
  }
  return { requests: chosen }
}
