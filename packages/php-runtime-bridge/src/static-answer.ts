import { base64Text } from './base64.js'
import type { SiteConfiguration } from './configuration/site-configuration.js'
import { contentTypeOf } from './content-types.js'
import { readPages } from './file-pages.js'
import { DIGEST_BYTES, PIECE_BYTES } from './file-pieces.js'
import type { TreeFile } from './file-tree.js'
import { httpDate } from './http-date.js'
import { codedAnswer, type Draft } from './outcome.js'
import { preconditionOf, rangeIsWanted } from './preconditions.js'
import type { ScriptRequest } from './request.js'
import type { Route } from './route.js'

/** The most of a file that one answer has: what the protocol's responses hold. Of a longer one, who asks for a range gets so much of it. */
export const STATIC_BYTES_MAX = 8 * 1024 * 1024
/** A longer file has no digest of the whole: to find it after each change would take as long as the file does. */
export const WHOLE_HASHED_BYTES_MAX = 32 * 1024 * 1024
/** 'PIECE_BYTES;start;length;size of the file', of an answer whose body is SHA-256 of each piece that the range touches, 32 bytes each. */
export const PIECES_HEADER = 'interpeer-pieces'
/** On an answer that is the same for all who ask this address of these files: a file's, where neither a script nor a header of the visitor's was asked which. */
export const SHARED_HEADER = 'interpeer-shared'

export interface StaticSurroundings {
  readonly configuration: Pick<SiteConfiguration, 'maxAge'>
  /** 32 bytes that only this content has. */
  readonly tag: (file: TreeFile) => Uint8Array
  /** SHA-256 of a file's content: only asked for up to WHOLE_HASHED_BYTES_MAX. */
  readonly sha256: (file: TreeFile) => Uint8Array
  /** That of each of its pieces, one behind the other, for an asker that takes those in place of more than one piece. */
  readonly pieces?: ((file: TreeFile) => Uint8Array) | undefined
  /** Whether it is the same for everyone who asks for it. */
  readonly isShared?: boolean
  /** Of an error that the file is shown for. */
  readonly status?: number | undefined
}

/**
 * The answer to a GET or HEAD of a file: all of it, the one range that was asked for (RFC 9110 §14), or that it is the one the asker has (§13). Files
 * longer than STATIC_BYTES_MAX are only given in ranges, cut to that, but to askers who fetch pieces. Of several ranges none is honoured.
 */
export function staticAnswer(
  { method, target, headers }: ScriptRequest,
  { path, file }: Route & { type: 'static' },
  { configuration, tag, sha256, pieces, status, isShared = false }: StaticSurroundings,
): Draft {
  const type: [string, string] = ['content-type', contentTypeOf(path)]
  if (status !== undefined) {
    if (file.size > STATIC_BYTES_MAX) return codedAnswer('RESPONSE_TOO_LARGE', 'a page for an error')
    return { ...answer(status, [type]), body: readPages(file, 0, file.size) }
  }
  const validators = {
    etag: `"${base64Text(tag(file).subarray(0, 18)).replaceAll('+', '-').replaceAll('/', '_')}"`,
    modifiedS: file.mtimeS,
  }
  const known: [string, string][] = [
    ['etag', validators.etag],
    ['last-modified', httpDate(file.mtimeS)],
    ...cacheControl(target, configuration),
    ...(isShared ? [[SHARED_HEADER, 'file'] as [string, string]] : []),
  ]
  const precondition = preconditionOf(headers, validators)
  if (precondition === 'not-modified') return answer(304, known)
  if (precondition === 'failed') return answer(412, known)
  const ranges: [string, string] = ['accept-ranges', 'bytes']
  const range = method === 'GET' && rangeIsWanted(headers, validators) ? rangeOf(headers, file.size) : undefined
  if (range === 'unsatisfiable') return answer(416, [ranges, ['content-range', `bytes */${file.size}`]])
  const digest: [string, string][] = file.size <= WHOLE_HASHED_BYTES_MAX ? [['repr-digest', `sha-256=:${base64Text(sha256(file))}:`]] : []
  const head = [type, ranges, ...known, ...digest]
  if (method === 'HEAD') return answer(200, [...head, ['content-length', String(file.size)]])
  const [start, asked] = range === undefined ? [0, file.size] : [range.start, range.end + 1 - range.start]
  const inPieces = pieces !== undefined && asked > PIECE_BYTES
  if (range === undefined && !inPieces && file.size > STATIC_BYTES_MAX) {
    const refused = codedAnswer('RESPONSE_TOO_LARGE', 'a file of this length is only given in ranges')
    return { ...refused, headers: [...refused.headers, ranges] }
  }
  const length = inPieces ? asked : Math.min(asked, STATIC_BYTES_MAX)
  const place: [string, string][] = range === undefined ? [] : [['content-range', `bytes ${start}-${start + length - 1}/${file.size}`]]
  const given = answer(range === undefined ? 200 : 206, [...head, ...place])
  if (!inPieces) return { ...given, body: readPages(file, start, length) }
  const [first, last] = [Math.floor(start / PIECE_BYTES), Math.floor((start + length - 1) / PIECE_BYTES)]
  return {
    ...given,
    headers: [...given.headers, [PIECES_HEADER, `${PIECE_BYTES};${start};${length};${file.size}`]],
    body: pieces(file).slice(first * DIGEST_BYTES, (last + 1) * DIGEST_BYTES),
  }
}

function answer(status: number, headers: [string, string][]): Draft {
  return { status, headers, body: new Uint8Array(0), changes: [], effects: [], log: '' }
}

function cacheControl(target: string, { maxAge }: Pick<SiteConfiguration, 'maxAge'>): [string, string][] {
  let longest: readonly [prefix: string, seconds: number] | undefined
  for (const one of maxAge) if (target.startsWith(one[0]) && one[0].length >= (longest?.[0].length ?? 0)) longest = one
  return longest === undefined ? [] : [['cache-control', longest[1] === 0 ? 'no-cache' : `public, max-age=${longest[1]}`]]
}

/** First and last byte. undefined where the whole file is meant, or nothing that is understood. */
function rangeOf(headers: ScriptRequest['headers'], size: number): { start: number; end: number } | 'unsatisfiable' | undefined {
  const asked = headers.filter(([name]) => name.toLowerCase() === 'range')
  const [only] = asked
  if (only === undefined || asked.length > 1) return undefined
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
