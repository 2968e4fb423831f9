import type { FileMatch } from './access.js'

/** Words on who may see something that are joined: all of them must let a visitor in, or any. */
interface Group {
  readonly isAll: boolean
  readonly words: boolean[]
}

/**
 * What one .htaccess, or one section of it, says on who may see what it is about, and what that comes to for a visitor who has neither an address nor a password, as
 * everyone here: Apache's `Order`, `Allow`, `Deny`, `Require` and `Satisfy`. Whoever only some are let in to stays closed.
 */
export class AccessScope<Line> {
  readonly files: FileMatch | undefined
  #line: Line | undefined
  /** `Order allow,deny`: who is not let in stays out, and who is kept out does too. Else who is let in is in. */
  #isStrict = false
  #allowsAll = false
  #deniesAll = false
  readonly #groups: Group[] = [{ isAll: false, words: [] }]
  /** `Satisfy any`: one of the two ways is enough. */
  #isEither = false

  constructor(files?: FileMatch) {
    this.files = files
  }

  /** @param words in small letters. @returns false where it is about some visitors, who can't be told apart here */
  take(name: string, words: readonly string[], line: Line): boolean {
    if (name === 'satisfy') this.#isEither = words[0] === 'any'
    else if (name === 'order') this.#isStrict = words.join('') !== 'deny,allow'
    else if (name === 'require') return this.#require(words, line)
    else if (!words.includes('all')) return false
    else if (name === 'allow') this.#allowsAll = true
    else this.#deniesAll = true
    if (name !== 'satisfy') this.#line = line
    return true
  }

  /** `<RequireAll>` or `<RequireAny>`. */
  begin(isAll: boolean): void {
    this.#groups.push({ isAll, words: [] })
  }

  end(): void {
    if (this.#groups.length < 2) return
    const word = wordOf(this.#groups.pop() as Group)
    if (word !== undefined) this.#groups.at(-1)?.words.push(word)
  }

  /** Undefined: it says nothing. */
  said(): { readonly isAllowed: boolean; readonly files: FileMatch | undefined; readonly line: Line } | undefined {
    while (this.#groups.length > 1) this.end()
    const required = wordOf(this.#groups[0] as Group)
    const isOrdered = this.#isStrict || this.#allowsAll || this.#deniesAll
    if (this.#line === undefined || (!isOrdered && required === undefined)) return undefined
    const isIn = this.#isStrict ? this.#allowsAll && !this.#deniesAll : this.#allowsAll || !this.#deniesAll
    const isAllowed = this.#isEither ? isIn || required === true : isIn && required !== false
    return { isAllowed, files: this.files, line: this.#line }
  }

  #require(words: readonly string[], line: Line): boolean {
    const group = this.#groups.at(-1) as Group
    const [who = '', what = ''] = words
    // who else is kept out says nothing of all others
    if (who === 'not') return false
    const isAll = who === 'all' && (what === 'granted' || what === 'denied')
    group.words.push(isAll ? what === 'granted' : who === 'method' && words.includes('get'))
    this.#line = line
    return isAll
  }
}

function wordOf({ isAll, words }: Group): boolean | undefined {
  if (words.length === 0) return undefined
  return isAll ? words.every(Boolean) : words.some(Boolean)
}
