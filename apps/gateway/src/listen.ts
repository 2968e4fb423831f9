import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import type { Hono } from 'hono'
import { boundConnections } from './connections.js'

const PORTS_TRIED = 50
/** What a request says of itself comes at once; how slowly its body may come, whoever reads that decides (`readBody`). */
const HEADERS_TIMEOUT_MS = 60_000

export interface Listening {
  readonly port: number
  readonly close: () => Promise<void>
}

interface ListenOptions {
  readonly host: string
  readonly port: number
  /** Longer bodies get an answer without being asked for. */
  readonly bodyMaxBytes: number
  readonly app: (port: number) => Hono<{ Bindings: HttpBindings }>
}

/** Listens on `port`, or on the next free one where it is taken (0: any). */
export async function listen({ host, port, bodyMaxBytes, app }: ListenOptions): Promise<Listening> {
  const server = createServer({ requestTimeout: 0, headersTimeout: HEADERS_TIMEOUT_MS, maxHeaderSize: 32 * 1024 })
  const unbound = boundConnections(server)
  const bound = await bind(server, host, port).catch((error: unknown) => {
    unbound()
    throw error
  })
  const listener = getRequestListener(app(bound).fetch, { overrideGlobalObjects: false })
  server.on('request', listener)
  // whoever asks before it sends is told at once that it is too much
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (Number(request.headers['content-length'] ?? 0) <= bodyMaxBytes) response.writeContinue()
    void listener(request, response)
  })
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        unbound()
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
