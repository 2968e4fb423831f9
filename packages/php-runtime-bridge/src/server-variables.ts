import type { TreeDirectory } from './file-tree.js'
import { SITE_FOLDER } from './php-ini.js'
import type { ScriptRequest } from './request.js'
import { documentRootOf, type Route } from './route.js'

/** What PHP's $_SERVER gets beside what PHP itself adds (REQUEST_TIME, argv). */
export interface ServerVariables {
  readonly script: string
  readonly query: string
  readonly contentType: string | undefined
  readonly cookies: string | undefined
  readonly variables: ReadonlyMap<string, string>
}

// `Proxy` would become HTTP_PROXY, which libraries read as configuration; a length is the real body's.
const notPassedOn = new Set(['proxy', 'content-length', 'transfer-encoding', 'connection', 'expect', 'host'])

/** Names in a fixed order: the order shows in var_dump($_SERVER). */
export function serverVariablesOf(request: ScriptRequest, route: Route & { type: 'script' }, site: TreeDirectory): ServerVariables {
  const { method, target, host, https, body } = request
  const mark = target.indexOf('?')
  const query = mark < 0 ? '' : target.slice(mark + 1)
  const headers = mergeHeaders(request.headers)
  const script = `${SITE_FOLDER}/${route.script}`
  const root = documentRootOf(site)
  const port = /:(\d{1,5})$/.exec(host)?.[1]
  const variables = new Map<string, string>([
    ['DOCUMENT_ROOT', root === '' ? SITE_FOLDER : `${SITE_FOLDER}/${root}`],
    ['REMOTE_ADDR', '0.0.0.0'],
    ['REMOTE_PORT', '0'],
    ['SERVER_SOFTWARE', 'Interpeer'],
    ['SERVER_PROTOCOL', 'HTTP/1.1'],
    ['SERVER_NAME', host.replace(/:\d{1,5}$/, '')],
    ['SERVER_ADDR', '0.0.0.0'],
    ['SERVER_PORT', port ?? (https ? '443' : '80')],
    ['REQUEST_SCHEME', https ? 'https' : 'http'],
    ['REQUEST_URI', target],
    ['REQUEST_METHOD', method],
    ['SCRIPT_NAME', route.scriptName],
    ['SCRIPT_FILENAME', script],
  ])
  if (route.pathInfo !== '') variables.set('PATH_INFO', route.pathInfo)
  variables.set('PHP_SELF', route.scriptName + route.pathInfo)
  variables.set('QUERY_STRING', query)
  // The SAPI layer puts the query here, as a text: where libraries look, they expect a list that begins with the script.
  variables.set('argv[]', script)
  variables.set('HTTP_HOST', host)
  // a visitor's headers all become HTTP_…, so that nobody can say this
  if (request.event !== undefined) variables.set('INTERPEER_EVENT', request.event.type)
  if (https) variables.set('HTTPS', 'on')
  if (body.length > 0 || headers.has('content-type')) variables.set('CONTENT_LENGTH', String(body.length))
  const contentType = headers.get('content-type')
  if (contentType !== undefined) variables.set('CONTENT_TYPE', contentType)
  for (const [name, value] of headers) variables.set(`HTTP_${name.toUpperCase().replaceAll('-', '_')}`, value)
  return { script, query, contentType, cookies: headers.get('cookie'), variables }
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
