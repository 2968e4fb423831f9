import { availableParallelism } from 'node:os'
import { siteOfRecipe } from '../../apps/src/site/recipe.ts'
import { type Figure, percentile } from '../figures.ts'
import { TimedClient } from '../timed-client.ts'
import { OWNER, type Steps } from './pages.ts'
import { type Server, startInterpeer, startPlayground } from './wordpress-servers.ts'

const [SLICES, SLICE_MS, WARM_UP_MS] = [5, 5_000, 8_000]
/** Visitors of each server at a time: more than it has workers. */
const VISITORS = 8

/** Reads per second of WordPress's first page, in slices that take turns: while one server is asked the other one idles. */
export async function readsPerSecond({ say, signal }: Steps): Promise<Figure> {
  const site = await siteOfRecipe('wordpress', OWNER)
  const servers: Server[] = []
  try {
    servers.push(await startInterpeer(site, say))
    signal.throwIfAborted()
    servers.push(await startPlayground(site, availableParallelism()))
    const rates: number[][] = servers.map(() => [])
    for (let slice = -1; slice < SLICES; slice++) {
      for (const [i, server] of servers.entries()) {
        signal.throwIfAborted()
        const rate = await crowd(server, slice < 0 ? WARM_UP_MS : SLICE_MS)
        if (slice >= 0) rates[i]?.push(rate)
      }
    }
    const [ours = [], peer = []] = rates
    return { id: 'apps/rps', ours: percentile(ours, 50), peer: percentile(peer, 50), peerName: servers[1]?.name ?? null, unit: '/s' }
  } finally {
    for (const server of servers) await server.stop()
  }
}

/** @returns whole pages per second: what is answered after the time counts with the time that it took */
async function crowd({ port, host }: Server, ms: number): Promise<number> {
  const start = performance.now()
  let pages = 0
  await Promise.all(
    Array.from({ length: VISITORS }, async () => {
      const client = new TimedClient(port, host)
      while (performance.now() - start < ms) {
        const { status, body } = await client.ask({ path: '/' })
        if (status !== 200 || !body.includes('</html>')) throw new Error(`a page was answered with ${status}: ${body.slice(0, 300)}`)
        pages++
      }
      client.close()
    }),
  )
  return pages / ((performance.now() - start) / 1000)
}
