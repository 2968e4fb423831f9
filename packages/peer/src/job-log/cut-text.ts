import { utf8Length } from '@interpeer/wire-codec'

/** The beginning of a text, well-formed, in at most so many bytes of UTF-8; and how many the rest has. */
export function cutText(given: string, maxBytes: number): { readonly text: string; readonly cutBytes: number } {
  const whole = given.toWellFormed()
  const bytes = utf8Length(whole)
  if (bytes <= maxBytes) return { text: whole, cutBytes: 0 }
  let length = 0
  let taken = 0
  for (const letter of whole) {
    const size = utf8Length(letter)
    if (taken + size > maxBytes) break
    taken += size
    length += letter.length
  }
  // a copy: an engine may keep a whole text in memory for a slice of it
  return { text: [...whole.slice(0, length)].join(''), cutBytes: bytes - taken }
}
