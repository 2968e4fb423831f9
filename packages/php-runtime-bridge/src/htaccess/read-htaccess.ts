import { REWRITE_LINES_MAX } from '../configuration/fields.js'
import { canonicalLine, parseRewriteLine, wordsOf } from '../rewrite/rule-line.js'
import type { FileMatch } from './access.js'
import { AccessScope } from './access-scope.js'
import { secondsOfExpiry } from './expiry.js'
import { type HtaccessLine, linesOf } from './lines.js'
import { literal } from './literal.js'
import { redirectRule } from './redirects.js'

/** What one .htaccess says, for the folder where it lies and those in it. */
export interface HtaccessReading {
  /** Who may see the folder, and files of such names in it: of files what comes later counts. */
  readonly access: readonly AccessSaid[]
  /** As the document root has them, in their order. */
  readonly rules: readonly string[]
  /** Rules of the folders above do not count here: it has its own, or wants none (Apache: RewriteEngine, and no RewriteOptions Inherit). */
  readonly isOwn: boolean
  readonly entry?: string
  readonly errorPages: Readonly<Record<string, string>>
  readonly maxAge: Readonly<Record<string, number>>
  /** Lines that were not taken and that somebody should look at, in the order of the file. What is only of no use here is not among them. */
  readonly untaken: readonly UntakenLine[]
}
export interface AccessSaid {
  readonly isAllowed: boolean
  readonly files: FileMatch | undefined
  readonly line: UntakenLine
}
export interface UntakenLine {
  /** From 1. */
  readonly line: number
  readonly text: string
  readonly why: string
}

/** Longer ones are cut: no person wrote them. */
export const HTACCESS_UNITS_MAX = 256 * 1024

/** @param folder where the file lies below the document root: 'wiki'; '' is the document root itself */
export function readHtaccess(text: string, folder: string): HtaccessReading {
  const lines = [...linesOf(text.slice(0, HTACCESS_UNITS_MAX))]
  const first = new Reading(folder)
  for (const line of lines) first.take(line)
  if (first.base === undefined) return first.done()
  // it holds for the whole file, wherever it stands
  const reading = new Reading(folder, first.base)
  for (const line of lines) reading.take(line)
  return reading.done()
}

interface Section {
  /** What is in it counts. */
  readonly isRead: boolean
  readonly scope?: AccessScope<UntakenLine>
  readonly end?: () => void
}

/** What needs no word here: it is so anyway, or changes nothing that a visitor sees. */
const NEEDLESS = new Set(
  'addoutputfilterbytype deflatecompressionlevel expiresactive fileetag addcharset serversignature addencoding adddefaultcharset filterdeclare filterprovider filterchain browsermatch'.split(
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
  readonly #scopes = [new AccessScope<UntakenLine>()]
  readonly #errorPages: Record<string, string> = {}
  readonly #maxAge: Record<string, number> = {}
  readonly #untaken: UntakenLine[] = []
  readonly #sections: Section[] = []
  #conditions: HtaccessLine[] = []
  #entry: string | undefined
  #isOn = true
  #isOwn = false
  #inherits = false
  /** The folder's address. */
  readonly #home: string
  /** Where what rules make lies. */
  readonly #base: string
  #nextBase: string | undefined

  constructor(folder: string, base?: string) {
    this.#folder = folder
    this.#home = folder === '' ? '/' : `/${folder}/`
    this.#base = base ?? this.#home
  }

  /** What the last line on it says. */
  get base(): string | undefined {
    return this.#nextBase
  }

  done(): HtaccessReading {
    const entry = this.#entry === undefined ? {} : { entry: this.#entry }
    const isOwn = this.#isOwn && !this.#inherits
    return {
      access: this.#scopes.map((scope) => scope.said()).filter((said) => said !== undefined),
      rules: this.#rewrite,
      isOwn,
      ...entry,
      errorPages: this.#errorPages,
      maxAge: this.#maxAge,
      untaken: this.#untaken,
    }
  }

  take(line: HtaccessLine): void {
    const { text } = line
    if (text.startsWith('</')) {
      this.#sections.pop()?.end?.()
      return
    }
    const isRead = this.#sections.every((section) => section.isRead)
    if (text.startsWith('<')) {
      this.#sections.push(isRead ? this.#open(line) : { isRead: false })
      return
    }
    if (!isRead) return
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
      case 'ifdefine': // nothing is defined
        return { isRead: what.startsWith('!') }
      case 'ifversion':
        return { isRead: !what.startsWith('!') }
      case 'files': {
        const isPattern = what.startsWith('~')
        return this.#named({ name: what.replace(/^~\s*["']?|["']$/g, ''), isPattern })
      }
      case 'filesmatch':
        return this.#named({ name: what, isPattern: true })
      case 'requireall':
      case 'requireany': {
        const scope = this.#scope
        scope.begin(name.toLowerCase() === 'requireall')
        return { isRead: true, end: () => scope.end() }
      }
      case 'limitexcept':
      case 'limit': {
        const isOfGet = /\bget\b/i.test(what) === (name.toLowerCase() === 'limit')
        if (!isOfGet) this.#leave(line, 'who may see something is not told apart by methods other than GET')
        return { isRead: isOfGet }
      }
      default:
        this.#leave(line, 'no such sections here: what is in it was left out')
        return { isRead: false }
    }
  }

  /** A section about files of such names. */
  #named(files: FileMatch): Section {
    const scope = new AccessScope<UntakenLine>(files)
    if (this.#scopes.length <= UNTAKEN_MAX) this.#scopes.push(scope)
    return { isRead: true, scope }
  }

  /** What a line on access is about. */
  get #scope(): AccessScope<UntakenLine> {
    return this.#sections.findLast(({ scope }) => scope !== undefined)?.scope ?? (this.#scopes[0] as AccessScope<UntakenLine>)
  }

  #rule(line: HtaccessLine, [pattern = '', to = '', flags = '']: readonly string[]): void {
    const conditions = this.#conditions
    this.#conditions = []
    this.#isOwn = true
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
      this.#leave(line, 'a pattern whose beginning is not the address’s')
      return
    }
    const made = `RewriteRule ${quoted(place.pattern)} ${quoted(place.to)}${rest.length === 0 ? '' : ` [${rest.join(',')}]`}`
    const all = [...conditions.map(({ text }) => text), ...place.conditions, made]
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
  #placed(pattern: string, to: string): Placed | undefined {
    const isElsewhere = to === '-' || to.startsWith('/') || /^(?:https?:\/\/|%\{)/i.test(to)
    const target = isElsewhere || this.#base === '/' ? to : `${this.#base}${to}`
    if (this.#folder === '') return { pattern, to: target, conditions: [] }
    const folder = `^${literal(this.#folder)}/`
    // what must not be found has no groups: what lies in the folder is looked at by a condition
    if (pattern.startsWith('!')) return { pattern: `${folder}(.*)`, to: target, conditions: [`RewriteCond $1 ${quoted(pattern)}`] }
    if (['^', '.*', '^.*$', '^.*'].includes(pattern)) return { pattern: folder, to: target, conditions: [] }
    if (pattern === '(.*)' || pattern === '.') return { pattern: `${folder}${pattern}`, to: target, conditions: [] }
    const form = pattern.replaceAll(/\\.|\[\^?\]?(?:\\.|[^\]\\])*\]/g, (found) => 'x'.repeat(found.length))
    const begins = form.startsWith('^')
    if (form.includes('^', begins ? 1 : 0) || (begins && hasOpenBar(form))) return undefined
    // looked for anywhere: the first place where it is, as without the folder
    const placed = begins ? pattern.slice(1) : `.*?(?:${pattern})`
    return { pattern: `${folder}${placed}`, to: target, conditions: [] }
  }

  #other(line: HtaccessLine, name: string, words: readonly string[]): void {
    const [first = '', second = '', third] = words
    switch (name) {
      case 'rewriteengine':
        this.#isOn = first.toLowerCase() === 'on'
        this.#isOwn = true
        return
      case 'rewriteoptions':
        if (words.some((word) => /^inherit(?:before)?$/i.test(word))) this.#inherits = true
        return
      case 'rewritebase':
        this.#nextBase = first.endsWith('/') ? first : `${first}/`
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
        if (seconds === undefined || !/^\/[!-~]{0,1000}$/.test(this.#home)) this.#leave(line, 'a time such as "access plus 1 month"')
        else this.#maxAge[this.#home] = seconds
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
    const rule = `RewriteRule ^${this.#folder === '' ? '' : `${literal(this.#folder)}/`}$ ${quoted(first.startsWith('/') ? first : `${this.#home}${first}`)} [L]`
    if (first === '' || 'found' in parseRewriteLine(rule)) {
      this.#leave(line, 'no file that a folder could have')
      return
    }
    this.#add(line, rule)
    this.#leave(line, 'taken for this folder only, not for those in it')
  }

  #access(line: HtaccessLine, name: string, words: readonly string[]): void {
    const small = words.map((word) => word.toLowerCase())
    if (!this.#scope.take(name, small, { line: line.number, text: line.text.slice(0, 200), why: '' }))
      this.#leave(
        line,
        'visitors have no addresses that could be told apart, and there are no passwords of the server: who no other line lets in stays out',
      )
  }

  #add(line: HtaccessLine, rule: string): void {
    const made = canonicalLine(rule)
    if (this.#rewrite.length >= REWRITE_LINES_MAX || made.length > LINE_UNITS_MAX)
      this.#leave(line, 'a rule beyond what a configuration has')
    else this.#rewrite.push(made)
  }

  #leave({ number: line, text }: HtaccessLine, why: string): void {
    if (this.#untaken.length < UNTAKEN_MAX) this.#untaken.push({ line, text: text.slice(0, 200), why: why.slice(0, 300) })
  }
}
interface Placed {
  readonly pattern: string
  readonly to: string
  readonly conditions: readonly string[]
}
/** `a|b` outside of parentheses: what is put before it would belong to the first alone. */
function hasOpenBar(form: string): boolean {
  let depth = 0
  for (const letter of form) {
    if (letter === '(') depth++
    else if (letter === ')') depth--
    else if (letter === '|' && depth === 0) return true
  }
  return false
}
const LINE_UNITS_MAX = 1024
const UNTAKEN_MAX = 1_000

const quoted = (word: string): string => (/^[^\s"']+$/.test(word) ? word : `"${word.replaceAll('"', '\\"')}"`)
