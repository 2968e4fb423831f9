// Run in a process of its own: a site with intl. Prints what there is to compare, and first a digest of PHP's whole memory. Arguments: a folder for metered modules,
// the version of PHP.
import { readFileSync } from 'node:fs'
import { startPhpRuntime } from '@interpeer/php-runtime-bridge/node'

const page = readFileSync(new URL('intl.php', import.meta.url))
const scripts = {
  'index.php': page,
  // ICU's parser calls itself for each
  'nested.php': '<?php echo MessageFormatter::create("en", str_repeat("{0,select,other{", 20000)) ? 1 : 0;',
}
const request = { method: 'GET', target: '/', host: 'h', https: false, headers: [], body: new Uint8Array() }
const at = { timeMs: 1_790_000_000_000, seed: new Uint8Array(4) }
const [, , cacheFolder, version] = process.argv
const php = await startPhpRuntime({ guardMs: 60_000, cacheFolder })
const contents = { ...scripts, 'interpeer.json': JSON.stringify({ php: version, extensions: ['intl'] }) }
const files = Object.entries(contents).map(([path, text]) => ({ path, mode: 0o644, mtimeS: 1, bytes: Buffer.from(text) }))
await php.load('site', files)
const { id, digest, bytes } = await php.image('site')
const runs = []
// a new instance, then one that was used, then one whose stack ran out
for (const target of ['/', '/', '/nested.php', '/']) {
  const { type, status, body, log, transcript, fuel, memoryBytes } = await php.run('site', { ...request, target }, at)
  const text = Buffer.from(body).toString()
  runs.push({ type, status, fuel, memoryBytes, text, log, transcript: Buffer.from(transcript).toString('hex') })
}
console.log(JSON.stringify({ id, digest, bytes, runs }))
await php.close()
