import { PIECES_HEADER, SHARED_HEADER } from './static-answer.js'

export interface ResponseHead {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** Of answers that have no body (RFC 9110 §15), whatever a script prints. */
export const isBodilessStatus = (status: number): boolean => status === 204 || status === 205 || status === 304

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const HEADERS_MAX = 500
// A body's length and framing are the business of whoever sends the answer on; what a body of pieces means, and what is a file, the runtime's.
const notPassedOn = new Set(['connection', 'transfer-encoding', 'content-length', 'keep-alive', PIECES_HEADER, SHARED_HEADER])

/**
 * Reads the header block that PHP's SAPI layer writes: {"status": 200, "headers": ["Name: value", …, "__terminator__"]}.
 * @returns undefined where it is no such thing or holds what no response may have.
 */
export function parseResponseHead(block: string): ResponseHead | undefined {
  if (block === last.block) return last.head
  const head = headIn(block)
  if (block.length <= REMEMBERED_UNITS_MAX) last = { block, head }
  return head
}

/** Most pages of a site have the same: it is read once. */
let last: { readonly block: string; readonly head: ResponseHead | undefined } = { block: '', head: undefined }
const REMEMBERED_UNITS_MAX = 4096

function headIn(block: string): ResponseHead | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(block)
  } catch {
    return undefined
  }
  const { status, headers: lines } = (parsed ?? {}) as { status?: unknown; headers?: unknown }
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599) return undefined
  if (!Array.isArray(lines) || lines.length > HEADERS_MAX || lines.pop() !== '__terminator__') return undefined
  const headers: [string, string][] = []
  for (const line of lines as unknown[]) {
    const header = headerOf(line)
    if (!header) return undefined
    const name = header[0].toLowerCase()
    // what has not changed has the type that it had: PHP's own would take its place in browsers
    if (!notPassedOn.has(name) && !(status === 304 && name === 'content-type')) headers.push(header)
  }
  return { status: status as number, headers }
}

function headerOf(line: unknown): [string, string] | undefined {
  if (typeof line !== 'string') return undefined
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(0, colon))
  const value = line.slice(colon + 1).trim()
  return NAME.test(name) && !/\p{Cc}/u.test(value) ? [name, value] : undefined
}
