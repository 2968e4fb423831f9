import { CONFIGURATION_FILE, isConfigurationName } from './configuration/reserved.js'
import { findNode, followNode, type TreeDirectory, type TreeFile } from './file-tree.js'
import { partsOf } from './path.js'

export type Route =
  /** `script` is relative to the site; the three names are URL paths below the document root, as PHP's variables have them. */
  | { readonly type: 'script'; readonly script: string; readonly scriptName: string; readonly pathInfo: string }
  | { readonly type: 'static'; readonly path: string; readonly file: TreeFile }
  | { readonly type: 'missing' }

const MISSING: Route = { type: 'missing' }

/** '' or 'public': a site with public/index.php is served from there, so that its other files cannot be fetched. */
export function documentRootOf(site: TreeDirectory): string {
  return followNode(site, 'public/index.php')?.kind === 'file' ? 'public' : ''
}

/**
 * What answers a URL path, as `php -S` would decide: the file of that name; else a directory's index.php or index.html; else the
 * nearest index.php above, with the rest as PATH_INFO. A .php file takes a rest too; a static file does not.
 * Links are followed. Names that begin with a dot are never looked for (but `.well-known`), nor is the site's configuration: to a script above they are
 * PATH_INFO.
 */
export function routeOf(site: TreeDirectory, urlPath: string): Route {
  const decoded = decodePath(urlPath)
  if (decoded === undefined) return MISSING
  const names = partsOf(decoded)
  if (decoded.includes('\0')) return MISSING
  const root = documentRootOf(site)
  const isHidden = (name: string, i: number) => {
    if (i === 0 && root === '' && isConfigurationName(name)) return true
    return name.startsWith('.') && !(i === 0 && name === '.well-known')
  }
  const hidden = names.findIndex(isHidden)
  const inSite = (path: string) => (root === '' ? path : path === '' ? root : `${root}/${path}`)
  const scriptAt = (path: string, pathInfo: string): Route => ({ type: 'script', script: inSite(path), scriptName: `/${path}`, pathInfo })

  const configuration = findNode(site, CONFIGURATION_FILE)
  /** The configuration is nowhere, not through a link either. */
  const followed = (path: string) => {
    const node = followNode(site, inSite(path))
    return node === configuration ? undefined : node
  }
  const tail = decoded.endsWith('/') && names.length > 0 ? '/' : ''
  for (let count = hidden < 0 ? names.length : hidden; count >= 0; count--) {
    const path = names.slice(0, count).join('/')
    const rest = names.slice(count).map((name) => `/${name}`)
    const node = followed(path)
    if (node?.kind === 'file') {
      const pathInfo = rest.join('') + tail
      if (isScript(path)) return scriptAt(path, pathInfo)
      return pathInfo === '' ? { type: 'static', path, file: node } : MISSING
    }
    if (node?.kind !== 'directory') continue
    const prefix = path === '' ? '' : `${path}/`
    const inFolder = (name: string) => followed(`${prefix}${name}`)
    if (inFolder('index.php')?.kind === 'file') return scriptAt(`${prefix}index.php`, rest.length > 0 ? rest.join('') + tail : '')
    const page = inFolder('index.html')
    if (page?.kind === 'file' && rest.length === 0) return { type: 'static', path: `${prefix}index.html`, file: page }
  }
  return MISSING
}

function isScript(path: string): boolean {
  return path.toLowerCase().endsWith('.php')
}

function decodePath(urlPath: string): string | undefined {
  try {
    return decodeURIComponent(urlPath)
  } catch {
    return undefined
  }
}
