import { spawn, spawnSync } from 'node:child_process'
import { connect, createServer } from 'node:net'

/** Settings of our php.ini that show in answers. */
const SETTINGS = {
  output_buffering: '4096',
  variables_order: 'GPCS',
  request_order: 'GP',
  display_errors: '0',
  html_errors: '0',
  default_charset: 'UTF-8',
  post_max_size: '16M',
  upload_max_filesize: '16M',
  max_file_uploads: '20',
  expose_php: '0',
  'session.use_strict_mode': '1',
  'session.cookie_httponly': '1',
  'session.cookie_samesite': 'Lax',
  'session.gc_probability': '0',
  'date.timezone': 'UTC',
} as const

export const hasNativePhp = spawnSync('php', ['-v']).status === 0

/** `php -S` on a folder. */
export async function startNativePhp(folder: string): Promise<{ readonly port: number; readonly stop: () => void }> {
  const port = await freePort()
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-d', `${name}=${value}`])
  const server = spawn('php', ['-n', ...extensionsOf(), ...settings, '-S', `127.0.0.1:${port}`, '-t', folder], { stdio: 'ignore' })
  while (!(await answers(port))) await new Promise((resolve) => setTimeout(resolve, 50))
  return { port, stop: () => void server.kill() }
}

/** Distributions ship some of them apart. */
function extensionsOf(): string[] {
  const names = ['json', 'session', 'zlib', 'hash']
  const there = spawnSync('php', ['-n', '-m']).stdout.toString().toLowerCase()
  return names.filter((name) => !there.includes(name)).flatMap((name) => ['-d', `extension=${name}`])
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
