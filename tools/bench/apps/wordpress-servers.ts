import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheFolder } from '../../apps/src/site/cache-folder.ts'
import { LocalNetwork } from '../../devnet/network.mjs'
import { freePort } from '../php-server.ts'
import { TimedClient } from '../timed-client.ts'
import { copyOfSite } from './native-site.ts'

const PLAYGROUND = '@wp-playground/cli@3.1.56'
const START_MS = 120_000
/** Nobody leaves its seat while it is measured. */
const TENURE_MS = 3_600_000

export interface Server {
  readonly port: number
  /** What its Host header says. */
  readonly host: string
  readonly name: string
  stop(): Promise<void>
}

/** A gateway and one seeder, whose group of one runs the site: it has so many readers as the machine has processors. */
export async function startInterpeer(site: string, say: (line: string) => void): Promise<Server> {
  const data = mkdtempSync(join(tmpdir(), 'interpeer-bench-'))
  const shape = { seeders: 1, group: 1, cycleMs: 3_000, tenureMs: TENURE_MS, port: 0, guardMs: 120_000, servedMs: 240_000 }
  const network = new LocalNetwork({ ...shape, site, name: 'blog', data }, say)
  const stop = async () => {
    await network.stop()
    rmSync(data, { recursive: true, force: true })
  }
  try {
    await network.start()
  } catch (error) {
    await stop()
    throw error
  }
  return { port: network.gatewayPort, host: 'blog.localhost', name: 'ours', stop }
}

/** The WordPress team's server, on a copy of the site with the same number of workers. It is fetched into the cache the first time. */
export async function startPlayground(site: string, workers: number): Promise<Server> {
  const program = fetchPlayground()
  const copy = copyOfSite(site, '/wordpress')
  for (const name of ['wp-config.php', 'wp-salts.php', 'data']) renameSync(join(copy, name), join(copy, 'public', name))
  const port = await freePort()
  const words = ['server', '--php=8.2', `--port=${port}`, `--workers=${workers}`, '--verbosity=quiet', '--skip-sqlite-setup']
  const mounts = ['--wordpress-install-mode=do-not-attempt-installing', `--mount-before-install=${join(copy, 'public')}:/wordpress`]
  const child = spawn(process.execPath, [program, ...words, ...mounts], { stdio: ['ignore', 'ignore', 'inherit'] })
  const stop = async () => {
    await ended(child)
    rmSync(copy, { recursive: true, force: true })
  }
  const client = new TimedClient(port, '127.0.0.1')
  const deadline = performance.now() + START_MS
  for (;;) {
    const { status } = await client.ask({ path: '/' }).catch(() => ({ status: 0 }))
    if (status === 200) break
    if (performance.now() > deadline || child.exitCode !== null) {
      await stop()
      throw new Error(`wp-playground did not start: its first page is answered with ${status}`)
    }
    await new Promise((done) => setTimeout(done, 200))
  }
  client.close()
  return { port, host: '127.0.0.1', name: `${PLAYGROUND}, ${workers} workers`, stop }
}

function fetchPlayground(): string {
  const folder = join(cacheFolder, 'playground', PLAYGROUND.replaceAll(/[@/]/g, '-'))
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true })
    try {
      execFileSync('npm', ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--silent', PLAYGROUND], { cwd: folder })
    } catch (cause) {
      rmSync(folder, { recursive: true, force: true })
      throw new Error(`npm could not fetch ${PLAYGROUND}`, { cause })
    }
  }
  return join(folder, 'node_modules/@wp-playground/cli/wp-playground.js')
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((done) => child.once('exit', done))
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await gone
  clearTimeout(late)
}
