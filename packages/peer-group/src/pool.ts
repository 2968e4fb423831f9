import { bytesOfContentId, type ContentId, codecOf, contentIdOf, contentIdOfBytes, type PeerId } from '@interpeer/crypto-ids'
import { hexOf, type Infer } from '@interpeer/wire-codec'
import type { RefusalCode, RequestRef } from './api.js'
import type { KnownBatch } from './batch.js'
import { count, othersOf, type Pending, peerAt, send, type Turn } from './group-state.js'
import type { offerMessage } from './messages.js'
import { offerMessage as offer } from './messages.js'
import { takeBodies } from './own-run.js'
import { INLINE_BODY_MAX_BYTES, REQUEST_MAX_BYTES } from './settings.js'
import { sign } from './sign.js'
import { roomIn } from './state-block.js'
import type { Opened } from './verifier.js'

/** After so many batches that found no quorum because members abstained, a request leaves the queue. */
const FAILURES_MAX = 2

/** A visitor's write reached this peer. */
export function onWrite(t: Turn, ref: RequestRef, bytes: Uint8Array): undefined {
  const { g } = t
  const refuse = (code: RefusalCode): undefined => {
    t.effects.push({ type: 'refused', id: ref.id, code })
  }
  const name = hexOf(ref.id)
  const answered = g.final.state?.byId.get(name)
  if (answered !== undefined) {
    t.effects.push({ type: 'repeated', id: ref.id, response: answered.response })
    return
  }
  if (g.phase !== 'open' || g.seat < 0) return refuse('GROUP_CLOSED')
  if (g.base.state?.byId.has(name) === true) return // it has run: told when that is final
  if (g.frozen > 0) return refuse('GROUP_FROZEN')
  const wrong = refusalOf(t, ref, bytes)
  if (wrong !== undefined) return refuse(wrong)
  const known = g.pool.get(name)
  if (known !== undefined && known.failures >= FAILURES_MAX) return refuse('JOB_TOO_SLOW')
  if (known?.held === true && known.ref.cid !== ref.cid) return refuse('REQUEST_MISMATCH')
  if (known?.seat === g.seat) return
  if (isShareFull(t, g.seat, name, bytes.length) || (known === undefined && isStateFull(t))) return refuse('GROUP_BUSY')
  hold(t, ref, bytes, g.seat)
  sendOffer(t, ref, othersOf(g), bytes.length <= INLINE_BODY_MAX_BYTES ? bytes : null)
  g.offerEveryMs = g.settings.resendMs
  g.offerAtMs = t.nowMs + g.offerEveryMs
}

/** Another member passes a request on, with its body or without. */
export function onOffer(t: Turn, { value, seat }: Opened<Infer<typeof offerMessage>>): 'answered' | undefined {
  const { g } = t
  if (g.phase !== 'open') return g.phase === 'closed' ? 'answered' : undefined
  let ref: RequestRef
  try {
    ref = { id: value.id, ms: value.ms, cid: contentIdOfBytes(value.cid) }
  } catch {
    count(t, 'OFFER_MALFORMED')
    return undefined
  }
  const name = hexOf(ref.id)
  if (g.base.state?.byId.has(name) === true) return 'answered'
  const known = g.pool.get(name)
  if (known !== undefined && (known.held || known.failures >= FAILURES_MAX)) return undefined
  const wrong = refusalOf(t, ref, value.body ?? undefined)
  const isNew = known === undefined || value.body !== null
  if (wrong !== undefined) count(t, wrong)
  else if (isNew && isShareFull(t, seat, name, value.body?.length ?? 0)) count(t, 'GROUP_BUSY')
  else if (value.body !== null) hold(t, ref, value.body, seat)
  else if (known === undefined || known.ref.cid === ref.cid) {
    setPending(t, known ?? { ref, size: 0, held: false, seat, failures: 0 })
    t.effects.push({ type: 'fetch-bodies', requests: [ref], from: [peerAt(g, seat)] })
  }
  return undefined
}

/** The shell has these blocks on disk. */
export function onBodies(t: Turn, cids: readonly ContentId[]): undefined {
  const given = new Set(cids)
  for (const pending of t.g.pool.values()) {
    if (!pending.held && pending.failures < FAILURES_MAX && given.has(pending.ref.cid)) setPending(t, { ...pending, held: true })
  }
  const wanted = [...t.g.open.proposals.values()].flatMap(({ batch }) => batch.requests)
  for (const { cid } of wanted) if (given.has(cid)) t.g.open.bodies.add(cid)
  takeBodies(t, given)
}

export function isHeld(t: Turn, ref: RequestRef): boolean {
  if (t.g.open.bodies.has(ref.cid)) return true
  const pending = t.g.pool.get(hexOf(ref.id))
  return pending?.held === true && pending.ref.cid === ref.cid
}

/** Requests that may be batched now, oldest first. */
export function candidates(t: Turn, timeMs: number): readonly Pending[] {
  const { pool, settings, base } = t.g
  return [...pool.values()].filter(
    ({ ref, held, failures }) =>
      held &&
      failures < FAILURES_MAX &&
      isInTime(ref, timeMs, settings.requestsKeptMs, settings.requestAheadMs) &&
      base.state?.byId.has(hexOf(ref.id)) !== true,
  )
}

export const isInTime = (ref: RequestRef, timeMs: number, keptMs: number, aheadMs: number): boolean =>
  ref.ms >= timeMs - keptMs && ref.ms <= timeMs + aheadMs

/** Whether a request waits that the state has room for: without room there is nothing to hurry for. */
export function hasWork(t: Turn): boolean {
  const { base, pool, frozen } = t.g
  const { state } = base
  if (frozen > 0 || ![...pool].some(([name, pending]) => isWaiting(pending) && state?.byId.has(name) !== true)) return false
  return state === undefined || roomIn(state, t.nowMs, t.g.settings.requestsKeptMs) > 0
}

/**
 * A batch found no quorum and a member abstained: after the second time its requests leave the queue, unless a commit set binds them. What this member
 * counts is its own: others may have seen fewer failures, and propose the request once more.
 */
export function blame(t: Turn, batch: KnownBatch | undefined): undefined {
  const { batches, bound: set } = t.g.open
  const bound = new Set(((set === undefined ? undefined : batches.get(hexOf(set.hash)))?.requests ?? []).map(({ id }) => hexOf(id)))
  for (const { id } of batch?.requests ?? []) {
    if (bound.has(hexOf(id))) continue
    const pending = t.g.pool.get(hexOf(id))
    if (pending === undefined || pending.failures >= FAILURES_MAX) continue
    const failures = pending.failures + 1
    const leaves = failures >= FAILURES_MAX
    setPending(t, { ...pending, failures, ...(leaves ? { size: 0, held: false } : {}) })
    if (leaves && pending.seat === t.g.seat) t.effects.push({ type: 'refused', id, code: 'JOB_TOO_SLOW' })
  }
}

/** Takes out what has run for good, and what is too old. */
export function cleanPool(t: Turn, told: ReadonlySet<string>): undefined {
  const { g } = t
  const kept = new Map<string, Pending>()
  for (const [name, pending] of g.pool) {
    const answered = g.final.state?.byId.get(name)
    const old = pending.ref.ms < t.nowMs - g.settings.requestsKeptMs
    if (answered === undefined && !old) kept.set(name, pending)
    else if (pending.seat === g.seat && pending.failures < FAILURES_MAX) {
      if (answered === undefined) t.effects.push({ type: 'refused', id: pending.ref.id, code: 'REQUEST_TOO_OLD' })
      else if (!told.has(name)) t.effects.push({ type: 'repeated', id: pending.ref.id, response: answered.response })
    }
  }
  if (kept.size < g.pool.size) g.pool = kept
}

/** Offers again what this member answers for; the body is not sent twice, whoever lacks it fetches it. */
export function offerAgain(t: Turn): undefined {
  const { g } = t
  if (g.offerAtMs === undefined || t.nowMs < g.offerAtMs) return
  const mine = [...g.pool.values()].filter((pending) => pending.seat === g.seat && pending.failures < FAILURES_MAX)
  for (const { ref } of mine) sendOffer(t, ref, othersOf(g), null)
  g.offerEveryMs = Math.min(2 * g.offerEveryMs, g.settings.resendMsMax)
  g.offerAtMs = mine.length === 0 || g.phase !== 'open' ? undefined : t.nowMs + g.offerEveryMs
}

function refusalOf(t: Turn, ref: RequestRef, bytes: Uint8Array | undefined): RefusalCode | undefined {
  const { settings, setup } = t.g
  if (ref.ms < t.nowMs - settings.requestsKeptMs) return 'REQUEST_TOO_OLD'
  if (ref.ms > t.nowMs + settings.requestAheadMs) return 'REQUEST_TOO_NEW'
  if (bytes === undefined) return undefined
  if (bytes.length > REQUEST_MAX_BYTES) return 'REQUEST_TOO_LARGE'
  if (contentIdOf(bytes, codecOf(ref.cid)) !== ref.cid || setup.checkRequest?.(ref, bytes) === false) return 'REQUEST_MISMATCH'
  return undefined
}

const isWaiting = ({ held, failures }: Pending): boolean => held && failures < FAILURES_MAX

/** Whether a member's share of the pool is used up; `name` itself not counted. One request always fits: nobody can take another's share. */
function isShareFull(t: Turn, seat: number, name: string, size: number): boolean {
  const { pool, settings, setup } = t.g
  const sharers = seat === t.g.seat ? 1 : setup.members.length - 1
  let [requests, bytes] = [0, 0]
  for (const [other, pending] of pool) {
    if (pending.seat !== seat || other === name) continue
    requests++
    bytes += pending.size
  }
  return requests > 0 && (requests >= Math.floor(settings.poolRequestsMax / sharers) || bytes + size > settings.poolBytesMax / sharers)
}

/** Whether the ids that the state keeps, and those that wait, leave no room: better refused at once than after ten minutes. */
function isStateFull(t: Turn): boolean {
  const { base, pool, settings } = t.g
  if (base.state === undefined) return false
  const room = roomIn(base.state, t.nowMs, settings.requestsKeptMs, pool.size + 1)
  return room <= pool.size && room <= [...pool.values()].filter(isWaiting).length
}

function hold(t: Turn, ref: RequestRef, bytes: Uint8Array, seat: number): undefined {
  const failures = t.g.pool.get(hexOf(ref.id))?.failures ?? 0
  t.blocks.push({ cid: ref.cid, bytes })
  setPending(t, { ref, size: bytes.length, held: true, seat, failures })
}

function setPending(t: Turn, pending: Pending): undefined {
  t.g.pool = new Map(t.g.pool).set(hexOf(pending.ref.id), pending)
}

function sendOffer(t: Turn, ref: RequestRef, to: readonly PeerId[], body: Uint8Array | null): undefined {
  send(t, to, sign(t, offer, { id: ref.id, ms: ref.ms, cid: bytesOfContentId(ref.cid), body }).envelope)
}
