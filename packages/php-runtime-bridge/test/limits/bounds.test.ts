import { SLOT } from '@interpeer/php-runtime-bridge'
import { expect, test } from 'vitest'
import { repeated } from './repeated.js'

const { run } = repeated({ limits: { ...SLOT, fuel: 200_000_000, graceFuel: 20_000_000 } }, 'echo "kept";')

test.each([
  ['sleeps for seconds', 'sleep(100);'],
  ['sleeps for microseconds', 'usleep(1);'],
  ['sleeps for nanoseconds', 'time_nanosleep(1000, 1);'],
  ['asks for the time', 'hrtime();'],
  ['asks for random bytes', 'random_bytes(1 << 16);'],
  ['reads random bytes', 'file_get_contents("/dev/urandom", length: 1 << 20);'],
  ['looks for files', 'clearstatcache(); is_file("none");'],
  ['looks for files by long ways', 'clearstatcache(); is_file(str_repeat("./", 2000) . "none");'],
  ['makes files', 'touch("f" . $i++);'],
  ['makes temporary files', 'tempnam("/tmp", "x");'],
  ['makes and removes folders', '@mkdir("d"); @rmdir("d");'],
  ['renames', '@rename("a", "b"); @rename("b", "a");'],
  ['writes one file anew', 'file_put_contents("x", $s);'],
  ['appends to one file', 'file_put_contents("x", $s, FILE_APPEND);'],
  ['makes a file long and short', '$f = fopen("x", "c"); ftruncate($f, 200 << 20); ftruncate($f, 0);'],
  ['includes', 'include "other.php";'],
  ['compiles', 'eval("1;");'],
  ['writes nothing out', 'echo ""; flush();'],
  ['writes to its log', 'error_log($s);'],
  ['warns', 'echo $u;'],
  ['sets a header', 'header("a: b");'],
  ['collects garbage', 'gc_collect_cycles();'],
  ['inflates', 'gzinflate($z);'],
  [
    'unpacks an archive that is larger inside',
    'if ($i++ === 0) { $a = new ZipArchive; $a->open("a.zip", ZipArchive::CREATE); $a->addFromString("in", str_repeat("\\0", 4 << 20)); $a->close(); $a->open("a.zip"); } $a->getFromName("in");',
  ],
  ['makes files in folders of their own', 'if (!@mkdir("d" . $i)) $i = 0; @touch("d" . $i++ . "/f");'],
  ['goes back in a pattern', 'preg_match("/(a+)+$/", str_repeat("a", 25) . "b");'],
  ['copies text', '$b = $t . "x";'],
  ['repeats text', 'str_repeat("x", 10 << 20);'],
  ['hashes passwords', 'password_hash("x", PASSWORD_BCRYPT, ["cost" => 5]);'],
  ['opens connections', '@fsockopen("127.0.0.1", 80); @gethostbyname("example.org"); @exec("id"); @mail("a", "b", "c");'],
])('who for ever %s comes to the end of the slot', async (_, step) => {
  const start =
    'touch("a"); file_put_contents("other.php", "<?php return 1;"); $i = 0; $s = str_repeat("x", 10000); $t = str_repeat("x", 1 << 20); $z = gzdeflate($t);'
  const seen = await run(`${start} while (true) { ${step} }`)
  expect([seen.status, seen.header('interpeer-error'), seen.changes]).toEqual([503, 'SLOT_EXHAUSTED', []])
})

test('a listing costs by what is listed', async () => {
  const fuelOf = async (count: number) =>
    (await run(`for ($i = 0; $i < 500; $i++) touch("f$i"); for ($i = 0; $i < ${count}; $i++) closedir(opendir("."));`)).fuel
  const fuelOfListing = async (count: number) =>
    (
      await run(
        `for ($i = 0; $i < 500; $i++) touch("f$i"); for ($i = 0; $i < ${count}; $i++) { $d = opendir("."); readdir($d); closedir($d); }`,
      )
    ).fuel
  expect((await fuelOfListing(20)) - (await fuelOf(20))).toBeGreaterThan(20 * 500 * 3_000)
})

test('more than a response holds', async () => {
  const seen = await run('while (true) echo str_repeat("x", 100000);')
  expect([seen.status, seen.header('interpeer-error')]).toEqual([500, 'RESPONSE_TOO_LARGE'])
})

test('sleeping moves the clock by a day at most; no limit of time ends a script', async () => {
  const seen = await run(
    '$t = time(); set_time_limit(1); sleep(86000); echo time() - $t; try { sleep(1000); while (true); } catch (Error) { echo " ", time() - $t; }',
  )
  expect(seen.text).toBe('86000 86400')
})

test('exit in odd places ends the script', async () => {
  const seen = await run(
    'register_shutdown_function(function () { register_shutdown_function(fn () => exit(3)); exit(2); }); echo "a"; exit(1);',
  )
  expect([seen.status, seen.text]).toEqual([200, 'a'])
  expect(
    (await run('echo json_encode([function_exists("pcntl_fork"), function_exists("pcntl_alarm"), function_exists("posix_kill")]);')).text,
  ).toBe('[false,false,false]')
})
