import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { DEFAULT_PHP_VERSION, type PhpVersion, phpVersions } from '@interpeer/php-runtime-bridge'
import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, describe, expect, test } from 'vitest'
import { packageOf } from '../../src/node/builds.js'
import { CACHE_FOLDER, filesOf, runPage, startPhp, visit } from '../sites.js'

const run = promisify(execFile)
const nasty = readFileSync(new URL('../determinism/nasty.php', import.meta.url), 'utf8')

const manifest: Record<string, Record<string, string>> = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

/** What a version has and those before it have not. */
const news: Record<PhpVersion, string> = {
  '8.2': 'readonly class P { function __construct(public int $n) {} } echo (new P(2))->n;',
  '8.3': 'class C { const int N = 3; } echo json_validate("[1]") ? C::N : 0;',
  '8.4': 'class H { public int $n { get => 4; } } echo (new H)->n, array_find([5, 6], fn ($x) => $x > 5);',
  '8.5': 'echo "five" |> strlen(...), array_last([5, 6]), (new Uri\\Rfc3986\\Uri("http://a.example/b"))->getHost();',
}
const answers: Record<PhpVersion, string> = { '8.2': '2', '8.3': '3', '8.4': '46', '8.5': '46a.example' }

const page = `<?php session_start(); $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1;
  $db = new PDO('sqlite:/site/n.db'); $db->exec('create table if not exists t(a)'); $db->exec('insert into t values(1)');
  $z = new ZipArchive; $z->open('/tmp/a.zip', ZipArchive::CREATE); $z->addFromString('in', 'side'); $z->close(); $z->open('/tmp/a.zip');
  $d = new DOMDocument; $d->loadXML('<a><b c="d"/></a>'); $k = openssl_pkey_new(['private_key_type' => OPENSSL_KEYTYPE_EC, 'curve_name' => 'prime256v1']);
  header('X-Seen: yes'); setcookie('k', 'v', ['expires' => time() + 60]);
  echo json_encode([PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION, PHP_OS_FAMILY, php_sapi_name(), $_SESSION['n'], $db->query('select count(*) from t')->fetchColumn(),
    $z->getFromName('in'), $d->getElementsByTagName('b')[0]->getAttribute('c'), is_object($k), mb_strtoupper('é'), preg_replace('/\\p{Lu}/u', '_', 'aÉb'),
    strlen(gzencode('x')), bcadd('1', '2'), iconv('UTF-8', 'ISO-8859-1', 'é') === "\\xe9", hash('xxh3', 'x'), date('c'), ini_get('memory_limit'),
    array_is_list(glob('*')), filter_var('a@b.example', FILTER_VALIDATE_EMAIL), $_SERVER['argv'], getenv('TZ'), dl_or_not(), extension_loaded('intl')]);
  function dl_or_not() { return function_exists('dl') ? @dl('intl.so') : false; }`

const runtimeIds: string[] = []
describe.each(phpVersions)('PHP %s', (version) => {
  let php: PhpRuntime
  afterAll(() => php?.close())

  test('starts, and says which it is', async () => {
    php = await startPhp(version === DEFAULT_PHP_VERSION ? {} : { php: version })
    runtimeIds.push(php.runtimeId)
    expect((await runPage(php, '<?php echo PHP_VERSION;')).text).toMatch(new RegExp(`^${version.replace('.', '\\.')}\\.\\d+$`))
    const seen = await runPage(php, `<?php ${news[version]}`)
    expect([seen.text, seen.log]).toEqual([answers[version], ''])
  })

  test('does what the others do, over two requests', async () => {
    await php.load('first', filesOf({ 'index.php': page }))
    const first = await visit(php, 'first')
    expect(first.log).toBe('')
    const cookie = first.headers.flatMap(([name, value]) => (/^set-cookie$/i.test(name) ? [value.replace(/;.*/, '')] : []))
    expect([first.status, first.header('x-seen'), cookie.length]).toEqual([200, 'yes', 2])
    await php.derive('second', 'first', first.changes)
    const second = await visit(php, 'second', { headers: [['Cookie', cookie.join('; ')]] })
    const same = [
      'Unknown',
      'cli-server',
      2,
      2,
      'side',
      'd',
      true,
      'É',
      'a_b',
      21,
      '3',
      true,
      'eaf06c6480b2cd11',
      '2026-09-21T14:13:20+00:00',
    ]
    const rest = ['128M', true, 'a@b.example', ['/site/index.php'], 'UTC', false, false]
    expect(JSON.parse(second.text)).toEqual([version, ...same, ...rest])
  })

  // one stands for all: the default version's are compared over processes (determinism.test.ts), all of them in the matrix
  test.runIf(version === phpVersions.at(-1))('gives the same bytes in another runtime', async () => {
    const other = await startPhp({ php: version })
    const [one, two] = [await runPage(php, nasty), await runPage(other, nasty)]
    await other.close()
    expect([one.status, other.runtimeId]).toEqual([200, php.runtimeId])
    expect(two).toEqual({ ...one, header: expect.any(Function) })
  })

  test('the package that brings it is pinned where a package manager looks', () => {
    const [, name = '', pinned] = /^(.+)@([^@]+)$/.exec(packageOf(version)) ?? []
    expect(manifest[version === DEFAULT_PHP_VERSION ? 'dependencies' : 'peerDependencies']?.[name]).toBe(pinned)
  })
})

test('each version is a runtime of its own name', () => {
  expect(new Set(runtimeIds).size).toBe(phpVersions.length)
})

test('a version that is not installed, or is another build, is refused with what to install', async () => {
  const alone = mkdtempSync(join(tmpdir(), 'interpeer-versions-'))
  try {
    cpSync(fileURLToPath(new URL('../../dist', import.meta.url)), join(alone, 'dist'), {
      recursive: true,
      filter: (path) => !/\.(dat|map)$/.test(path),
    })
    const fake = join(alone, 'node_modules/@php-wasm/node-8-3')
    mkdirSync(join(fake, 'jspi/8_3_99'), { recursive: true })
    writeFileSync(join(fake, 'package.json'), '{}')
    writeFileSync(join(fake, 'jspi/8_3_99/php_8_3.wasm'), 'another')
    mkdirSync(join(alone, 'node_modules/@php-wasm/node-8-5'))
    writeFileSync(join(alone, 'node_modules/@php-wasm/node-8-5/package.json'), '{}')
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      symlinkSync(realpathSync(fileURLToPath(new URL(`../../node_modules/${name}`, import.meta.url))), join(alone, 'node_modules', name))
    }
    // in a process of its own: what starts this one may have told Node (NODE_PATH) where else to look
    const source = `import { startPhpRuntime } from './dist/node/index.js'
      const say = ({ failure }) => console.log(JSON.stringify(failure))
      for (const php of ['8.4', '8.3', '8.5', '7.4']) await startPhpRuntime({ php }).catch(say)
      const php = await startPhpRuntime({ cacheFolder: process.argv[2] })
      const file = (path, text) => ({ path, mode: 0o644, mtimeS: 1, bytes: Buffer.from(text) })
      await php.load('site', [file('interpeer.json', '{ "php": "8.4" }')]).catch(say)
      console.log(php.has('site'))
      await php.close()`
    writeFileSync(join(alone, 'ask.mjs'), source)
    const { stdout } = await run(process.execPath, ['ask.mjs', CACHE_FOLDER], { cwd: alone, env: {} })
    const missing = { code: 'VERSION_MISSING', php: '8.4', install: '@php-wasm/node-8-4@3.1.56' }
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      missing,
      { code: 'BUILD_UNKNOWN', php: '8.3', install: '@php-wasm/node-8-3@3.1.56' },
      { code: 'BUILD_UNKNOWN', php: '8.5', install: '@php-wasm/node-8-5@3.1.56' },
      { code: 'OPTION_INVALID', option: 'php' },
      missing,
      false,
    ])
  } finally {
    rmSync(alone, { recursive: true })
  }
})
