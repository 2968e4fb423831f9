import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compilePattern, patternSizeOf } from '../../src/rewrite/pattern.js'
import { type Asked, configured, routedTo, siteOf } from './routed.js'

const site = siteOf(
  'index.php',
  'api.php',
  'style.css',
  'wiki/index.php',
  'wiki/logo.png',
  'old/page.html',
  'empty.txt',
  '.secret',
  'cache/start.html',
)
const routed = (rewrite: readonly string[], target: string, asked?: Asked) => routedTo(site, configured({ rewrite }), target, asked)

/** As WordPress writes them. */
const WORDPRESS = [
  'RewriteRule ^index\\.php$ - [L]',
  'RewriteCond %{REQUEST_FILENAME} !-f',
  'RewriteCond %{REQUEST_FILENAME} !-d',
  'RewriteRule . /index.php [L]',
]
test.each([
  ['/', 'index.php'],
  ['/2026/11/hello/?p=1', 'index.php ? p=1'],
  ['/style.css', 'static style.css'],
  ['/wiki/', 'wiki/index.php'],
  ['/wiki/logo.png', 'static wiki/logo.png'],
  ['/wiki', '301 /wiki/'],
  ['/wiki/none', 'index.php'],
  ['/index.php/x', 'index.php + /x'],
])('with the rules of WordPress, %s leads to %s', (target, expected) => {
  expect(routed(WORDPRESS, target)).toBe(expected)
})

/** As DokuWiki's manual has them. */
const DOKUWIKI = [
  'RewriteRule ^_media/(.*) lib/exe/fetch.php?media=$1 [QSA,L]',
  'RewriteRule ^$ index.php [L]',
  'RewriteCond %{REQUEST_FILENAME} !-f',
  'RewriteCond %{REQUEST_FILENAME} !-d',
  'RewriteRule (.*) index.php?id=$1 [QSA,L]',
  'RewriteRule ^index.php$ index.php',
]
test.each([
  ['/', 'index.php'],
  ['/wiki:syntax?do=edit', 'index.php ? id=wiki:syntax&do=edit'],
  ['/a%20b%26c', 'index.php ? id=a%20b&c'],
  ['/%C3%BC', 'index.php ? id=%C3%BC'],
])('with those of DokuWiki, %s leads to %s', (target, expected) => {
  expect(routed(DOKUWIKI, target)).toBe(expected)
})

test.each<[string, readonly string[], string, string, Asked?]>([
  ['the query stays', ['RewriteRule ^a$ api.php'], '/a?x=1', 'api.php ? x=1'],
  ['a query of its own takes its place', ['RewriteRule ^a$ api.php?y=2'], '/a?x=1', 'api.php ? y=2'],
  ['QSA adds it', ['RewriteRule ^a$ api.php?y=2 [QSA]'], '/a?x=1', 'api.php ? y=2&x=1'],
  ['QSD drops it', ['RewriteRule ^a$ api.php [QSD]'], '/a?x=1', 'api.php'],
  ['a question mark at the end drops it', ['RewriteRule ^a$ api.php?'], '/a?x=1', 'api.php'],
  ['what is put in adds no query of its own', ['RewriteRule ^(.*)$ /api.php/$1 [END]'], '/a%3Fx', 'api.php + /a?x'],
  ['B escapes what is put in', ['RewriteRule ^t/(.*)$ api.php?t=$1 [B]'], '/t/a%26b=c%20d', 'api.php ? t=a%26b%3Dc%20d'],
  ['NC: letters of any case', ['RewriteRule ^ABC$ api.php [NC]'], '/abc', 'api.php'],
  ['without it not', ['RewriteRule ^ABC$ api.php'], '/abc', 'index.php + /abc'],
  ['a pattern that must not fit', ['RewriteRule !^style api.php [END]'], '/x', 'api.php'],
  ['and does', ['RewriteRule !^style api.php [END]'], '/style.css', 'static style.css'],
  ['R: a redirect', ['RewriteRule ^a/(.*)$ /b/$1 [R]'], '/a/c%20d?x=1', '302 /b/c%20d?x=1'],
  ['R=301', ['RewriteRule ^a/(.*)$ /b/$1 [R=301,L]'], '/a/c', '301 /b/c'],
  ['to another host', ['RewriteRule ^a$ https://other.example/x\\%20y?z [L]'], '/a', '302 https://other.example/x%20y?z'],
  ['two slashes name no host', ['RewriteRule ^(.*)/$ /$1 [R=301]'], '//evil.example/', '301 /evil.example'],
  ['nor does a backslash', ['RewriteRule ^(.*)/$ /$1 [R=301,NE]'], '/%5Cevil.example/', '301 /%5Cevil.example'],
  ['no header is cut in two', ['RewriteRule ^a([^z]*)$ /b$1 [R]'], '/a%0d%0aX:%20y', '302 /b%0D%0AX:%20y'],
  ['F', ['RewriteRule ^wiki/ - [F]'], '/wiki/logo.png', '403'],
  ['G', ['RewriteRule ^old/ - [G]'], '/old/page.html', '410'],
  [
    'S passes rules over',
    ['RewriteRule ^a$ - [S=1]', 'RewriteRule ^ api.php [END]', 'RewriteRule ^a$ index.php?s [END]'],
    '/a',
    'index.php ? s',
  ],
  ['rules see what those before made', ['RewriteRule ^a$ b', 'RewriteRule ^b$ api.php [L]'], '/a', 'api.php'],
  ['L ends a round, and the next one begins', ['RewriteRule ^b$ api.php [L]', 'RewriteRule ^a$ b [L]'], '/a', 'api.php'],
  ['END ends all', ['RewriteRule ^b$ api.php [L]', 'RewriteRule ^a$ b [END]'], '/a', 'index.php + /b'],
  [
    'the second round is known by its status',
    ['RewriteCond %{ENV:REDIRECT_STATUS} ^$', 'RewriteRule ^(.*)$ x/$1 [L]'],
    '/a',
    'index.php + /x/a',
  ],
  ['a circle', ['RewriteRule ^(.*)$ x/$1 [L]'], '/a', '500'],
  ['a text that doubles', ['RewriteRule ^(.*)$ $1$1 [L]'], '/abc', '500'],
  ['OR', ['RewriteCond %{QUERY_STRING} ^a [OR]', 'RewriteCond %{QUERY_STRING} ^b', 'RewriteRule ^ api.php [END]'], '/?b', 'api.php ? b'],
  [
    'and after OR',
    ['RewriteCond %{QUERY_STRING} a [OR]', 'RewriteCond %{QUERY_STRING} b', 'RewriteCond %{QUERY_STRING} c', 'RewriteRule ^ api.php [END]'],
    '/?a',
    'index.php ? a',
  ],
  ['groups of conditions', ['RewriteCond %{QUERY_STRING} ^id=(\\d+)$', 'RewriteRule ^a$ /page/%1? [R=301]'], '/a?id=7', '301 /page/7'],
  ['groups of the rule in its conditions', ['RewriteCond $1 =wiki', 'RewriteRule ^(.*)$ api.php [END]'], '/wiki', 'api.php'],
  [
    'a host',
    ['RewriteCond %{HTTP_HOST} ^www\\.(.+)$ [NC]', 'RewriteRule ^(.*)$ https://%1/$1 [R=301,L]'],
    '/a',
    '301 https://site.example/a',
    { host: 'WWW.site.example' },
  ],
  [
    'HTTPS',
    ['RewriteCond %{HTTPS} off', 'RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301]'],
    '/a b'.replace(' ', '%20'),
    '301 https://site.example/a%20b',
  ],
  [
    'HTTPS that is on',
    ['RewriteCond %{HTTPS} off', 'RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301]'],
    '/',
    'index.php',
    { https: true },
  ],
  ['a method', ['RewriteCond %{REQUEST_METHOD} !^(GET|HEAD)$', 'RewriteRule ^ - [F]'], '/', '403', { method: 'DELETE' }],
  ['a header', ['RewriteCond %{HTTP:X-Kind} =api', 'RewriteRule ^ api.php [END]'], '/', 'api.php', { headers: [['x-kind', 'api']] }],
  ['a browser', ['RewriteCond %{HTTP_USER_AGENT} ^Bad', 'RewriteRule ^ - [F]'], '/', '403', { headers: [['User-Agent', 'BadBot']] }],
  [
    'a file of a cache',
    ['RewriteCond %{DOCUMENT_ROOT}/cache/$1.html -s', 'RewriteRule ^(\\w+)$ /cache/$1.html [L]'],
    '/start',
    'static cache/start.html',
  ],
  ['order of letters', ['RewriteCond %{REQUEST_URI} >/m', 'RewriteRule ^ api.php [END]'], '/z', 'api.php'],
  ['spaces in quotation marks', ['RewriteRule "^a b$" "api.php" [L]'], '/a%20b', 'api.php'],
  ['nothing leads out of the document root', ['RewriteRule ^x/(.*)$ /../../$1'], '/x/../../etc/passwd', 'index.php + /etc/passwd'],
  ['nor to what is hidden', ['RewriteRule ^x$ /.secret'], '/x', 'index.php + /.secret'],
])('%s', (_, rules, target, expected, asked) => {
  expect(routed(rules, target, asked)).toBe(expected)
})

test.each([
  '/wiki/logo.png',
  '/.%2fwiki/logo.png',
  '/x%2f..%2fwiki/logo.png',
  '/x/..%2fwiki%2f.%2flogo.png',
  '//wiki/logo.png',
  '/wiki%2flogo.png',
])('a folder that a rule closes is closed however it is asked for: %s', (target) => {
  expect(routed(['RewriteRule ^wiki(/|$) - [F]'], target)).toBe('403')
})

test('a pattern is measured before it is compiled: nothing hides its repetitions', () => {
  const long = `(?:${'a'.repeat(900)}){1000}`
  for (const pattern of [long, `\\Q[\\E${long}`, `[^${long}`, `[]${long}`])
    expect(() => configured({ rewrite: [`RewriteRule ${pattern} -`] })).toThrow(/a pattern/)
  for (const place of ['^', '$', '^*', '()', '(|)', '\\b'])
    expect(() => configured({ rewrite: [`RewriteRule ${`${place.length > 1 ? `(${place})` : place}{1000}`.repeat(3)} -`] })).toThrow(
      /fewer repetitions/,
    )
})

test('what RE2 makes of a pattern is bounded by what is measured', () => {
  const piece = fc.constantFrom(...'^ $ a . | ( (?: ) ) ) * + ? *? {3} {0,7} {2,} {9} [^ab] \\b \\w \\x{61} (?i) (?P<n>'.split(' '))
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      const source = pieces.join('')
      const compiled = compilePattern(source, false)
      if ('size' in compiled) expect(compiled.size).toBeLessThanOrEqual(5 * patternSizeOf(source) + pieces.length + 3)
    }),
    { numRuns: 3000 },
  )
})

test('all patterns of a site together are measured before any is compiled', () => {
  const line = 'RewriteRule (^){900} -'
  expect(configured({ rewrite: Array.from({ length: 36 }, () => line) }).rewrite.length).toBe(36)
  for (const one of [line, 'RewriteCond %{REQUEST_URI} (^){900}'])
    expect(() => configured({ rewrite: Array.from({ length: 37 }, () => one) })).toThrow(/fewer repetitions in all/)
})

test('what an address is compared with costs no more than it may, whatever the rules are', () => {
  const greedy = Array.from({ length: 60 }, () => 'RewriteRule ((a+)+b|[^/]{1,99}){1,9}c$ api.php')
  expect(routed(greedy, `/${'a'.repeat(8000)}`)).toBe('500')
  expect(routed(greedy.slice(0, 1), '/aab')).toBe('index.php + /aab')
})

test('half a letter is none, wherever a long text was cut', () => {
  const twice = (flags: string) => Array.from({ length: 12 }, () => `RewriteRule ^(.*)$ $1$1${flags}`)
  for (const pad of ['', 'x']) {
    const target = `/${pad}${encodeURIComponent('🐘'.repeat(300))}`
    for (const flags of ['', ' [B]', ' [R,NE]', ' [R,B]'])
      expect(routed([...twice(''), `RewriteRule (.*) /api.php?$1${flags === '' ? ' [L]' : flags}`], target)).not.toMatch(
        /\p{Surrogate}|%EF%BF%BD/u,
      )
  }
  // and one that a header has
  const [rule, asked] = [
    ['RewriteCond %{HTTP:X-Name} (.*)', 'RewriteRule ^ /api.php?%1 [B,END]'],
    { headers: [['x-name', 'a\ud83d!']] as const },
  ]
  expect(routed(rule, '/', asked)).toBe('api.php ? a%EF%BF%BD!')
})

test('front controllers, document roots and pages for errors', () => {
  const app = siteOf(
    'web/app.php',
    'web/a.css',
    'web/dir/index.html',
    'web/dir2/x.css',
    'web/404.php',
    'web/405.html',
    'web/gone.html',
    'src/secret.php',
    'web/x.php',
  )
  const configuration = configured({
    documentRoot: 'web',
    entry: '/app.php',
    errorPages: { 405: '/405.html', 410: '/gone.html', 403: '/none.html', 404: '/404.php?n=1' },
    rewrite: ['RewriteRule ^old - [G]', 'RewriteRule ^no - [F]'],
  })
  const to = (target: string, asked?: Asked) => routedTo(app, configuration, target, asked)
  expect(to('/')).toBe('web/app.php')
  expect(to('/any/thing/?q')).toBe('web/app.php ? q')
  expect(to('/a.css')).toBe('static a.css')
  expect(to('/a.css/more')).toBe('web/app.php')
  expect(to('/x.php/more')).toBe('web/x.php + /more')
  expect(to('/dir/')).toBe('static dir/index.html')
  expect(to('/dir2/')).toBe('web/app.php')
  expect(to('/src/secret.php')).toBe('web/app.php')
  expect(to('/../src/secret.php')).toBe('web/app.php')
  expect(to('/%ff')).toBe('web/app.php')
  expect(to('/%')).toBe('404 by web/404.php ? n=1')
  expect(to('/a.css', { method: 'POST' })).toBe('405 by static 405.html')
  expect(to('/old')).toBe('410 by static gone.html')
  expect(to('/no')).toBe('403 by web/app.php')
  const without = configured({ documentRoot: 'web', errorPages: { 404: '/404.php' } })
  expect([routedTo(app, without, '/'), routedTo(app, without, '/none')]).toEqual(['404 by web/404.php', '404 by web/404.php'])
  expect(routedTo(siteOf('public/index.php', 'a.txt'), configured({ documentRoot: '.' }), '/a.txt')).toBe('static a.txt')
})
