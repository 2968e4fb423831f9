import { SLOT, slotsOf } from '@interpeer/php-runtime-bridge'
import { afterAll, expect, test } from 'vitest'
import { runPage, startPhp } from '../sites.js'

const php = await startPhp()
afterAll(() => php.close())

/** Leaves text in free memory of every small size: whoever frees what was never set frees what this says. */
const scribble =
  'function scribble() { for ($n = 1; $n < 100; $n++) { $all = []; for ($i = 0; $i < 200; $i++) $all[] = str_repeat("A", $n); $all = null; } }'
const many = (one: string) => `array_fill(0, 10, ${one})`

test.each([
  ['pipes', `"ls", ${many('["pipe", "w"]')}`],
  ['a pipe and more', `"ls", [["pipe", "r"], ...${many('["null"]')}]`],
  ['sockets', `"ls", ${many('["socket"]')}`],
  ['terminals', `"ls", ${many('["pty"]')}`],
  ['a file that is not there', `"ls", ${many('["file", "/nowhere/x", "r"]')}`],
  ['a stream without a descriptor', `"ls", ${many('fopen("php://memory", "r")')}`],
  ['what is no descriptor', `"ls", ${many('1')}`],
  ['a key that is no number', `"ls", ["x" => ["null"]] + ${many('["null"]')}`],
  ['a redirection to nowhere', `"ls", ${many('["redirect", 9]')}`],
  ['a list with a null byte', `["a\\0b", ...${many('"x"')}], []`],
  ['nothing at all', '"ls", []'],
])('proc_open() with %s is false, whatever lies in free memory', async (_, given) => {
  const seen = await runPage(
    php,
    `<?php ${scribble} $p = 1; for ($i = 0; $i < 3; $i++) { scribble(); echo json_encode([@proc_open(${given}, $p), $p]); }`,
  )
  expect([seen.status, seen.text]).toEqual([200, '[false,1][false,1][false,1]'])
})

test('it warns as PHP does where the system has no fork, in the line of the call, and checks its arguments', async () => {
  const seen = await runPage(
    php,
    `<?php set_error_handler(function (int $type, string $message, string $file, int $line) { echo "$type $message, line $line\\n"; return true; });

var_dump(proc_open(command: "ls", descriptor_spec: [["pipe", "r"]], pipes: $pipes, cwd: null, env_vars: ["a" => "b"], options: null));
foreach ([fn () => proc_open("ls"), fn () => proc_open("ls", 1, $p), fn () => proc_open("ls", [], $p, [])] as $call) try { $call(); } catch (Error $e) { echo get_class($e), " ", $e->getMessage(), "\\n"; }`,
  )
  expect(seen.text.trim().split('\n')).toEqual([
    '2 proc_open(): Fork failed: Function not implemented, line 3',
    'bool(false)',
    'ArgumentCountError proc_open() expects at least 3 arguments, 1 given',
    'TypeError proc_open(): Argument #2 ($descriptor_spec) must be of type array, int given',
    'TypeError proc_open(): Argument #4 ($cwd) must be of type ?string, array given',
  ])
})

test.each([
  ['half a slot', { ...SLOT, memoryMiB: 192, fuel: SLOT.fuel / 2 }],
  ['little memory', { ...SLOT, memoryMiB: 128 }],
  ['two slots', slotsOf(2)],
  ['five slots', slotsOf(5)],
])('so it is with the memory of %s, and of a site with an image of its own', async (_, limits) => {
  const one = await startPhp({ limits })
  const script =
    '<?php $r = []; foreach ([["pipe", "r"], ["socket"], ["pty"]] as $how) for ($n = 1; $n < 12; $n++) $r[] = @proc_open("ls", array_fill(0, $n, $how), $p); echo count($r), json_encode(array_unique($r));'
  const plain = await runPage(one, script)
  const configuration = JSON.stringify({ mutable: ['data'], warmUp: ['/', '/?again'] })
  const warmed = await runPage(one, script, { files: { 'interpeer.json': configuration } })
  await one.close()
  expect([plain.text, warmed.text]).toEqual(['33[false]', '33[false]'])
})
