import { type PhpRuntime, startPhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesOf, namesOf, visit } from '../sites.js'

let php: PhpRuntime
beforeAll(async () => {
  php = await startPhpRuntime()
})
afterAll(() => php.close())

const script = `<?php
set_error_handler(fn($no, $text) => (error_reporting() & $no) === 0 || print(preg_replace('/^.*: /', '', $text) . "\\n"));
$config = json_decode(@file_get_contents('interpeer.json') ?: 'null');
echo 'reads ', json_encode($config), "\\n";
foreach (['interpeer.json', 'Interpeer.JSON', 'code.txt', 'data/a.txt', 'data/b/c.txt', 'interpeer.json.bak'] as $path)
  echo $path, ' ', @file_put_contents($path, 'x') === false ? 'no' : 'yes', ' ', is_writable($path) ? 'yes' : 'no', "\\n";
unlink('interpeer.json'); rename('interpeer.json', 'data/old.json'); rename('data/a.txt', 'interpeer.json'); mkdir('INTERPEER.json');
chmod('interpeer.json', 0600); touch('interpeer.json', 5);
`

test('a script reads the configuration and can not change it, nor what it calls immutable', async () => {
  await php.load('chosen', filesOf({ 'interpeer.json': '{"mutable": ["data"]}', 'index.php': script, 'code.txt': '', 'data/a.txt': '' }))
  const { text, changes } = await visit(php, 'chosen')
  expect(text.split('\n')).toEqual([
    'reads {"mutable":["data"]}',
    'interpeer.json no no',
    'Interpeer.JSON no no',
    'code.txt no no',
    'data/a.txt yes yes',
    'data/b/c.txt no no',
    'interpeer.json.bak no no',
    ...Array.from({ length: 6 }, () => 'Read-only file system'),
    '',
  ])
  expect(namesOf(changes)).toEqual(['write data/a.txt'])
})

test('where everything is mutable the configuration is not, even where there is none', async () => {
  await php.load('usual', filesOf({ 'index.php': script, 'data/a.txt': '' }))
  const { text, changes } = await visit(php, 'usual')
  expect(text.split('\n').slice(0, 7)).toEqual([
    'reads null',
    'interpeer.json no no',
    'Interpeer.JSON no no',
    'code.txt yes yes',
    'data/a.txt yes yes',
    'data/b/c.txt no no',
    'interpeer.json.bak yes yes',
  ])
  expect(namesOf(changes)).toEqual(['write code.txt', 'write data/a.txt', 'write interpeer.json.bak'])
})

test('the configuration is never served, whatever its name is written like', async () => {
  await php.load('static', filesOf({ 'interpeer.json': '{}', 'index.html': 'Hello', 'a/interpeer.json': 'mine' }))
  for (const target of ['/interpeer.json', '/%69nterpeer.json', '/a/../interpeer.json', '/interpeer.json/', '//interpeer.json?x']) {
    const { status, header } = await visit(php, 'static', { target })
    expect([target, status, header('interpeer-error')]).toEqual([target, 404, 'NOT_FOUND'])
  }
  expect((await visit(php, 'static', { target: '/a/interpeer.json' })).text).toBe('mine')
})

test('a site with a bad configuration answers everyone with its first fault', async () => {
  await php.load('bad', filesOf({ 'interpeer.json': '{\n  "slots": 0,\n  "pph": "8.2"\n}', 'index.php': '<?php echo 1;', 'a.css': '' }))
  for (const target of ['/', '/a.css', '/nothing']) {
    const { status, header, text, changes } = await visit(php, 'bad', { target })
    expect([status, header('interpeer-error'), changes]).toEqual([500, 'CONFIGURATION_INVALID', []])
    expect(text).toBe(
      "CONFIGURATION_INVALID: The site's interpeer.json is not as it must be: interpeer.json:2:12: slots: found 0; allowed: a whole number from 1 to 5.\n",
    )
  }
  expect((await visit(php, 'bad', { method: 'HEAD' })).text).toBe('')
})
