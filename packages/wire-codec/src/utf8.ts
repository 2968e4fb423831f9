/** Text as UTF-8 (RFC 3629). TextEncoder and TextDecoder belong to the host, and these sources do without one. */

/** How many bytes well-formed `text` takes. */
export function utf8Length(text: string): number {
  let length = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    // a surrogate is half of a pair, which takes four bytes
    if (unit >= 0x80) length += unit < 0x800 || isSurrogate(unit) ? 1 : 2
  }
  return length
}
const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xe000

/** Writes well-formed `text` where there is room for it, and says where it ends. */
export function writeUtf8(to: Uint8Array, at: number, text: string): number {
  let i = 0
  for (; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x80) break
    to[at++] = unit
  }
  for (; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) to[at++] = unit
    else if (unit < 0x800) {
      to[at++] = 0xc0 | (unit >> 6)
      to[at++] = 0x80 | (unit & 0x3f)
    } else if (isSurrogate(unit)) {
      const point = 0x1_0000 + ((unit & 0x3ff) << 10) + (text.charCodeAt(++i) & 0x3ff)
      to[at++] = 0xf0 | (point >> 18)
      to[at++] = 0x80 | ((point >> 12) & 0x3f)
      to[at++] = 0x80 | ((point >> 6) & 0x3f)
      to[at++] = 0x80 | (point & 0x3f)
    } else {
      to[at++] = 0xe0 | (unit >> 12)
      to[at++] = 0x80 | ((unit >> 6) & 0x3f)
      to[at++] = 0x80 | (unit & 0x3f)
    }
  }
  return at
}

/** The least code point that needs so many continuation bytes: a smaller one is written in fewer. */
const LEAST = [0, 0x80, 0x800, 0x1_0000]
/** What one call takes as arguments. */
const UNITS_AT_ONCE = 4096

/** The text in `bytes` from `start` to before `end`, or undefined if that is not well-formed UTF-8. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  let at = start
  while (at < end && (bytes[at] as number) < 0x80) at++
  let text = asciiOf(bytes, start, at)
  let units: number[] = []
  while (at < end) {
    const first = bytes[at++] as number
    if (first < 0x80) units.push(first)
    else {
      const more = first < 0xc2 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : 0
      if (more === 0 || at + more > end) return undefined
      let point = first & (0x3f >> more)
      for (let i = 0; i < more; i++) {
        const next = bytes[at++] as number
        if ((next & 0xc0) !== 0x80) return undefined
        point = (point << 6) | (next & 0x3f)
      }
      if (point < (LEAST[more] as number) || point > 0x10_ffff || isSurrogate(point)) return undefined
      if (point < 0x1_0000) units.push(point)
      else units.push(0xd800 + ((point - 0x1_0000) >> 10), 0xdc00 + ((point - 0x1_0000) & 0x3ff))
    }
    if (units.length >= UNITS_AT_ONCE) {
      text += String.fromCharCode(...units)
      units = []
    }
  }
  return text + String.fromCharCode(...units)
}

function asciiOf(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let at = start; at < end; at += UNITS_AT_ONCE) {
    text += String.fromCharCode.apply(null, bytes.subarray(at, Math.min(end, at + UNITS_AT_ONCE)) as unknown as number[])
  }
  return text
}
