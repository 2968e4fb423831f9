import { findNode, followAlong, followNode, type TreeDirectory } from '../file-tree.js'
import { partsOf } from '../path.js'
import { SITE_FOLDER } from '../php-ini.js'
import type { ScriptRequest } from '../request.js'
import type { Check, RewriteCondition, RewriteLine } from './rule-line.js'
import { parseRewriteLine } from './rule-line.js'
import { expand, type Template, type TemplateValues } from './template.js'

export interface RewriteRule extends RewriteLine {
  readonly conditions: readonly RewriteCondition[]
}
export type Rewritten =
  /** `path` is decoded and begins with one slash; `query` has no question mark. */
  | { readonly type: 'address'; readonly path: string; readonly query: string }
  | { readonly type: 'redirect'; readonly status: number; readonly location: string }
  | { readonly type: 'refused'; readonly status: 403 | 410 }
  /** The rules go round in a circle, or look at too much. */
  | { readonly type: 'endless' }

/** Rules are applied to what they made again, as Apache does with those of a folder: so often. */
const ROUNDS_MAX = 10
/** What all patterns of one request may look at: the sum of their sizes times the lengths of the texts. */
const WORK_MAX = 16_000_000

const known = new WeakMap<readonly string[], readonly RewriteRule[]>()

/** The rules of a configuration's lines, which are read once. Conditions at the end, with no rule behind them, count for nothing. */
export function rulesOf(lines: readonly string[]): readonly RewriteRule[] {
  const before = known.get(lines)
  if (before !== undefined) return before
  const rules: RewriteRule[] = []
  let conditions: RewriteCondition[] = []
  for (const line of lines) {
    const parsed = parseRewriteLine(line)
    if ('found' in parsed) continue
    if (parsed.type === 'condition') conditions.push(parsed)
    else {
      rules.push({ ...parsed, conditions })
      conditions = []
    }
  }
  known.set(lines, rules)
  return rules
}

/** Whether what rules make of an address depends on the visitor: on a header other than the host's. */
export function readVisitor(rules: readonly RewriteRule[]): boolean {
  const seen = visitorReading.get(rules)
  if (seen !== undefined) return seen
  const templates = rules.flatMap(({ conditions, to }) => [...conditions.map(({ test }) => test), to?.path ?? [], to?.query ?? []])
  const reads = templates.some((template) => template.some((part) => part.type === 'variable' && OF_VISITORS.test(part.name)))
  visitorReading.set(rules, reads)
  return reads
}
const OF_VISITORS = /^(?:HTTP_(?!HOST$)|HTTP:|REMOTE_)/
const visitorReading = new WeakMap<readonly RewriteRule[], boolean>()

/**
 * What a site's rules make of an address. They stand as in an .htaccess at the document root: patterns see the path without its first slash, and what
 * they made is looked at again from the first rule on until it stays as it is.
 * @param path decoded, with one slash at its beginning and none beside another
 * @param root the document root's path in the site
 */
export function rewritten(
  rules: readonly RewriteRule[],
  request: ScriptRequest,
  {
    site,
    root,
    path: given,
    query: asked,
  }: { readonly site: TreeDirectory; readonly root: string; readonly path: string; readonly query: string },
): Rewritten {
  let [path, query] = [given, asked]
  let work = 0
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    const begun = path
    let redirect: { readonly status: number; readonly keep: boolean } | undefined
    let isOver = false
    for (let i = 0; i < rules.length; i++) {
      const rule = rules[i] as RewriteRule
      const text = path.slice(1)
      work += rule.pattern.size * (text.length + 1)
      if (work > WORK_MAX) return { type: 'endless' }
      const found = rule.pattern.find(text)
      if ((found === undefined) !== rule.isNegated) continue
      const place = { site, root, path, begun, query, round }
      const values = { groups: found ?? [], variable: (name: string) => variableOf(name, request, place) }
      const held = conditionsHold(rule.conditions, values, site, (cost) => {
        work += cost
        return work > WORK_MAX
      })
      if (held === 'endless') return { type: 'endless' }
      if (held === undefined) continue
      const { flags, to } = rule
      if (flags.status === 403 || flags.status === 410) return { type: 'refused', status: flags.status }
      if (to !== undefined) {
        const all = { ...values, conditionGroups: held }
        const made = expand(to.path, all, flags.escapeGroups ? escaped : undefined)
        query = queryOf(to.query, all, flags, query)
        const elsewhere = /^https?:\/\/[^/]/i.test(made)
        if (elsewhere) return { type: 'redirect', status: flags.status ?? 302, location: locationOf(made, query, true) }
        path = normalPath(made)
      }
      if (flags.status !== undefined) redirect = { status: flags.status, keep: flags.keepUnescaped }
      if (flags.last !== undefined) {
        isOver = flags.last === 'all'
        break
      }
      i += flags.skip
    }
    if (redirect !== undefined) return { type: 'redirect', status: redirect.status, location: locationOf(path, query, redirect.keep) }
    if (isOver || path === begun) return { type: 'address', path, query }
  }
  return { type: 'endless' }
}

/**
 * One slash at the beginning, none beside another: two of them would name a host. `.` and `..` are resolved, as they will be where the file is looked for: a
 * rule must see the path that is served, however it was asked for.
 */
export function normalPath(path: string): string {
  const names = partsOf(path)
  return `/${names.join('/')}${names.length > 0 && /\/\.{0,2}$/.test(`/${path}`) ? '/' : ''}`
}

/** An address in a header: whatever is not printable ASCII, or would be read otherwise, is percent-encoded. */
export function locationOf(address: string, query: string, keepUnescaped = false): string {
  const like = keepUnescaped ? /[^!-~]|["<>\\^`{|}]/gu : /[^!-~]|["<>\\^`{|}%?#[\]]/gu
  return encoded(address, like) + (query === '' ? '' : `?${encoded(query, /[^!-~]|["<>\\#]/gu)}`)
}
function encoded(text: string, like: RegExp): string {
  return text.replaceAll(like, (letter) => (/\p{Surrogate}/u.test(letter) ? '%EF%BF%BD' : encodeURIComponent(letter)))
}

/** As encodeURIComponent, which throws for half a letter. */
const escaped = (text: string) => encoded(text, /[^\w\-.!~*'()]/gu)

function queryOf(template: Template | undefined, values: TemplateValues, flags: RewriteLine['flags'], earlier: string): string {
  if (template === undefined) return flags.dropQuery ? '' : earlier
  const made = expand(template, values, flags.escapeGroups ? escaped : undefined)
  const query = encoded(made, /[^!-~]|#/gu)
  return flags.appendQuery && earlier !== '' ? (query === '' ? earlier : `${query}&${earlier}`) : query
}

/** @returns the groups of the last pattern that fitted; undefined where the conditions do not hold */
function conditionsHold(
  conditions: readonly RewriteCondition[],
  values: Pick<TemplateValues, 'groups' | 'variable'>,
  site: TreeDirectory,
  spend: (work: number) => boolean,
): readonly string[] | 'endless' | undefined {
  let groups: readonly string[] = []
  for (let i = 0; i < conditions.length; i++) {
    const { test, check, isNegated, isAlternative } = conditions[i] as RewriteCondition
    const text = expand(test, { ...values, conditionGroups: groups })
    if (spend((check.type === 'pattern' ? check.pattern.size : 1) * (text.length + 1))) return 'endless'
    const found = fits(text, check, site)
    if ((found === undefined) === isNegated) {
      if (found !== undefined && found.length > 0) groups = found
      // one of several that are joined by OR is enough: the others of them are passed over
      while (conditions[i]?.isAlternative) i++
    } else if (!isAlternative) return undefined
  }
  return groups
}

/** @returns the groups of a pattern, or none; undefined where it does not fit */
function fits(text: string, check: Check, site: TreeDirectory): readonly string[] | undefined {
  if (check.type === 'pattern') return check.pattern.find(text)
  const isSo =
    check.type === 'equal' || check.type === 'before' || check.type === 'after' ? compares(text, check) : isThere(text, check.type, site)
  return isSo ? [] : undefined
}

function compares(text: string, check: Check & { readonly type: 'equal' | 'before' | 'after' }): boolean {
  const [a, b] = check.ignoreCase ? [text.toLowerCase(), check.text.toLowerCase()] : [text, check.text]
  if (check.type === 'equal') return a === b
  return check.type === 'before' ? a < b : a > b
}

function isThere(path: string, type: 'file' | 'folder' | 'link' | 'filled', site: TreeDirectory): boolean {
  if (!`${path}/`.startsWith(`${SITE_FOLDER}/`)) return false
  const inSite = partsOf(path.slice(SITE_FOLDER.length)).join('/')
  if (type === 'link') return findNode(site, inSite)?.kind === 'symlink'
  const node = followNode(site, inSite)
  if (type === 'folder') return node?.kind === 'directory'
  return node?.kind === 'file' && (type === 'file' || node.size > 0)
}

interface Place {
  readonly site: TreeDirectory
  readonly root: string
  readonly path: string
  readonly begun: string
  readonly query: string
  readonly round: number
}
function variableOf(name: string, request: ScriptRequest, place: Place): string {
  const { host, method, target, https, headers } = request
  const header = (wanted: string) => {
    const given = headers.filter(([one]) => one.toLowerCase() === wanted).map(([, value]) => value)
    return wanted === 'host' ? host : given.join(wanted === 'cookie' ? '; ' : ', ')
  }
  if (name.startsWith('HTTP:')) return header(name.slice(5).toLowerCase())
  switch (name) {
    case 'REQUEST_URI':
      return place.begun
    case 'REQUEST_FILENAME':
    case 'SCRIPT_FILENAME':
      return fileNameOf(place)
    case 'QUERY_STRING':
      return place.query
    case 'REQUEST_METHOD':
      return method
    case 'REQUEST_SCHEME':
      return https ? 'https' : 'http'
    case 'THE_REQUEST':
      return `${method} ${target} HTTP/1.1`
    case 'HTTPS':
      return https ? 'on' : 'off'
    case 'SERVER_NAME':
      return host.replace(/:\d{1,5}$/, '')
    case 'SERVER_PORT':
      return /:(\d{1,5})$/.exec(host)?.[1] ?? (https ? '443' : '80')
    case 'SERVER_PROTOCOL':
      return 'HTTP/1.1'
    case 'DOCUMENT_ROOT':
      return place.root === '' ? SITE_FOLDER : `${SITE_FOLDER}/${place.root}`
    case 'REMOTE_ADDR':
      return '0.0.0.0'
    case 'ENV:REDIRECT_STATUS':
      return place.round > 1 ? '200' : ''
    default: // HTTP_HOST and the like
      return header(name.slice('HTTP_'.length).toLowerCase().replaceAll('_', '-'))
  }
}

/** The path as a file's: folders that are there, and what comes first behind them. The rest would be PATH_INFO. */
function fileNameOf({ site, root, path }: Place): string {
  const top = root === '' ? SITE_FOLDER : `${SITE_FOLDER}/${root}`
  const names = partsOf(path)
  const there = followAlong(site, root, names)
  // the document root itself is one of them
  const folders = Math.max(1, there.at(-1)?.kind === 'file' ? there.length - 1 : there.length)
  if (folders <= names.length) return `${top}/${names.slice(0, folders).join('/')}`
  return [top, ...names].join('/') + (path.endsWith('/') ? '/' : '')
}
