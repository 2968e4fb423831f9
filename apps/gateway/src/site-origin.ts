import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { parsePeerId } from '@interpeer/crypto-ids'
import { PeerError } from '@interpeer/peer'
import {
  type Download,
  headersForSite,
  headersForVisitor,
  isBodiless,
  REQUEST_BODY_MAX_BYTES,
  readBody,
  type SiteAnswer,
  type VisitorRequest,
} from '@interpeer/peer/node'
import { AnswerCache, type CacheUse } from './answer-cache.js'
import { AnswerRoom } from './answer-room.js'
import { askerOf, rememberAsker } from './asker.js'
import { compressed } from './compression.js'
import { isOfNeighbour } from './neighbours.js'
import { addBar, assetAt } from './pages/index.js'
import { refusal } from './refusal.js'
import { sendFile } from './send-file.js'
import type { GatewayOptions } from './server.js'
import { UploadRoom } from './upload-room.js'
import { visitorOf } from './visitor-address.js'

/** Answers requests to one site's origin: each goes to a member of its group as a signed message, and the reply is checked. */
export function siteOrigin({
  peer,
  hostName,
  port,
  log,
  cacheBytes = CACHE_BYTES,
}: GatewayOptions): (request: Request, name: string, outgoing: ServerResponse) => Promise<Response> {
  const networkPage = `http://${hostName}:${port}/`
  const uploads = new UploadRoom()
  const answers = new AnswerRoom()
  const cache = new AnswerCache({ maxBytes: cacheBytes, now: () => performance.now() })
  return async (request, name, outgoing) => {
    const url = new URL(request.url)
    const asset = assetAt(url.pathname) // the bar, and what error pages need
    if (asset !== undefined) return new Response(asset.body, { headers: { 'content-type': asset.type, 'cache-control': 'max-age=300' } })
    const giveRoom = uploads.take(request, visitorOf(outgoing.req.socket.remoteAddress), name)
    if (giveRoom === undefined) return refusal({ status: 503, code: 'UPLOADS_BUSY', site: name, networkPage })
    const given = headersForSite(request.headers)
    const asker = askerOf(isOfNeighbour(request, hostName) ? given.filter((header) => header.name !== 'cookie') : given)
    const refused = (status: number, code: string, isMembers = false) => {
      const page = refusal({ status, code, site: name, networkPage, mayBeSaved: isWrite(request), isMembers })
      return isWrite(request) ? rememberAsker(page, asker) : page
    }
    try {
      const body = await readBody(request, REQUEST_BODY_MAX_BYTES)
      if (body === undefined) return refusal({ status: 413, code: 'REQUEST_TOO_LARGE', site: name, networkPage })
      const visitor: VisitorRequest = {
        method: request.method,
        target: url.pathname + url.search,
        host: request.headers.get('host') ?? `${name}.${hostName}:${port}`,
        https: url.protocol === 'https:',
        headers: asker.headers,
        body,
      }
      const wanted = request.headers.get('interpeer-peer')
      // who leaves a page does not want it; what was to be saved is seen through
      const options = { asker: asker.secret, ...(isWrite(request) ? {} : { signal: request.signal }) }
      // who wants one member's word gets that
      const { answer, use } =
        wanted === null
          ? await cache.answer(name, visitor, (asked) => peer.askSite(name, asked, options))
          : { answer: await peer.askSite(name, visitor, { ...options, member: parsePeerId(wanted) }), use: undefined }
      if (isEmptyFailure(answer) && isPageView(request)) return withPeer(answer, scriptFailed(answer, name, networkPage))
      if (answer.ran === 'refused') return withPeer(answer, refused(answer.status, answer.code, true))
      if (!answers.take(outgoing, name, answer.download?.heldBytes ?? answer.body.length))
        return withPeer(answer, refusal({ status: 503, code: 'ANSWERS_BUSY', site: name, networkPage }))
      if (answer.download === undefined) return await pageOf(answer, request, { networkPage, use, isDisputed: peer.isDisputed(name) })
      const broken = await sendFile(outgoing, answer.status, fileHeaders(answer, answer.download), answer.download)
      if (broken !== undefined && !request.signal.aborted) log.warn({ err: broken, site: name, peer: answer.peer }, 'a download broke off')
      return RESPONSE_ALREADY_SENT
    } catch (error) {
      // who went away meanwhile hears nothing
      if (request.signal.aborted) return new Response(null, { status: 499 })
      const code = (error as { code?: unknown }).code
      if (!(error instanceof PeerError) && code !== 'PEER_ID_SYNTAX') log.error({ err: error, site: name }, 'a request to a site failed')
      return refused(STATUS[String(code)] ?? 500, typeof code === 'string' ? code : 'GATEWAY_FAILED')
    } finally {
      giveRoom()
    }
  }
}
const isWrite = ({ method }: Request): boolean => method !== 'GET' && method !== 'HEAD'
/** What the cache takes at most where nothing else is said. */
const CACHE_BYTES = 64 * 1024 * 1024
const STATUS: Readonly<Record<string, number>> = {
  SITE_UNKNOWN: 404,
  SITE_UNREACHABLE: 503,
  REPLY_FALSE: 502,
  MEMBER_UNKNOWN: 404,
  PEER_ID_SYNTAX: 400,
  REQUEST_MALFORMED: 400,
  UPLOADS_BUSY: 503,
  REQUEST_TOO_SLOW: 408,
  CLOSED: 503,
}

const isEmptyFailure = ({ ran, status, body, download }: SiteAnswer): boolean =>
  ran !== 'refused' && status >= 500 && body.length === 0 && download === undefined

/** Whether somebody looks at it. To addresses that are not secure browsers do not say so, but ask for HTML first. */
function isPageView({ method, headers }: Request): boolean {
  const dest = headers.get('sec-fetch-dest')
  return method !== 'HEAD' && (dest === 'document' || (dest === null && /^text\/html\b/i.test(headers.get('accept') ?? '')))
}

/** What a site says of a body that is another than ours. */
const OF_ITS_BODY = [
  ...['accept-ranges', 'content-disposition', 'content-encoding', 'content-language', 'content-range', 'etag', 'last-modified'],
  ...['content-digest', 'repr-digest'],
]

/** PHP says nothing to visitors when a script dies, and an empty page says nothing to anyone. What else the site said stays: its cookies, when to come back. */
function scriptFailed(answer: SiteAnswer, site: string, networkPage: string): Response {
  const { status, body, headers: ours } = refusal({ status: answer.status, code: 'SCRIPT_FAILED', site, networkPage })
  const headers = headersForVisitor(answer.headers)
  for (const name of OF_ITS_BODY) headers.delete(name)
  for (const [name, value] of ours) if (name !== 'retry-after' || !headers.has(name)) headers.set(name, value)
  headers.set('interpeer-digest', digestOf(answer.body))
  return new Response(body, { status, headers })
}
/** Of the body as the group made it: before the bar is put in, or a page of ours takes its place. */
const digestOf = (body: Uint8Array): string => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`

interface Around {
  readonly networkPage: string
  readonly use: CacheUse | undefined
  readonly isDisputed: boolean
}
async function pageOf(answer: SiteAnswer, request: Request, { networkPage, use, isDisputed }: Around): Promise<Response> {
  const headers = headersForVisitor(answer.headers)
  setPeer(headers, answer)
  if (use !== undefined) headers.set('interpeer-cache', use)
  if (isDisputed) headers.set('interpeer-disputed', 'true')
  headers.set('interpeer-digest', digestOf(answer.body))
  const { status } = answer
  if (isBodiless(request.method, status)) {
    const length = lengthOf(answer)
    if (request.method === 'HEAD' && length !== undefined) headers.set('content-length', length)
    return new Response(null, { status, headers })
  }
  const isPage = request.headers.get('sec-fetch-dest') === 'document' && /^text\/html\b/i.test(headers.get('content-type') ?? '')
  if (!isPage || !isOurs(headers)) return compressed(request, answer.body, status, headers)
  // with the bar it is another page at each step
  for (const name of ['etag', 'last-modified', 'repr-digest', 'content-digest', 'accept-ranges']) headers.delete(name)
  const shown = addBar(answer.body, {
    peer: answer.peer,
    step: answer.step,
    epoch: answer.epoch,
    stale: answer.stale,
    provisional: answer.provisional,
    unjudged: answer.unjudged,
    disputed: isDisputed,
    networkPage,
  })
  return compressed(request, shown, status, headers)
}

/** Whether a line may be put into a page: not where a script compressed it itself, nor into what is to be saved as a file, or passed on as it is. */
function isOurs(headers: Headers): boolean {
  const disposition = headers.get('content-disposition')
  const isFile = disposition !== null && !/^\s*inline\s*(?:;|$)/i.test(disposition)
  return (
    !isFile &&
    !headers.has('content-encoding') &&
    !headers.has('content-range') &&
    !/no-transform/i.test(headers.get('cache-control') ?? '')
  )
}

/** How long a body would be that HEAD does not have, where the site says so. */
function lengthOf({ headers }: SiteAnswer): string | undefined {
  const said = headers.find(({ name }) => name.toLowerCase() === 'content-length')?.value
  return said !== undefined && /^\d{1,15}$/.test(said) ? said : undefined
}

function fileHeaders(answer: SiteAnswer, { length }: Download): Headers {
  const headers = headersForVisitor(answer.headers)
  setPeer(headers, answer)
  headers.set('content-length', String(length))
  // the whole file's digest, which the member signed with the digests of the pieces
  const digest = headers.get('repr-digest')
  if (answer.status === 200 && digest !== null) headers.set('interpeer-digest', digest)
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
