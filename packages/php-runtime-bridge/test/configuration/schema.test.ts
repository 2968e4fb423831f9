import { readFileSync } from 'node:fs'
import { Validator } from '@cfworker/json-schema'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { configurationSchema, fields } from '../../src/configuration/fields.js'
import { faultText, parseConfiguration } from '../../src/configuration/parse.js'
import { utf8 } from '../sites.js'

const validator = new Validator(configurationSchema, '7')
const isValid = (value: unknown): boolean => validator.validate(value).valid
const faultsOf = (value: unknown): string[] => {
  const reading = parseConfiguration(utf8(JSON.stringify(value)))
  return reading.type === 'valid' ? [] : reading.faults.map(faultText)
}
/** Rules that no JSON Schema can say: how paths may overlap, and sizes in bytes. */
const BEYOND_SCHEMA = /lies in|at most 1,024 bytes and 32 names|rewrite\[\d+\]: .*, not "/

test('the published schema is the one of the parser', async () => {
  await expect(`${JSON.stringify(configurationSchema, null, 2)}\n`).toMatchFileSnapshot('../../interpeer.schema.json')
})

const good = [
  {},
  { $schema: 'interpeer.schema.json' },
  { php: '8.5', slots: 5, extensions: ['intl'], effects: ['outbox', 'after', 'pay'] },
  { slots: 2.0 },
  { mutable: 'everything' },
  { mutable: [], scratch: [], caches: [], warmUp: [], extensions: [], effects: [] },
  { mutable: ['data', 'wiki/\u00fc b.sqlite', '...', '.ht', 'a/.interpeer', 'a/interpeer.json', 'interpeer.json.bak', '\ud83d\ude00'] },
  { mutable: ['data'], scratch: ['data/tmp', 'tmp'], caches: ['data/cache'] },
  { scratch: [Array.from({ length: 32 }, () => 'a').join('/')] },
  { cron: [{ schedule: '*/5 1-3,7 * jan mon', target: '/cron.php?x' }] },
  { warmUp: ['/', '/?a=b&c=%20', "/~x/y'z!"] },
  { documentRoot: '.' },
  { documentRoot: 'web/public', router: 'router.php', entry: '/a/Index.PHP' },
  { errorPages: {}, maxAge: {}, rewrite: [] },
  { errorPages: { 403: '/', 404: '/e.php?n=404', 405: '/405.html', 410: '/gone' } },
  { maxAge: { '/': 0, '/assets/%C3%BC': 31_536_000 } },
  { rewrite: ['RewriteCond %{REQUEST_FILENAME} !-f', 'RewriteCond %{REQUEST_FILENAME} !-f', 'rewriterule ^(.*)$ index.php?q=$1 [L,QSA]'] },
]
const bad = [
  null,
  [],
  'everything',
  { slots: 0 },
  { slots: 6 },
  { slots: 1.5 },
  { slots: '1' },
  { php: '8' },
  { php: 8.2 },
  { memory: 1 },
  { $schema: {} },
  { $schema: 'x'.repeat(1025) },
  { mutable: 'nothing' },
  { mutable: null },
  { mutable: {} },
  { mutable: ['everything', 1] },
  ...['', '/', '/a', 'a/', 'a//b', '.', '..', 'a/.', './a', 'a/../b', 'a\\b', 'a\0', '\ud800', '.interpeer', '.interpeer/x'].map(
    (path) => ({
      scratch: [path],
    }),
  ),
  { mutable: ['interpeer.json'] },
  { mutable: ['Interpeer.Json/a'] },
  { mutable: ['a', 'a'] },
  { mutable: ['a'.repeat(1025)] },
  { scratch: [Array.from({ length: 33 }, () => 'a').join('/')] },
  { mutable: Array.from({ length: 257 }, (_, i) => `${i}`) },
  { warmUp: [''] },
  { warmUp: ['a'] },
  { warmUp: ['/\u00fc'] },
  { warmUp: ['/#'] },
  { warmUp: [`/${'a'.repeat(2048)}`] },
  { warmUp: Array.from({ length: 65 }, (_, i) => `/${i}`) },
  ...['', '..', './', '/', '/web', 'web/', '.interpeer'].map((documentRoot) => ({ documentRoot })),
  ...['', 'index.php', '/index', '/a.php/', '//a.php', '/../a.php', '/.php', '/a\\b.php'].map((entry) => ({ entry })),
  { router: '/router.php' },
  { errorPages: { 404: 'e.html' } },
  { errorPages: { 500: '/e.html' } },
  { errorPages: [] },
  { maxAge: { assets: 1 } },
  { maxAge: { '/': -1 } },
  { maxAge: { '/': 31_536_001 } },
  { maxAge: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`/${i}`, 1])) },
  { rewrite: ['RewriteEngine On'] },
  { rewrite: 'RewriteRule ^ index.php' },
  { rewrite: [['RewriteRule ^ index.php']] },
  { rewrite: Array.from({ length: 257 }, () => 'RewriteRule ^ index.php') },
  { extensions: ['gd'] },
  { effects: ['after', 'after'] },
  { cron: [{ schedule: '* * * *', target: '/' }] },
  { cron: [{ schedule: '* * * * *' }] },
  { cron: [{ schedule: '* * * * *', target: 'x' }] },
  { cron: ['* * * * *'] },
]

test.each(good.map((value) => ({ value })))('parser and schema take $value', ({ value }) => {
  expect(faultsOf(value)).toEqual([])
  expect(isValid(value)).toBe(true)
})
test.each(bad.map((value) => ({ value })))('parser and schema refuse $value', ({ value }) => {
  expect(faultsOf(value)).not.toEqual([])
  expect(isValid(value)).toBe(false)
})

test('what only the parser refuses: overlaps, and bytes', () => {
  for (const value of [{ mutable: ['a', 'a/b'] }, { mutable: ['a'], scratch: ['a'] }, { scratch: ['\u00fc'.repeat(128)] }]) {
    expect(faultsOf(value)).toEqual([expect.stringMatching(BEYOND_SCHEMA)])
    expect(isValid(value)).toBe(true)
  }
})

const names = fc.constantFrom('a', 'b', '..', '.', '', '.interpeer', 'interpeer.json', 'INTERPEER.JSON', 'x\\y', '\u00e9', 'a b')
const path = fc.oneof(
  fc.array(names, { maxLength: 4 }).map((parts) => parts.join('/')),
  fc.string({ maxLength: 12 }),
)
const anything = fc.oneof(
  fc.constantFrom('8.2', 1, 8, 'everything', [], ['intl'], ['after'], ['/x']),
  fc.array(path),
  fc.jsonValue({ maxDepth: 2 }),
)
const fit = {
  $schema: fc.string(),
  php: fc.constantFrom('8.2', '8.3'),
  slots: fc.integer({ min: 0, max: 6 }),
  mutable: fc.oneof(fc.constant('everything'), fc.array(path, { maxLength: 3 })),
  scratch: fc.array(path, { maxLength: 3 }),
  caches: fc.array(path, { maxLength: 3 }),
  warmUp: fc.array(fc.oneof(fc.webPath(), fc.constantFrom('/', '/?a#b', 'x')), { maxLength: 3 }),
  documentRoot: fc.oneof(fc.constantFrom('.', 'web'), path),
  rewrite: fc.array(fc.constantFrom('RewriteRule ^ - [L]', 'RewriteRule ^ - [X]', 'RewriteCond %{HTTPS} on', 'Rewrite'), { maxLength: 3 }),
  router: fc.oneof(fc.constant('router.php'), path),
  entry: fc.oneof(fc.constantFrom('/index.php', '/a/b.PHP'), fc.webPath()),
  errorPages: fc.dictionary(fc.constantFrom('403', '404', '500'), fc.constantFrom('/', '/404.html', 'x'), { maxKeys: 2 }),
  maxAge: fc.dictionary(fc.constantFrom('/', '/a/', 'b'), fc.integer({ min: 0, max: 40_000_000 }), { maxKeys: 2 }),
  extensions: fc.array(fc.constantFrom('intl', 'Intl'), { maxLength: 1 }),
  effects: fc.array(fc.constantFrom('after', 'pay', 'outbox'), { maxLength: 3 }),
  other: anything,
}
const mostlyFit = Object.entries(fit).map(([key, fits]) => {
  const weighted = fc.oneof({ weight: 9, arbitrary: fits as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: anything })
  return [key, fc.option(weighted, { nil: undefined, freq: 1 })] as const
})
const configurations = fc.record(Object.fromEntries(mostlyFit))

test('parser and schema agree on whatever is tried', () => {
  let taken = 0
  fc.assert(
    fc.property(configurations, (value) => {
      const faults = faultsOf(value).filter((fault) => !BEYOND_SCHEMA.test(fault))
      if (faults.length === 0) taken++
      expect(isValid(JSON.parse(JSON.stringify(value))), faults.join('\n')).toBe(faults.length === 0)
    }),
    { numRuns: 2_000, seed: 5 },
  )
  expect(taken).toBeGreaterThan(50)
})

test('the README has each key with its default', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  for (const [key, field] of Object.entries(fields)) {
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${key}\` `))
    const usual = 'usual' in field ? JSON.stringify(field.usual) : ''
    expect(row?.split('|')[3]?.trim(), key).toBe(usual === '' ? '' : usual === '[]' || usual === '{}' ? 'none' : `\`${usual}\``)
  }
  const example = /```json\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  expect(parseConfiguration(utf8(example)).type).toBe('valid')
})
