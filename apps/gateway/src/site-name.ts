/** The site that a Host header names, or undefined for the gateway's own pages. */
export function siteNameOf(host: string, hostName: string): string | undefined {
  const [bare = ''] = host.toLowerCase().split(':')
  const suffix = `.${hostName}`
  if (!bare.endsWith(suffix)) return undefined
  return bare.slice(0, -suffix.length)
}
