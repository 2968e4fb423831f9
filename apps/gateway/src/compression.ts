import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const [brotli, zip] = [promisify(brotliCompress), promisify(gzip)]
/** Shorter bodies fit into a packet or two anyway. */
const LEAST_BYTES = 1024
const COMPRESSIBLE =
  /^(?:text\/|application\/(?:json|xml|javascript|manifest\+json|[\w.-]+\+(?:json|xml)|wasm)\b|image\/svg\+xml\b|font\/(?:ttf|otf)\b)/i
/** Little work for most of the gain: a page is made anew for each who asks. */
const QUALITY = { gzip: 5, brotli: 4 }

/** An answer with its body, compressed where the browser takes that and it is worth it. The site itself is never asked to compress. */
export async function compressed(request: Request, body: Uint8Array, status: number, headers: Headers): Promise<Response> {
  const isWorthIt =
    status === 200 && body.length >= LEAST_BYTES && !headers.has('content-encoding') && COMPRESSIBLE.test(headers.get('content-type') ?? '')
  if (!isWorthIt || /no-transform/i.test(headers.get('cache-control') ?? '')) return new Response(new Uint8Array(body), { status, headers })
  headers.append('vary', 'Accept-Encoding')
  const encoding = encodingFor(request.headers.get('accept-encoding') ?? '')
  if (encoding === undefined) return new Response(new Uint8Array(body), { status, headers })
  const packed =
    encoding === 'br'
      ? await brotli(body, {
          params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY.brotli, [constants.BROTLI_PARAM_SIZE_HINT]: body.length },
        })
      : await zip(body, { level: QUALITY.gzip })
  headers.set('content-encoding', encoding)
  // of other bytes than those that are sent now (RFC 9530 §3.1)
  for (const name of ['accept-ranges', 'repr-digest', 'content-digest']) headers.delete(name)
  // of other bytes than those that the site named so
  const etag = headers.get('etag')
  if (etag?.startsWith('"')) headers.set('etag', `W/${etag}`)
  return new Response(new Uint8Array(packed), { status, headers })
}

/** The first of ours that the browser takes; one with q=0 it does not. */
function encodingFor(accepted: string): 'br' | 'gzip' | undefined {
  const taken = new Set<string>()
  for (const part of accepted.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((one) => one.trim())
    if (!parameters.some((one) => /^q=0(?:\.0{0,3})?$/.test(one))) taken.add(name)
  }
  return taken.has('br') ? 'br' : taken.has('gzip') ? 'gzip' : undefined
}
