import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'

const PORTS_TRIED = 50
/** A slow sender may not hold a connection for ever. */
const REQUEST_TIMEOUT_MS = 60_000

export interface Listening {
  readonly port: number
  readonly close: () => Promise<void>
}

/** Listens on `port`, or on the next free one where it is taken (0: any). */
export async function listen({ host, port, app }: { host: string; port: number; app: (port: number) => Hono }): Promise<Listening> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: 32 * 1024 })
  const bound = await bind(server, host, port)
  server.on('request', getRequestListener(app(bound).fetch, { overrideGlobalObjects: false }))
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function bind(server: Server, host: string, port: number): Promise<number> {
  for (let candidate = port; ; candidate++) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(candidate, host, () => {
          server.off('error', reject)
          resolve()
        })
      })
      return (server.address() as { port: number }).port
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || candidate >= Math.min(port + PORTS_TRIED, 65_535)) throw error
    }
  }
}
