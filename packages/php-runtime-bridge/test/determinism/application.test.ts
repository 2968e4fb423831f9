import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { type NodeRelease, nodeOf, nodeReleases } from './nodes.js'

const run = promisify(execFile)
const script = fileURLToPath(new URL('application.mjs', import.meta.url))

interface Told {
  readonly runtimeId: string
  readonly digest: string
  readonly statuses: Readonly<Record<string, number>>
  /** A line for each request: where two machines part is the first that differs. */
  readonly trail: readonly string[]
  /** SHA-256 of PHP's memory after each twentieth request; only of the main thread. */
  readonly memory: readonly string[]
}
interface Circumstances {
  readonly node: NodeRelease
  readonly thread: 'in-worker' | 'in-main-thread'
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly load: 'busy' | 'quiet'
}
// Each Node, each kind of thread twice, load or none; four time zones and languages. No two differ in one thing alone: all must be alike.
const all: readonly Circumstances[] = [
  {
    node: '20.20.2',
    thread: 'in-main-thread',
    env: { TZ: 'Asia/Tokyo', LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8' },
    cwd: '/',
    load: 'quiet',
  },
  { node: '22.23.3', thread: 'in-worker', env: { TZ: 'America/St_Johns', LANG: 'C', USER: 'someone' }, cwd: tmpdir(), load: 'busy' },
  { node: '24.21.0', thread: 'in-worker', env: { LANG: 'tr_TR.UTF-8', HOME: '/root', SECRET: 'x' }, cwd: process.cwd(), load: 'quiet' },
  { node: '26.10.0', thread: 'in-main-thread', env: { TZ: 'Pacific/Apia', LC_ALL: 'ja_JP.UTF-8' }, cwd: tmpdir(), load: 'busy' },
]

/** The main thread's stack is made as large as a worker's, which says so itself. */
async function told({ thread, env, cwd, load }: Circumstances, node: string, cache: string): Promise<Told> {
  const start = `ulimit -s 300000 && exec "$0" ${thread === 'in-main-thread' ? '--stack-size=260000 ' : ''}"$1" ./${thread}.mjs ${load}`
  const options = { env: { ...env, PHP_CACHE: cache }, cwd, maxBuffer: 64 * 1024 * 1024 }
  const { stdout } = await run('/bin/sh', ['-c', start, node, script], options)
  return JSON.parse(stdout) as Told
}

test('two hundred requests of an application give the same bytes in any process, on any Node, in any thread', async () => {
  const cache = mkdtempSync(join(tmpdir(), 'php-cache-'))
  const seen: Told[] = []
  const missing: string[] = []
  for (const one of all) {
    const node = await nodeOf(one.node)
    if (node === undefined) missing.push(one.node)
    else seen.push(await told(one, node, cache))
  }
  rmSync(cache, { recursive: true, force: true })
  if (missing.length > 0) console.warn(`without Node ${missing.join(', ')}: npm has none for this machine, or can't be reached`)
  if (process.env.CI) expect(missing).toEqual([])

  const [first, ...others] = seen as [Told, ...Told[]]
  expect(first.trail.length).toBe(200)
  // a digest that saw nothing would be the same for many
  expect(new Set(first.trail.map((line) => line.split(' ').at(-1))).size).toBeGreaterThan(150)
  // pages, redirects, refusals and errors of several kinds are among them
  expect(Object.keys(first.statuses)).toEqual(['200', '303', '403', '404', '500', '502', '503'])
  for (const other of others) {
    expect(other.trail).toEqual(first.trail)
    expect([other.digest, other.runtimeId]).toEqual([first.digest, first.runtimeId])
  }
  const [memory, ...further] = seen.map((one) => one.memory).filter((digests) => digests.length > 0)
  expect(new Set(memory).size).toBeGreaterThan(5)
  for (const other of further) expect(other).toEqual(memory)
})

test('the circumstances have each Node, and each kind of the rest', () => {
  expect(all.map(({ node }) => node)).toEqual(nodeReleases)
  for (const key of ['thread', 'load'] as const) expect(new Set(all.map((one) => one[key])).size).toBe(2)
})
