/** What a script names: functions that it calls, classes that it makes or asks, and texts, which may name either. */
export interface PhpNames {
  /** Lower case, without namespaces; '`' is what runs a program by backticks. Each with the lines where it is, from 1. */
  readonly functions: ReadonlyMap<string, readonly number[]>
  readonly classes: ReadonlyMap<string, readonly number[]>
  /** Lower case, at most 100 characters each. */
  readonly texts: ReadonlySet<string>
}
const NEWLINE = 10
const LINES_KEPT = 50
const TEXT_MAX = 100

/**
 * Reads the names in PHP's source by its tokens: comments, texts and HTML name nothing. It is no parser: a function of the script's own that has the name
 * of one of PHP's is taken for that. Takes time as long as the source.
 */
export function namesIn(source: string): PhpNames {
  const reading = new NameReader(source)
  reading.read()
  return reading
}

class NameReader implements PhpNames {
  readonly functions = new Map<string, number[]>()
  readonly classes = new Map<string, number[]>()
  readonly texts = new Set<string>()
  readonly #source: string
  #at = 0
  #line = 1
  /** The last two tokens: names in lower case, or signs. */
  #before = ''
  #last = ''

  constructor(source: string) {
    this.#source = source
  }

  read(): void {
    while (this.#at < this.#source.length) {
      const open = this.#source.indexOf('<?', this.#at)
      if (open < 0) return
      this.#to(open + 2)
      if (this.#source.startsWith('xml', this.#at)) continue
      if (/^php\b/i.test(this.#source.slice(this.#at, this.#at + 4))) this.#at += 3
      this.#php()
    }
  }

  /** To `?>`, or the end. */
  #php(): void {
    this.#token(';')
    while (this.#at < this.#source.length) {
      const letter = this.#source[this.#at] as string
      const pair = this.#source.slice(this.#at, this.#at + 2)
      if (pair === '?>') {
        this.#at += 2
        return
      }
      if (pair === '/*') this.#to(this.#after('*/', this.#at + 2))
      else if (pair === '//' || (letter === '#' && pair !== '#[')) this.#lineComment()
      else if (letter === "'" || letter === '"') this.#text(letter)
      else if (letter === '`') {
        if (this.#last !== 'function') this.#add(this.functions, '`')
        this.#text('`')
      } else if (pair === '<<' && this.#heredoc()) continue
      else if (letter === '$') this.#variable()
      else if (/[A-Za-z_\\\x80-\uffff]/.test(letter)) this.#name()
      else if (pair === '->' || pair === '::' || pair === '?-') {
        this.#token(pair === '?-' ? '->' : pair)
        this.#at += pair === '?-' ? 3 : 2
      } else if (/\s/.test(letter)) this.#to(this.#at + 1)
      else {
        this.#token(letter)
        this.#at++
      }
    }
  }

  #name(): void {
    NAME.lastIndex = this.#at
    const whole = (NAME.exec(this.#source)?.[0] ?? this.#source[this.#at]) as string
    this.#at += whole.length
    const name = whole.slice(whole.lastIndexOf('\\') + 1).toLowerCase()
    BLANK.lastIndex = this.#at
    const next = this.#at + (BLANK.exec(this.#source)?.[0].length ?? 0)
    const isMember =
      this.#last === '->' || this.#last === '::' || this.#last === 'function' || (this.#before === 'function' && this.#last === '&')
    if (this.#last === 'new' || this.#last === 'extends' || this.#last === 'instanceof' || this.#source.startsWith('::', next))
      this.#add(this.classes, name)
    else if (this.#source[next] === '(' && !isMember) this.#add(this.functions, name)
    this.#token(name)
  }

  #variable(): void {
    VARIABLE.lastIndex = this.#at
    this.#at += VARIABLE.exec(this.#source)?.[0].length ?? 1
    this.#token('$')
  }

  #text(quote: string): void {
    const begin = this.#at + 1
    let at = begin
    while (at < this.#source.length && this.#source[at] !== quote) at += this.#source[at] === '\\' ? 2 : 1
    if (at - begin <= TEXT_MAX) this.texts.add(this.#source.slice(begin, at).toLowerCase())
    this.#to(at + 1)
    this.#token(quote)
  }

  #lineComment(): void {
    let at = this.#at
    while (at < this.#source.length && this.#source[at] !== '\n' && !(this.#source[at] === '?' && this.#source[at + 1] === '>')) at++
    this.#to(at)
  }

  #heredoc(): boolean {
    HEREDOC.lastIndex = this.#at
    const found = HEREDOC.exec(this.#source)
    if (found === null) return false
    const [whole, label = ''] = found
    // the label ends it where it begins a line
    for (let at = this.#at + whole.length - 1; ; ) {
      const line = this.#source.indexOf('\n', at)
      if (line < 0) {
        this.#to(this.#source.length)
        return true
      }
      INDENT.lastIndex = line + 1
      const begin = line + 1 + (INDENT.exec(this.#source)?.[0].length ?? 0)
      if (this.#source.startsWith(label, begin) && !/[\w\x80-\uffff]/.test(this.#source[begin + label.length] ?? '')) {
        this.#to(begin + label.length)
        this.#token('"')
        return true
      }
      at = line + 1
    }
  }

  #add(names: Map<string, number[]>, name: string): void {
    const lines = names.get(name)
    if (lines === undefined) names.set(name, [this.#line])
    else if (lines.length < LINES_KEPT) lines.push(this.#line)
  }

  #token(token: string): void {
    this.#before = this.#last
    this.#last = token
  }

  #after(text: string, from: number): number {
    const at = this.#source.indexOf(text, from)
    return at < 0 ? this.#source.length : at + text.length
  }

  #to(end: number): void {
    const until = Math.min(end, this.#source.length)
    // no look goes beyond: what was made small is one line of megabytes
    for (let at = this.#at; at < until; at++) if (this.#source.charCodeAt(at) === NEWLINE) this.#line++
    this.#at = until
  }
}
const NAME = /[\w\\\x80-\uffff]+/y
const VARIABLE = /\$+[\w\x80-\uffff]*/y
const BLANK = /\s*/y
const INDENT = /[ \t]*/y
const HEREDOC = /<<<[ \t]*["']?([A-Za-z_\x80-\uffff][\w\x80-\uffff]*)["']?\r?\n/y
