import type { SiteAnswer, VisitorRequest } from '@interpeer/peer/node'
import { fieldOf, type KeptAnswer } from './kept-answer.js'

export interface Keyed {
  /** What may make two answers of one site differ, for all who ask: the address, as whom they asked for it. */
  readonly key: string
  /** The visitor wants to know how it is now. */
  readonly isAnew: boolean
}

/** Of these a member decides: they are about a part, or the visitor's own. */
const PASSED_ON = ['range', 'if-range', 'if-match', 'if-unmodified-since', 'authorization']

/** Undefined: what answers this request is neither kept nor given again. */
export function keyOf(site: string, { method, target, host, https, headers, body }: VisitorRequest): Keyed | undefined {
  const names = new Set(headers.map(({ name }) => name.toLowerCase()))
  if (method !== 'GET' || body.length > 0 || PASSED_ON.some((name) => names.has(name))) return undefined
  if (names.has('if-modified-since') && !names.has('if-none-match')) return undefined
  const control = `${fieldOf(headers, 'cache-control') ?? ''},${fieldOf(headers, 'pragma') ?? ''}`
  return { key: JSON.stringify([site, https, host, target]), isAnew: /\b(?:no-cache|no-store)\b|\bmax-age=0\b/i.test(control) }
}

/** The same request by someone who has what is kept. */
export function askedAgain(visitor: VisitorRequest, tag: string): VisitorRequest {
  const headers = visitor.headers.filter(({ name }) => !/^if-(?:none-match|modified-since)$/i.test(name))
  return { ...visitor, headers: [...headers, { name: 'if-none-match', value: tag }] }
}

/** Whether the visitor has it already (RFC 9110 §13.1.2): what was compressed on its way has a weak tag there. */
function has(visitor: VisitorRequest, tag: string | undefined): boolean {
  const field = fieldOf(visitor.headers, 'if-none-match')
  if (field === undefined || tag === undefined) return false
  return field.trim() === '*' || [...field.matchAll(/(?:W\/)?("[^"]*")/g)].some(([, one]) => one === tag)
}

/** What of a page is not said of one that has not changed. */
const OF_THE_BODY = new Set(['content-type', 'content-length', 'content-encoding', 'repr-digest', 'accept-ranges'])

export function forVisitor({ answer, tag, confirmedMs }: KeptAnswer, visitor: VisitorRequest, nowMs: number): SiteAnswer {
  const age = { name: 'age', value: String(Math.max(0, Math.floor((nowMs - confirmedMs) / 1000))) }
  const headers = [...answer.headers.filter(({ name }) => name.toLowerCase() !== 'age'), age]
  if (!has(visitor, tag)) return { ...answer, headers }
  return { ...answer, status: 304, headers: headers.filter(({ name }) => !OF_THE_BODY.has(name.toLowerCase())), body: new Uint8Array() }
}
