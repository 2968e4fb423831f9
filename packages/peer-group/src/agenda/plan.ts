import type { ContentId } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { type Agenda, agendaOf, CRON_LINES_MAX, cronLineOf, isRoomy, type OutboxEntry } from './agenda.js'
import { OUTBOX_KEPT_MS } from './outbox-turns.js'
import { type Payment, withPayment } from './purse.js'
import type { Schedule } from './schedule.js'

/** What a script asks the group to plan. Blocks stand for what is long. */
export type Wish =
  | { readonly type: 'timer'; readonly name: string; readonly seconds: number; readonly script: string; readonly args: ContentId }
  | {
      readonly type: 'outbox'
      /** 32 bytes. */
      readonly key: Uint8Array
      readonly request: ContentId
      /** Of the request's blocks. */
      readonly bytes: number
      readonly answerTo: string | null
    }
  | ({ readonly type: 'pay' } & Payment)

/** The agenda with what a run at a time asked for, in order; undefined where the state has no room for all of it, or the job too little to pay. */
export function withWishes(agenda: Agenda, wishes: readonly Wish[], timeMs: number): Agenda | undefined {
  if (wishes.length === 0) return agenda
  let { timers, outbox, purse } = agenda
  for (const wish of wishes) {
    if (wish.type === 'timer') {
      const { name, seconds, script, args } = wish
      timers = [...timers.filter((one) => one.name !== name), { name, dueMs: timeMs + 1000 * seconds, script, args }]
    } else if (wish.type === 'pay') {
      const paid = withPayment(purse, wish)
      if (paid === undefined) return undefined
      purse = paid
    } else if (outbox.every(({ key }) => !sameBytes(key, wish.key))) {
      const { key, request, bytes, answerTo } = wish
      outbox = [...outbox, { key, request, bytes, answerTo, turn: 0, turnMs: timeMs, untilMs: timeMs + OUTBOX_KEPT_MS }]
    }
  }
  const planned = agendaOf({ cron: agenda.cron, timers, outbox, purse })
  return isRoomy(planned) ? planned : undefined
}

/** The agenda with the lines of a site's configuration. A line that was there goes on as it was; a new one is first due after this time. */
export function withCron(
  agenda: Agenda,
  lines: readonly { readonly schedule: Schedule; readonly target: string }[],
  timeMs: number,
): Agenda {
  const cron = lines.slice(0, CRON_LINES_MAX).map(({ schedule, target }) => cronLineOf(schedule, target, timeMs))
  return agendaOf({ ...agenda, cron })
}

/** The agenda in which one entry of the outbox is another, or is gone. */
export function withEntry(agenda: Agenda, key: Uint8Array, changed: OutboxEntry | undefined): Agenda {
  const outbox = agenda.outbox.flatMap((one) => (sameBytes(one.key, key) ? (changed ?? []) : one))
  return agendaOf({ ...agenda, outbox })
}
