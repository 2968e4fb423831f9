import { faultText, parseConfiguration } from '../../src/configuration/parse.js'
import type { SiteConfiguration } from '../../src/configuration/site-configuration.js'
import { type TreeDirectory, treeOf } from '../../src/file-tree.js'
import { routeRequest } from '../../src/route.js'
import { filesOf, utf8 } from '../sites.js'

export function configured(value: object): SiteConfiguration {
  const reading = parseConfiguration(utf8(JSON.stringify(value)))
  if (reading.type === 'invalid') throw new Error(reading.faults.map(faultText).join('\n'))
  return reading.configuration
}

export const siteOf = (...paths: string[]): TreeDirectory => treeOf(filesOf(Object.fromEntries(paths.map((path) => [path, path]))))

export interface Asked {
  readonly method?: string
  readonly host?: string
  readonly https?: boolean
  readonly headers?: readonly (readonly [string, string])[]
}

/** What answers, in one line: 'index.php + /rest ? query', 'static a.css', '301 /a/', '404'. */
export function routedTo(site: TreeDirectory, configuration: SiteConfiguration, target: string, asked: Asked = {}): string {
  const request = { method: 'GET', host: 'site.example', https: false, headers: [], ...asked, target, body: new Uint8Array() }
  const { route, query, errorStatus } = routeRequest(site, request, configuration)
  const as = errorStatus === undefined ? '' : `${errorStatus} by `
  if (route.type === 'script')
    return `${as}${route.script}${route.pathInfo === '' ? '' : ` + ${route.pathInfo}`}${query === '' ? '' : ` ? ${query}`}`
  if (route.type === 'static') return `${as}static ${route.path}`
  if (route.type === 'redirect') return `${route.status} ${route.location}`
  return route.type === 'refused' ? String(route.status) : '404'
}
