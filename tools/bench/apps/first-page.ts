import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { siteOfRecipe } from '../../apps/src/site/recipe.ts'
import { LocalNetwork } from '../../devnet/network.mjs'
import { type Figure, percentile } from '../figures.ts'
import { OWNER, type Steps } from './pages.ts'

/** A group of one, whose seat goes from one to the next. */
const SHAPE = { seeders: 4, group: 1, cycleMs: 2_000, tenureMs: 24_000, name: 'wiki' }
const WAIT_MS = 120_000
const LOOK_MS = 25
const NEWCOMERS = 3

/**
 * MediaWiki's main page from a peer that never ran the site before and just took its only seat: from when the gateway knows that it has it, whatever comes between,
 * until the whole page is there.
 */
export async function firstPage({ say, signal }: Steps): Promise<Figure> {
  const site = await siteOfRecipe('mediawiki', OWNER)
  const data = mkdtempSync(join(tmpdir(), 'interpeer-bench-'))
  const network = new LocalNetwork({ ...SHAPE, port: 0, site, data, guardMs: 120_000, servedMs: 240_000 }, say)
  try {
    await network.start()
    const seen = new Set([await memberOf(network)])
    const times: number[] = []
    while (times.length < NEWCOMERS) {
      const newcomer = await untilNew(network, seen, signal)
      seen.add(newcomer)
      const start = performance.now()
      await untilPage(network, newcomer)
      times.push(performance.now() - start)
      say(`first page of a newcomer: ${Math.round(times.at(-1) ?? 0)} ms`)
    }
    return { id: 'apps/first-page', ours: percentile(times, 50), peer: null, peerName: null, unit: 'ms' }
  } finally {
    await network.stop()
    rmSync(data, { recursive: true, force: true })
  }
}

async function memberOf(network: LocalNetwork): Promise<string> {
  const { body } = await network.fetch('/status.json', { host: 'localhost' })
  const { jobs } = JSON.parse(body.toString()) as { jobs: { members: { peerId: string }[] }[] }
  return jobs[0]?.members[0]?.peerId ?? ''
}

async function untilNew(network: LocalNetwork, seen: ReadonlySet<string>, signal: AbortSignal): Promise<string> {
  const deadline = performance.now() + WAIT_MS
  for (;;) {
    signal.throwIfAborted()
    const member = await memberOf(network)
    if (member !== '' && !seen.has(member)) return member
    if (performance.now() > deadline) throw new Error('the seat did not go to a peer that had it never')
    await new Promise((done) => setTimeout(done, LOOK_MS))
  }
}

async function untilPage(network: LocalNetwork, member: string): Promise<void> {
  const deadline = performance.now() + WAIT_MS
  for (;;) {
    const { status, headers, body } = await network.fetch('/wiki/Main_Page', { headers: { 'interpeer-peer': member } })
    if (status === 200 && headers['interpeer-peer'] === member && body.includes('</html>')) return
    if (performance.now() > deadline) throw new Error(`no page: ${status} ${headers['interpeer-error']}`)
    await new Promise((done) => setTimeout(done, LOOK_MS))
  }
}
