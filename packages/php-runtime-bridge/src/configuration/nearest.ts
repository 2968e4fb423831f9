/** The one of `words` that a slip of the hand would have made `text` of, if any: other case, or few letters changed, added, left out or exchanged. */
export function nearest<const T extends string>(text: string, words: readonly T[]): T | undefined {
  if (text === '' || text.length > TEXT_UNITS_MAX) return undefined
  let best: { word: T; slips: number } | undefined
  for (const word of words) {
    const slips = distance(text.toLowerCase(), word.toLowerCase())
    if (slips <= Math.floor((word.length - 1) / 3) && slips < (best?.slips ?? Number.POSITIVE_INFINITY)) best = { word, slips }
  }
  return best?.word
}
const TEXT_UNITS_MAX = 64

/** Letters changed, added, left out, or two neighbours exchanged (optimal string alignment). */
function distance(a: string, b: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, (last[j - 1] as number) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (before[j - 2] as number) + 1)
      row.push(least)
    }
    before = last
    last = row
  }
  return last[b.length] as number
}
