import type { JobId, PeerId } from '@interpeer/crypto-ids'
import { SchedulerError, type SeatClaim, seatShown } from '@interpeer/job-scheduler'
import type { Overlay } from '@interpeer/overlay/node'
import { HEADERS_MAX, type Header, hashOfHeader, headerMessage, headersReply, linkedHeaders, wantHeaders } from '@interpeer/vote-chain'
import { sameBytes } from '@interpeer/wire-codec'
import { checkSeatProof, type NetworkState } from '../network/index.js'
import { askOf } from './drawn-seats.js'
import type { PeerLog } from './log.js'
import type { ShownSeat } from './show-seat.js'

const ASK_MS = 10_000
/** How long one peer is listened to, whatever it says, and all of them together. */
const PEER_MS = 30_000
const ALL_MS = 60_000
/** So long one is waited for before another is asked beside it, and so many are asked side by side. */
const [HEDGE_MS, OPEN_MAX] = [2_000, 3]
/** Requests for headers to one peer: honest ones answer with what fits a megabyte. */
const HEADER_REQUESTS_MAX = 64
/** Whom to ask at most: a group's members, and some more. */
const ASKED_MAX = 40
/** How far before its own blocks a peer has itself shown headers: three checkpoints of usual networks, and more. */
const HEADERS_BACK_MAX = 8 * HEADERS_MAX

export interface AskSeatOptions {
  readonly overlay: Pick<Overlay, 'request'>
  /** Whom to ask, in order. */
  readonly peers: readonly PeerId[]
  /** The hash of a block that this peer has; asked for from `oldest` on. */
  readonly hashAt: (height: number) => Uint8Array | undefined
  /** The oldest height at which it has one whatever it lacks before. */
  readonly oldest: number
  readonly state: Pick<NetworkState, 'jobs' | 'settings'>
  /** Never goes back. */
  readonly nowMs: () => number
  readonly signal: AbortSignal
  /** Default 2,000. */
  readonly hedgeMs?: number | undefined
  /** Told whom it asks, before it does. */
  readonly onAsk?: ((peer: PeerId) => void) | undefined
  readonly log: PeerLog
  readonly count: (code: string) => void
}

/**
 * Who a seat fell to, as another peer proves it: by the header of the block that drew, which this peer has, or which headers up to one of its own blocks name by their hashes. Only the
 * draw that gave the seat to who has it, or to who has it next, is taken. Undefined: nobody showed it within a minute. The draw's `matureCycles` is that of the block before it, which
 * nobody shows: a seat that was drawn before today's was voted in can't be asked for.
 */
export async function askSeat(job: JobId, seat: number, at: AskSeatOptions): Promise<ShownSeat | undefined> {
  const untilMs = at.nowMs() + ALL_MS
  const found = new AbortController()
  const asking = { ...at, signal: AbortSignal.any([at.signal, found.signal]) }
  const open = new Set<Promise<ShownSeat | undefined>>()
  const begin = (peer: PeerId): void => {
    at.onAsk?.(peer)
    const one = shownBy(peer, job, seat, untilMs, asking).finally(() => open.delete(one))
    open.add(one)
  }
  try {
    for (const peer of at.peers.slice(0, ASKED_MAX)) {
      if (at.signal.aborted || at.nowMs() >= untilMs) break
      begin(peer)
      const shown = await firstOf(open, open.size < OPEN_MAX ? (at.hedgeMs ?? HEDGE_MS) : undefined)
      if (shown !== undefined) return shown
    }
    while (open.size > 0) {
      const shown = await firstOf(open, undefined)
      if (shown !== undefined) return shown
    }
    return undefined
  } finally {
    found.abort()
  }
}
/** What the first to end shows; undefined too where nobody ends within the hedge: then another is asked beside them. */
async function firstOf<T>(open: Iterable<Promise<T | undefined>>, hedgeMs: number | undefined): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    if (hedgeMs !== undefined) timer = setTimeout(() => resolve(undefined), hedgeMs)
  })
  try {
    return await Promise.race([...open, late])
  } finally {
    clearTimeout(timer)
  }
}

async function shownBy(peer: PeerId, job: JobId, seat: number, untilMs: number, at: AskSeatOptions): Promise<ShownSeat | undefined> {
  try {
    return await askOne(job, seat, askerOf(peer, untilMs, at), at)
  } catch (error) {
    if (at.signal.aborted) return undefined // another showed it
    // a right proof of before `matureCycles` was changed is not told from a wrong one: its giver may have done nothing
    if (!(error instanceof SchedulerError && error.code === 'SEAT_PROOF_WRONG')) at.count('SEAT_UNSHOWN')
    at.log.debug({ err: error, peer, job, seat }, 'a peer did not show who a seat fell to')
    return undefined
  }
}

type Ask = (request: Uint8Array) => Promise<Uint8Array>

/** Asks one peer, until its time is up. */
function askerOf(peer: PeerId, allUntilMs: number, { overlay, nowMs, signal }: AskSeatOptions): Ask {
  const untilMs = Math.min(allUntilMs, nowMs() + PEER_MS)
  return async (request) => {
    const leftMs = untilMs - nowMs()
    if (leftMs <= 0) throw new Error('its time is up')
    return overlay.request(peer, request, { timeoutMs: Math.min(ASK_MS, leftMs), signal })
  }
}

async function askOne(job: JobId, seat: number, ask: Ask, { hashAt, oldest, state }: AskSeatOptions): Promise<ShownSeat | undefined> {
  const { shown } = seatShown.decode(await ask(askOf(job, seat)))
  if (shown === null) return undefined
  const { height, isNext, proof } = shown
  const block = height >= oldest ? hashAt(height) : await hashBefore(height, ask, { hashAt, oldest })
  if (block === undefined) return undefined
  const claim: SeatClaim = { job, seat, of: isNext ? 'next' : 'epoch' }
  const holder = checkSeatProof(block, claim, proof, state.settings)
  return isHeldBy(state, claim, holder) ? { claim, peer: holder, height, block, proof } : undefined
}

/** Whether a draw is the one that counts now: an older one of the same seat holds as well, and says nothing of it. */
function isHeldBy({ jobs }: Pick<NetworkState, 'jobs'>, { job, seat }: SeatClaim, holder: PeerId): boolean {
  const entry = jobs.get(job)
  return entry?.epoch.members[seat] === holder || (entry?.next?.seat === seat && entry.next.joiner === holder)
}

/** The hash of a block before those that this peer has: each header names the one before, and the last of them is its own. */
async function hashBefore(
  height: number,
  ask: Ask,
  { hashAt, oldest }: Pick<AskSeatOptions, 'hashAt' | 'oldest'>,
): Promise<Uint8Array | undefined> {
  const own = hashAt(oldest)
  if (own === undefined || oldest - height > HEADERS_BACK_MAX) return undefined
  let [first, last]: (Header | undefined)[] = []
  for (let asked = 0; last === undefined || last.height < oldest; asked++) {
    if (asked === HEADER_REQUESTS_MAX) throw new Error('it shows headers in too small parts')
    const fromHeight = last === undefined ? height : last.height + 1
    const count = Math.min(HEADERS_MAX, oldest - fromHeight + 1)
    const { headers } = headersReply.decode(await ask(wantHeaders.encode({ fromHeight, count })))
    const [next] = headers
    if (next === undefined) return undefined
    // what comes before the first one shows itself to nobody, and need not
    const before = last === undefined ? headerMessage.decode(next).previous : hashOfHeader(last)
    const linked = linkedHeaders({ height: fromHeight - 1, hash: before }, headers)
    first ??= linked[0]
    last = linked.at(-1)
  }
  return last.height === oldest && sameBytes(hashOfHeader(last), own) && first !== undefined ? hashOfHeader(first) : undefined
}
