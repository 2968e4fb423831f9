// Run in a process of its own: a site with intl, and one with code in its image as well. Prints what there is to compare, the whole of PHP's memory first.
import { readFileSync } from 'node:fs'
import { startPhpRuntime } from '@interpeer/php-runtime-bridge/node'

const page = readFileSync(new URL('intl.php', import.meta.url))
const sites = {
  plain: { extensions: ['intl'] },
  warm: { extensions: ['intl'], mutable: ['data'], warmUp: ['/'] },
}
const scripts = {
  'index.php': page,
  // ICU's parser calls itself for each
  'nested.php': '<?php echo MessageFormatter::create("en", str_repeat("{0,select,other{", 20000)) ? 1 : 0;',
}
const request = { method: 'GET', target: '/', host: 'h', https: false, headers: [], body: new Uint8Array() }
const at = { timeMs: 1_790_000_000_000, seed: new Uint8Array(4) }
const php = await startPhpRuntime({ guardMs: 60_000 })
for (const [name, configuration] of Object.entries(sites)) {
  const contents = { ...scripts, 'interpeer.json': JSON.stringify(configuration) }
  const files = Object.entries(contents).map(([path, text]) => ({ path, mode: 0o644, mtimeS: 1, bytes: Buffer.from(text) }))
  await php.load(name, files)
  const { id, digest, bytes } = await php.image(name)
  const runs = []
  // a new instance, then one that was used, then one whose stack ran out
  for (const target of ['/', '/', '/nested.php', '/']) {
    const { type, status, body, log, transcript } = await php.run(name, { ...request, target }, at)
    runs.push({ type, status, text: Buffer.from(body).toString(), log, transcript: Buffer.from(transcript).toString('hex') })
  }
  console.log(JSON.stringify({ id, digest, bytes, runs }))
}
await php.close()
