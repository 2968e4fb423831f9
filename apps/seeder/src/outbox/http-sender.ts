import { type LookupAddress, lookup } from 'node:dns'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { OutboxAnswer, OutboxRequest } from '@interpeer/peer'
import type { OutboxResult, PeerLog } from '@interpeer/peer/node'
import { isElsewhere } from './public-address.js'

export interface HttpSenderOptions {
  /** Also to this machine, and to its own network: for tests, and for who knows what it means. */
  readonly allowPrivate: boolean
  /** Addresses that lead to this host, beside those of its interfaces. */
  readonly ownAddresses: readonly string[]
  readonly signal: AbortSignal
  /** Bytes of the answer's body that are taken. */
  readonly answerBytesMax: number
}
type HttpRequest = OutboxRequest & { readonly type: 'http' }

/** What a connection is, or what node writes itself: not the site's to say. */
const NOT_PASSED_ON = new Set([
  ...['host', 'connection', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['content-length', 'expect', 'idempotency-key'],
])

/** Answers that say: not now, or not by you. With them the request is declined, and another member tries, with the same key. */
const NOT_NOW = new Set([408, 425, 429, 502, 503, 504])

/**
 * Sends one HTTP request, once, and follows no redirect. It connects only to addresses that it has looked at itself: a name that leads to a private address, now or at a
 * second look, gets no connection. `Idempotency-Key` has the key. `unknown` where the request was written and no whole answer came. Never rejects.
 */
export async function sendHttp(request: HttpRequest, key: string, options: HttpSenderOptions, log: PeerLog): Promise<OutboxResult> {
  const written = { isOut: false }
  try {
    const answer = await exchange(request, key, options, written)
    return NOT_NOW.has(answer.status) ? { outcome: 'declined' } : { outcome: 'sent', answer }
  } catch (error) {
    log.info({ err: error, key }, 'an HTTP request of the outbox came to no answer')
    const { code } = error as NodeJS.ErrnoException
    if (code === 'OUTBOX_ADDRESS') return { outcome: 'target' }
    if (code === 'ENOTFOUND') return { outcome: 'name' }
    return { outcome: written.isOut ? 'unknown' : 'declined' }
  }
}

function exchange(request: HttpRequest, key: string, options: HttpSenderOptions, written: { isOut: boolean }): Promise<OutboxAnswer> {
  const url = new URL(request.url)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isAllowed = (address: string): boolean => options.allowPrivate || isElsewhere(address, options.ownAddresses)
  if (isIP(host) !== 0 && !isAllowed(host)) return Promise.reject(notPublic(host))
  const headers: Record<string, string[]> = { 'idempotency-key': [key] }
  for (const [name, value] of request.headers) {
    const known = name.toLowerCase()
    if (!NOT_PASSED_ON.has(known)) headers[known] = [...(headers[known] ?? []), value]
  }
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const { signal } = options
    const { method, body } = request
    const length = body.length > 0 || method === 'POST' || method === 'PUT' ? { 'content-length': String(body.length) } : {}
    const sent = send(url, {
      method,
      headers: { ...headers, ...length },
      agent: false,
      signal,
      lookup: checkedLookup(isAllowed),
      maxHeaderSize: 64 * 1024,
    })
    sent.on('error', reject)
    sent.on('finish', () => {
      written.isOut = true
    })
    sent.on('response', (answer) => answerOf(answer, options.answerBytesMax).then(resolve, reject))
    sent.end(body)
  })
}

/** A name's addresses, but for those that must not be reached. */
function checkedLookup(isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, { all, family }, done) => {
    lookup(hostname, { all: true, ...(family === undefined ? {} : { family }) }, (error, addresses: LookupAddress[]) => {
      const allowed = (addresses ?? []).filter(({ address }) => isAllowed(address))
      const [first] = allowed
      if (error !== null || first === undefined) done(error ?? notPublic(hostname), '', 0)
      else if (all === true) done(null, allowed)
      else done(null, first.address, first.family)
    })
  }
}

const notPublic = (host: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${host} is no public address`), { code: 'OUTBOX_ADDRESS' })

async function answerOf(answer: IncomingMessage, bytesMax: number): Promise<OutboxAnswer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of answer as AsyncIterable<Uint8Array>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= bytesMax) break // the rest is not waited for
  }
  answer.destroy()
  const headers: [string, string][] = []
  for (let i = 0; i < answer.rawHeaders.length; i += 2)
    headers.push([(answer.rawHeaders[i] as string).toLowerCase(), answer.rawHeaders[i + 1] as string])
  return { status: answer.statusCode ?? 0, headers, body: new Uint8Array(Buffer.concat(chunks).subarray(0, bytesMax)) }
}
