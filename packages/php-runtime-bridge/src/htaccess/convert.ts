import { REWRITE_LINES_MAX } from '../configuration/fields.js'
import { canonicalLine, parseRewriteLine, wordsOf } from '../rewrite/rule-line.js'
import { accessRule, type FileMatch } from './access.js'
import { secondsOfExpiry } from './expiry.js'
import { type HtaccessLine, linesOf } from './lines.js'
import { literal } from './literal.js'
import { redirectRule } from './redirects.js'

/** What an .htaccess comes to in an interpeer.json, and what of it does not. */
export interface ConvertedHtaccess {
  /** In their order. */
  readonly rewrite: readonly string[]
  readonly entry?: string
  readonly errorPages: Readonly<Record<string, string>>
  readonly maxAge: Readonly<Record<string, number>>
  /** Lines that were not taken and that somebody should look at, in the order of the file. What is only of no use here is not among them. */
  readonly untaken: readonly UntakenLine[]
}
export interface UntakenLine {
  /** From 1. */
  readonly line: number
  readonly text: string
  readonly why: string
}

/** Longer ones are cut: no person wrote them. */
export const HTACCESS_UNITS_MAX = 256 * 1024

/**
 * Reads an .htaccess, a subset of what Apache's has, and says line by line what it could not take. A pure function; never throws.
 * @param folder where the file lies below the document root: 'wiki'; '' is the document root itself
 */
export function convertHtaccess(text: string, folder = ''): ConvertedHtaccess {
  const reading = new Reading(folder)
  for (const line of linesOf(text.slice(0, HTACCESS_UNITS_MAX))) reading.take(line)
  return reading.done()
}

interface Section {
  /** What is in it counts. */
  readonly isRead: boolean
  readonly files?: FileMatch | undefined
}

/** What needs no word here: it is so anyway, or changes nothing that a visitor sees. */
const NEEDLESS = new Set(
  'rewriteoptions addoutputfilterbytype deflatecompressionlevel expiresactive fileetag addcharset serversignature addencoding adddefaultcharset filterdeclare filterprovider filterchain browsermatch'.split(
    ' ',
  ),
)
const WHY: Readonly<Record<string, string>> = {
  addhandler: 'scripts are what ends in .php',
  addtype: 'types go by the list of the runtime',
  authtype: 'there are no passwords of the server: let a script ask for them',
  authname: 'there are no passwords of the server: let a script ask for them',
  authuserfile: 'there are no passwords of the server: let a script ask for them',
  header: 'headers of static files are not set; a script sets its own',
  php_admin_flag: 'set it in the script, with ini_set()',
  php_admin_value: 'set it in the script, with ini_set()',
  php_flag: 'set it in the script, with ini_set()',
  php_value: 'set it in the script, with ini_set()',
  sethandler: 'scripts are what ends in .php',
  setenv: 'put it into the script, or a file that it reads',
  setenvif: 'variables of the server are not set',
}

class Reading {
  readonly #folder: string
  readonly #rewrite: string[] = []
  readonly #errorPages: Record<string, string> = {}
  readonly #maxAge: Record<string, number> = {}
  readonly #untaken: UntakenLine[] = []
  readonly #sections: Section[] = []
  #conditions: HtaccessLine[] = []
  #entry: string | undefined
  #isOn = true
  #base: string

  constructor(folder: string) {
    this.#folder = folder
    this.#base = folder === '' ? '/' : `/${folder}/`
  }

  done(): ConvertedHtaccess {
    const entry = this.#entry === undefined ? {} : { entry: this.#entry }
    return { rewrite: this.#rewrite, ...entry, errorPages: this.#errorPages, maxAge: this.#maxAge, untaken: this.#untaken }
  }

  take(line: HtaccessLine): void {
    const { text } = line
    if (text.startsWith('</')) {
      this.#sections.pop()
      return
    }
    if (text.startsWith('<')) {
      this.#sections.push(this.#open(line))
      return
    }
    if (this.#sections.some(({ isRead }) => !isRead)) return
    const words = wordsOf(text)
    if (words === undefined) {
      this.#leave(line, 'a quotation mark without another')
      return
    }
    const [directive = '', ...rest] = words
    const name = directive.toLowerCase()
    if (NEEDLESS.has(name)) return
    if (name === 'rewritecond') this.#conditions.push(line)
    else if (name === 'rewriterule') this.#rule(line, rest)
    else this.#other(line, name, rest)
  }

  #open(line: HtaccessLine): Section {
    const [, name = '', given = ''] = /^<(\w+)\s*(.*?)\s*>?$/.exec(line.text) ?? []
    const what = given.replace(/^(["'])(.*)\1$/, '$2')
    switch (name.toLowerCase()) {
      case 'ifmodule':
        return { isRead: !what.startsWith('!') }
      case 'ifdefine':
      case 'ifversion':
        return { isRead: !what.startsWith('!') && name.toLowerCase() === 'ifversion' }
      case 'files': {
        const isPattern = what.startsWith('~')
        return { isRead: true, files: { name: what.replace(/^~\s*["']?|["']$/g, ''), isPattern } }
      }
      case 'filesmatch':
        return { isRead: true, files: { name: what, isPattern: true } }
      case 'requireall':
      case 'requireany':
      case 'limitexcept':
      case 'limit':
        return { isRead: name.toLowerCase().startsWith('require') }
      default:
        this.#leave(line, 'no such sections here: what is in it was left out')
        return { isRead: false }
    }
  }

  #rule(line: HtaccessLine, [pattern = '', to = '', flags = '']: readonly string[]): void {
    const conditions = this.#conditions
    this.#conditions = []
    if (!this.#isOn) return
    // scripts have the header anyway: Apache hides it from them
    if (to === '-' && /\bE=(?:HTTP_|REMOTE_USER)/i.test(flags)) return
    const kept = flags
      .replace(/^\[|\]$/g, '')
      .split(',')
      .map((flag) => flag.trim())
    const others = kept.filter((flag) => /^(E|ENV|CO|COOKIE)=/i.test(flag))
    const rest = kept.filter((flag) => flag !== '' && !others.includes(flag))
    const place = this.#placed(pattern, to)
    if (place === undefined) {
      this.#leave(line, 'a pattern that is looked for anywhere below a folder')
      return
    }
    const made = `RewriteRule ${quoted(place.pattern)} ${quoted(place.to)}${rest.length === 0 ? '' : ` [${rest.join(',')}]`}`
    const all = [...conditions.map(({ text }) => text), made]
    if (this.#rewrite.length + all.length > REWRITE_LINES_MAX || all.some((one) => canonicalLine(one).length > LINE_UNITS_MAX)) {
      this.#leave(line, `a configuration has up to ${REWRITE_LINES_MAX} lines of up to ${LINE_UNITS_MAX} letters`)
      return
    }
    for (const [i, one] of all.entries()) {
      const parsed = parseRewriteLine(one)
      if (!('found' in parsed)) continue
      for (const condition of conditions.slice(0, i)) this.#leave(condition, `it belongs to line ${line.number}, which was not taken`)
      this.#leave(conditions[i] ?? line, `found ${parsed.found}; allowed: ${parsed.allowed}`)
      if (i < conditions.length) this.#leave(line, `its condition in line ${conditions[i]?.number} was not taken`)
      return
    }
    if (others.length > 0) this.#leave(line, `taken without ${others.join(', ')}: variables and cookies of the server are not set`)
    this.#rewrite.push(...all.map(canonicalLine))
  }

  /** A rule of a folder's, as the document root has it. undefined where it cannot be said so. */
  #placed(pattern: string, to: string): { readonly pattern: string; readonly to: string } | undefined {
    const isElsewhere = to === '-' || to.startsWith('/') || /^(?:https?:\/\/|%\{|\$)/i.test(to)
    const target = isElsewhere || this.#base === '/' ? to : `${this.#base}${to}`
    if (this.#folder === '') return { pattern, to: target }
    const [not, bare] = pattern.startsWith('!') ? ['!', pattern.slice(1)] : ['', pattern]
    if (not !== '') return undefined
    const folder = `${literal(this.#folder)}/`
    if (bare === '^' || bare === '.*' || bare === '^.*$' || bare === '^.*') return { pattern: `^${folder}`, to: target }
    if (bare.startsWith('^') && !bare.includes('|')) return { pattern: `^${folder}${bare.slice(1)}`, to: target }
    if (bare === '(.*)') return { pattern: `^${folder}(.*)`, to: target }
    if (bare === '.') return { pattern: `^${folder}.`, to: target }
    return undefined
  }

  #other(line: HtaccessLine, name: string, words: readonly string[]): void {
    const [first = '', second = '', third] = words
    switch (name) {
      case 'rewriteengine':
        this.#isOn = first.toLowerCase() === 'on'
        return
      case 'rewritebase':
        this.#base = first.endsWith('/') ? first : `${first}/`
        return
      case 'errordocument':
        if (/^(403|404|405|410)$/.test(first) && /^\/[!-"$-~]{0,2000}$/.test(second) && third === undefined)
          this.#errorPages[first] = second
        else this.#leave(line, 'pages are addresses of the site, for 403, 404, 405 and 410')
        return
      case 'fallbackresource':
        if (first.toLowerCase() === 'disabled') return
        if (this.#folder === '' && /^\/(?:\w[\w.-]*\/){0,31}\w[\w.-]*\.php$/i.test(first) && first.length <= 1024) this.#entry = first
        else this.#leave(line, 'the entry is a script by its address, for the whole site')
        return
      case 'directoryindex':
        this.#index(line, words)
        return
      case 'options':
        if (words.some((word) => /^\+?(?:indexes|multiviews|all|execcgi|includes)$/i.test(word)))
          this.#leave(line, 'folders are not listed, and names are not guessed')
        return
      case 'redirect':
      case 'redirectmatch':
      case 'redirectpermanent':
      case 'redirecttemp': {
        const rule = redirectRule(name, words)
        if (rule === undefined || 'found' in parseRewriteLine(rule)) this.#leave(line, 'no redirect of a form that is known')
        else this.#add(line, rule)
        return
      }
      case 'expiresdefault': {
        const seconds = secondsOfExpiry(words)
        if (seconds === undefined || !/^\/[!-~]{0,1000}$/.test(this.#base)) this.#leave(line, 'a time such as "access plus 1 month"')
        else this.#maxAge[this.#base] = seconds
        return
      }
      case 'expiresbytype':
        this.#leave(line, 'how long files are kept goes by their address: see maxAge')
        return
      case 'order':
      case 'allow':
      case 'deny':
      case 'require':
      case 'satisfy':
        this.#access(line, name, words)
        return
      default:
        if (name === 'setenvif' && /authorization/i.test(first)) return
        this.#leave(line, WHY[name] ?? 'there is no such directive here')
    }
  }

  #index(line: HtaccessLine, [first = '']: readonly string[]): void {
    if (/^index\.(?:php|html?)$/i.test(first)) return
    const rule = `RewriteRule ^${this.#folder === '' ? '' : `${literal(this.#folder)}/`}$ ${quoted(first.startsWith('/') ? first : `${this.#base}${first}`)} [L]`
    if (first === '' || 'found' in parseRewriteLine(rule)) {
      this.#leave(line, 'no file that a folder could have')
      return
    }
    this.#add(line, rule)
    this.#leave(line, 'taken for this folder only, not for those in it')
  }

  #access(line: HtaccessLine, name: string, words: readonly string[]): void {
    const said = [name, ...words].join(' ').toLowerCase()
    const files = this.#sections.findLast((section) => section.files !== undefined)?.files
    if (said === 'deny from all' || said === 'require all denied') {
      const rule = accessRule(this.#folder, files)
      if (rule === undefined || 'found' in parseRewriteLine(rule)) this.#leave(line, 'names of a form that is not known')
      // first, as Apache asks who may before it looks at rules
      else this.#add(line, rule, true)
      return
    }
    const isOpen = name === 'order' || name === 'satisfy' || said === 'allow from all' || said === 'require all granted'
    if (!isOpen) this.#leave(line, 'visitors have no addresses that could be told apart, and there are no passwords of the server')
  }

  #add(line: HtaccessLine, rule: string, isFirst = false): void {
    const made = canonicalLine(rule)
    if (this.#rewrite.length >= REWRITE_LINES_MAX || made.length > LINE_UNITS_MAX)
      this.#leave(line, 'a rule beyond what a configuration has')
    else if (isFirst) this.#rewrite.unshift(made)
    else this.#rewrite.push(made)
  }

  #leave({ number: line, text }: HtaccessLine, why: string): void {
    if (this.#untaken.length < UNTAKEN_MAX) this.#untaken.push({ line, text: text.slice(0, 200), why: why.slice(0, 300) })
  }
}
const LINE_UNITS_MAX = 1024
const UNTAKEN_MAX = 1_000

const quoted = (word: string): string => (/^[^\s"']+$/.test(word) ? word : `"${word.replaceAll('"', '\\"')}"`)
