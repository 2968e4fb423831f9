import fc from 'fast-check'
import { expect, test } from 'vitest'
import { namesIn } from '../../src/lint/php-source.js'
import { PhpUses } from '../../src/lint/php-uses.js'

test('calls and classes are read with their lines; comments, texts, methods, definitions and HTML name nothing', () => {
  const { functions, classes } = namesIn(`<p>exec('html')</p>
<?php
// exec('comment') ?>
exec('html again')
<?php /* exec() */ # exec()
#[Attribute] function exec() {}
$a->exec(); A::exec(); new Redis(); $b = "exec()"; $c = 'exec() \\'' . \\exec('real');
echo <<<"END"
exec('heredoc')
  END;
echo <<<'X'
Xexec()
X;
namespace\\popen  ('x'); \`ls\`; class Y extends Memcached {} ?> exec() <?= mail('to') ?>`)
  expect(Object.fromEntries(functions)).toEqual({ attribute: undefined, exec: [7], popen: [14], '`': [14], mail: [14] })
  expect([...classes.keys()].sort()).toEqual(['a', 'memcached', 'redis'])
})

test('any source ends', () => {
  const part = fc.constantFrom(
    '<?php ',
    '?>',
    "'",
    '"',
    '`',
    '/*',
    '*/',
    '//',
    '#',
    '\n',
    '<<<X\n',
    'X',
    '\\',
    'exec(',
    '->',
    '::',
    '$',
    '{',
    'é',
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      expect(namesIn(parts.join('')).functions.size).toBeLessThanOrEqual(40)
    }),
  )
})

test('what is not there is found; where the script asks first it is no warning', () => {
  const uses = new PhpUses()
  uses.add('a.php', "<?php if (function_exists('pcntl_fork')) pcntl_fork();\nshell_exec('x');")
  uses.add('b.php', '<?php $r = new Redis; mysqli_connect(); time(); rand(); mail();')
  expect(uses.findings.map(({ level, code, places }) => [level, code, places[0]]).sort()).toEqual([
    ['info', 'EXTENSION_MISSING', { path: 'a.php', line: 1 }],
    ['info', 'FORESEEABLE', { path: 'b.php', line: 1 }],
    ['info', 'SENDS_MAIL', { path: 'b.php', line: 1 }],
    ['warning', 'EXTENSION_MISSING', { path: 'b.php', line: 1 }],
    ['warning', 'NEEDS_MYSQL', { path: 'b.php', line: 1 }],
    ['warning', 'NEEDS_PROCESS', { path: 'a.php', line: 2 }],
  ])
})
