import { sha256 } from '@interpeer/crypto-ids'
import { encodeCbor, hexOf } from '@interpeer/wire-codec'
import { type Agenda, agendaOf, type CronLine, cronLineOf, type OutboxEntry, type Timer } from './agenda.js'

/** Something of a job's agenda that is due: a script runs for it, once, in an agreed batch. `id`: 16 bytes, which nothing else of the agenda ever has. */
export type DueEvent = { readonly id: Uint8Array; readonly dueMs: number } & (
  | { readonly type: 'timer'; readonly timer: Timer }
  | { readonly type: 'cron'; readonly line: CronLine }
  /** A request that nobody sent in time. */
  | { readonly type: 'unsent'; readonly entry: OutboxEntry }
)

/** What is due at a time, in the order in which it is to run: by due time, then by id. */
export function dueEvents(agenda: Agenda, timeMs: number): readonly DueEvent[] {
  if (timeMs < agenda.nextMs) return []
  const events: DueEvent[] = []
  for (const line of agenda.cron) {
    if (line.dueMs !== undefined && line.dueMs <= timeMs) events.push(cronEvent(line, line.dueMs))
  }
  for (const timer of agenda.timers) {
    const { name, dueMs, script, args } = timer
    if (dueMs <= timeMs) events.push({ type: 'timer', timer, dueMs, id: eventId(['timer', name, dueMs, script, args]) })
  }
  for (const entry of agenda.outbox) {
    const { key, untilMs } = entry
    if (untilMs <= timeMs) events.push({ type: 'unsent', entry, dueMs: untilMs, id: eventId(['unsent', key]) })
  }
  return events.sort((a, b) => a.dueMs - b.dueMs || (hexOf(a.id) < hexOf(b.id) ? -1 : 1))
}

/** When each thing of an agenda is due. */
export const dueTimes = ({ cron, timers, outbox }: Agenda): readonly number[] => [
  ...cron.flatMap(({ dueMs }) => dueMs ?? []),
  ...timers.map(({ dueMs }) => dueMs),
  ...outbox.map(({ untilMs }) => untilMs),
]

/** Whether all of these are due, and in the order of their times. */
export function areDue(agenda: Agenda, timeMs: number, ids: readonly Uint8Array[]): boolean {
  if (ids.length === 0) return true
  const due = dueEvents(agenda, timeMs).map(({ id }) => hexOf(id))
  const places = ids.map((id) => due.indexOf(hexOf(id)))
  return places.every((place, i) => place > (places[i - 1] ?? -1))
}

/** Of these, what is due; what is not, or not any more, is left out. */
export function eventsNamed(agenda: Agenda, timeMs: number, ids: readonly Uint8Array[]): readonly DueEvent[] {
  if (ids.length === 0) return []
  const due = new Map(dueEvents(agenda, timeMs).map((event) => [hexOf(event.id), event]))
  return ids.flatMap((id) => due.get(hexOf(id)) ?? [])
}

/** Whether an event of this agenda, or of one that it was, is planned still: what ran before it in one batch may have put another timer in its place. */
export function isPlanned({ cron, timers, outbox }: Agenda, event: DueEvent): boolean {
  if (event.type === 'timer') return timers.includes(event.timer)
  return event.type === 'cron' ? cron.includes(event.line) : outbox.includes(event.entry)
}

/**
 * The agenda once an event has run at a time, before what its script asks for: a timer is gone, a cron line waits for its next minute after this, however many it
 * has missed.
 */
export function withoutEvent(agenda: Agenda, event: DueEvent, timeMs: number): Agenda {
  if (event.type === 'timer') return agendaOf({ ...agenda, timers: agenda.timers.filter((one) => one !== event.timer) })
  if (event.type === 'unsent') return agendaOf({ ...agenda, outbox: agenda.outbox.filter((one) => one !== event.entry) })
  const { schedule, target } = event.line
  return agendaOf({ ...agenda, cron: agenda.cron.map((one) => (one === event.line ? cronLineOf(schedule, target, timeMs) : one)) })
}

function cronEvent(line: CronLine, dueMs: number): DueEvent {
  const { minutes, hours, days, months, weekdays, either } = line.schedule
  return { type: 'cron', line, dueMs, id: eventId(['cron', line.target, [minutes, hours, days, months, weekdays, either], line.afterMs]) }
}

const eventId = (fields: Parameters<typeof encodeCbor>[0]): Uint8Array => sha256(encodeCbor(['interpeer-event', fields])).slice(0, 16)
