import { contentTypeOf } from './content-types.js'
import { type Pages, readPages } from './file-pages.js'
import { codedAnswer, type Draft } from './outcome.js'
import type { ScriptRequest } from './request.js'
import type { Route } from './route.js'

/** The most of a file that one answer has: what the protocol's responses hold. Of a longer one, who asks for a range gets so much of it. */
export const STATIC_BYTES_MAX = 8 * 1024 * 1024

/**
 * The answer to a request for a file: all of it, or the one range that was asked for (RFC 9110 §14), cut to STATIC_BYTES_MAX. Files longer than that are
 * only given in ranges. Of several ranges none is honoured, nor is one under a condition (`If-Range`): there are no validators that it could name.
 */
export function staticAnswer({ method, headers }: ScriptRequest, { path, file }: Route & { type: 'static' }): Draft {
  if (method !== 'GET' && method !== 'HEAD') return codedAnswer('METHOD_NOT_ALLOWED')
  const range = method === 'GET' ? rangeOf(headers, file.size) : undefined
  const ranges: [string, string] = ['accept-ranges', 'bytes']
  if (range === 'unsatisfiable') return answer(416, [ranges, ['content-range', `bytes */${file.size}`]], new Uint8Array(0))
  const type: [string, string] = ['content-type', contentTypeOf(path)]
  if (range === undefined) {
    if (file.size <= STATIC_BYTES_MAX) return answer(200, [type, ranges], wholeOf(file))
    const refused = codedAnswer('RESPONSE_TOO_LARGE', 'a file of this length is only given in ranges')
    return { ...refused, headers: [...refused.headers, ranges] }
  }
  const end = Math.min(range.end, range.start + STATIC_BYTES_MAX - 1)
  const part = readPages(file, range.start, end + 1 - range.start)
  return answer(206, [type, ranges, ['content-range', `bytes ${range.start}-${end}/${file.size}`]], part)
}

function answer(status: number, headers: [string, string][], body: Uint8Array): Draft {
  return { status, headers, body, changes: [], effects: [], log: '' }
}

const wholeOf = (file: Pages): Uint8Array => readPages(file, 0, file.size)

/** First and last byte. undefined where the whole file is meant, or nothing that is understood. */
function rangeOf(headers: ScriptRequest['headers'], size: number): { start: number; end: number } | 'unsatisfiable' | undefined {
  const given = headers.filter(([name]) => name.toLowerCase() === 'range')
  const [only] = given
  if (only === undefined || given.length > 1 || headers.some(([name]) => name.toLowerCase() === 'if-range')) return undefined
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(only[1].replaceAll(/[ \t]/g, '')) ?? []
  if (first === undefined || last === undefined || first + last === '') return undefined
  if (first === '') {
    const start = Math.max(0, size - Number(last))
    return start < size ? { start, end: size - 1 } : 'unsatisfiable'
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return undefined
  return start < size ? { start, end } : 'unsatisfiable'
}
