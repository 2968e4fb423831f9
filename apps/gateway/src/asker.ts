import { randomBytes } from 'node:crypto'
import type { VisitorRequest } from '@interpeer/peer/node'

/** Of the gateway's own: no site sees it. */
const COOKIE = 'interpeer-asker'
const SECRET = /^[\w-]{22}$/
const SECRET_BYTES = 16
/** As long as a late write is remembered. */
const KEPT_S = 300

interface Asker {
  /** Tells a browser from all others. */
  readonly secret: string
  /** What the site gets of the request's headers. */
  readonly headers: VisitorRequest['headers'][number][]
}

/** Who asks, by the cookie that the page of a late write gave it; who has none gets a name, which it learns only if its write is late. */
export function askerOf(given: VisitorRequest['headers']): Asker {
  let secret: string | undefined
  const headers = given.flatMap(({ name, value }) => {
    if (name.toLowerCase() !== 'cookie' || !value.includes(COOKIE)) return [{ name, value }]
    const others = value.split(';').filter((pair) => {
      const [key = '', text = ''] = pair.split('=', 2).map((part) => part.trim())
      if (key === COOKIE && SECRET.test(text)) secret ??= text
      return key !== COOKIE
    })
    return others.length === 0 ? [] : [{ name, value: others.join(';').trim() }]
  })
  return { secret: secret ?? randomBytes(SECRET_BYTES).toString('base64url'), headers }
}

/** Lets a browser that sends the same again be known. */
export function rememberAsker(response: Response, { secret }: Asker): Response {
  response.headers.append('set-cookie', `${COOKIE}=${secret}; Max-Age=${KEPT_S}; Path=/; HttpOnly; SameSite=Lax`)
  return response
}
