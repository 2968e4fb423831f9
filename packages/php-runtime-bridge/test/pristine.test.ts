import { beforeAll, expect, test } from 'vitest'
import { usualConfiguration } from '../src/configuration/site-configuration.js'
import { treeOf } from '../src/file-tree.js'
import { SLOT } from '../src/limits.js'
import { loadPhpBinary } from '../src/node/binary.js'
import { execute } from '../src/node/execute.js'
import { buildImage, plainImage } from '../src/node/image-builder.js'
import { PhpInstance, type PhpParts, type Snapshot } from '../src/node/php-instance.js'
import { CACHE_FOLDER, filesOf, utf8 } from './sites.js'

const scripts = {
  'index.php': '<?php echo "hello";',
  'objects.php':
    '<?php $a = []; for ($i = 0; $i < 50000; $i++) $a[] = (object) ["n" => $i]; ini_set("precision", 3); setlocale(LC_ALL, "de"); echo count($a);',
  'database.php':
    '<?php $db = new PDO("sqlite:/site/x.db"); $db->exec("CREATE TABLE t (a)"); echo $db->query("SELECT random()")->fetchColumn();',
  'deep.php': '<?php $f = function () use (&$f) { return array_map($f, [1])[0]; }; $f();',
  'library.php':
    '<?php echo preg_replace("/o+/", "0", "foo"), json_encode(simplexml_load_string("<a><b>1</b></a>")), openssl_random_pseudo_bytes(2);',
}
const site = treeOf(filesOf(scripts))
let parts: PhpParts
beforeAll(async () => {
  parts = { ...(await loadPhpBinary('8.2', [], CACHE_FOLDER)), limits: SLOT, carriedOut: [] }
})

function visit(php: PhpInstance, snapshot: Snapshot, path: string): void {
  const request = { method: 'GET', target: `/${path}`, host: 'h', https: false, headers: [], body: new Uint8Array() }
  const services = { carriedOut: new Set<never>(), content: undefined }
  execute(site, request, { timeMs: 1_790_000_000_000, seed: utf8(path) }, { php: () => ({ php, snapshot }), services, limits: SLOT })
}

test('a restored instance equals its image to the last byte, whatever it ran, and on whatever image it was before', () => {
  const plain = plainImage(parts).snapshot
  const warm = buildImage(parts, {
    initial: site,
    configuration: { ...usualConfiguration, mutable: ['x.db'], warmUp: ['/', '/library.php'] },
  }).snapshot
  const fresh = [plain, warm].map((snapshot) => {
    const php = new PhpInstance(parts)
    php.restore(snapshot)
    return php.kernel.memory.bytes.slice()
  })
  const php = new PhpInstance(parts)
  for (const path of Object.keys(scripts)) {
    for (const [i, snapshot] of [plain, plain, warm, warm].entries()) {
      expect(php.restore(snapshot)).toBe(true)
      const same = Buffer.compare(php.kernel.memory.bytes, fresh[i < 2 ? 0 : 1] as Uint8Array) === 0
      expect([path, i, same]).toEqual([path, i, true])
      visit(php, snapshot, path)
    }
  }
})
