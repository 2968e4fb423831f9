import { CONFIGURATION_FILE, isConfigurationName } from './configuration/reserved.js'
import { type ErrorPageStatus, type SiteConfiguration, usualConfiguration } from './configuration/site-configuration.js'
import { findNode, followAlong, followNode, type TreeDirectory, type TreeFile, type TreeNode } from './file-tree.js'
import { partsOf } from './path.js'
import type { ScriptRequest } from './request.js'
import { locationOf, normalPath, type RewriteRule, rewritten, rulesOf } from './rewrite/rewrite.js'

export interface ScriptRoute {
  readonly type: 'script'
  /** Relative to the site. The two names are URL paths below the document root, as PHP's variables have them. */
  readonly script: string
  readonly scriptName: string
  readonly pathInfo: string
}
export type Route =
  | ScriptRoute
  /** `path` is relative to the document root. */
  | { readonly type: 'static'; readonly path: string; readonly file: TreeFile }
  /** A folder without the slash that makes what it links to lie in it. */
  | { readonly type: 'folder'; readonly path: string; readonly index: ScriptRoute | (Route & { readonly type: 'static' }) }
  | { readonly type: 'missing' }

const MISSING = { type: 'missing' } as const
const INDEX_PAGES = ['index.html', 'index.htm']

/** Where addresses begin: '' is the site itself. Without a word of the configuration, `public`, where it has an index.php: so a site's other files cannot be fetched. */
export function documentRootOf(site: TreeDirectory, { documentRoot }: SiteConfiguration = usualConfiguration): string {
  return documentRoot ?? (followNode(site, 'public/index.php')?.kind === 'file' ? 'public' : '')
}

/**
 * What answers a URL path, rewritten or not: the file of that name; else a directory's index.php or index.html; else the site's entry, or without
 * one, as `php -S` would decide, the nearest index.php above with the rest as PATH_INFO. A .php file takes a rest too; a static file does not.
 * Links are followed. Names that begin with a dot are never looked for (but `.well-known`), nor is the site's configuration: to a script above they are
 * PATH_INFO.
 */
export function routeOf(site: TreeDirectory, urlPath: string, configuration: SiteConfiguration = usualConfiguration): Route {
  const path = decodePath(urlPath)
  return path === undefined ? MISSING : resolved(site, path, configuration)
}

function resolved(site: TreeDirectory, path: string, configuration: SiteConfiguration): Route {
  if (path.includes('\0')) return MISSING
  const places = new Places(site, configuration)
  const names = partsOf(path)
  const hidden = names.findIndex((name, i) => places.isHidden(name, i))
  const tail = path.endsWith('/') && names.length > 0 ? '/' : ''
  // upward from the last that is there: visitors can write thousands of names
  const there = places.along(hidden < 0 ? names : names.slice(0, hidden))
  for (const [count, node] of [...there.entries()].reverse()) {
    const isAll = count === names.length
    const mayTakeRest = configuration.entry === undefined && node.kind === 'directory' && node.entries.has('index.php')
    if (node.kind === 'directory' && !isAll && !mayTakeRest) continue
    const here = names.slice(0, count).join('/')
    const rest = isAll ? undefined : `/${names.slice(count).join('/')}${tail}`
    if (node.kind === 'file') {
      const pathInfo = rest ?? tail
      if (isScript(here)) return places.script(here, pathInfo)
      if (pathInfo === '') return { type: 'static', path: here, file: node }
      break
    }
    const index = places.indexOf(here, rest)
    if (index === undefined) continue
    return !isAll || tail !== '' || count === 0 ? index : { type: 'folder', path: here, index }
  }
  return configuration.entry === undefined ? MISSING : places.entry(configuration.entry)
}

/** Files as addresses reach them. */
class Places {
  readonly #site: TreeDirectory
  readonly #root: string
  readonly #configuration: TreeNode | undefined

  constructor(site: TreeDirectory, configuration: SiteConfiguration) {
    this.#site = site
    this.#root = documentRootOf(site, configuration)
    this.#configuration = findNode(site, CONFIGURATION_FILE)
  }

  isHidden(name: string, i: number): boolean {
    if (i === 0 && this.#root === '' && isConfigurationName(name)) return true
    return name.startsWith('.') && !(i === 0 && name === '.well-known')
  }

  /** The configuration is nowhere, not through a link either. */
  nodeAt(path: string): ReturnType<typeof followNode> {
    const node = followNode(this.#site, this.#inSite(path))
    return node === this.#configuration ? undefined : node
  }

  /** What is there at the document root, and at each of these names behind it. */
  along(names: readonly string[]): ReturnType<typeof followAlong> {
    const found = followAlong(this.#site, this.#root, names)
    const end = found.indexOf(this.#configuration as TreeFile)
    return end < 0 ? found : found.slice(0, end)
  }

  script(path: string, pathInfo: string): ScriptRoute {
    return { type: 'script', script: this.#inSite(path), scriptName: `/${path}`, pathInfo }
  }

  /** @param rest what comes behind the folder, which only a script takes */
  indexOf(folder: string, rest: string | undefined): ScriptRoute | (Route & { readonly type: 'static' }) | undefined {
    const below = (name: string) => (folder === '' ? name : `${folder}/${name}`)
    if (this.nodeAt(below('index.php'))?.kind === 'file') return this.script(below('index.php'), rest ?? '')
    if (rest !== undefined) return undefined
    for (const name of INDEX_PAGES) {
      const page = this.nodeAt(below(name))
      if (page?.kind === 'file') return { type: 'static', path: below(name), file: page }
    }
    return undefined
  }

  entry(address: string): Route {
    const path = partsOf(address).join('/')
    return this.nodeAt(path)?.kind === 'file' ? this.script(path, '') : MISSING
  }

  #inSite(path: string): string {
    return this.#root === '' ? path : path === '' ? this.#root : `${this.#root}/${path}`
  }
}

/** A request on its way to what answers it. */
export interface Routed {
  readonly route: Exclude<Route, { readonly type: 'folder' }> | Refused | Redirect
  /** Without its question mark; as rules made it, where they did. */
  readonly query: string
  /** The path that was asked for, decoded, where something else answers than what it names. */
  readonly redirectedFrom?: string
  /** The error that a page of the site's is shown for: it is the answer's status, unless a script sets another. */
  readonly errorStatus?: ErrorPageStatus
  /** The script that is asked before `route`; it may leave the answer to that. */
  readonly router?: string
  /** The decoded path that `route` was found for, as the router is told. */
  readonly asked?: string
  /** What is served where the router leaves it. */
  readonly passed?: Routed
}
export interface Refused {
  readonly type: 'refused'
  readonly status: 403 | 405 | 410 | 500
}
export interface Redirect {
  readonly type: 'redirect'
  readonly status: number
  readonly location: string
}

/** What answers a request to a site, by its configuration: rules first, then files, and pages for what is not there. A function of its arguments. */
export function routeRequest(site: TreeDirectory, request: ScriptRequest, configuration: SiteConfiguration): Routed {
  const mark = request.target.indexOf('?')
  const query = mark < 0 ? '' : request.target.slice(mark + 1)
  const asked = decodePath(mark < 0 ? request.target : request.target.slice(0, mark))
  if (asked === undefined) return errorPage(site, 404, { query, asked: '/' }, configuration)
  const address = normalPath(asked)
  const root = documentRootOf(site, configuration)
  const rules = rulesOf(configuration.rewrite)
  const made = rules.length === 0 ? undefined : rewritten(rules, request, { site, root, path: address, query })
  if (made?.type === 'redirect') return { route: made, query }
  if (made?.type === 'endless') return { route: { type: 'refused', status: 500 }, query }
  if (made?.type === 'refused') return errorPage(site, made.status, { query, asked }, configuration)
  const isOther = made !== undefined && made.path !== address
  const now = isOther ? { query: made.query, redirectedFrom: asked } : { query: made?.query ?? query }
  const found = resolved(site, made?.path ?? address, configuration)
  const named = found.type === 'folder' ? found.index : found
  if (isForbidden(site, named, request, { rules, root, path: made?.path ?? address, query: now.query, entry: configuration.entry }))
    return errorPage(site, 403, { query, asked }, configuration)
  const route = found.type === 'folder' ? ofFolder(found, request, now.query, isOther) : found
  const status = route.type === 'missing' ? 404 : route.type === 'static' && !isRead(request) ? 405 : undefined
  const served: Routed = status === undefined ? { route, ...now } : errorPage(site, status, { query: now.query, asked }, configuration)
  const { router } = configuration
  if (router === undefined || followNode(site, router)?.kind !== 'file') return served
  // one script is asked and may leave the answer to another, but not to one that answers in a third's place
  const passed = served.errorStatus !== undefined && served.route.type === 'script' ? bareError(served.errorStatus, now.query) : served
  const bare = status === undefined ? served : bareError(status, now.query)
  return { ...bare, ...now, router, asked: made?.path ?? address, passed }
}

/**
 * Whether rules forbid the file that answers, where the address is not its own: a folder's index, or a script above what is not there. Else whoever may not ask for a
 * file by its name would only leave that out. The site's entry answers whatever is said of its name.
 */
function isForbidden(
  site: TreeDirectory,
  route: Exclude<Route, { readonly type: 'folder' }>,
  request: ScriptRequest,
  at: {
    readonly rules: readonly RewriteRule[]
    readonly root: string
    readonly path: string
    readonly query: string
    readonly entry: string | undefined
  },
): boolean {
  if (route.type === 'missing' || !at.rules.some(({ flags }) => flags.status === 403 || flags.status === 410)) return false
  const own = route.type === 'script' ? route.scriptName : `/${route.path}`
  if (at.path === own || at.path.startsWith(`${own}/`)) return false
  if (at.entry !== undefined && own === normalPath(at.entry)) return false
  const made = rewritten(at.rules, request, { site, root: at.root, path: own, query: at.query })
  return made.type === 'refused' || made.type === 'endless'
}

/** A folder's index, or the way to it: browsers take links relative to the last slash. What was posted to it is not sent again. */
function ofFolder({ path, index }: Route & { readonly type: 'folder' }, request: ScriptRequest, query: string, isRewritten: boolean) {
  if (isRewritten || !isRead(request)) return index
  return { type: 'redirect', status: 301, location: locationOf(`/${path}/`, query) } as const
}

const isRead = ({ method }: ScriptRequest) => method === 'GET' || method === 'HEAD'

/** The page that a site shows for an error, if it has one; else the error itself. */
function errorPage(
  site: TreeDirectory,
  status: ErrorPageStatus,
  { query, asked }: { readonly query: string; readonly asked: string },
  configuration: SiteConfiguration,
): Routed {
  const page = configuration.errorPages[status]
  if (page === undefined) return bareError(status, query)
  const mark = page.indexOf('?')
  const path = decodePath(mark < 0 ? page : page.slice(0, mark))
  const found = path === undefined ? MISSING : resolved(site, path, configuration)
  const route = found.type === 'folder' ? found.index : found
  if (route.type === 'missing') return bareError(status, query)
  return { route, query: mark < 0 ? '' : page.slice(mark + 1), redirectedFrom: asked, errorStatus: status }
}

const bareError = (status: ErrorPageStatus, query: string): Routed => ({
  route: status === 404 ? { type: 'missing' } : { type: 'refused', status },
  query,
})

function isScript(path: string): boolean {
  return path.toLowerCase().endsWith('.php')
}

/** What is no UTF-8 is U+FFFD here, as in `PATH_INFO`; `REQUEST_URI` has it as it came. Undefined: a percent sign that stands for no byte. */
function decodePath(urlPath: string): string | undefined {
  const whole = decoded(urlPath)
  if (whole !== undefined || /%(?![\da-f]{2})/i.test(urlPath)) return whole
  return urlPath.replace(/(?:%[\da-f]{2})+/gi, lettersOf)
}

/** @param escapes bytes, three letters each */
function lettersOf(escapes: string): string {
  const letters: string[] = []
  for (let at = 0; at < escapes.length; ) {
    // a letter is one to four bytes: no beginning of a longer one is a shorter one
    const ends = [3, 6, 9, 12].map((length) => at + length).filter((one) => one <= escapes.length)
    const end = ends.find((one) => decoded(escapes.slice(at, one)) !== undefined)
    letters.push(end === undefined ? '\ufffd' : (decoded(escapes.slice(at, end)) as string))
    at = end ?? at + 3
  }
  return letters.join('')
}

function decoded(escaped: string): string | undefined {
  try {
    return decodeURIComponent(escaped)
  } catch {
    return undefined
  }
}
