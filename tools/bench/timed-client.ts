import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'

const TIMEOUT_MS = 30_000

export interface TimedReply {
  /** From the call to the last byte. */
  readonly ms: number
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}
export interface TimedRequest {
  readonly path: string
  /** Sent as a form by POST; GET without. */
  readonly form?: Readonly<Record<string, string>>
  /** Beside Host and what a form needs. */
  readonly headers?: Readonly<Record<string, string>>
}

/** One visitor of one site on 127.0.0.1: one request at a time over a connection that is kept open where the server lets it be. */
export class TimedClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #port: number
  readonly #host: string

  /** @param host what the Host header says: `wiki.localhost` does not resolve everywhere */
  constructor(port: number, host: string) {
    this.#port = port
    this.#host = host
  }

  ask({ path, form, headers: further = {} }: TimedRequest): Promise<TimedReply> {
    const body = form === undefined ? undefined : new URLSearchParams(form).toString()
    const headers = {
      ...further,
      host: `${this.#host}:${this.#port}`,
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': `${Buffer.byteLength(body)}` }),
    }
    const method = body === undefined ? 'GET' : 'POST'
    const start = performance.now()
    return new Promise((done, failed) => {
      const request = httpRequest(
        { agent: this.#agent, host: '127.0.0.1', port: this.#port, path, method, headers, timeout: TIMEOUT_MS },
        (response) => {
          const parts: Buffer[] = []
          response.on('data', (part: Buffer) => parts.push(part)).on('error', failed)
          response.on('end', () => {
            const ms = performance.now() - start
            done({ ms, status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString() })
          })
        },
      )
      request.on('error', failed).on('timeout', () => request.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)))
      request.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
