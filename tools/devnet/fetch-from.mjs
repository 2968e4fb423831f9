import { request as httpRequest } from 'node:http'

/** A gateway asks a site's members for 25 s. */
const TIMEOUT_MS = 60_000

/**
 * One HTTP request to 127.0.0.1 with a Host header: `NAME.localhost` does not resolve everywhere. Redirects are not followed.
 * @returns {Promise<{ status: number, headers: import('node:http').IncomingHttpHeaders, body: Buffer }>}
 */
export function fetchFrom(port, path, { host = 'localhost', method = 'GET', headers = {}, body } = {}) {
  return new Promise((done, failed) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, path, method, headers: { host: `${host}:${port}`, ...headers }, timeout: TIMEOUT_MS },
      (response) => {
        const parts = []
        response.on('data', (part) => parts.push(part)).on('error', failed)
        response.on('end', () => done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }))
      },
    )
    request.on('error', failed).on('timeout', () => request.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)))
    request.end(body)
  })
}
