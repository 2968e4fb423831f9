import { CookieJar } from '../../apps/src/site/cookie-jar.ts'
import { SiteInProcess } from '../../apps/src/site/site-in-process.ts'
import { TimedClient } from '../timed-client.ts'

export interface Visit {
  /** From the request until the site is ready for the next one: what is done after the answer counts too. */
  readonly ms: number
  readonly status: number
  readonly text: string
}
/** One visitor with cookies, who asks one request after another. */
export interface Visitor {
  ask(path: string, form?: Readonly<Record<string, string>>): Promise<Visit>
  close(): void
}

/** Of a site in this process, by the runtime as peers have it: a worker thread, PHP as the image has it for each request, what a request changed taken over. */
export async function visitorInProcess(folder: string): Promise<Visitor> {
  const site = await SiteInProcess.open(folder)
  return {
    async ask(path, form) {
      const start = performance.now()
      const { status, text } = await site.ask(path, form === undefined ? { asGroup: true } : { form })
      return { ms: performance.now() - start, status, text }
    },
    close: () => site.close(),
  }
}

/** Of a server that answers one request at a time. @param idlePath a small static file: it is answered once the script before it has wholly ended */
export function visitorOfServer(port: number, idlePath: string): Visitor {
  const client = new TimedClient(port, 'localhost')
  const jar = new CookieJar()
  return {
    async ask(path, form) {
      const cookie = jar.header
      const headers = cookie === undefined ? {} : { cookie }
      const { ms, status, headers: got, body } = await client.ask(form === undefined ? { path, headers } : { path, form, headers })
      const idle = await client.ask({ path: idlePath })
      const again = await client.ask({ path: idlePath })
      jar.take(
        (got['set-cookie'] ?? []).map((value) => ['Set-Cookie', value]),
        Date.now(),
      )
      return { ms: ms + Math.max(0, idle.ms - again.ms), status, text: body }
    },
    close: () => client.close(),
  }
}
