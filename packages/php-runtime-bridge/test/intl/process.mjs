// Run in a process of its own: PHP with intl, metered, from its start to hard work of ICU's, on three instances. Prints what there is to compare.
// Arguments: the version, a folder for metered modules.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { treeOf } from '../../src/file-tree.ts'
import { readPhp } from '../../src/node/builds.ts'
import { execute } from '../../src/node/execute.ts'
import { loadExtension, withoutData } from '../../src/node/linker/extensions.ts'
import { meteredBinary } from '../../src/node/metered-binary.ts'
import { PhpInstance } from '../../src/node/php-instance.ts'

const [, , version, folder] = process.argv
const STACK_BYTES = 1024 * 1024 - 1024
const PAGES_MAX = 4096
const scripts = {
  intl: readFileSync(new URL('intl.php', import.meta.url)),
  // ICU's parser calls itself for each
  nested: '<?php echo MessageFormatter::create("en", str_repeat("{0,select,other{", 20000)) ? 1 : 0;',
}
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

const { bytes } = await readPhp(version)
const main = await meteredBinary(bytes, { exhausted: '_emscripten_runtime_keepalive_clear', stack: STACK_BYTES }, folder)
const side = async (given) => (await meteredBinary(given, { kind: 'side', stack: main.stack }, folder)).bytes
const module = await WebAssembly.compile(main.bytes)
const intl = await loadExtension(version, 'intl', side)

const first = new PhpInstance(module, PAGES_MAX, [intl])
const snapshot = first.start()
const again = new PhpInstance(module, PAGES_MAX, [intl]).start()
const [linked] = snapshot.linked
const places = JSON.stringify([linked.memoryBase, linked.tableBase, [...linked.addresses], linked.pointers])
const images = [snapshot, again].map(({ memory }) => sha256(memory))

const request = { method: 'GET', target: '/', host: 'h', https: false, headers: [], body: new Uint8Array() }
const at = { timeMs: 1_790_000_000_000, seed: new Uint8Array(4) }
function visit(php, script) {
  php.restore(snapshot)
  const site = treeOf([{ path: 'index.php', mode: 0o644, mtimeS: 1, bytes: Buffer.from(scripts[script]) }], [])
  const answer = execute(site, request, at, () => ({ php, snapshot }))
  const { status, body, log, transcript } = answer
  return { status, text: Buffer.from(body).toString(), log, transcript: sha256(transcript), memory: sha256(php.kernel.memory.bytes) }
}
const fresh = () => new PhpInstance(module, PAGES_MAX, [withoutData(intl)])
const runs = Object.fromEntries(
  Object.keys(scripts).map((script) => {
    const used = fresh()
    return [script, [visit(first, script), visit(used, script), visit(used, script)]]
  }),
)
process.stdout.write(JSON.stringify({ images, places: sha256(places), pointers: linked.pointers.length, runs }))
