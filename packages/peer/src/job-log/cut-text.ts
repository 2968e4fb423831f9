import { utf8Length } from '@interpeer/wire-codec'

/** The beginning of a text, well-formed, in at most so many bytes of UTF-8; and how many the rest has. */
export function cutText(given: string, maxBytes: number): { readonly text: string; readonly cutBytes: number } {
  const whole = given.toWellFormed()
  const bytes = utf8Length(whole)
  if (bytes <= maxBytes) return { text: whole, cutBytes: 0 }
  // no letter has fewer bytes than units: from here on it can only be too much
  let text = whole.slice(0, maxBytes)
  while (!text.isWellFormed() || utf8Length(text) > maxBytes) text = text.slice(0, shorter(text, maxBytes))
  // an engine may keep a whole text in memory for a slice of it: this makes it a text of its own
  return { text: ` ${text}`.slice(1), cutBytes: bytes - utf8Length(text) }
}

/** How many units to look at next: as many fewer as there are bytes too many, counted at four a letter, but at least one. */
function shorter(text: string, maxBytes: number): number {
  return text.length - Math.max(1, Math.floor((utf8Length(text.toWellFormed()) - maxBytes) / 4))
}
