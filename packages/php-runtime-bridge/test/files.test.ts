import { type PhpRuntime, startPhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bytesOf } from '../src/file-pages.js'
import { deriveTree, findNode, type TreeFile, treeOf } from '../src/file-tree.js'
import { filesOf, namesOf, resultOf, runPage, utf8, visit } from './sites.js'

let php: PhpRuntime
beforeAll(async () => {
  php = await startPhpRuntime({ guardMs: 20_000 })
})
afterAll(() => php.close())

const result = (script: string) => resultOf(php, script)

test('two descriptors that append write one after the other; each knows where it is', async () => {
  expect(
    await result(`$a = fopen('f', 'a'); $b = fopen('f', 'a+'); fwrite($a, 'one'); fwrite($b, 'two'); fwrite($a, 'three'); fseek($b, 1); fwrite($b, '!');
      rewind($b); echo json_encode([stream_get_contents($b), file_put_contents('f', '?', FILE_APPEND | LOCK_EX), filesize('f')]);`),
  ).toEqual(['onetwothree!', 1, 13])
})

test('every lock is free, a second one of the same script too: a request runs alone', async () => {
  expect(
    await result(`$a = fopen('l', 'c'); $b = fopen('l', 'r'); echo json_encode([flock($a, LOCK_EX), flock($b, LOCK_SH | LOCK_NB, $wait), $wait,
      flock($b, LOCK_EX | LOCK_NB), flock($a, LOCK_UN), (new SplFileObject('l'))->flock(LOCK_EX), stream_supports_lock($a)]);`),
  ).toEqual([true, true, 0, true, true, true, true])
})

test('writing and growing beyond the end leaves zeros, also after truncation; the site gets them', async () => {
  const seen = await runPage(
    php,
    `<?php $f = fopen('s', 'w+'); fwrite($f, str_repeat('a', 70000)); fseek($f, 200000); fwrite($f, 'x'); ftruncate($f, 66000); ftruncate($f, 300000);
    fseek($f, 299999); fwrite($f, 'z'); rewind($f); $all = stream_get_contents($f); echo strlen($all), ' ', strlen(rtrim(substr($all, 0, 299999), "\\0")), ' ', md5($all);`,
  )
  const [change] = seen.changes
  if (change?.type !== 'write') throw new Error('no write')
  const expected = new Uint8Array(300_000).fill(97, 0, 66_000).fill(122, 299_999)
  expect(seen.text).toMatch(/^300000 66000 /)
  expect(Buffer.compare(change.bytes, expected)).toBe(0)
})

test('a large file that a script changes comes back as the pages that differ, and derives to what was meant', async () => {
  const before = new Uint8Array(1_000_000).map((_, i) => i % 253)
  const script = `<?php $f = fopen('large', 'r+'); fseek($f, 70000); fwrite($f, 'changed'); fseek($f, 900000); fwrite($f, fread(fopen('large', 'r'), 1)[0] === "\\0" ? chr(900000 % 253) : '?');
    if (isset($_GET['cut'])) ftruncate($f, (int) $_GET['cut']); if (isset($_GET['mode'])) chmod('large', 0600); if (isset($_GET['new'])) file_put_contents('large', 'small');`
  const files = filesOf({ 'index.php': script, large: before })
  await php.load('large', files)
  const changed = before.slice()
  changed.set(utf8('changed'), 70_000)
  for (const [query, pages, size] of [
    ['', 1, 1_000_000],
    ['mode', 1, 1_000_000],
    ['cut=500000', 1, 500_000],
    ['cut=1200000', 1, 1_200_000],
    ['cut=65536', undefined, 65_536],
    ['new', undefined, 5],
  ] as const) {
    const { changes } = await visit(php, 'large', { target: `/?${query}` })
    const [change] = changes
    expect(change?.type, query).toBe(pages === undefined ? 'write' : 'patch')
    if (change?.type === 'patch') expect([change.parts.length, change.size]).toEqual([pages, size])
    const meant = new Uint8Array(size)
    meant.set(query === 'new' ? utf8('small') : changed.subarray(0, size))
    const derived = findNode(deriveTree(treeOf(files), changes), 'large') as TreeFile
    expect(Buffer.compare(bytesOf(derived), meant)).toBe(0)
    await php.derive('large 1', 'large', changes)
    expect(Buffer.compare((await visit(php, 'large 1', { target: '/large' })).body, meant)).toBe(0)
  }
})

test('a read of a large file, and a rewrite that leaves it as it was, change nothing', async () => {
  await php.load(
    'read',
    filesOf({
      'index.php': `<?php echo strlen(file_get_contents('l')); $f = fopen('l', 'r+'); fwrite($f, fread(fopen('l', 'r'), 100000)); file_put_contents('s', '1');`,
      l: new Uint8Array(400_000).fill(7),
      s: '1',
    }),
  )
  const seen = await visit(php, 'read')
  expect([seen.text, seen.changes]).toEqual(['400000', []])
})

test('what one request may hold is counted by pages it changes of files that are there, not by their size', async () => {
  const script = `<?php foreach (glob('big*') as $big) { $f = fopen($big, 'r+'); for ($at = 0; $at < 60e6; $at += 3e6) { fseek($f, (int) $at); fwrite($f, 'x'); } }
    echo json_encode([@ftruncate(fopen('new', 'w'), 250 << 20), @ftruncate(fopen('new', 'w'), 200 << 20), @file_put_contents('more', str_repeat('x', 60 << 20))]); unlink('new'); unlink('more');`
  await php.load(
    'much',
    filesOf({ 'index.php': script, ...Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`big${n}`, new Uint8Array(60_000_000)])) }),
  )
  const seen = await visit(php, 'much')
  expect(seen.text).toBe('[false,true,false]')
  expect(seen.changes.map((change) => change.type === 'patch' && change.parts.length)).toEqual([20, 20, 20, 20, 20])
})

test('what a file could not be made as long as costs nothing by its length', async () => {
  const script = `$f = fopen('s', 'w+'); for ($i = 0; $i < 9; $i++) $done[] = @ftruncate($f, 0x7fffffff); echo json_encode([...array_unique($done), filesize('s')]);`
  expect(await result(script)).toEqual([false, 0])
})

test('a script may make and delete as many files as it likes, one after another', async () => {
  expect(
    await result(`for ($i = 0; $i < 20100; $i++) { file_put_contents('t', 'x'); unlink('t'); } $f = fopen('u', 'w'); unlink('u');
      for ($i = 0; $i < 3; $i++) { $g = fopen('v', 'w'); unlink('v'); ftruncate($g, 100 << 20); fwrite($g, 'x'); fclose($g); } echo json_encode(scandir('.'));`),
  ).toEqual(['.', '..', '.interpeer', 'index.php'])
})

test('ten thousand transactions of SQLite, each with a journal of its own, fit in one request and one slot', async () => {
  expect(
    await result(`$db = new PDO('sqlite:n.db'); $db->exec('create table t(a integer primary key, b)'); $insert = $db->prepare('insert into t(b) values(?)');
      for ($i = 0; $i < 10000; $i++) $insert->execute(["row $i"]); echo json_encode([$db->query('select count(*) from t')->fetchColumn(), scandir('.')]);`),
  ).toEqual([10_000, ['.', '..', '.interpeer', 'index.php', 'n.db']])
})

test('names that go while a directory is read are not read; times are the request’s, or those that were given', async () => {
  expect(
    await result(`mkdir('d'); foreach (range(1, 40) as $i) touch("d/$i"); $h = opendir('d'); $n = 0;
      while (($e = readdir($h)) !== false) { $n++; if ($e === '1') foreach (range(2, 20) as $i) unlink("d/$i"); if ($e[0] !== '.') @unlink("d/$e"); }
      touch('t', 1000, 2000); $a = filemtime('t'); file_put_contents('t', 'x'); clearstatcache(); $b = filemtime('t'); chmod('t', 0600); touch('d', 77); clearstatcache();
      echo json_encode([$n > 20 && $n < 43, rmdir('d'), $a, $b, time() === $b]);`),
  ).toEqual([true, true, 1000, 1_790_000_000, true])
})

test('what this PHP cannot do fails as PHP says: hard links, GLOB_BRACE before 8.5; the mask of new files is fixed', async () => {
  expect(
    await result(
      `umask(0); touch('f'); $braces = defined('GLOB_BRACE') ? glob('{g,f}', GLOB_BRACE) : (PHP_VERSION_ID < 80500 ? ['f'] : null);
      echo json_encode([@link('f', 'g'), file_exists('g'), $braces, decoct(fileperms('f'))]);`,
    ),
  ).toEqual([false, false, ['f'], '100644'])
})

const BOUNDARY = 'b0undary'
const part = (name: string, file: string | undefined, content: string) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file === undefined ? '' : `; filename="${file}"\r\nContent-Type: text/plain`}\r\n\r\n${content}\r\n`

test('uploads: many, nested names, odd file names, limits; what is not kept is gone', async () => {
  const script = `<?php $f = $_FILES['f']; mkdir('up'); file_put_contents('up/1', 'was here');
    foreach ($f['tmp_name'] as $i => $tmp) $moved[] = $tmp !== '' && $i < 3 && move_uploaded_file($tmp, "up/$i");
    echo json_encode([count($f['name']), array_slice($f['name'], 0, 4), array_slice($f['error'], 0, 4), array_slice($moved, 0, 4), array_sum($f['size']), $_POST,
      $_FILES['large']['error'], move_uploaded_file('/site/index.php', 'up/x'), is_uploaded_file('/site/index.php'), count(scandir('/tmp')) - 2, file_get_contents('up/1')]);`
  const body = [
    part('MAX_FILE_SIZE', undefined, '1000'),
    part('deep[a][]', undefined, 'é'),
    part('large', 'l.txt', 'x'.repeat(1001)),
    ...['../../etc/passwd', 'ü "q".txt', 'c.php', ''].map((name, i) =>
      part('f[]', name.replaceAll('"', '\\"'), name === '' ? '' : 'x'.repeat(i)),
    ),
    ...Array.from({ length: 30 }, (_, i) => part('f[]', `n${i}`, 'y')),
    `--${BOUNDARY}--\r\n`,
  ].join('')
  const seen = await runPage(php, script, {
    method: 'POST',
    headers: [['Content-Type', `multipart/form-data; boundary=${BOUNDARY}`]],
    body,
  })
  expect(JSON.parse(seen.text)).toEqual([
    20,
    ['passwd', 'ü "q".txt', 'c.php', ''],
    [0, 0, 0, 4],
    [true, true, true, false],
    expect.any(Number),
    { MAX_FILE_SIZE: '1000', deep: { a: ['é'] } },
    2,
    false,
    false,
    expect.any(Number),
    'x',
  ])
  expect(namesOf(seen.changes)).toEqual(['directory up', 'write up/0', 'write up/1', 'write up/2'])
  expect(seen.log).toMatch(/Maximum number of allowable file uploads has been exceeded/)
})

test('output, log and headers are pipes, no terminals; nothing comes in', async () => {
  const { text } = await runPage(
    php,
    `<?php [$in, $out] = [fopen('php://stdin', 'r'), fopen('php://stdout', 'w')];
    echo json_encode([array_map('stream_isatty', [$in, $out, fopen('php://stderr', 'w'), fopen('php://output', 'w')]), fread($in, 9), feof($in), stream_get_contents($in),
      fseek($out, 0), array_map('filetype', ['/request/stdout', '/request/headers', '/dev/null', '/dev/urandom'])]);`,
  )
  expect(JSON.parse(text)).toEqual([[false, false, false, false], '', true, '', -1, ['fifo', 'fifo', 'char', 'char']])
})
