import { hexOf } from '@interpeer/wire-codec'
import { CRON_LINES_MAX, OUTBOX_MAX, TIMERS_MAX } from './agenda/agenda.js'
import { type DueEvent, dueEvents, dueTimes } from './agenda/due.js'
import type { KnownBatch } from './batch.js'
import type { Turn } from './group-state.js'
import { BATCH_EVENTS_MAX, EVENT_PAUSE_MAX_MS, EVENT_PAUSE_MS, RANK_DOUBLINGS_MAX } from './settings.js'

/** Events whose failures are remembered: all that an agenda can have. One that was forgotten would be tried at once, again and again. */
const FAILED_MAX = TIMERS_MAX + CRON_LINES_MAX + OUTBOX_MAX
/** After a try that failed, visitors have the group to themselves for so many times as long as it took, if they write. */
const REST_FACTOR = 10
/** Visitors write if one waits, or if the newest request that ran is no older than this. */
const VISITORS_MS = 10_000

/** How often a member saw an event's batch find no quorum because members abstained, and when it proposes it again. Its own count, as for requests. */
export interface EventFailures {
  readonly failures: number
  readonly againMs: number
}

/** When events last failed, as this member saw it: none are tried in the same step again, nor before a time while visitors write. */
export interface EventsRest {
  readonly step: number
  readonly untilMs: number
}

/**
 * The events that a batch of this time should run, as this member sees it. Nothing takes an event out of the agenda but that it ran: one that members can't run
 * waits longer and longer, and goes alone, so that it takes nothing down with it. All tries that fail take no more than a small share of the time that visitors want.
 */
export function eventsFor(t: Turn, timeMs: number): { readonly events: readonly DueEvent[]; readonly isAlone: boolean } {
  const { base, frozen, failedEvents, eventsRest, open } = t.g
  const isResting = eventsRest.step === open.step || t.nowMs < restsUntilMs(t)
  const due = frozen > 0 || base.state === undefined || isResting ? [] : dueEvents(base.state.agenda, timeMs)
  const failedOf = ({ id }: DueEvent) => failedEvents.get(hexOf(id))
  const fresh = due.filter((event) => failedOf(event) === undefined)
  if (fresh.length > 0) return { events: fresh.slice(0, BATCH_EVENTS_MAX), isAlone: false }
  const again = due.map((event) => ({ event, atMs: failedOf(event)?.againMs ?? 0 })).sort((a, b) => a.atMs - b.atMs)[0]
  return again !== undefined && again.atMs <= t.nowMs ? { events: [again.event], isAlone: true } : { events: [], isAlone: false }
}

function restsUntilMs({ g, nowMs }: Turn): number {
  const { pool, base, eventsRest } = g
  const newestMs = base.state?.pages.at(-1)?.lastMs ?? 0
  return pool.waiting > 0 || nowMs - newestMs <= VISITORS_MS ? eventsRest.untilMs : 0
}

/** A batch with these events found no quorum at this rank, and a member abstained. */
export function blameEvents(t: Turn, batch: KnownBatch | undefined, rank: number): undefined {
  if (batch === undefined || batch.value.events.length === 0) return
  const failed = new Map(t.g.failedEvents)
  for (const id of batch.value.events) {
    const name = hexOf(id)
    const failures = (failed.get(name)?.failures ?? 0) + 1
    failed.delete(name)
    failed.set(name, { failures, againMs: t.nowMs + Math.min(EVENT_PAUSE_MS * 2 ** Math.min(failures - 1, 20), EVENT_PAUSE_MAX_MS) })
  }
  for (const name of failed.keys()) if (failed.size > FAILED_MAX) failed.delete(name)
  t.g.failedEvents = failed
  const { open, settings } = t.g
  const sinceMs = rank === open.rank ? (open.timerSinceMs ?? t.nowMs) : t.nowMs
  // a rank may last longer than its timer, by the run
  const tookMs = Math.max(settings.rankTimerMs * 2 ** Math.min(rank, RANK_DOUBLINGS_MAX), t.nowMs - sinceMs)
  t.g.eventsRest = { step: open.step, untilMs: t.nowMs + REST_FACTOR * tookMs }
}

/** When something will be due, or may be tried again. */
export function nextEventMs(t: Turn): number | undefined {
  const agenda = t.g.base.state?.agenda
  if (agenda === undefined || agenda.nextMs === Number.POSITIVE_INFINITY) return undefined
  if (agenda.nextMs > t.nowMs) return agenda.nextMs
  const again = [...t.g.failedEvents.values()].map(({ againMs }) => againMs)
  const later = [...dueTimes(agenda), ...again, restsUntilMs(t)].filter((atMs) => atMs > t.nowMs)
  return later.length === 0 ? undefined : Math.min(...later)
}
