import { createHash } from 'node:crypto'
import { parsePeerId } from '@interpeer/crypto-ids'
import { PeerError } from '@interpeer/peer'
import {
  headersForSite,
  headersForVisitor,
  isBodiless,
  REQUEST_BODY_MAX_BYTES,
  readBody,
  type SiteAnswer,
  type VisitorRequest,
} from '@interpeer/peer/node'
import { addBar, assetAt } from './pages/index.js'
import { refusal } from './refusal.js'
import type { GatewayOptions } from './server.js'

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
        headers: headersForSite(request.headers),
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

/** PHP says nothing to visitors when a script dies, and an empty page says nothing to anyone. */
function scriptFailed(answer: SiteAnswer, site: string, networkPage: string): Response {
  const page = refusal({ status: answer.status, code: 'SCRIPT_FAILED', site, networkPage })
  page.headers.set('interpeer-digest', digestOf(answer.body))
  return page
}
/** Of the body as the group made it: before the bar is put in, or a page of ours takes its place. */
const digestOf = (body: Uint8Array): string => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`

function pageOf(answer: SiteAnswer, request: Request, networkPage: string): Response {
  const headers = headersForVisitor(answer.headers)
  setPeer(headers, answer)
  headers.set('interpeer-digest', digestOf(answer.body))
  const isPage = request.headers.get('sec-fetch-dest') === 'document' && /^text\/html\b/i.test(headers.get('content-type') ?? '')
  const bare = isBodiless(request.method, answer.status)
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
