import type { HttpHeader } from '@interpeer/peer-group'
import { PeerError } from '../errors.js'

/** Headers that belong to one connection, or that whoever stands between a browser and a site sets itself. */
const NOT_PASSED_ON = new Set(
  'accept-encoding connection content-length expect host keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade'.split(
    ' ',
  ),
)
/**
 * What a proxy tells the server behind it of who asks and for which address. There is none here, so it would be a visitor's own word, and scripts that take it for more
 * write it into pages which others get as well: the addresses of links, or what is public for a time.
 */
const OF_PROXIES =
  /^(?:forwarded|x-forwarded(?:-.*)?|x-(?:real|client|cluster-client|originating|remote)-ip|x-remote-addr|x-(?:original|rewrite)-(?:url|uri|host)|x-(?:host|url-scheme|scheme|http-host-override|proxyuser-ip)|(?:true-|cf-|fastly-)?(?:client|connecting)-ip|front-end-https|proxy|via)$/
const WITHOUT_BODY = new Set([101, 204, 205, 304])

/** What a body of unknown length is first given room for, in bytes. */
const ROOM_AT_FIRST = 64 * 1024
/** What slow lines carry: of a body that takes longer than this so much has to come in each such time. Whoever sends nothing holds its room no longer. */
const SLOW_MS = 60_000
const SLOW_BYTES = 128 * 1024

/**
 * A request's whole body, or undefined when it has more than `maxBytes`: reading stops there. Parts are copied as they come and not kept: a body whose length is
 * declared is in memory once, another twice where its room grows.
 * @throws {PeerError} REQUEST_TOO_SLOW
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array | undefined> {
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > maxBytes) return undefined
  if (request.body === null) return new Uint8Array()
  let body = new Uint8Array()
  let size = 0
  const reader = (request.body as ReadableStream<Uint8Array>).getReader()
  let [last, isSlow] = [0, false]
  const pace = setInterval(() => {
    isSlow = size - last < SLOW_BYTES
    last = size
    if (isSlow) reader.cancel().catch(() => {}) // nothing more is read
  }, SLOW_MS)
  try {
    for (;;) {
      const part = await reader.read()
      if (isSlow) throw new PeerError({ code: 'REQUEST_TOO_SLOW', bytes: size })
      if (part.done) return size === body.length ? body : body.slice(0, size)
      const end = size + part.value.length
      if (end > maxBytes) return undefined
      if (end > body.length) {
        const room = new Uint8Array(
          Math.min(maxBytes, Math.max(end, size === 0 && declared > 0 ? declared : ROOM_AT_FIRST, 2 * body.length)),
        )
        room.set(body.subarray(0, size))
        body = room
      }
      body.set(part.value, size)
      size = end
    }
  } finally {
    clearInterval(pace)
    reader.cancel().catch(() => {})
  }
}

/** What a site gets of a browser's headers. What they say of the address comes from the `Host` that the gateway serves, and from nothing else. */
export function headersForSite(headers: Headers): HttpHeader[] {
  const named = connectionHeaders(headers.get('connection'))
  return [...headers]
    .filter(([name]) => !NOT_PASSED_ON.has(name) && !OF_PROXIES.test(name) && !named.has(name) && !name.startsWith('interpeer-'))
    .map(([name, value]) => ({ name, value: textOfBytes(value) }))
}

/** Headers that the connection names are its own (RFC 9110 §7.6.1). */
const connectionHeaders = (value: string | null): ReadonlySet<string> => new Set((value ?? '').toLowerCase().split(/[\s,]+/))

/** HTTP carries bytes, which Headers has as letters of one byte each; a site has text: UTF-8, where they are that. */
function textOfBytes(value: string): string {
  if (/^[ -~\t]*$/.test(value)) return value
  const text = Buffer.from(value, 'latin1').toString('utf8')
  return text.includes('\ufffd') ? value : text
}
const bytesOfText = (value: string): string => (/^[ -~\t]*$/.test(value) ? value : Buffer.from(value, 'utf8').toString('latin1'))

/** What only the peer that serves the browser says: about the answer (`interpeer-error` is the runtime's), and to the server that writes it. */
const isOfTheWay = (name: string): boolean =>
  NOT_PASSED_ON.has(name) || name === 'x-hono-already-sent' || (name.startsWith('interpeer-') && name !== 'interpeer-error')

/** What a browser gets of a site's headers. A site sets no cookies for its neighbours: each keeps to its own origin. */
export function headersForVisitor(given: readonly HttpHeader[]): Headers {
  const headers = new Headers()
  for (const { name, value } of given) {
    if (isOfTheWay(name.toLowerCase())) continue
    try {
      headers.append(name, bytesOfText(name.toLowerCase() === 'set-cookie' ? withoutDomain(value) : value))
    } catch {
      // a header that HTTP can't carry is left out; digests cover the body alone
    }
  }
  return headers
}

/** Whether the answer to a request of that method has no body, whatever the site sent. */
export const isBodiless = (method: string, status: number): boolean => method === 'HEAD' || WITHOUT_BODY.has(status)

const withoutDomain = (cookie: string): string =>
  cookie
    .split(';')
    .filter((part, i) => i === 0 || !/^\s*domain\s*=/i.test(part))
    .join(';')
