import type { DueEvent, OutboxEntry, OutboxOutcome, OutboxReport } from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'
import type { OutboxAnswer, ScriptEvent, ScriptRequest } from './script-runtime.js'

/** What an event runs, and how the site's log names it. */
export interface EventRequest {
  readonly request: ScriptRequest
  readonly asked: { readonly id: Uint8Array; readonly method: string; readonly target: string }
}

/** The request that a due event is; undefined where it runs no script. `args`: what a timer was set with. */
export function requestOfEvent(event: DueEvent, args: Uint8Array): EventRequest | undefined {
  const { id } = event
  if (event.type === 'cron') return eventRequest(id, 'CRON', event.line.target, { type: 'cron' })
  if (event.type === 'unsent') return requestOfAnswer(id, event.entry, UNSENT)
  const { script } = event.timer
  return eventRequest(id, 'TIMER', `/${script}`, { type: 'timer', script, args })
}

/** Nobody sent it in its day, or all declined eight times over. */
const UNSENT = { outcome: 'unsent', answer: null } as const
type Ended = Pick<OutboxReport, 'answer'> & { readonly outcome: OutboxOutcome | 'unsent' }

/** What scripts are told of each way to end. */
const ERRORS: Readonly<Record<Ended['outcome'], string | undefined>> = {
  sent: undefined,
  declined: 'OUTBOX_UNSENT',
  refused: 'OUTBOX_REFUSED',
  malformed: 'OUTBOX_MALFORMED',
  target: 'OUTBOX_TARGET',
  name: 'OUTBOX_NAME',
  unknown: 'OUTBOX_UNKNOWN',
  unsent: 'OUTBOX_UNSENT',
}

/** The request that tells a script how what it wanted sent ended; undefined where none wants to know. */
export function requestOfAnswer(
  id: Uint8Array,
  { key, answerTo }: OutboxEntry,
  { outcome, answer: given }: Ended,
): EventRequest | undefined {
  if (answerTo === null) return undefined
  const answer: OutboxAnswer | undefined =
    given === null ? undefined : { ...given, headers: given.headers.map(({ name, value }) => [name, value] as const) }
  return eventRequest(id, 'ANSWER', `/${answerTo}`, { type: 'answer', script: answerTo, key: hexOf(key), answer, error: ERRORS[outcome] })
}

/** Nobody's host: there is no visitor whose it could be. */
const HOST = 'localhost'
function eventRequest(id: Uint8Array, method: string, target: string, event: ScriptEvent): EventRequest {
  const request = {
    method: 'GET',
    target: event.type === 'cron' ? target : encodeURI(target),
    host: HOST,
    https: false,
    headers: [],
    body: new Uint8Array(),
  }
  return { request: { ...request, event }, asked: { id, method, target } }
}
