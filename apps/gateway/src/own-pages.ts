import { Hono } from 'hono'
import { networkStatus } from './network-status.js'
import { assetAt, networkPage, PAGE_CSP } from './pages/index.js'
import { refusal } from './refusal.js'
import type { GatewayOptions } from './server.js'

/** The gateway's own pages: `/` and `/status.json` show the network, `/NAME/PATH` leads to the site's own origin. */
export function ownPages(options: GatewayOptions): Hono {
  const { peer, hostName, port } = options
  const app = new Hono()
  app.get('/', (context) =>
    context.html(networkPage(networkStatus(options)), 200, { 'content-security-policy': PAGE_CSP, 'cache-control': 'no-store' }),
  )
  app.get('/status.json', (context) => context.json(networkStatus(options), 200, { 'cache-control': 'no-store' }))
  app.get('/.interpeer/:file', (context) => {
    const asset = assetAt(context.req.path)
    return asset === undefined
      ? context.notFound()
      : context.body(asset.body, 200, { 'content-type': asset.type, 'cache-control': 'max-age=300' })
  })
  app.all('/:name/*', (context) => toSite(context.req.raw, context.req.param('name')))
  app.all('/:name', (context) => toSite(context.req.raw, context.req.param('name')))
  app.notFound(() => refusal({ status: 404, code: 'SITE_UNKNOWN', site: '', networkPage: '/' }))
  return app

  /** 307 keeps method and body: a form that was posted to the long address arrives. */
  function toSite(request: Request, name: string): Response {
    const known = [...peer.chain().state.jobs.values()].some(({ manifest, state }) => state === 'running' && manifest.name === name)
    if (!known) return refusal({ status: 404, code: 'SITE_UNKNOWN', site: name, networkPage: '/' })
    const url = new URL(request.url)
    // the name may be written in another way there
    const end = url.pathname.indexOf('/', 1)
    const rest = end < 0 ? '/' : url.pathname.slice(end)
    return new Response(null, { status: 307, headers: { location: `http://${name}.${hostName}:${port}${rest}${url.search}` } })
  }
}
