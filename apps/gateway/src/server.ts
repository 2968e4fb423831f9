import type { HttpBindings } from '@hono/node-server'
import type { Peer } from '@interpeer/peer/node'
import { Hono } from 'hono'
import type { Logger } from 'pino'
import { ownPages } from './own-pages.js'
import { siteNameOf } from './site-name.js'
import { siteOrigin } from './site-origin.js'

export interface GatewayOptions {
  readonly peer: Peer
  /** Sites are `NAME.hostName`. */
  readonly hostName: string
  readonly port: number
  readonly log: Logger
  /** Of answers that are kept in memory for others who ask; 0: none are. Default 64 MiB. */
  readonly cacheBytes?: number
}

/** The gateway's HTTP side: each site on its own origin `NAME.hostName:port`, the gateway's own pages on every other host name. */
export function gatewayApp(options: GatewayOptions): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>()
  const [own, site] = [ownPages(options), siteOrigin(options)]
  app.all('*', (context) => {
    const name = siteNameOf(context.req.header('host') ?? '', options.hostName)
    return name === undefined ? own.fetch(context.req.raw) : site(context.req.raw, name, context.env.outgoing)
  })
  app.onError((error, context) => {
    options.log.error({ err: error, path: context.req.path }, 'a request failed in the gateway itself')
    return context.text('500 GATEWAY_FAILED\nThe gateway could not handle this request. Try again.\n', 500)
  })
  return app
}
