import { createHash } from 'node:crypto'
import { parsePeerId } from '@interpeer/crypto-ids'
import { PeerError } from '@interpeer/peer'
import { REQUEST_BODY_MAX_BYTES, type SiteAnswer, type VisitorRequest } from '@interpeer/peer/node'
import { addBar, assetAt } from './pages/index.js'
import { readBody } from './read-body.js'
import { refusal } from './refusal.js'
import type { GatewayOptions } from './server.js'

/** Headers that belong to one connection, or that the gateway sets itself. */
const NOT_PASSED_ON = new Set(
  'accept-encoding connection content-length expect host keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade'.split(
    ' ',
  ),
)
const WITHOUT_BODY = new Set([101, 204, 205, 304])

/** Answers requests to one site's origin: each goes to a member of its group as a signed message, and the reply is checked. */
export function siteOrigin({ peer, hostName, port, log }: GatewayOptions): (request: Request, name: string) => Promise<Response> {
  const networkPage = `http://${hostName}:${port}/`
  return async (request, name) => {
    const url = new URL(request.url)
    const asset = assetAt(url.pathname) // the bar, and what error pages need
    if (asset !== undefined) return new Response(asset.body, { headers: { 'content-type': asset.type, 'cache-control': 'max-age=300' } })
    try {
      const body = await readBody(request, REQUEST_BODY_MAX_BYTES)
      if (body === undefined) return refusal({ status: 413, code: 'REQUEST_TOO_LARGE', site: name, networkPage })
      const visitor: VisitorRequest = {
        method: request.method,
        target: url.pathname + url.search,
        host: request.headers.get('host') ?? `${name}.${hostName}:${port}`,
        https: url.protocol === 'https:',
        headers: passedOn(request.headers),
        body,
      }
      const wanted = request.headers.get('interpeer-peer')
      const answer = await peer.askSite(name, visitor, wanted === null ? {} : { member: parsePeerId(wanted) })
      if (answer.status >= 500 && answer.body.length === 0) return withPeer(answer, scriptFailed(answer, name, networkPage))
      if (answer.ran === 'refused') return withPeer(answer, refusal({ status: answer.status, code: answer.code, site: name, networkPage }))
      return pageOf(answer, request, networkPage)
    } catch (error) {
      const code = (error as { code?: unknown }).code
      if (!(error instanceof PeerError) && code !== 'PEER_ID_SYNTAX') log.error({ err: error, site: name }, 'a request to a site failed')
      return refusal({
        status: STATUS[String(code)] ?? 500,
        code: typeof code === 'string' ? code : 'GATEWAY_FAILED',
        site: name,
        networkPage,
      })
    }
  }
}
const STATUS: Readonly<Record<string, number>> = {
  SITE_UNKNOWN: 404,
  SITE_UNREACHABLE: 503,
  REPLY_FALSE: 502,
  MEMBER_UNKNOWN: 404,
  PEER_ID_SYNTAX: 400,
  REQUEST_MALFORMED: 400,
  CLOSED: 503,
}

const passedOn = (headers: Headers): { name: string; value: string }[] =>
  [...headers].filter(([name]) => !NOT_PASSED_ON.has(name) && !name.startsWith('interpeer-')).map(([name, value]) => ({ name, value }))

/** PHP says nothing to visitors when a script dies, and an empty page says nothing to anyone. */
function scriptFailed(answer: SiteAnswer, site: string, networkPage: string): Response {
  const page = refusal({ status: answer.status, code: 'SCRIPT_FAILED', site, networkPage })
  page.headers.set('interpeer-digest', digestOf(answer.body))
  return page
}
/** Of the body as the group made it: before the bar is put in, or a page of ours takes its place. */
const digestOf = (body: Uint8Array): string => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`

function pageOf(answer: SiteAnswer, request: Request, networkPage: string): Response {
  const headers = headersOf(answer)
  headers.set('interpeer-digest', digestOf(answer.body))
  const isPage = request.headers.get('sec-fetch-dest') === 'document' && /^text\/html\b/i.test(headers.get('content-type') ?? '')
  const bare = request.method === 'HEAD' || WITHOUT_BODY.has(answer.status)
  const body =
    isPage && !bare
      ? addBar(answer.body, {
          peer: answer.peer,
          step: answer.step,
          epoch: answer.epoch,
          stale: answer.stale,
          provisional: answer.provisional,
          unjudged: answer.unjudged,
          networkPage,
        })
      : answer.body
  return new Response(bare ? null : new Uint8Array(body), { status: answer.status, headers })
}

function headersOf(answer: SiteAnswer): Headers {
  const headers = new Headers()
  for (const { name, value } of answer.headers) {
    if (NOT_PASSED_ON.has(name.toLowerCase())) continue
    try {
      headers.append(name, name.toLowerCase() === 'set-cookie' ? withoutDomain(value) : value)
    } catch {
      // a header that HTTP can't carry is left out; the digest covers the body alone
    }
  }
  setPeer(headers, answer)
  return headers
}

function withPeer(answer: SiteAnswer, response: Response): Response {
  setPeer(response.headers, answer)
  return response
}
function setPeer(headers: Headers, answer: SiteAnswer): void {
  headers.set('interpeer-peer', answer.peer)
  headers.set('interpeer-state', answer.state)
  headers.set('interpeer-step', `${answer.epoch}/${answer.step}`)
  if (answer.ran === 'write' && answer.certificate !== undefined) headers.set('interpeer-certificate', answer.certificate)
  if (answer.stale) headers.set('interpeer-stale', 'true')
  if (answer.provisional) headers.set('interpeer-provisional', 'true')
  if (answer.unjudged) headers.set('interpeer-unjudged', 'true')
}

/** A site may not set cookies for its neighbours: each keeps to its own origin. */
const withoutDomain = (cookie: string): string =>
  cookie
    .split(';')
    .filter((part, i) => i === 0 || !/^\s*domain\s*=/i.test(part))
    .join(';')
