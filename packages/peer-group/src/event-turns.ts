import { hexOf } from '@interpeer/wire-codec'
import { type DueEvent, dueEvents, dueTimes } from './agenda/due.js'
import type { KnownBatch } from './batch.js'
import type { Turn } from './group-state.js'
import { BATCH_EVENTS_MAX, EVENT_PAUSE_MAX_MS, EVENT_PAUSE_MS } from './settings.js'

/** Events whose failures are remembered. */
const FAILED_MAX = 64

/** How often a member saw an event's batch find no quorum because members abstained, and when it proposes it again. Its own count, as for requests. */
export interface EventFailures {
  readonly failures: number
  readonly againMs: number
}

/**
 * The events that a batch of this time should run, as this member sees it. Nothing takes an event out of the agenda but that it ran: one that members can't run
 * waits longer and longer, and goes alone, so that it takes nothing down with it.
 */
export function eventsFor(t: Turn, timeMs: number): { readonly events: readonly DueEvent[]; readonly isAlone: boolean } {
  const { base, frozen, failedEvents } = t.g
  const due = frozen > 0 || base.state === undefined ? [] : dueEvents(base.state.agenda, timeMs)
  if (due.length === 0) return { events: [], isAlone: false }
  const failedOf = ({ id }: DueEvent) => failedEvents.get(hexOf(id))
  const again = due.find((event) => t.nowMs >= (failedOf(event)?.againMs ?? Number.POSITIVE_INFINITY))
  if (again !== undefined) return { events: [again], isAlone: true }
  return { events: due.filter((event) => failedOf(event) === undefined).slice(0, BATCH_EVENTS_MAX), isAlone: false }
}

/** A batch with these events found no quorum, and a member abstained. */
export function blameEvents(t: Turn, batch: KnownBatch | undefined): undefined {
  const failed = new Map(t.g.failedEvents)
  for (const id of batch?.value.events ?? []) {
    const name = hexOf(id)
    const failures = (failed.get(name)?.failures ?? 0) + 1
    failed.delete(name)
    failed.set(name, { failures, againMs: t.nowMs + Math.min(EVENT_PAUSE_MS * 2 ** Math.min(failures - 1, 20), EVENT_PAUSE_MAX_MS) })
  }
  for (const name of failed.keys()) if (failed.size > FAILED_MAX) failed.delete(name)
  t.g.failedEvents = failed
}

/** When something will be due, or may be tried again. */
export function nextEventMs(t: Turn): number | undefined {
  const agenda = t.g.base.state?.agenda
  if (agenda === undefined || agenda.nextMs === Number.POSITIVE_INFINITY) return undefined
  if (agenda.nextMs > t.nowMs) return agenda.nextMs
  const later = [...dueTimes(agenda), ...[...t.g.failedEvents.values()].map(({ againMs }) => againMs)].filter((atMs) => atMs > t.nowMs)
  return later.length === 0 ? undefined : Math.min(...later)
}
