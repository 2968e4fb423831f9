import { bytesOfContentId, type ContentId, contentIdOf, contentIdOfBytes } from '@interpeer/crypto-ids'
import { bytes, decodeWith, encodeWith, link, list, nullable, struct, text, uint32, uint53 } from '@interpeer/wire-codec'
import type { StoredBlock } from '../api.js'
import { PeerGroupError } from '../errors.js'
import { arePayments, isNoPurse, NO_PURSE, type Purse, purseSchema } from './purse.js'
import { dueAfter, type Schedule, scheduleSchema } from './schedule.js'

/** What one job may have planned at a time: a request that wants more is refused as a whole. */
export const TIMERS_MAX = 256
export const CRON_LINES_MAX = 32
export const OUTBOX_MAX = 256
/** Of all outbox requests that wait together: bodies, headers and what else they have. */
export const OUTBOX_BYTES_MAX = 16 * 1024 * 1024
export const EVENT_NAME_MAX_BYTES = 255
const SCRIPT_MAX_BYTES = 1024
const TARGET_MAX_BYTES = 2048
export const AGENDA_MAX_BYTES = 1024 * 1024

/** What a group has planned for its job: a block that the group state links to (dag-cbor), so that members agree on it as on files. */
export const agendaSchema = struct({
  cron: list(struct({ schedule: scheduleSchema, target: text(TARGET_MAX_BYTES), afterMs: uint53 }), CRON_LINES_MAX),
  timers: list(struct({ name: text(EVENT_NAME_MAX_BYTES), dueMs: uint53, script: text(SCRIPT_MAX_BYTES), args: link }), TIMERS_MAX),
  outbox: list(
    struct({
      key: bytes(32),
      request: link,
      bytes: uint32,
      answerTo: nullable(text(SCRIPT_MAX_BYTES)),
      turn: uint32,
      turnMs: uint53,
      untilMs: uint53,
    }),
    OUTBOX_MAX,
  ),
  purse: nullable(purseSchema),
})

/** A line of the site's configuration: it is due at the first minute of its schedule after it ran last, or was first seen. */
export interface CronLine {
  readonly schedule: Schedule
  /** Path and query of a GET request. */
  readonly target: string
  readonly afterMs: number
  /** Undefined: never. Follows from the others. */
  readonly dueMs: number | undefined
}
export interface Timer {
  readonly name: string
  readonly dueMs: number
  /** Path of a file of the site. */
  readonly script: string
  /** The block of what the script is given. */
  readonly args: ContentId
}
/** A request that one member after another is drawn to send. */
export interface OutboxEntry {
  /** 32 bytes, one for each request ever sent. */
  readonly key: Uint8Array
  readonly request: ContentId
  /** What the request's blocks take. */
  readonly bytes: number
  /** The script that is told how it ended. */
  readonly answerTo: string | null
  /** Counts the members drawn; `turnMs` is when this one's turn begins. */
  readonly turn: number
  readonly turnMs: number
  /** Given up then. */
  readonly untilMs: number
}
/** A value: what changes is made anew, the rest is shared. Lines in the order of the configuration, timers and outbox in the order in which they came. */
export interface Agenda {
  readonly cron: readonly CronLine[]
  readonly timers: readonly Timer[]
  readonly outbox: readonly OutboxEntry[]
  /** What scripts paid, and may pay. */
  readonly purse: Purse
  /** When the first of all this is due; Infinity: nothing is. Follows from the others. */
  readonly nextMs: number
}

export const NO_AGENDA: Agenda = { cron: [], timers: [], outbox: [], purse: NO_PURSE, nextMs: Number.POSITIVE_INFINITY }
export const isNoAgenda = ({ cron, timers, outbox, purse }: Agenda): boolean =>
  cron.length + timers.length + outbox.length === 0 && isNoPurse(purse)

export function agendaOf({ cron, timers, outbox, purse }: Omit<Agenda, 'nextMs'>): Agenda {
  const times = [...cron.map(({ dueMs }) => dueMs), ...timers.map(({ dueMs }) => dueMs), ...outbox.map(({ untilMs }) => untilMs)]
  return {
    cron,
    timers,
    outbox,
    purse,
    nextMs: times.reduce<number>((least, one) => Math.min(least, one ?? least), Number.POSITIVE_INFINITY),
  }
}

export function cronLineOf(schedule: Schedule, target: string, afterMs: number): CronLine {
  return { schedule, target, afterMs, dueMs: dueAfter(schedule, afterMs) }
}

/** The block of an agenda; the same bytes for equal ones. */
export function agendaBlock({ cron, timers, outbox, purse }: Agenda): StoredBlock {
  const written = {
    cron: cron.map(({ schedule, target, afterMs }) => ({ schedule, target, afterMs })),
    timers: timers.map((timer) => ({ ...timer, args: bytesOfContentId(timer.args) })),
    outbox: outbox.map((entry) => ({ ...entry, request: bytesOfContentId(entry.request) })),
    purse: isNoPurse(purse) ? null : purse,
  }
  const block = encodeWith(agendaSchema, written, AGENDA_MAX_BYTES)
  return { cid: contentIdOf(block, 'dag-cbor'), bytes: block }
}

/** @throws {WireError} @throws {PeerGroupError} STATE_INVALID: an empty one is no block, and no name or key is there twice */
export function readAgenda(block: Uint8Array): Agenda {
  const { cron, timers, outbox, purse } = decodeWith(agendaSchema, block, AGENDA_MAX_BYTES)
  const agenda = agendaOf({
    cron: cron.map(({ schedule, target, afterMs }) => cronLineOf(schedule, target, afterMs)),
    timers: timers.map((timer) => ({ ...timer, args: contentIdOfBytes(timer.args) })),
    outbox: outbox.map((entry) => ({ ...entry, request: contentIdOfBytes(entry.request) })),
    purse: purse ?? NO_PURSE,
  })
  const names = new Set([...timers.map(({ name }) => name), ...outbox.map(({ key }) => key.join())])
  const isPurse = purse === null || (!isNoPurse(purse) && arePayments(purse.payments))
  if (isNoAgenda(agenda) || !isPurse || names.size < timers.length + outbox.length || !isRoomy(agenda))
    throw new PeerGroupError({ code: 'STATE_INVALID', reason: 'an agenda that no group makes' })
  return agenda
}

/** Whether the state can hold it. */
export function isRoomy({ timers, outbox }: Agenda): boolean {
  const bytesSum = outbox.reduce((sum, { bytes: one }) => sum + one, 0)
  return timers.length <= TIMERS_MAX && outbox.length <= OUTBOX_MAX && bytesSum <= OUTBOX_BYTES_MAX
}
