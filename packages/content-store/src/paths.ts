import { ContentStoreError } from './errors.js'

export const PATH_MAX_BYTES = 1024
export const PATH_MAX_DEPTH = 32
export const NAME_MAX_BYTES = 255

/**
 * The segments of a relative path: 'data/wiki.sqlite' → ['data', 'wiki.sqlite']. Names are compared byte by byte: no Unicode form
 * is preferred and case counts.
 * @throws {ContentStoreError} FILE_PATH
 */
export function segmentsOf(path: string): readonly string[] {
  const reason = pathFault(path)
  if (reason !== undefined) throw new ContentStoreError({ code: 'FILE_PATH', path, reason })
  return path.split('/')
}

export function pathFault(path: string): string | undefined {
  if (path.length > PATH_MAX_BYTES) return `longer than ${PATH_MAX_BYTES} bytes`
  if (!path.isWellFormed()) return 'not well-formed Unicode'
  if (utf8Length(path) > PATH_MAX_BYTES) return `longer than ${PATH_MAX_BYTES} bytes`
  const segments = path.split('/')
  if (segments.length > PATH_MAX_DEPTH) return `deeper than ${PATH_MAX_DEPTH}`
  for (const segment of segments) {
    const fault = nameFault(segment)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** What is wrong with one name inside a directory, if anything. The name is well-formed Unicode. */
export function nameFault(name: string): string | undefined {
  if (name === '') return 'an empty name (or an absolute path)'
  if (name === '.' || name === '..') return `the name '${name}'`
  if (name.includes('/') || name.includes('\\') || name.includes('\0')) return 'a slash, backslash or NUL in a name'
  if (utf8Length(name) > NAME_MAX_BYTES) return `a name longer than ${NAME_MAX_BYTES} bytes`
  return undefined
}

/** Orders well-formed names as their UTF-8 bytes: as code units, but with surrogates (what lies beyond U+FFFF) last. */
export function compareNames(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x !== y) return utf8Rank(x) - utf8Rank(y)
  }
  return a.length - b.length
}
const utf8Rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)

export function utf8Length(text: string): number {
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3 // a surrogate is half of four bytes
  }
  return bytes
}
