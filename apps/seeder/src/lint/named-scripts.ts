import type { TreeFiles } from '@interpeer/content-store'
import { CONFIGURATION_FILE, documentRootOf, followNode, routeRequest, type SiteConfiguration, treeOf } from '@interpeer/php-runtime-bridge'
import { type Finding, type FindingLevel, findingOf } from '../findings.js'

/** What a configuration names that the folder has not: the group would answer with an error in its place, or do nothing at a due time. */
export function namedScripts(tree: TreeFiles, configuration: SiteConfiguration): Finding[] {
  const site = treeOf(tree.files, tree.directories, tree.symlinks)
  const { entry, router, errorPages, cron, warmUp } = configuration
  const missing = (level: FindingLevel, key: string, name: string, why: string) =>
    findingOf(level, 'SCRIPT_MISSING', `${key} names ${name}, ${why}`, [{ path: CONFIGURATION_FILE }])
  const isFile = (path: string) => followNode(site, path)?.kind === 'file'
  const root = documentRootOf(site, configuration)
  const findings: Finding[] = []
  if (router !== undefined && !isFile(router)) findings.push(missing('error', 'router', router, 'which is no file of the site'))
  if (entry !== undefined && !isFile(`${root === '' ? '' : `${root}/`}${entry.slice(1)}`))
    findings.push(missing('error', 'entry', entry, 'which is no file below the document root'))
  // pages for errors are looked for without the site's rules and its router
  for (const [status, page] of Object.entries(errorPages)) {
    if (page === undefined) continue
    const said = answerTo(page, { ...configuration, rewrite: [], router: undefined })
    if (said !== undefined) findings.push(missing('warning', `errorPages ${status}`, page, said))
  }
  for (const [key, targets] of [
    ['cron', cron.map(({ target }) => target)],
    ['warmUp', warmUp],
  ] as const) {
    for (const target of new Set(targets)) {
      const said = answerTo(target, configuration)
      if (said !== undefined) findings.push(missing(key === 'cron' ? 'error' : 'warning', key, target, said))
    }
  }
  return findings

  /** Why a GET of an address is answered by none of the site's files; undefined: by one, or its router decides. */
  function answerTo(target: string, by: SiteConfiguration): string | undefined {
    const request = { method: 'GET', target, host: 'localhost', https: false, headers: [], body: new Uint8Array() }
    const { route, router: asked, errorStatus } = routeRequest(site, request, by)
    if (asked !== undefined) return undefined
    if (route.type === 'missing' || errorStatus === 404) return 'where nothing is: it would be answered with 404'
    if (route.type === 'refused' || errorStatus !== undefined)
      return `which is not given out: it would be answered with ${errorStatus ?? (route.type === 'refused' ? route.status : 403)}`
    if (route.type === 'redirect') return `which leads elsewhere: to ${route.location}`
    return undefined
  }
}
