/** Roots that paths of a site began with, and what they begin with now. */
export interface PathChange {
  readonly from: string
  readonly to: string
}
export interface ChangedText {
  readonly text: string
  /** Paths that were changed. */
  readonly count: number
}
/** A text within a text within a text: so deep PHP's data are read; what lies deeper is changed as plain text. */
const DEPTH_MAX = 8

/**
 * Puts one root of paths in place of another in a text, also where slashes are escaped (JSON), and keeps what PHP serialized whole: `s:9:"/old/root";` says how
 * many bytes follow, and is nothing PHP can read with another number. Each character of the text stands for one byte. Takes time as long as the text, for each
 * level of texts within texts.
 */
export function changePaths(text: string, changes: readonly PathChange[]): ChangedText {
  const forms = changes.flatMap(({ from, to }) => [
    { from, to },
    { from: from.replaceAll('/', '\\/'), to: to.replaceAll('/', '\\/') },
  ])
  return inSerialized(text, forms, 0)
}

const LENGTH = /s:(\d{1,9}):"/g

function inSerialized(text: string, changes: readonly PathChange[], depth: number): ChangedText {
  if (!changes.some(({ from }) => text.includes(from))) return { text, count: 0 }
  if (depth >= DEPTH_MAX) return inPlain(text, changes)
  const parts: string[] = []
  let [done, count] = [0, 0]
  const take = (changed: ChangedText): void => {
    parts.push(changed.text)
    count += changed.count
  }
  LENGTH.lastIndex = 0
  const form = new RegExp(LENGTH)
  for (let found = form.exec(text); found !== null; found = form.exec(text)) {
    const begin = found.index + found[0].length
    const end = begin + Number(found[1])
    // what is no text of that length is no serialized text, but may hold one
    if (text[end] !== '"' || (text[end + 1] !== ';' && text[end + 1] !== '}')) continue
    take(inPlain(text.slice(done, found.index), changes))
    const inner = inSerialized(text.slice(begin, end), changes, depth + 1)
    take({ text: `s:${inner.text.length}:"${inner.text}"`, count: inner.count })
    done = end + 1
    form.lastIndex = done
  }
  take(inPlain(text.slice(done), changes))
  return { text: parts.join(''), count }
}

function inPlain(text: string, changes: readonly PathChange[]): ChangedText {
  let [changed, count] = [text, 0]
  for (const { from, to } of changes) {
    const parts: string[] = []
    let done = 0
    for (let at = changed.indexOf(from); at >= 0; at = changed.indexOf(from, at + from.length)) {
      // of /var/www/html2, or /mnt/var/www/html, it is not the root
      const [before, after] = [changed[at - 1] ?? '', changed[at + from.length] ?? '']
      if (NAME.test(after) || NAME.test(before) || (before === '/' && from.startsWith('/'))) continue
      parts.push(changed.slice(done, at), to)
      done = at + from.length
      count++
    }
    changed = parts.join('') + changed.slice(done)
  }
  return { text: changed, count }
}
const NAME = /[\w.\-\x80-\xff]/
