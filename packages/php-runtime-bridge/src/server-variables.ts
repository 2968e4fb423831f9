import { authorizationVariables } from './authorization.js'
import type { SiteConfiguration } from './configuration/site-configuration.js'
import type { TreeDirectory } from './file-tree.js'
import { SITE_FOLDER } from './php-ini.js'
import type { ScriptRequest } from './request.js'
import { documentRootOf, type Routed } from './route.js'
import { ROUTER_PATH } from './router-script.js'

/** What PHP's $_SERVER gets beside what PHP itself adds (REQUEST_TIME, argv). */
export interface ServerVariables {
  /** What PHP runs: an absolute path. */
  readonly script: string
  readonly query: string
  readonly contentType: string | undefined
  readonly cookies: string | undefined
  readonly variables: ReadonlyMap<string, string>
}

// `Proxy` would become HTTP_PROXY, which libraries read as configuration; a length is the real body's.
const notPassedOn = new Set(['proxy', 'content-length', 'transfer-encoding', 'connection', 'expect', 'host'])

/** Names in a fixed order: the order shows in var_dump($_SERVER). */
export function serverVariablesOf(
  request: ScriptRequest,
  routed: Routed,
  site: TreeDirectory,
  configuration: SiteConfiguration,
): ServerVariables {
  const { method, target, host, https, body } = request
  const { query, redirectedFrom, errorStatus, router } = routed
  const headers = mergeHeaders(request.headers)
  const folder = documentRootOf(site, configuration)
  const root = folder === '' ? SITE_FOLDER : `${SITE_FOLDER}/${folder}`
  const { file, scriptName, pathInfo } = placesOf(routed, root)
  const port = /:(\d{1,5})$/.exec(host)?.[1]
  const variables = new Map<string, string>([
    ['DOCUMENT_ROOT', root],
    ['REMOTE_ADDR', '0.0.0.0'],
    ['REMOTE_PORT', '0'],
    ['GATEWAY_INTERFACE', 'CGI/1.1'],
    ['SERVER_SOFTWARE', 'Interpeer'],
    ['SERVER_PROTOCOL', 'HTTP/1.1'],
    ['SERVER_NAME', host.replace(/:\d{1,5}$/, '')],
    ['SERVER_ADDR', '0.0.0.0'],
    ['SERVER_PORT', port ?? (https ? '443' : '80')],
    ['REQUEST_SCHEME', https ? 'https' : 'http'],
    ['REQUEST_URI', target],
    ['REQUEST_METHOD', method],
    ['REDIRECT_STATUS', String(errorStatus ?? 200)],
    ['SCRIPT_NAME', scriptName],
    ['SCRIPT_FILENAME', file],
    ['DOCUMENT_URI', scriptName + pathInfo],
  ])
  if (redirectedFrom !== undefined) {
    variables.set('REDIRECT_URL', redirectedFrom)
    const asked = target.indexOf('?')
    if (asked >= 0) variables.set('REDIRECT_QUERY_STRING', target.slice(asked + 1))
  }
  if (pathInfo !== '') {
    variables.set('PATH_INFO', pathInfo)
    variables.set('PATH_TRANSLATED', root + pathInfo)
  }
  variables.set('PHP_SELF', scriptName + pathInfo)
  variables.set('QUERY_STRING', query)
  const script = router === undefined ? file : ROUTER_PATH
  // The SAPI layer puts the query here, as a text: where libraries look, they expect a list that begins with the script.
  variables.set('argv[]', router === undefined ? file : `${SITE_FOLDER}/${router}`)
  variables.set('HTTP_HOST', host)
  // a visitor's headers all become HTTP_…, so that nobody can say this
  if (request.event !== undefined) variables.set('INTERPEER_EVENT', request.event.type)
  if (https) variables.set('HTTPS', 'on')
  const isLong = body.length > 0 || headers.has('content-type')
  if (isLong) variables.set('CONTENT_LENGTH', String(body.length))
  const contentType = headers.get('content-type')
  if (contentType !== undefined) variables.set('CONTENT_TYPE', contentType)
  if (isLong) variables.set('HTTP_CONTENT_LENGTH', String(body.length))
  for (const [name, value] of headers) variables.set(`HTTP_${name.toUpperCase().replaceAll('-', '_')}`, value)
  for (const [name, value] of authorizationVariables(headers.get('authorization'))) variables.set(name, value)
  if (router !== undefined) {
    variables.set('INTERPEER_ROUTER', `${SITE_FOLDER}/${router}`)
    variables.set('INTERPEER_SERVED', routed.route.type === 'script' ? file : '')
  }
  return { script, query, contentType, cookies: headers.get('cookie'), variables }
}

/** Where the script is, as PHP's variables name it. A router is told of what it was asked for, as by `php -S`, and that it is one where that is no file. */
function placesOf({ route, router, asked = '/' }: Routed, root: string): { file: string; scriptName: string; pathInfo: string } {
  if (route.type === 'script') return { ...route, file: `${SITE_FOLDER}/${route.script}` }
  if (route.type === 'static') return { file: `${root}/${route.path}`, scriptName: `/${route.path}`, pathInfo: '' }
  return { file: `${SITE_FOLDER}/${router}`, scriptName: asked, pathInfo: '' }
}

/** Repeated headers joined as RFC 9110 §5.3 says, cookies by '; '. A name with an underscore could pose as another one. */
function mergeHeaders(headers: ScriptRequest['headers']): Map<string, string> {
  const merged = new Map<string, string>()
  for (const [given, value] of headers) {
    const name = given.toLowerCase()
    if (notPassedOn.has(name) || name.includes('_')) continue
    const earlier = merged.get(name)
    const joint = name === 'cookie' ? '; ' : ', '
    merged.set(name, earlier === undefined ? value : earlier + joint + value)
  }
  return merged
}
