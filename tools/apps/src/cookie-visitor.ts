import type { ScriptRequest } from '../../../packages/peer/src/script-runtime.js'
import type { Answer } from './group-in-process.ts'
import { CookieJar } from './site/cookie-jar.ts'
import { formBody } from './site/request-body.ts'
import type { Ask } from './site/site-in-process.ts'

interface Answered {
  readonly status: number
  readonly text: string
  /** The last header of that name, in small letters. */
  header(name: string): string | undefined
}

/** Somebody without a browser, who keeps cookies and fills in forms. */
export class CookieVisitor {
  readonly #answer: (request: ScriptRequest) => Promise<Answer>
  readonly #now: () => number
  readonly #jar = new CookieJar()

  /** @param now the time where the site is, ms since 1970 */
  constructor(answer: (request: ScriptRequest) => Promise<Answer>, now: () => number) {
    this.#answer = answer
    this.#now = now
  }

  async ask(target: string, { form, files, method, headers: more = [], anonymous = false }: Ask = {}): Promise<Answered> {
    const sent = form === undefined ? undefined : formBody(form, files)
    const cookies = anonymous ? undefined : this.#jar.header
    const { status, headers, body } = await this.#answer({
      ...{ method: method ?? (sent === undefined ? 'GET' : 'POST'), target, host: 'site.localhost', https: false },
      headers: [
        ...(sent === undefined ? [] : [['Content-Type', sent.type] as const]),
        ...(cookies === undefined ? [] : [['Cookie', cookies] as const]),
        ...more,
      ],
      body: sent?.bytes ?? new Uint8Array(),
    })
    if (!anonymous) this.#jar.take(headers, this.#now())
    const header = (name: string) => headers.findLast(([one]) => one.toLowerCase() === name)?.[1]
    return { status, text: new TextDecoder().decode(body), header }
  }
}
