import { bytesOfContentId, codecOf, contentIdOf, contentIdOfBytes, type PeerId } from '@interpeer/crypto-ids'
import { hexOf, type Infer } from '@interpeer/wire-codec'
import type { HeldRequest, RefusalCode, RequestRef, Write } from './api.js'
import type { KnownBatch } from './batch.js'
import { roomAmongOpen } from './check-batch.js'
import { blameEvents, eventsFor } from './event-turns.js'
import { count, othersOf, type Pending, type Pool, peerAt, quorum, send, type Turn } from './group-state.js'
import { offerMessage } from './messages.js'
import { takeBodies } from './own-run.js'
import { isPieced } from './request-block.js'
import { changeIndex, emptyIndex, findIn, itemsOf } from './request-index.js'
import {
  FAILURES_MAX,
  INLINE_BODY_MAX_BYTES,
  OFFER_REQUESTS_MAX,
  PIECED_SLOW_WAIT_MS,
  PIECED_WAIT_MS,
  PROVISIONAL_MAX,
  REQUEST_MAX_BYTES,
} from './settings.js'
import { sign } from './sign.js'
import { answeredBy, roomIn } from './state-block.js'
import { knownStep, nameable, provisionalSteps, untoldFrom } from './steps.js'
import type { Opened } from './verifier.js'

type Offered = Infer<typeof offerMessage>['requests'][number]

export const emptyPool: Pool = { index: emptyIndex(), waiting: 0, shares: new Map(), nextOrder: 0 }

/** In the order in which they came. */
export const pendingIn = ({ index }: Pool): Pending[] => [...itemsOf(index)].sort((a, b) => a.order - b.order)

/** Visitors' writes reached this peer. */
export function onWrites(t: Turn, writes: readonly Write[]): undefined {
  const taken = writes.filter((write) => takeWrite(t, write))
  if (taken.length === 0) return
  const offered = taken.map((write) => offeredOf(write, isTravelling(write.cid, write.bytes) ? write.bytes : null))
  sendOffers(t, offered)
  offerSoon(t)
}

/** Whoever lacks the block of any other fetches it from the disk of the member that offered it. */
const isTravelling = (cid: RequestRef['cid'], bytes: Uint8Array): boolean => bytes.length <= INLINE_BODY_MAX_BYTES && !isPieced(cid)

function offerSoon({ g, nowMs }: Turn): undefined {
  g.offerEveryMs = g.settings.resendMs
  g.offerAtMs = Math.min(g.offerAtMs ?? Number.POSITIVE_INFINITY, nowMs + g.offerEveryMs)
}

/** Whether it is to be passed on: not when it has run, is known here, or is refused. */
function takeWrite(t: Turn, { id, ms, cid, bytes }: Write): boolean {
  const { g } = t
  const ref = { id, ms, cid }
  const refuse = (code: RefusalCode): false => {
    t.effects.push({ type: 'refused', id, code })
    return false
  }
  const name = hexOf(id)
  const answered = g.final.step < untoldFrom(g) ? answeredBy(g.final.state, name) : undefined
  if (answered !== undefined) {
    t.effects.push({ type: 'repeated', id, response: answered.response })
    return false
  }
  if (g.phase !== 'open' || g.seat < 0) return refuse('GROUP_CLOSED')
  if (answeredBy(g.base.state, name) !== undefined) return false // it has run: told when that is final
  if (g.frozen > 0) return refuse('GROUP_FROZEN')
  const wrong = refusalOf(t, ref, bytes)
  if (wrong !== undefined) return refuse(wrong)
  const known = findIn(g.pool.index, name)
  // one that a commit set binds may run all the same, and whoever sent it is told when that is final
  if (known !== undefined && known.failures >= FAILURES_MAX) return boundRequests(t).has(name) ? false : refuse('JOB_TOO_SLOW')
  if (known?.held === true && known.ref.cid !== cid) return refuse('REQUEST_MISMATCH')
  if (known?.seat === g.seat) return false
  if (isShareFull(t, g.seat, known, ref, bytes.length) || (known === undefined && isStateFull(t))) return refuse('GROUP_BUSY')
  hold(t, ref, bytes, g.seat)
  return true
}

/** Another member passes requests on, with their bodies or without. */
export function onOffer(t: Turn, { value, seat }: Opened<Infer<typeof offerMessage>>): 'answered' | undefined {
  const { g } = t
  if (g.phase !== 'open') return g.phase === 'closed' ? 'answered' : undefined
  const lacking: RequestRef[] = []
  let isAnswered = false
  for (const { id, ms, cid, body } of value.requests) {
    let ref: RequestRef
    try {
      ref = { id, ms, cid: contentIdOfBytes(cid) }
    } catch {
      count(t, 'OFFER_MALFORMED')
      continue
    }
    // what lies in further blocks is held when those are here too
    if (answeredBy(g.base.state, hexOf(id)) !== undefined) isAnswered = true
    else if (takeOffered(t, ref, isPieced(ref.cid) ? null : body, seat)) lacking.push(ref)
  }
  if (lacking.length > 0) t.effects.push({ type: 'fetch-bodies', requests: lacking, from: [peerAt(g, seat)] })
  return isAnswered ? 'answered' : undefined
}

/** Whether the request's body is to be fetched. */
function takeOffered(t: Turn, ref: RequestRef, body: Uint8Array | null, seat: number): boolean {
  const name = hexOf(ref.id)
  noteHolder(t, name, ref, seat)
  const known = findIn(t.g.pool.index, name)
  if (known !== undefined && (known.held || known.failures >= FAILURES_MAX)) return false
  const wrong = refusalOf(t, ref, body ?? undefined)
  const isNew = known === undefined || body !== null
  if (wrong !== undefined) count(t, wrong)
  else if (isNew && isShareFull(t, seat, known, ref, body?.length ?? 0)) count(t, 'GROUP_BUSY')
  else if (body !== null) hold(t, ref, body, seat)
  else {
    // nobody has shown a body yet: what others said is its block may be false, so each is asked for its own, and the first that holds is it
    const holders = isPieced(ref.cid) ? new Set([seat]) : NOBODY
    const fresh = { name, order: t.g.pool.nextOrder, ref, size: 0, held: false, seat, failures: 0, holders, offerers: NOBODY }
    const asked = known ?? fresh
    if (!asked.offerers.has(seat)) setPending(t, { ...asked, offerers: new Set([...asked.offerers, seat]) })
    return true
  }
  return false
}

/** Of a request in pieces each member that has all of it says so. */
function noteHolder(t: Turn, name: string, { cid }: RequestRef, seat: number): void {
  const known = findIn(t.g.pool.index, name)
  if (known !== undefined && known.ref.cid === cid && isPieced(cid)) setPending(t, { ...known, holders: new Set([...known.holders, seat]) })
}

/** A request as one ref has it. Others may say the same block under another id or time, of which it is not the request. */
export const refName = ({ id, ms, cid }: RequestRef): string => `${hexOf(id)} ${ms} ${cid}`

/** The shell has these requests' blocks on disk. What no member that offered it has room for is not held; a batch that names it may run all the same. */
export function onBodies(t: Turn, requests: readonly HeldRequest[]): undefined {
  const given = new Map(requests.map((one) => [refName(one), one.size]))
  const pieced: RequestRef[] = []
  for (const { size, ...ref } of requests) {
    const pending = findIn(t.g.pool.index, hexOf(ref.id))
    if (pending === undefined || pending.held || pending.failures >= FAILURES_MAX) continue
    const seat = [...pending.offerers].find((one) => !isShareFull(t, one, pending, ref, size))
    if (seat === undefined) {
      count(t, 'GROUP_BUSY')
      continue
    }
    const holders = heldHere(t, ref, pending.ref.cid === ref.cid ? pending.holders : NOBODY)
    setPending(t, { ...pending, ref, size, held: true, seat, holders, offerers: NOBODY })
    if (isPieced(ref.cid)) pieced.push(ref)
  }
  if (pieced.length > 0) {
    sendOffers(
      t,
      pieced.map((ref) => offeredOf(ref, null)),
    )
    offerSoon(t)
  }
  const wanted = [...t.g.open.proposals.values()].flatMap(({ batch }) => batch.requests)
  for (const name of wanted.map(refName)) {
    const size = given.get(name)
    if (size !== undefined) t.g.open.bodies.set(name, size)
  }
  takeBodies(t, new Set(given.keys()))
}

export const isHeld = (t: Turn, ref: RequestRef): boolean => heldBytes(t, ref) !== undefined

/** Bytes of a request's block; undefined where it is not here. */
export function heldBytes(t: Turn, ref: RequestRef): number | undefined {
  const fetched = t.g.open.bodies.size > 0 ? t.g.open.bodies.get(refName(ref)) : undefined
  if (fetched !== undefined) return fetched
  const pending = findIn(t.g.pool.index, hexOf(ref.id))
  return pending?.held === true && pending.ref.cid === ref.cid && pending.ref.ms === ref.ms ? pending.size : undefined
}

/** Requests that may be batched now, oldest first. */
export function candidates(t: Turn, timeMs: number): readonly Pending[] {
  const { pool, settings, base } = t.g
  if (pool.waiting === 0) return []
  return pendingIn(pool).filter(
    (pending) =>
      isWaiting(pending) &&
      isInTime(pending.ref, timeMs, settings.requestsKeptMs, settings.requestAheadMs) &&
      answeredBy(base.state, pending.name) === undefined,
  )
}

export const isInTime = (ref: RequestRef, timeMs: number, keptMs: number, aheadMs: number): boolean =>
  ref.ms >= timeMs - keptMs && ref.ms <= timeMs + aheadMs

/** Requests of the pool that have run in steps which are not final yet. */
function ranAlready({ g }: Turn): number {
  const refs = provisionalSteps(g).flatMap(({ certified }) => certified.batch.requests)
  return refs.filter(({ id }) => {
    const pending = findIn(g.pool.index, hexOf(id))
    return pending !== undefined && isWaiting(pending)
  }).length
}

/** Whether a request waits, or an event is due, that a batch may take now: without room in the state, or among the steps that wait to be named, nobody is slow. */
export function hasWork(t: Turn): boolean {
  const { base, pool, frozen } = t.g
  const { state } = base
  const isDue = eventsFor(t, t.nowMs).events.length > 0
  if (frozen > 0 || (!isDue && pool.waiting <= ranAlready(t))) return false
  const final = nameable(t, new Set())
  if (base.step - final > PROVISIONAL_MAX) return false
  if (isDue) return true
  if (roomAmongOpen(t, final) <= 0) return false
  return state === undefined || roomIn(state, t.nowMs, t.g.settings.requestsKeptMs) > 0
}

/**
 * A batch found no quorum and a member other than its collator abstained: after the second time its requests leave the queue, unless a commit set binds them. What this member
 * counts is its own: others may have seen fewer failures, and propose the request once more.
 */
export function blame(t: Turn, batch: KnownBatch | undefined, rank: number): undefined {
  blameEvents(t, batch, rank)
  const bound = boundRequests(t)
  for (const ref of batch?.requests ?? []) {
    const { id } = ref
    if (bound.has(hexOf(id))) continue
    const pending = findIn(t.g.pool.index, hexOf(id))
    if (pending === undefined || pending.failures >= FAILURES_MAX || refName(pending.ref) !== refName(ref)) continue
    const failures = pending.failures + 1
    const leaves = failures >= FAILURES_MAX
    setPending(t, { ...pending, failures, ...(leaves ? { size: 0, held: false } : {}) })
    if (leaves && pending.seat === t.g.seat) t.effects.push({ type: 'refused', id, code: 'JOB_TOO_SLOW' })
  }
}

/** Names of the requests that the highest commit set seen holds, where its batch is known. */
function boundRequests({ g }: Turn): ReadonlySet<string> {
  const { batches, bound } = g.open
  const batch = bound === undefined ? undefined : batches.get(hexOf(bound.hash))
  return new Set(batch?.requests.map(({ id }) => hexOf(id)))
}

/** Takes out what has run for good, and what is too old. */
export function cleanPool(t: Turn, told: ReadonlySet<string>): undefined {
  const { g } = t
  const gone: Pending[] = []
  for (const pending of pendingIn(g.pool)) {
    const answered = answeredBy(g.final.state, pending.name)
    const old = pending.ref.ms < t.nowMs - g.settings.requestsKeptMs
    if (answered === undefined && !old) continue
    gone.push(pending)
    if (pending.seat !== g.seat || pending.failures >= FAILURES_MAX) continue
    if (answered === undefined) t.effects.push({ type: 'refused', id: pending.ref.id, code: 'REQUEST_TOO_OLD' })
    else if (!told.has(pending.name)) t.effects.push({ type: 'repeated', id: pending.ref.id, response: answered.response })
  }
  if (gone.length > 0) g.pool = changePool(g.pool, gone, [])
}

/** Offers again what this member answers for, and what it has of requests in pieces; the bodies are not sent twice, whoever lacks one fetches it. */
export function offerAgain(t: Turn): undefined {
  const { g } = t
  if (g.offerAtMs === undefined || t.nowMs < g.offerAtMs) return
  for (const pending of pendingIn(g.pool)) if (!pending.spread) setPending(t, pending) // time has passed
  const mine = pendingIn(g.pool).filter(
    ({ seat, failures, holders }) => (seat === g.seat || holders.has(g.seat)) && failures < FAILURES_MAX,
  )
  sendOffers(
    t,
    mine.map(({ ref }) => offeredOf(ref, null)),
  )
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

const isWaiting = ({ held, spread, failures }: Pending): boolean => held && spread && failures < FAILURES_MAX

/** Whether a member's share of the pool is used up; `known` not counted. One request always fits: nobody can take another's share. */
function isShareFull(t: Turn, seat: number, known: Pending | undefined, { cid }: RequestRef, size: number): boolean {
  const { pool, settings, setup } = t.g
  const sharers = seat === t.g.seat ? 1 : setup.members.length - 1
  const own = known?.seat === seat ? known : undefined
  const share = pool.shares.get(seat)
  const requests = (share?.requests ?? 0) - (own === undefined ? 0 : 1)
  const bytes = (share?.bytes ?? 0) - (own?.size ?? 0)
  const pieced = (share?.pieced ?? 0) - (own !== undefined && isPieced(own.ref.cid) ? 1 : 0)
  if (isPieced(cid) && pieced > 0 && pieced >= Math.floor(settings.poolPiecedMax / sharers)) return true
  return requests > 0 && (requests >= Math.floor(settings.poolRequestsMax / sharers) || bytes + size > settings.poolBytesMax / sharers)
}

/** Whether the ids that the state keeps, and those that wait, leave no room: better refused at once than after ten minutes. */
function isStateFull(t: Turn): boolean {
  const { base, pool, settings } = t.g
  if (base.state === undefined) return false
  const room = roomIn(base.state, t.nowMs, settings.requestsKeptMs, pool.index.size + 1)
  return room <= pool.waiting
}

function hold(t: Turn, ref: RequestRef, bytes: Uint8Array, seat: number): undefined {
  const name = hexOf(ref.id)
  const known = findIn(t.g.pool.index, name)
  ;(isTravelling(ref.cid, bytes) ? t.bodies : t.blocks).push({ cid: ref.cid, bytes })
  const order = known?.order ?? t.g.pool.nextOrder
  const holders = heldHere(t, ref, known?.ref.cid === ref.cid ? known.holders : NOBODY)
  setPending(t, {
    name,
    order,
    ref,
    size: bytes.length,
    held: true,
    seat,
    failures: known?.failures ?? 0,
    holders,
    offerers: NOBODY,
  })
}

const NOBODY: ReadonlySet<number> = new Set()
const heldHere = ({ g }: Turn, { cid }: RequestRef, holders: ReadonlySet<number>): ReadonlySet<number> =>
  isPieced(cid) ? new Set([...holders, g.seat]) : NOBODY

/**
 * A batch with a request in pieces waits for each member to fetch them: those that time out meanwhile would hold all others' writes up. So members say when
 * they have one, and it is batched after that.
 */
function isSpread({ g, nowMs }: Turn, { ref, holders }: Pick<Pending, 'ref' | 'holders'>): boolean {
  if (!isPieced(ref.cid) || holders.size >= g.setup.members.length) return true
  if (holders.size < quorum(g) || nowMs < ref.ms + PIECED_WAIT_MS) return false
  const present = knownStep(g, g.base.step)?.certified.reveals
  return nowMs >= ref.ms + PIECED_SLOW_WAIT_MS || (present !== undefined && [...present.keys()].every((seat) => holders.has(seat)))
}

function setPending(t: Turn, pending: Omit<Pending, 'spread'>): undefined {
  const known = findIn(t.g.pool.index, pending.name)
  t.g.pool = changePool(t.g.pool, known === undefined ? [] : [known], [{ ...pending, spread: isSpread(t, pending) }])
}

/** `gone`: as they are in it. `added`: of names that are not in it, or gone. */
function changePool(pool: Pool, gone: readonly Pending[], added: readonly Pending[]): Pool {
  const shares = new Map(pool.shares)
  let waiting = pool.waiting
  for (const [pendings, sign] of [
    [gone, -1],
    [added, 1],
  ] as const) {
    for (const pending of pendings) {
      const share = shares.get(pending.seat)
      shares.set(pending.seat, {
        requests: (share?.requests ?? 0) + sign,
        bytes: (share?.bytes ?? 0) + sign * pending.size,
        pieced: (share?.pieced ?? 0) + (isPieced(pending.ref.cid) ? sign : 0),
      })
      if (isWaiting(pending)) waiting += sign
    }
  }
  const nextOrder = added.reduce((next, { order }) => Math.max(next, order + 1), pool.nextOrder)
  return { index: changeIndex(pool.index, gone, added), waiting, shares, nextOrder }
}

const offeredOf = ({ id, ms, cid }: RequestRef, body: Uint8Array | null): Offered => ({ id, ms, cid: bytesOfContentId(cid), body })

/** To all others, in as few messages as hold them. */
function sendOffers(t: Turn, offered: readonly Offered[]): undefined {
  const to: readonly PeerId[] = othersOf(t.g)
  let [requests, bytes]: [Offered[], number] = [[], 0]
  const flush = () => {
    // an offer binds nobody; but whoever lacks a body comes here for it
    const early = requests.every(({ body }) => body !== null) ? true : undefined
    if (requests.length > 0) send(t, to, sign(t, offerMessage, { requests }).envelope, early)
    ;[requests, bytes] = [[], 0]
  }
  for (const one of offered) {
    const size = one.body?.length ?? 0
    if (requests.length >= OFFER_REQUESTS_MAX || bytes + size > INLINE_BODY_MAX_BYTES) flush()
    requests.push(one)
    bytes += size
  }
  flush()
}
