import { createHash } from 'node:crypto'
import type { SiteAnswer } from '@interpeer/peer/node'

type Headers = SiteAnswer['headers']
export interface KeptAnswer {
  readonly answer: SiteAnswer
  /** A strong tag, by which a member can say that it is still so. Of a page that a script said is for everyone: none. */
  readonly tag: string | undefined
  /** When a member gave all of it. */
  readonly givenMs: number
  /** When a member said so last, and until when the site wants that believed. */
  readonly confirmedMs: number
  readonly untilMs: number
}

/** By this header the runtime says that a file's answer is the same for all who ask; scripts cannot (php-runtime-bridge, README). */
const SHARED_HEADER = 'interpeer-shared'

/** All fields of a name as one list. */
export function fieldOf(headers: Headers, wanted: string): string | undefined {
  const given = headers.filter(({ name }) => name.toLowerCase() === wanted).map(({ value }) => value)
  return given.length === 0 ? undefined : given.join(', ')
}

/**
 * The tag that the runtime gives a file of such a body (php-runtime-bridge, `staticAnswer`). A body with another file's tag is no file's: honest members would say of
 * it, by the tag alone, that it still holds.
 */
const tagOf = (body: Uint8Array): string => `"${createHash('sha256').update(body).digest().subarray(0, 18).toString('base64url')}"`

/** The tag of an answer that is the same for all who ask; undefined: it is none. */
export function sharedTag({ headers }: Pick<SiteAnswer, 'headers'>): string | undefined {
  const tag = fieldOf(headers, 'etag')
  return fieldOf(headers, SHARED_HEADER) === 'file' && tag?.startsWith('"') ? tag : undefined
}

/**
 * What may be given to others too: a file that is the same for everyone, or what a script says is (`Cache-Control: public` with a time, RFC 9111), without
 * cookies and whatever else differs by visitor. Undefined: nothing of it.
 */
export function keepable(answer: SiteAnswer, nowMs: number): KeptAnswer | undefined {
  const { ran, status, stale, provisional, unjudged, download, headers } = answer
  if (ran !== 'read' || status !== 200 || stale || provisional || unjudged || download !== undefined) return undefined
  const vary = fieldOf(headers, 'vary') ?? 'accept-encoding'
  if (fieldOf(headers, 'set-cookie') !== undefined || vary.trim().toLowerCase() !== 'accept-encoding') return undefined
  const control = directives(fieldOf(headers, 'cache-control') ?? '')
  if (control.has('no-store') || control.has('private')) return undefined
  const tag = sharedTag(answer)
  if (tag !== undefined && tag !== tagOf(answer.body)) return undefined
  const untilMs = nowMs + keptMs(control, tag !== undefined)
  if (tag === undefined && untilMs <= nowMs) return undefined
  // a view into the reply would keep all of that
  return { answer: { ...answer, body: answer.body.slice() }, tag, givenMs: nowMs, confirmedMs: nowMs, untilMs }
}

/** How long it is given without asking, as long as the state stays the same. */
function keptMs(control: ReadonlyMap<string, string>, isFile: boolean): number {
  if (control.has('no-cache')) return 0
  const said = control.get('s-maxage') ?? control.get('max-age')
  const seconds = said !== undefined && /^\d{1,9}$/.test(said) ? Number(said) : undefined
  // a file without a word on it is what its state has
  if (isFile) return seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1000
  return control.has('public') && seconds !== undefined ? seconds * 1000 : 0
}

function directives(field: string): ReadonlyMap<string, string> {
  const found = field.split(',').map((one) => one.trim().toLowerCase().split('=', 2) as [string, string?])
  return new Map(found.map(([name, value = '']) => [name, value.replaceAll('"', '')]))
}

/** What the runtime says of a file that has not changed. */
const SAID_AGAIN = new Set(['last-modified', 'cache-control'])

/** A member said that nothing has changed: what it said beside that counts from now on (RFC 9111 §3.2), of what it can say. */
export function withConfirmation({ answer, tag, givenMs }: KeptAnswer, said: SiteAnswer, nowMs: number): KeptAnswer {
  const { peer, epoch, step, state, stale, provisional, unjudged } = said
  const again = said.headers.filter(({ name }) => SAID_AGAIN.has(name.toLowerCase()))
  const headers = [...answer.headers.filter(({ name }) => !SAID_AGAIN.has(name.toLowerCase())), ...again]
  const confirmed = { ...answer, peer, epoch, step, state, stale, provisional, unjudged, headers }
  const control = directives(fieldOf(headers, 'cache-control') ?? '')
  // what is stale is not the state's last word: a member is asked again next time
  const untilMs = stale || provisional || unjudged ? nowMs : nowMs + keptMs(control, true)
  return { answer: confirmed, tag, givenMs, confirmedMs: nowMs, untilMs }
}

/** What it takes in memory under that name, about. */
export function sizeOf(key: string, { answer: { headers, body } }: KeptAnswer): number {
  return headers.reduce((sum, { name, value }) => sum + 2 * (name.length + value.length) + 64, body.length + 2 * key.length + 1024)
}
