import { expect, test } from 'vitest'
import { CONFIGURATION_BYTES_MAX, FAULTS_MAX, faultText, parseConfiguration } from '../../src/configuration/parse.js'
import { usualConfiguration } from '../../src/configuration/site-configuration.js'
import { utf8 } from '../sites.js'

const faultsIn = (text: string | Uint8Array, isFolder?: (path: string) => boolean): readonly string[] => {
  const reading = parseConfiguration(typeof text === 'string' ? utf8(text) : text, isFolder)
  return reading.type === 'valid' ? [] : reading.faults.map(faultText)
}
const configurationIn = (text: string) => {
  const reading = parseConfiguration(utf8(text))
  if (reading.type === 'invalid') throw new Error(reading.faults.map(faultText).join('\n'))
  return reading.configuration
}

const KEYS =
  '"$schema", "php", "slots", "mutable", "scratch", "caches", "warmUp", "documentRoot", "rewrite", "router", "entry", "errorPages", "maxAge", "extensions", "effects", "cron"'

test('an empty object gives what a site without a configuration has', () => {
  expect(configurationIn('{}')).toEqual(usualConfiguration)
  expect(usualConfiguration).toEqual({
    php: '8.2',
    slots: 1,
    mutable: 'everything',
    scratch: [],
    caches: [],
    warmUp: [],
    documentRoot: undefined,
    rewrite: [],
    router: undefined,
    entry: undefined,
    errorPages: {},
    maxAge: [],
    extensions: [],
    effects: ['after'],
    cron: [],
  })
})

test('all keys are read; sets are in order, requests as they were', () => {
  const text = `{
    "$schema": "./interpeer.schema.json",
    "php": "8.4",
    "slots": 3,
    "mutable": ["data", "conf/local.php"],
    "scratch": ["data/tmp"],
    "caches": ["data/cache"],
    "warmUp": ["/doku.php?id=start", "/"],
    "documentRoot": "web",
    "rewrite": ["RewriteCond  %{REQUEST_FILENAME} !-f", "rewriterule ^(.*)$ 'index.php?q=$1' [L,QSA]"],
    "router": "router.php",
    "entry": "/index.php",
    "errorPages": { "404": "/404.php" },
    "maxAge": { "/b": 2, "/": 1 },
    "extensions": ["intl"],
    "effects": ["pay", "after"],
    "cron": [{ "target": "/cron.php", "schedule": "*/5 * * * *" }]
  }`
  expect(configurationIn(text)).toEqual({
    php: '8.4',
    slots: 3,
    mutable: ['conf/local.php', 'data'],
    scratch: ['data/tmp'],
    caches: ['data/cache'],
    warmUp: ['/doku.php?id=start', '/'],
    documentRoot: 'web',
    rewrite: ['RewriteCond %{REQUEST_FILENAME} !-f', 'RewriteRule ^(.*)$ index.php?q=$1 [L,QSA]'],
    router: 'router.php',
    entry: '/index.php',
    errorPages: { 404: '/404.php' },
    maxAge: [
      ['/', 1],
      ['/b', 2],
    ],
    extensions: ['intl'],
    effects: ['after', 'pay'],
    cron: [{ schedule: '*/5 * * * *', target: '/cron.php' }],
  })
})

test.each([
  // what is no JSON: the first fault
  ['', '1:1: found the end of the file; allowed: a value'],
  ['\ufeff{}', '1:1: found a byte order mark; allowed: plain UTF-8 that begins with {'],
  ['{\n  "slots": 2,\n}', '3:1: found "}"; allowed: a key in double quotes'],
  ['{ "slots": 2 } x', '1:16: found "x"; allowed: nothing after the value'],
  ['{ slots: 2 }', '1:3: found "slots"; allowed: a key in double quotes, or }'],
  ["{ 'slots': 2 }", '1:3: found a single quote; allowed: a key in double quotes, or }'],
  ['{ // two\n"slots": 2 }', '1:3: found a comment; allowed: a key in double quotes, or }'],
  ['{ "slots" 2 }', '1:11: found "2"; allowed: a colon'],
  ['{ "slots": }', '1:12: found "}"; allowed: a value'],
  ['{ "slots": 02 }', '1:13: found "2"; allowed: a comma, or }'],
  ['{ "slots": +2 }', '1:12: found "+"; allowed: a value'],
  ['{ "slots": NaN }', '1:12: found "NaN"; allowed: a value'],
  ['{ "php": "8.2 }', '1:16: found the end of the file; allowed: the " that ends the text'],
  ['{ "php": "8.2\n" }', '1:14: found the end of the line; allowed: the " that ends the text'],
  ['{ "php": "\\x" }', '1:11: found "\\\\x"; allowed: an escape: \\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u and four digits'],
  ['{ "scratch": ["a" "b"] }', '1:19: found "\\""; allowed: a comma, or ]'],
  [`{ "scratch": ${'['.repeat(20)} }`, '1:29: found 17 brackets inside each other; allowed: 16'],
  // what is no configuration
  ['[]', `1:1: found a list; allowed: an object with keys of ${KEYS}`],
  ['{ "$schema": 1 }', '1:14: $schema: found 1; allowed: where the schema of this file is'],
  ['{ "php": "7.4" }', '1:10: php: found "7.4"; allowed: "8.2", "8.3", "8.4", "8.5"'],
  ['{ "php": 8.3 }', '1:10: php: found 8.3; did you mean "8.3"? allowed: "8.2", "8.3", "8.4", "8.5"'],
  ['{ "slots": 0 }', '1:12: slots: found 0; allowed: a whole number from 1 to 5'],
  ['{ "slots": 6 }', '1:12: slots: found 6; allowed: a whole number from 1 to 5'],
  ['{ "slots": 1.5 }', '1:12: slots: found 1.5; allowed: a whole number from 1 to 5'],
  ['{ "slots": 1e999 }', '1:12: slots: found Infinity; allowed: a whole number from 1 to 5'],
  ['{ "slots": "2" }', '1:12: slots: found "2"; allowed: a whole number from 1 to 5'],
  ['{ "slots": null }', '1:12: slots: found null; allowed: a whole number from 1 to 5'],
  ['{ "extensions": ["Intl"] }', '1:18: extensions[0]: found "Intl"; did you mean "intl"? allowed: "intl"'],
  ['{ "effects": ["mail"] }', '1:15: effects[0]: found "mail"; allowed: "after", "pay", "outbox"'],
  ['{ "effects": ["pay", "pay"] }', '1:22: effects[1]: found "pay" again; allowed: each entry once'],
  [
    '{ "warmUp": ["wiki"] }',
    '1:14: warmUp[0]: found "wiki"; allowed: a path with or without a query, such as /wiki?page=Start, in printable ASCII',
  ],
  [
    '{ "warmUp": ["/a b"] }',
    '1:14: warmUp[0]: found "/a b"; allowed: a path with or without a query, such as /wiki?page=Start, in printable ASCII',
  ],
  [
    '{ "warmUp": ["/#top"] }',
    '1:14: warmUp[0]: found "/#top"; allowed: a path with or without a query, such as /wiki?page=Start, in printable ASCII',
  ],
  [
    '{ "scratch": ["interpeer.json"] }',
    '1:15: scratch[0]: found "interpeer.json"; allowed: another path: no script changes the configuration',
  ],
  [
    '{ "mutable": ["InterPeer.JSON/x"] }',
    '1:15: mutable[0]: found "InterPeer.JSON/x"; allowed: another path: no script changes the configuration',
  ],
  [
    '{ "scratch": [".interpeer/sessions"] }',
    '1:15: scratch[0]: found ".interpeer/sessions"; allowed: another path: .interpeer is the runtime\'s own, and sessions in it can always be written',
  ],
  [
    '{ "mutable": ["data", "data/x"] }',
    '1:23: mutable[1]: found "data/x"; allowed: nothing that lies in another entry: it lies in mutable[0]',
  ],
  [
    '{ "mutable": ["data"], "scratch": ["data"] }',
    '1:15: mutable[0]: found "data"; allowed: no scratch: what lies in scratch[0] is not kept',
  ],
  [
    '{ "caches": ["a"], "scratch": ["a/b"] }',
    '1:32: scratch[0]: found "a/b"; allowed: no cache: what reads change in caches[0] is dropped',
  ],
  ['{ "mutable": ["a"], "caches": ["a"] }', '1:15: mutable[0]: found "a"; allowed: no cache: what reads change in caches[0] is dropped'],
  ['{ "caches": ["a/b"], "scratch": ["a"] }', '1:14: caches[0]: found "a/b"; allowed: no scratch: what lies in scratch[0] is not kept'],
  ['{ "scratch": ["a"], "mutable": ["a/b"] }', '1:33: mutable[0]: found "a/b"; allowed: no scratch: what lies in scratch[0] is not kept'],
  [
    '{ "mutable": "all" }',
    '1:14: mutable: found "all"; allowed: "everything", or a list of at most 256, each a path in the site such as data/pages: no slash at either end, no empty name, none of . and .., no backslash',
  ],
  [
    '{ "mutable": "Everthing" }',
    '1:14: mutable: found "Everthing"; did you mean "everything"? allowed: "everything", or a list of at most 256, each a path in the site such as data/pages: no slash at either end, no empty name, none of . and .., no backslash',
  ],
  ['{ "entry": "index.php" }', '1:12: entry: found "index.php"; allowed: the address of a script, such as /index.php'],
  [
    '{ "rewrite": ["RewriteRule ^ index.php [QAS]"] }',
    '1:15: rewrite[0]: found "RewriteRule ^ index.php [QAS]"; allowed: flags of B, END, F, G, L, NC, NE, PT, QSA, QSD, R, R=301 (302, 303, 307, 308), S=1, not "the flag QAS"',
  ],
  [
    '{ "rewrite": ["RewriteRule (?=x) index.php"] }',
    '1:15: rewrite[0]: found "RewriteRule (?=x) index.php"; allowed: a pattern as RE2 has them (invalid or unsupported Perl syntax: `(?=`), not "(?=x)"',
  ],
  [
    '{ "errorPages": { "404": "404.html" } }',
    '1:26: errorPages.404: found "404.html"; allowed: a path with or without a query, such as /wiki?page=Start, in printable ASCII',
  ],
  ['{ "maxAge": { "/": 1, "/": 2 } }', '1:23: maxAge: found the key "/" again; allowed: each key once'],
  ['{ "maxAge": { "css": 1 } }', '1:15: maxAge: found "css"; allowed: the beginning of an address, such as /assets/'],
  ['{ "slots": 1, "slots": 2 }', '1:15: found the key "slots" again; allowed: each key once'],
  ['{ "\u00fc\ud83d\ude00": 2 }', `1:3: found the key "\\u00fc\\ud83d\\ude00"; allowed: ${KEYS}`],
])('%s: %s', (text, fault) => {
  expect(faultsIn(text)).toEqual([fault])
})

test.each(['', '/', '/data', 'data/', 'a//b', '.', '..', 'a/./b', 'a/../b', 'a\\b', 'a\\u0000b', '\\ud800'])(
  '"%s" is no path of a site',
  (path) => {
    expect(faultsIn(`{ "scratch": ["${path.replace('a\\b', 'a\\\\b')}"] }`)).toEqual([
      expect.stringContaining('allowed: a path in the site such as data/pages: no slash at either end'),
    ])
  },
)

test.each([
  ['a name of 256 bytes', 'ü'.repeat(128)],
  ['1,025 bytes', `${'a'.repeat(204)}/`.repeat(5).slice(0, 1025)],
  ['33 names', `${'a/'.repeat(32)}a`],
])('a path of %s is refused', (_, path) => {
  expect(faultsIn(`{ "mutable": ["${path}"] }`)).toHaveLength(1)
})

test.each([
  ['mutbale', 'mutable'],
  ['Scratch', 'scratch'],
  ['warmup', 'warmUp'],
  ['warm-up', 'warmUp'],
  ['slot', 'slots'],
  ['schema', '$schema'],
  ['extension', 'extensions'],
  ['efects', 'effects'],
])('the key "%s" is taken for a slip of "%s"', (key, meant) => {
  expect(faultsIn(`{ "${key}": 1 }`)).toEqual([`1:3: found the key "${key}"; did you mean "${meant}"? allowed: ${KEYS}`])
})

test('all faults are told, in the order of the file, each with its line and column', () => {
  const text = '{\r\n\t"slots": 0,\n  "memory": 512, "mutable": ["a", "a", "../b"],\n  "php": "8.1"\n}'
  expect(faultsIn(text).map((fault) => fault.split(';')[0])).toEqual([
    '2:11: slots: found 0',
    '3:3: found the key "memory"',
    '3:35: mutable[1]: found "a" again',
    '3:40: mutable[2]: found "../b"',
    '4:10: php: found "8.1"',
  ])
})

test('many faults are counted, long ones are cut, and all are printable ASCII', () => {
  const reading = parseConfiguration(utf8(`{ "scratch": [${Array.from({ length: 100 }, (_, i) => `"/${i}\u00e9${'x'.repeat(300)}"`)}] }`))
  if (reading.type === 'valid') throw new Error('valid')
  expect([reading.faults.length, reading.unlisted]).toEqual([FAULTS_MAX, 100 - FAULTS_MAX])
  for (const fault of reading.faults) expect(faultText(fault)).toMatch(/^[ -~]{1,300}$/)
})

test('a list has so many entries and no more', () => {
  const paths = (count: number) => `{ "mutable": [${Array.from({ length: count }, (_, i) => `"d${i}"`)}] }`
  expect(faultsIn(paths(256))).toEqual([])
  expect(faultsIn(paths(257))).toEqual([expect.stringMatching(/^1:\d+: mutable: found 257 entries; allowed: at most 256$/)])
})

test('a file has at most 64 KiB, and is UTF-8', () => {
  const padded = (bytes: number) => `{${' '.repeat(bytes - 2)}}`
  expect(faultsIn(padded(CONFIGURATION_BYTES_MAX))).toEqual([])
  expect(faultsIn(padded(CONFIGURATION_BYTES_MAX + 1))).toEqual(['1:1: found 65537 bytes; allowed: at most 65536'])
  expect(faultsIn(Uint8Array.of(...utf8('{\n"php": "'), 0xff, ...utf8('"}')))).toEqual([
    '2:1: found bytes that are no UTF-8; allowed: JSON in UTF-8',
  ])
})

test('a path whose folder is not in the site is a fault where the site is known', () => {
  const text = '{ "mutable": ["data/pages", "new"], "scratch": ["var/cache", "data/pages/cache"] }'
  expect(faultsIn(text)).toEqual([])
  expect(faultsIn(text, (path) => path === 'data')).toEqual([
    '1:49: scratch[0]: found "var/cache"; allowed: what lies in a folder of the site: "var" is none, and no script could make it',
  ])
})
