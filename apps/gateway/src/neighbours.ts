import { siteNameOf } from './site-name.js'

/**
 * Under most host names browsers take all sites of a gateway for one, where cookies go along with what one site has them send to another. So it is only under names of
 * which they know that anybody may have one below: those of the Public Suffix List, and those without a dot.
 */
export function neighboursWarning(hostName: string): string | undefined {
  if (!hostName.includes('.')) return undefined
  return `Unless ${hostName} is on the Public Suffix List (publicsuffix.org), browsers take its sites for parts of one: a site can set cookies that all others get. Have it put there before sites of strangers keep sessions.`
}

/**
 * Whether another site had a browser send this, where that may mean harm: all but the following of a link. Where cookies would go along, the site gets none, as if
 * browsers knew the two for strangers (`SameSite=Lax`).
 */
export function isOfNeighbour({ method, headers }: Request, hostName: string): boolean {
  const from = headers.get('sec-fetch-site')
  if (from === null) return isOrigin(headers.get('origin'), headers.get('host'), hostName)
  const isLink =
    (method === 'GET' || method === 'HEAD') && headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document'
  return from === 'same-site' && !isLink
}

/** To addresses that are not secure browsers tell no more than whose page it was that sent something. */
function isOrigin(origin: string | null, host: string | null, hostName: string): boolean {
  const theirs = /^https?:\/\/([^/]+)$/i.exec(origin ?? '')?.[1]?.toLowerCase()
  return theirs !== undefined && theirs !== host?.toLowerCase() && siteNameOf(theirs, hostName) !== undefined
}
