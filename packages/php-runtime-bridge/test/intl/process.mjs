// Run in a process of its own: PHP with intl, metered, from its start to hard work of ICU's, on the instance that started and on others. Prints what there is to compare.
// Arguments: the version, a folder for metered modules.
import { createHash } from 'node:crypto'
import { treeOf } from '../../src/file-tree.ts'
import { readPhp } from '../../src/node/builds.ts'
import { execute } from '../../src/node/execute.ts'
import { loadExtension } from '../../src/node/linker/extensions.ts'
import { meteredBinary } from '../../src/node/metered-binary.ts'
import { PhpInstance } from '../../src/node/php-instance.ts'

const [, , version, folder] = process.argv
const STACK_BYTES = 1024 * 1024 - 1024
const PAGES_MAX = 4096
const scripts = {
  intl: `<?php $words = ['zebra', 'Äpfel', 'apfel']; (new Collator('de_DE'))->sort($words);
    echo implode(' ', $words), (new IntlDateFormatter('ja_JP@calendar=japanese', 0, 0, null, 0))->format(0), (new NumberFormatter('de', 2))->formatCurrency(0.1 + 0.2, 'EUR'),
      MessageFormatter::formatMessage('ru', '{0,plural,one{# файл}few{# файла}many{# файлов}other{# файла}}', [5]), grapheme_strlen("e\\u{301}"), mt_rand();`,
  // ICU's parser calls itself for each
  nested: '<?php echo MessageFormatter::create("en", str_repeat("{0,select,other{", 20000)) ? 1 : 0;',
}
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

const bytes = await readPhp(version)
const main = await meteredBinary(bytes, { exhausted: '_emscripten_runtime_keepalive_clear', stack: STACK_BYTES }, folder)
const side = async (given) => (await meteredBinary(given, { kind: 'side', stack: main.stack }, folder)).bytes
const module = await WebAssembly.compile(main.bytes)
const intl = await loadExtension(version, 'intl', side)

const first = new PhpInstance(module, PAGES_MAX, [intl])
const snapshot = first.start(undefined)
const [linked] = snapshot.linked
const places = JSON.stringify([linked.memoryBase, linked.tableBase, [...linked.addresses], linked.pointers])
const image = sha256(snapshot.memory)

const request = { method: 'GET', target: '/', host: 'h', https: false, headers: [], body: new Uint8Array() }
const at = { timeMs: 1_790_000_000_000, seed: new Uint8Array(4) }
function visit(php, script) {
  php.restore(snapshot)
  const site = treeOf([{ path: 'index.php', mode: 0o644, mtimeS: 1, bytes: Buffer.from(scripts[script]) }], [])
  const answer = execute(site, request, at, () => ({ php, snapshot }))
  const { status, body, log, transcript } = answer
  return { status, text: Buffer.from(body).toString(), log, transcript: sha256(transcript), memory: sha256(php.kernel.memory.bytes) }
}
const runs = Object.fromEntries(
  Object.keys(scripts).map((script) => {
    const used = new PhpInstance(module, PAGES_MAX, [intl])
    return [script, [visit(first, script), visit(used, script), visit(used, script)]]
  }),
)
process.stdout.write(JSON.stringify({ image, places: sha256(places), pointers: linked.pointers.length, runs }))
