import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesOf, namesOf, resultOf, runPage, startPhp, textOf, visit } from './sites.js'

let php: PhpRuntime
beforeAll(async () => {
  php = await startPhp()
})
afterAll(() => php.close())

const result = (script: string) => resultOf(php, script)

test('reading, writing, appending, seeking and truncating', async () => {
  expect(
    await result(`
    $f = fopen('f', 'w+'); fwrite($f, 'hello world'); fseek($f, 6); $a = fread($f, 99); ftruncate($f, 5); rewind($f); $b = fread($f, 99);
    fseek($f, 8); fwrite($f, 'x'); fclose($f); $c = file_get_contents('f');
    file_put_contents('f', 'more', FILE_APPEND); $g = fopen('f', 'a+'); fseek($g, 0); fwrite($g, '!'); fclose($g);
    $d = file_get_contents('f'); $h = fopen('f', 'c+'); fwrite($h, 'H'); fclose($h);
    $x = @fopen('f', 'x'); clearstatcache();
    echo json_encode([$a, $b, bin2hex($c), substr($d, -5), file_get_contents('f')[0], $x, filesize('f'), feof(fopen('/dev/null', 'r'))]);`),
  ).toEqual(['world', 'hello', '68656c6c6f00000078', 'more!', 'H', false, 14, false])
})

test('directories: made, listed in order, globbed, walked, removed', async () => {
  expect(
    await result(`
    mkdir('d/e/f', 0755, true); touch('d/z'); touch('d/a'); touch('d/B'); $list = []; $h = opendir('d');
    while (($n = readdir($h)) !== false) $list[] = $n; rewinddir($h); $again = readdir($h); closedir($h);
    $walk = []; foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator('d', FilesystemIterator::SKIP_DOTS), 1) as $p) $walk[] = (string) $p;
    $full = @rmdir('d'); $file = @rmdir('d/a'); rmdir('d/e/f'); chdir('d');
    echo json_encode([$list, $again, glob('*'), $walk, $full, $file, is_dir('e/f'), getcwd(), realpath('../d/./e'), scandir('/site/d')]);`),
  ).toEqual([
    ['.', '..', 'B', 'a', 'e', 'z'],
    '.',
    ['B', 'a', 'e', 'z'],
    ['d/B', 'd/a', 'd/e', 'd/e/f', 'd/z'],
    false,
    false,
    false,
    '/site/d',
    '/site/d/e',
    ['.', '..', 'B', 'a', 'e', 'z'],
  ])
})

test('a directory of a thousand files is listed whole', async () => {
  expect(await result(`for ($i = 0; $i < 1000; $i++) touch("f$i"); echo json_encode([count(glob('f*')), count(scandir('.'))]);`)).toEqual([
    1000, 1004,
  ])
})

test('renaming, deleting, open files that lost their name', async () => {
  const seen = await runPage(
    php,
    `<?php file_put_contents('a', 'A'); $f = fopen('a', 'r+'); unlink('a'); fwrite($f, 'still'); rewind($f); echo fread($f, 9), ' ';
    file_put_contents('b', 'B'); file_put_contents('c', 'C'); rename('b', 'c'); echo file_get_contents('c'), ' ';
    mkdir('d'); file_put_contents('d/x', 'X'); rename('d', 'e'); echo file_get_contents('e/x'), ' ';
    echo var_export(@rename('e', 'e/f'), true), var_export(@rename('c', 'e'), true), var_export(@unlink('e'), true), var_export(@unlink('none'), true);`,
  )
  expect(seen.text).toBe('still B X falsefalsefalsefalse')
  expect(namesOf(seen.changes)).toEqual(['write c', 'directory e', 'write e/x'])
})

test('changes: deletes, moves and changes of kind against what was there', async () => {
  const script = `<?php unlink('gone'); rename('moved', 'there'); file_put_contents('same', 'same'); touch('touched'); chmod('mode', 0600);
    unlink('file'); mkdir('file'); file_put_contents('file/x', '1'); unlink('tree/a'); rmdir('tree'); file_put_contents('tree', 'now a file');`
  const files = { gone: '', 'moved/x': 'x', same: 'same', touched: '', mode: 'm', file: '', 'tree/a': '', 'index.php': script }
  await php.load('before', filesOf(files))
  const seen = await visit(php, 'before')
  expect(namesOf(seen.changes)).toEqual([
    'delete file',
    'directory file',
    'write file/x',
    'delete gone',
    'write mode',
    'delete moved',
    'directory there',
    'write there/x',
    'delete tree',
    'write tree',
  ])
  await php.derive('after', 'before', seen.changes)
  expect((await visit(php, 'after', { target: '/there/x' })).text).toBe('x')
})

test('stat, times, modes, temporary files', async () => {
  expect(
    await result(`
    file_put_contents('f', 'abc'); chmod('f', 0640); $s = stat('f'); touch('f', 1234567890); clearstatcache();
    $t = tempnam('/tmp', 'x'); mkdir('m'); touch('n'); $h = tmpfile(); fwrite($h, 'tmp'); rewind($h);
    echo json_encode([decoct($s['mode']), $s['size'], $s['mtime'], filemtime('f'), filemtime('index.php'), filetype('.'), is_writable('f'),
      is_writable('/internal'), is_executable('f'), dirname($t), decoct(fileperms('m')), decoct(fileperms('n')), fread($h, 9), sys_get_temp_dir(), fileinode('f') !== fileinode('index.php')]);`),
  ).toEqual([
    '100640',
    3,
    1_790_000_000,
    1_234_567_890,
    1_700_000_000,
    'dir',
    true,
    false,
    false,
    '/tmp',
    '40755',
    '100644',
    'tmp',
    '/tmp',
    true,
  ])
})

test('/tmp is thrown away, and nothing outside the site can be changed', async () => {
  const seen = await runPage(
    php,
    `<?php file_put_contents('/tmp/x', '1'); @file_put_contents('/etc/passwd', '1'); @file_put_contents('/internal/shared/php.ini', '1'); @mkdir('/new');
    echo file_get_contents('/tmp/x'), json_encode([@rename('/site', '/tmp/s'), @rmdir('/site/.interpeer/sessions'), @file_get_contents('/proc/self/environ')]);`,
  )
  expect([seen.text, seen.changes]).toEqual(['1[false,false,false]', []])
})

test('locks, streams, copies and archives work', async () => {
  expect(
    await result(`
    $f = fopen('l', 'c'); $lock = flock($f, LOCK_EX); fclose($f); copy('index.php', 'copy'); $z = new ZipArchive; $z->open('a.zip', ZipArchive::CREATE);
    $z->addFromString('in', 'side'); $z->close(); $z->open('a.zip'); $m = fopen('php://temp', 'r+'); fwrite($m, str_repeat('x', 3000000)); rewind($m);
    echo json_encode([$lock, sha1_file('copy') === sha1_file('index.php'), $z->getFromName('in'), strlen(stream_get_contents($m)), gzdecode(gzencode('gz')),
      file_put_contents('compress.zlib://c.gz', 'zz'), file_get_contents('compress.zlib://c.gz')]);`),
  ).toEqual([true, true, 'side', 3_000_000, 'gz', 2, 'zz'])
})

test('names that no site can hold are refused; others, however odd, are kept', async () => {
  expect(
    await result(`echo json_encode([@file_put_contents('a\\\\b', '1'), @file_put_contents(str_repeat('x', 256), '1'), @file_put_contents("bad\\xff", '1'),
      @mkdir(str_repeat('d/', 40), 0755, true), file_put_contents('ünï 日本 🐘', '1'), file_put_contents("new\\nline", '1')]);`),
  ).toEqual([false, false, false, false, 1, 1])
  const deep = await runPage(
    php,
    '<?php mkdir(str_repeat("d/", 20), 0755, true); mkdir(str_repeat("e/", 20), 0755, true); rename("e", str_repeat("d/", 20) . "e");',
  )
  expect([deep.status, deep.header('interpeer-error'), deep.changes]).toEqual([500, 'CHANGES_INVALID', []])
})

test('time is the agreed one, moves by reading and sleeping, and is UTC', async () => {
  expect(
    await result(`$a = microtime(true); $b = microtime(true); usleep(1500000); sleep(2); $c = time(); $h = hrtime(true); set_time_limit(1);
    echo json_encode([(int) $a, $b > $a && $b - $a < 0.001, $c, date('c T'), date_default_timezone_get(), hrtime(true) - $h < 100000,
      gmdate('Y-m-d', 4102444800), mktime(0, 0, 0, 13, 1, 2025), (new DateTime('@0', new DateTimeZone('Asia/Tokyo')))->format('c'),
      (new DateTime('2026-07-01', new DateTimeZone('Europe/Berlin')))->getOffset(), strftime_free()]); function strftime_free() { return date('D N jS z', 0); }`),
  ).toEqual([
    1_790_000_000,
    true,
    1_790_000_003,
    '2026-09-21T14:13:23+00:00 UTC',
    'UTC',
    true,
    '2100-01-01',
    1_767_225_600,
    '1970-01-01T00:00:00+00:00',
    7200,
    'Thu 4 1st 0',
  ])
})

test('randomness follows the seed, and each source of it', async () => {
  const script = `<?php echo json_encode([mt_rand(), random_int(0, PHP_INT_MAX), bin2hex(random_bytes(8)), uniqid('', true), lcg_value(), str_shuffle('abcdefgh'),
    bin2hex(openssl_random_pseudo_bytes(8)), password_hash('x', PASSWORD_BCRYPT, ['cost' => 4]), session_create_id(), getmypid(),
    (new PDO('sqlite::memory:'))->query('select random()')->fetchColumn(), bin2hex(file_get_contents('/dev/urandom', false, null, 0, 8))]);`
  const [one, same, other] = await Promise.all([
    runPage(php, script, { seed: 'a' }),
    runPage(php, script, { seed: 'a' }),
    runPage(php, script, { seed: 'b' }),
  ])
  expect(same.text).toBe(one.text)
  const [a, b] = [JSON.parse(one.text) as unknown[], JSON.parse(other.text) as unknown[]]
  for (const [i, value] of a.entries()) expect(b[i], `source ${i}`).not.toEqual(value)
})

test.each(['delete', 'truncate', 'memory', 'wal'])('pdo_sqlite with journal_mode %s: rows last', async (mode) => {
  const script = `<?php $db = new PDO('sqlite:/site/data.db'); $db->exec('pragma journal_mode=${mode}'); $db->exec('create table if not exists t(a, b)');
    $db->beginTransaction(); $s = $db->prepare('insert into t values(?, ?)'); for ($i = 0; $i < 200; $i++) $s->execute([$i, str_repeat('x', 50)]); $db->commit();
    $db->beginTransaction(); $db->exec('delete from t'); $db->rollBack();
    echo $db->query('select count(*) from t')->fetchColumn(), ' ', $db->query('pragma integrity_check')->fetchColumn();`
  await php.load(`${mode} 0`, filesOf({ 'index.php': script }))
  const first = await visit(php, `${mode} 0`)
  const kept = mode === 'truncate' ? ['write data.db', 'write data.db-journal'] : ['write data.db'] // that mode leaves it, empty
  expect([first.text, namesOf(first.changes)]).toEqual(['200 ok', kept])
  await php.derive(`${mode} 1`, `${mode} 0`, first.changes)
  expect((await visit(php, `${mode} 1`)).text).toBe('400 ok')
})

test('reading a database changes nothing', async () => {
  await php.load(
    'db0',
    filesOf({
      'index.php': `<?php $db = new PDO('sqlite:data.db'); $db->exec('create table if not exists t(a)'); echo $db->query('select count(*) from t')->fetchColumn();`,
    }),
  )
  const first = await visit(php, 'db0')
  await php.derive('db1', 'db0', first.changes)
  expect((await visit(php, 'db1')).changes).toEqual([])
})

test('FTS5, JSON, XML, images and multibyte text are there', async () => {
  expect(
    await result(`$db = new PDO('sqlite::memory:'); $db->exec('create virtual table s using fts5(t)'); $db->exec("insert into s values('the quick fox')");
    $i = imagecreatetruecolor(2, 2); ob_start(); imagepng($i); $png = ob_get_clean();
    echo json_encode([$db->query("select count(*) from s where s match 'quick'")->fetchColumn(), mb_strtoupper('é'), simplexml_load_string('<a b="c"/>')['b'] . '',
      substr($png, 1, 3), iconv('UTF-8', 'ISO-8859-1//TRANSLIT', 'a'), preg_replace('/\\\\p{Lu}/u', '_', 'aÉb'), bcadd('1', '2')]);`),
  ).toEqual([1, 'É', 'c', 'PNG', 'a', 'a_b', '3'])
})

test('errors go to the log, not to the visitor', async () => {
  const seen = await runPage(php, '<?php echo "a"; echo $undefined; error_log("noted"); trigger_error("loud", E_USER_WARNING);')
  expect([seen.status, seen.text]).toEqual([200, 'a'])
  expect(seen.log).toMatch(/Undefined variable[\s\S]*noted[\s\S]*loud/)
  expect(textOf(seen.body)).toBe('a')
})
