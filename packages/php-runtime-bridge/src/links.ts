import { isSiteName, SITE_PATH_BYTES_MAX, utf8Length } from './path.js'

/** So many links are followed on one way; then it leads in a circle (ELOOP). content-store follows as many. */
export const LINK_HOPS_MAX = 32

/**
 * Whether a link in a folder `depth` below the site's top can have this target: first any number of '..', not out of the site, then names.
 * The rule is content-store's.
 */
export function isSiteTarget(target: string, depth: number): boolean {
  if (target.length > SITE_PATH_BYTES_MAX || utf8Length(target) > SITE_PATH_BYTES_MAX) return false
  const segments = target.split('/')
  const ups = segments.findIndex((segment) => segment !== '..')
  if (ups < 0) return segments.length <= depth
  return ups <= depth && segments.slice(ups).every(isSiteName)
}

/**
 * The target of a link that a script makes, as a site can hold it: an absolute one becomes relative, '.' and empty names go, a '..' takes
 * the name before it along. undefined where it leads out of the site, or to the link's own folder, for which there is no such form.
 * @param folder names of the folders that the link lies in, from the site's top
 * @param top names of the folder that absolute targets begin with
 */
export function siteTargetOf(target: string, folder: readonly string[], top: string): string | undefined {
  const absolute = target.startsWith('/')
  if (absolute && !`${target}/`.startsWith(`${top}/`)) return undefined
  const names: string[] = []
  let ups = absolute ? folder.length : 0
  const floor = absolute ? folder.length : Number.POSITIVE_INFINITY
  for (const name of (absolute ? target.slice(top.length) : target).split('/')) {
    if (name === '' || name === '.') continue
    if (name !== '..') names.push(name)
    else if (names.pop() === undefined && ++ups > floor) return undefined
  }
  const made = [...Array<string>(ups).fill('..'), ...names].join('/')
  return made !== '' && isSiteTarget(made, folder.length) ? made : undefined
}
