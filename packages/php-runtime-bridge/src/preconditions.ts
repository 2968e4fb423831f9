import { httpDateSeconds } from './http-date.js'
import type { ScriptRequest } from './request.js'

/** What a file is known by: `etag` with its quotation marks, strong; `modifiedS` in seconds since 1970. */
export interface Validators {
  readonly etag: string
  readonly modifiedS: number
}

/** What a request's conditions come to, in the order of RFC 9110 §13.2.2. Only for GET and HEAD. */
export function preconditionOf(headers: ScriptRequest['headers'], { etag, modifiedS }: Validators): 'met' | 'not-modified' | 'failed' {
  const ifMatch = fieldOf(headers, 'if-match')
  const ifNoneMatch = fieldOf(headers, 'if-none-match')
  if (ifMatch !== undefined) {
    if (!lists(ifMatch, etag, 'strong')) return 'failed'
  } else {
    const until = secondsIn(headers, 'if-unmodified-since')
    if (until !== undefined && modifiedS > until) return 'failed'
  }
  if (ifNoneMatch !== undefined) return lists(ifNoneMatch, etag, 'weak') ? 'not-modified' : 'met'
  const since = secondsIn(headers, 'if-modified-since')
  return since !== undefined && modifiedS <= since ? 'not-modified' : 'met'
}

/** Whether a range is wanted of this very content (RFC 9110 §13.1.5); true where there is no such condition. */
export function rangeIsWanted(headers: ScriptRequest['headers'], { etag, modifiedS }: Validators): boolean {
  const condition = fieldOf(headers, 'if-range')
  if (condition === undefined) return true
  return condition.trim() === etag || httpDateSeconds(condition) === modifiedS
}

/** All fields of a name as one list; undefined where there is none. */
function fieldOf(headers: ScriptRequest['headers'], wanted: string): string | undefined {
  const given = headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value)
  return given.length === 0 ? undefined : given.join(', ')
}

function secondsIn(headers: ScriptRequest['headers'], wanted: string): number | undefined {
  const text = fieldOf(headers, wanted)
  return text === undefined ? undefined : httpDateSeconds(text)
}

const TAG = /(W\/)?("[^"]*")/g
function lists(field: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (field.trim() === '*') return true
  for (const [, weak, tag] of field.matchAll(TAG)) if (tag === etag && (comparison === 'weak' || weak === undefined)) return true
  return false
}
