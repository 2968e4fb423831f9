import { headersForSite, headersForVisitor, isBodiless, REQUEST_BODY_MAX_BYTES, readBody } from '@interpeer/peer/node'
import { type ScriptRequest, SLOT } from '@interpeer/php-runtime-bridge'
import { OUTBOX_PATH } from './dev-outbox.js'
import type { DevRun } from './dev-site.js'

export interface DevFrontParts {
  readonly answer: (request: ScriptRequest) => Promise<DevRun>
  readonly report: (request: ScriptRequest, run: DevRun) => void
  readonly failed: (error: unknown) => void
  /** A page of what the site wanted sent. */
  readonly outbox: () => string
}

/** Answers browsers as a gateway does, but that it tells a script's author what went wrong. */
export function devFront({ answer, report, failed, outbox }: DevFrontParts): (request: Request) => Promise<Response> {
  return async (given) => {
    const url = new URL(given.url)
    const host = given.headers.get('host') ?? url.host
    // a page of elsewhere can name this address by a name of its own
    if (!isLocal(host))
      return told(421, 'HOST_NOT_LOCAL', 'This address is for this machine: ask for localhost, or a name that ends in .localhost.')
    if (url.pathname === OUTBOX_PATH) return new Response(outbox(), { headers: PAGE })
    try {
      const body = await readBody(given, REQUEST_BODY_MAX_BYTES)
      if (body === undefined)
        return told(413, 'REQUEST_TOO_LARGE', `A request may carry at most ${REQUEST_BODY_MAX_BYTES / 1024 ** 2} MiB.`)
      const headers = headersForSite(given.headers).map(({ name, value }) => [name, value] as const)
      const request: ScriptRequest = { method: given.method, target: url.pathname + url.search, host, https: false, headers, body }
      const run = await answer(request)
      report(request, run)
      return responseOf(given, run)
    } catch (error) {
      if ((error as { code?: unknown }).code === 'RUNTIME_BUSY') return told(503, 'GROUP_BUSY', 'Too many requests wait already.')
      failed(error)
      return told(500, 'DEV_FAILED', 'The request could not be run: the terminal says why.')
    }
  }
}

function responseOf(given: Request, { outcome, ran }: DevRun): Response {
  if (outcome.type === 'abstained')
    return told(504, 'JOB_TOO_SLOW', `The run was given up: ${outcome.reason}. A slot is ${SLOT.fuel.toLocaleString('en')} fuel.`)
  const { status, body, log } = outcome
  if (status >= 500 && body.length === 0 && given.method !== 'HEAD')
    return told(status, 'SCRIPT_FAILED', log === '' ? 'The script ended with an error and wrote no page.' : log)
  const headers = headersForVisitor(outcome.headers.map(([name, value]) => ({ name, value })))
  headers.set('interpeer-ran', ran)
  return new Response(isBodiless(given.method, status) ? null : new Uint8Array(body), { status, headers })
}

const PAGE = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}

const told = (status: number, code: string, text: string): Response =>
  new Response(`${status} ${code}\n${text}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'interpeer-error': code },
  })

const isLocal = (host: string): boolean => /^(?:(?:[\w-]+\.)*localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i.test(host)
