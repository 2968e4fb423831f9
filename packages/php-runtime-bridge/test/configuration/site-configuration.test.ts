import fc from 'fast-check'
import { expect, test } from 'vitest'
import { siteConfiguration } from '../../src/configuration/of-site.js'
import { faultText, parseConfiguration } from '../../src/configuration/parse.js'
import { canonicalText, kindOfPath, type SiteConfiguration, usualConfiguration } from '../../src/configuration/site-configuration.js'
import { deriveTree, treeOf } from '../../src/file-tree.js'
import { filesOf, utf8 } from '../sites.js'

function configured(value: object): SiteConfiguration {
  const reading = parseConfiguration(utf8(JSON.stringify(value)))
  if (reading.type === 'invalid') throw new Error(reading.faults.map(faultText).join('\n'))
  return reading.configuration
}
const readingOf = (files: Readonly<Record<string, string>>) => siteConfiguration(treeOf(filesOf(files)))

test.each([
  ['index.php', 'immutable'],
  ['data', 'mutable'],
  ['data/a/b', 'mutable'],
  ['database', 'immutable'],
  ['data/cache', 'scratch'],
  ['data/cache/x', 'scratch'],
  ['data/cached', 'mutable'],
  ['data/kept', 'cache'],
  ['data/kept/x', 'cache'],
  ['kept', 'cache'],
  ['conf/local.php', 'mutable'],
  ['conf', 'immutable'],
  ['', 'immutable'],
  ['.interpeer/sessions/sess_1', 'mutable'],
  ['interpeer.json', 'immutable'],
])('with data and conf/local.php mutable and data/cache scratch, data/kept and kept caches, %s is %s', (path, kind) => {
  expect(
    kindOfPath(configured({ mutable: ['data', 'conf/local.php'], scratch: ['data/cache'], caches: ['data/kept', 'kept'] }), path),
  ).toBe(kind)
})

test.each([
  ['index.php', 'mutable'],
  ['', 'mutable'],
  ['interpeer.json', 'immutable'],
  ['Interpeer.json', 'immutable'],
  ['interpeer.json/x', 'immutable'],
  ['a/interpeer.json', 'mutable'],
])('where everything is mutable, %s is %s', (path, kind) => {
  expect(kindOfPath(usualConfiguration, path)).toBe(kind)
})

test('the canonical text means itself, and does not depend on the order or layout of the file', () => {
  const any = fc.record(
    {
      php: fc.constantFrom('8.2', '8.5'),
      slots: fc.integer({ min: 1, max: 5 }),
      mutable: fc.oneof(fc.constant('everything'), fc.shuffledSubarray(['a', 'b/c', 'b/d', '\u00e9', 'Z'])),
      scratch: fc.shuffledSubarray(['a/s', 'b/c/s', 't']),
      caches: fc.shuffledSubarray(['a/k', 'k']),
      warmUp: fc.shuffledSubarray(['/', '/x', '/y?z']),
      documentRoot: fc.constantFrom('.', 'web'),
      rewrite: fc.array(fc.constantFrom('RewriteCond %{HTTPS}  off', 'rewriteRule "^a b$" "/c \\"d" [R]', "RewriteRule ^\\.'x - [L]"), {
        maxLength: 3,
      }),
      router: fc.constant('r.php'),
      entry: fc.constant('/index.php'),
      errorPages: fc.dictionary(fc.constantFrom('403', '404'), fc.constantFrom('/', '/e'), { maxKeys: 2 }),
      maxAge: fc.dictionary(fc.constantFrom('/', '/a', '/b'), fc.integer({ min: 0, max: 9 }), { maxKeys: 3 }),
      extensions: fc.shuffledSubarray(['intl']),
      effects: fc.shuffledSubarray(['after', 'pay', 'outbox']),
      cron: fc.shuffledSubarray([
        { schedule: '* * * * *', target: '/' },
        { schedule: '0 4 1 * mon', target: '/?a' },
      ]),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(any, (value) => {
      const text = canonicalText(configured(value))
      expect(canonicalText(configured(JSON.parse(text)))).toBe(text)
      const reversed = Object.fromEntries(Object.entries(value).reverse())
      const sets = ['mutable', 'scratch', 'caches', 'effects'].map((key) => [key, value[key as 'scratch']] as const)
      for (const [key, list] of sets) if (Array.isArray(list)) reversed[key] = [...list].reverse()
      expect(canonicalText(configured(reversed))).toBe(text)
    }),
    { seed: 4 },
  )
  expect(canonicalText(configured({ warmUp: ['/', '/x'] }))).not.toBe(canonicalText(configured({ warmUp: ['/x', '/'] })))
})

test("a site's configuration is its file's, the usual one without", () => {
  expect(readingOf({ 'index.php': '' })).toEqual({ type: 'valid', configuration: usualConfiguration })
  expect(readingOf({ 'interpeer.json': '{"slots": 2}' })).toEqual({ type: 'valid', configuration: { ...usualConfiguration, slots: 2 } })
  expect(readingOf({ 'public/interpeer.json': 'none', 'a/interpeer.json': 'none' }).type).toBe('valid')
})

test.each([
  [{ 'interpeer.json': '{' }, '1:2: found the end of the file; allowed: a key in double quotes, or }'],
  [{ 'Interpeer.json': '{}' }, '1:1: found a file named "Interpeer.json"; allowed: "interpeer.json"'],
  [{ 'interpeer.json': '{}', 'INTERPEER.JSON': '{}' }, '1:1: found a file named "INTERPEER.JSON"; allowed: "interpeer.json"'],
  [{ 'interpeer.json/x': '' }, '1:1: found something named "interpeer.json" that is no file; allowed: a file'],
])('%j: %s', (files, fault) => {
  const reading = readingOf(files)
  expect(reading.type === 'invalid' && reading.faults.map(faultText)).toEqual([fault])
})

test('a tree that changed elsewhere has the same configuration, not read again', () => {
  const site = treeOf(filesOf({ 'interpeer.json': '{"php": "8.3"}' }))
  const first = siteConfiguration(site)
  const later = deriveTree(site, [{ type: 'write', path: 'a', mode: 0o644, mtimeS: 1, bytes: utf8('a') }])
  expect(siteConfiguration(later)).toBe(first)
})
