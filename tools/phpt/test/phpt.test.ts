import { expect, test } from 'vitest'
import { expectationOf, formatPattern } from '../src/expectation.ts'
import { iniOf, settingsOf } from '../src/ini.ts'
import { pairsOf, parsePhpt, scriptOf } from '../src/phpt.ts'
import { parseResults, reportOf } from '../src/report.ts'

const nothing = () => undefined

test('a test is its sections; what follows ===DONE=== in a script is a note', () => {
  const text = '#!\n--TEST--\nA name\n--FILE--\n<?php echo 1;\n===DONE===\nnot this\n--EXPECT--\n1\n--EXPECT-- x\nstill text\n'
  const { sections } = parsePhpt('a/b.phpt', text)
  expect(Array.from(sections)).toEqual([
    ['TEST', 'A name\n'],
    ['FILE', '<?php echo 1;\n===DONE===\n'],
    ['EXPECT', '1\n--EXPECT-- x\nstill text\n'],
  ])
})

test('a script stands in the test, without its last newline, or beside it', () => {
  const script = (text: string) => scriptOf(parsePhpt('a/b.phpt', text), (path) => `read ${path}`)
  expect(script('--FILE--\n<?php\n')).toBe('<?php\n')
  expect(script('--FILEEOF--\n<?php //\n')).toBe('<?php //')
  expect(script('--FILE_EXTERNAL--\n../c.inc\n')).toBe('read a//c.inc')
  expect(script('--TEST--\nnone\n')).toBeUndefined()
})

test.each([
  ['--EXPECT--\na\r\nb\n', 'a\nb', 'a b'],
  ['--EXPECTF--\n%s on line %d\n', 'x y on line 12', 'on line 12'],
  ['--EXPECTF--\n[%a]%S(%f) %x %c %i %%\n', '[a\nb](-1.5E-7) ff . -3 %%', '[](1) ff . -3 %%'],
  ['--EXPECTF--\na%wb%r(c|d)+%r%0%e\n', 'a \n bcdc\0/', 'a b%rc%r\0/'],
  ['--EXPECTREGEX--\n^a|b+$\n', 'bbb', 'c'],
])('%j takes %j and not %j', (text, good, bad) => {
  const expected = expectationOf(parsePhpt('a.phpt', text), nothing)
  expect([expected?.(good), expected?.(`${good}\n`), expected?.(bad)]).toEqual([true, true, false])
})

test('what is no pattern here is no expectation', () => {
  expect(expectationOf(parsePhpt('a.phpt', '--EXPECTREGEX--\n(?<a\n'), nothing)).toBeUndefined()
  expect(formatPattern('a.b(%s)')).toBe('a\\.b\\([^\\r\\n]+\\)')
})

test("a test's settings come over those of all tests, as php.ini would have them", () => {
  const settings = settingsOf(parsePhpt('x/y.phpt', '--INI--\nprecision=5\nopen_basedir={PWD}\nextension=foo\n;c=1\na=&b\n'), '/site/x')
  expect([settings.get('precision'), settings.get('open_basedir'), settings.get('a'), settings.has('extension')]).toEqual([
    '5',
    '/site/x',
    '&b',
    false,
  ])
  expect(iniOf(new Map(settings))).toMatch(/^open_basedir="\/site\/x"$.*^precision=5$.*^a="&b"$/ms)
  expect(pairsOf('a: b: c\nnone\n', ':')).toEqual([['a', 'b: c']])
})

test('an interrupted run goes on with what it told whole', () => {
  const line = (path: string) => JSON.stringify({ path, verdict: 'pass', detail: '', output: '', ms: 1 })
  const results = parseResults(`${line('Zend/tests/a.phpt')}\n${line('ext/json/tests/b.phpt')}\n${line('c').slice(0, 20)}`)
  expect(results.map(({ path }) => path)).toEqual(['Zend/tests/a.phpt', 'ext/json/tests/b.phpt'])
  expect(reportOf(results)).toContain('| json | 1 | 0 | 0 | 0 | 100.0 % |')
})
