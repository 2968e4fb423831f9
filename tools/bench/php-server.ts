import { execFileSync, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { TimedClient } from './timed-client.ts'

export interface PhpServer {
  readonly port: number
  /** Such as `PHP 8.2.36 built-in server`. */
  readonly name: string
  stop(): Promise<void>
}
const START_MS = 10_000

/** What to say where `phpVersion` found nothing. */
export const HOW_TO_INSTALL = 'no PHP with SQLite on this machine, so nothing is compared. On Debian: apt-get install php-cli php-sqlite3'

/** The version of this machine's own PHP, or undefined where it, or its SQLite, is missing. */
export function phpVersion(): string | undefined {
  try {
    const [version = '', sqlite] = execFileSync('php', ['-r', "echo PHP_VERSION, ' ', extension_loaded('pdo_sqlite') ? 'yes' : '';"], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).split(' ')
    return sqlite === 'yes' ? version : undefined
  } catch {
    return undefined
  }
}

export interface PhpServerOptions {
  /** `name=value` each, beside what this machine's php.ini says. */
  readonly settings?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What is asked until there is an answer. */
  readonly readyPath?: string
}

/** Serves a folder with `php -S`, the server that comes with PHP: one process, one request at a time; no opcode cache, unless the settings say so. */
export async function startPhpServer(
  documentRoot: string,
  version: string,
  { settings = [], env = {}, readyPath = '/' }: PhpServerOptions = {},
): Promise<PhpServer> {
  const port = await freePort()
  const words = [...settings.flatMap((setting) => ['-d', setting]), '-S', `127.0.0.1:${port}`, '-t', documentRoot]
  const child = spawn('php', words, { stdio: 'ignore', env: { ...process.env, ...env } })
  const exited = new Promise<void>((done) => child.on('exit', () => done()).on('error', () => done()))
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
  }
  const client = new TimedClient(port, 'localhost')
  const deadline = performance.now() + START_MS
  while (
    !(await client.ask({ path: readyPath }).then(
      () => true,
      () => false,
    ))
  ) {
    if (performance.now() > deadline || child.exitCode !== null) {
      await stop()
      throw new Error('php -S did not start')
    }
    await new Promise((done) => setTimeout(done, 50))
  }
  client.close()
  return { port, name: `php -S (PHP ${version})`, stop }
}

/** A port that was free a moment ago: `php -S` can't be asked to choose one and say which. */
export function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer().on('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
