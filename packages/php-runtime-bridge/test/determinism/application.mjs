// node application.mjs START: serves two hundred requests of the application, each on what the one before left, in a process of its own. START is a
// module with an export startPhp() like startPhpRuntime(). Prints one line of JSON: digests of all that came of it.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { requests } from './requests.mjs'

const [start, load] = process.argv.slice(2)
// what else the machine does must not matter: here, that a core is taken
const busy = load === 'busy' ? new Worker('for (;;) Math.sqrt(Math.random())', { eval: true }) : undefined
const { startPhp } = await import(start)
const folder = new URL('application/', import.meta.url)
const files = readdirSync(folder).map((path) => ({ path, mode: 0o644, mtimeS: 1_700_000_000, bytes: readFileSync(new URL(path, folder)) }))
const php = await startPhp()
await php.load('0', files)

const all = createHash('sha256')
const [cookies, statuses, trail] = [new Map(), {}, []]
let number = 0
for (const request of requests(cookies)) {
  const at = { timeMs: 1_790_000_000_000 + number * 61_007, seed: Buffer.from(`agreed ${number}`) }
  const outcome = await php.run(String(number), request, at)
  const hash = createHash('sha256')
  const add = (value) => hash.update(typeof value === 'string' ? `${value.length}:${value}` : value)
  if (outcome.type === 'abstained') add(outcome.reason)
  else {
    const { body, transcript, changes, type, ...rest } = outcome
    add(JSON.stringify(rest))
    for (const bytes of [body, transcript]) add(bytes)
    for (const { bytes, ...change } of changes) {
      add(JSON.stringify(change))
      if (bytes) add(bytes)
    }
    for (const [name, value] of outcome.headers) {
      const [, key, content] = name.toLowerCase() === 'set-cookie' ? (/^([^=]+)=([^;]*)/.exec(value) ?? []) : []
      if (key !== undefined) cookies.set(key, content)
    }
    await php.derive(String(number + 1), String(number), changes)
  }
  const status = outcome.status ?? outcome.reason
  statuses[status] = (statuses[status] ?? 0) + 1
  const digest = hash.digest('hex')
  all.update(digest)
  // where two differ, this says at which request
  trail.push(`${number} ${request.method} ${request.target} ${status} ${outcome.fuel ?? ''} ${digest.slice(0, 12)}`)
  php.forget(String(number++))
}
console.log(JSON.stringify({ runtimeId: php.runtimeId, digest: all.digest('hex'), statuses, trail, memory: php.memoryDigests?.() ?? [] }))
await php.close()
await busy?.terminate()
