import { expect, test } from 'vitest'
import { convertHtaccess as convertFiles } from '../../src/htaccess/convert.js'
import { configured, routedTo, siteOf } from '../rewrite/routed.js'

const convertHtaccess = (text: string, folder = '') => convertFiles([{ folder, text }])
const untakenIn = (text: string, folder?: string) => convertHtaccess(text, folder).untaken.map(({ line, why }) => `${line}: ${why}`)

test('that of WordPress', () => {
  const text = `# BEGIN WordPress
<IfModule mod_rewrite.c>
RewriteEngine On
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteBase /
RewriteRule ^index\\.php$ - [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /index.php [L]
</IfModule>
# END WordPress
`
  expect(convertHtaccess(text)).toEqual({
    rewrite: [
      'RewriteRule "^index\\.php$" - [L]',
      'RewriteCond %{REQUEST_FILENAME} !-f',
      'RewriteCond %{REQUEST_FILENAME} !-d',
      'RewriteRule . /index.php [L]',
    ],
    topLines: 4,
    errorPages: {},
    maxAge: {},
    untaken: [],
  })
})

test('that of Laravel, with what it needs Apache for', () => {
  const text = `<IfModule mod_rewrite.c>
    <IfModule mod_negotiation.c>
        Options -MultiViews -Indexes
    </IfModule>
    RewriteEngine On
    RewriteCond %{HTTP:Authorization} .
    RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
    RewriteCond %{REQUEST_FILENAME} !-d
    RewriteCond %{REQUEST_URI} (.+)/$
    RewriteRule ^ %1 [L,R=301]
    RewriteCond %{REQUEST_FILENAME} !-d
    RewriteCond %{REQUEST_FILENAME} !-f
    RewriteRule ^ index.php [L]
</IfModule>`
  const { rewrite, untaken } = convertHtaccess(text)
  expect(untaken).toEqual([])
  const site = siteOf('index.php', 'css/app.css')
  const to = (target: string) => routedTo(site, configured({ rewrite }), target)
  expect([to('/users/7?x=1'), to('/users/7/'), to('/css/app.css'), to('/')]).toEqual([
    'index.php ? x=1',
    '301 /users/7',
    'static css/app.css',
    'index.php',
  ])
})

test('what it forbids stays forbidden, whatever rules come before', () => {
  const text = `RewriteEngine on
RewriteRule ^x$ /config.inc.php [L]
<Files "config.inc.php">
  Order allow,deny
  Deny from all
</Files>
<FilesMatch "\\.(sqlite|bak)$">
  Require all denied
</FilesMatch>
<FilesMatch "^(LICENSE|README)">
  Require all denied
</FilesMatch>
<Files *.log>
  Require all denied
</Files>`
  const { rewrite, untaken } = convertHtaccess(text)
  expect(untaken).toEqual([])
  const site = siteOf(
    'config.inc.php',
    'a/config.inc.php',
    'b/x.sqlite',
    'b/x.sqlite3',
    'README.md',
    'c/my-README',
    'c/a.log',
    'config_inc.php',
  )
  const to = (target: string) => routedTo(site, configured({ rewrite }), target)
  for (const path of ['config.inc.php', 'a/config.inc.php', 'b/x.sqlite', 'README.md', 'c/a.log', 'x'])
    expect(to(`/${path}`), path).toBe('403')
  for (const path of ['b/x.sqlite3', 'c/my-README']) expect(to(`/${path}`), path).toBe(`static ${path}`)
  expect(to('/config_inc.php')).toBe('config_inc.php')
  const folder = convertHtaccess('Require all denied', 'data/a.b')
  expect(folder.rewrite).toEqual(['RewriteRule "^data/a\\.b/" - [F]'])
})

test('redirects, pages for errors, an entry, and how long to keep', () => {
  const text = `Redirect 301 /old /new
Redirect gone /gone
RedirectMatch 302 ^/blog/(\\d+)$ https://blog.example/$1
RedirectPermanent /a%b "/c d"
ErrorDocument 404 /404.php?x
FallbackResource /index.php
ExpiresActive On
ExpiresDefault "access plus 1 month 2 days"
DirectoryIndex doku.php index.php`
  const made = convertHtaccess(text)
  expect({ ...made, rewrite: undefined, topLines: undefined, untaken: made.untaken.map(({ line }) => line) }).toEqual({
    rewrite: undefined,
    topLines: undefined,
    entry: '/index.php',
    errorPages: { 404: '/404.php?x' },
    maxAge: { '/': 2_764_800 },
    untaken: [9],
  })
  const to = (target: string) => routedTo(siteOf('doku.php'), configured({ rewrite: made.rewrite }), target)
  expect([to('/old'), to('/old/x?y'), to('/older'), to('/gone/x'), to('/blog/7'), to('/')]).toEqual([
    '301 /new',
    '301 /new/x?y',
    '404',
    '410',
    '302 https://blog.example/7',
    'doku.php',
  ])
})

test('in a folder, patterns begin there and so does what they lead to', () => {
  const text = 'RewriteEngine On\nRewriteRule ^$ start.php [L]\nRewriteRule ^(\\w+)$ page.php?id=$1 [L]\nRewriteRule ^x|y$ z [L]'
  const { rewrite, untaken } = convertHtaccess(text, 'w.iki')
  expect(untaken.map(({ line }) => line)).toEqual([4])
  const to = (target: string) => routedTo(siteOf('w.iki/page.php', 'w.iki/start.php'), configured({ rewrite }), target)
  expect([to('/w.iki/Main'), to('/w.iki/'), to('/w-iki/Main')]).toEqual(['w.iki/page.php ? id=Main', 'w.iki/start.php', '404'])
})

test.each([
  [
    'RewriteRule ^a$ b [P]',
    ['1: found the flag P; allowed: flags of B, END, F, G, L, NC, NE, PT, QSA, QSD, R, R=301 (302, 303, 307, 308), S=1'],
  ],
  ['RewriteRule ^a(?!b) c', ['1: found ^a(?!b); allowed: a pattern as RE2 has them (invalid or unsupported Perl syntax: `(?!`)']],
  [
    'RewriteCond %{TIME_HOUR} >8\nRewriteCond %{HTTPS} on\nRewriteRule ^a b',
    [expect.stringMatching(/^1: found %\{TIME_HOUR\}; allowed: variables of REQUEST_URI/), '3: its condition in line 1 was not taken'],
  ],
  ['php_value upload_max_filesize 64M', ['1: set it in the script, with ini_set()']],
  [
    'AuthType Basic\nRequire valid-user',
    ['1: there are no passwords of the server: let a script ask for them', expect.stringContaining('2: visitors')],
  ],
  ['Require ip 10', [expect.stringContaining('1: visitors')]],
  ['ErrorDocument 500 "Oh"', ['1: pages are addresses of the site, for 403, 404, 405 and 410']],
  [
    '<Location /x>\nDeny from all\n</Location>\nFoo',
    ['1: no such sections here: what is in it was left out', '4: there is no such directive here'],
  ],
  ['<IfModule !mod_rewrite.c>\nErrorDocument 500 x\n</IfModule>', []],
  ['Options +Indexes', ['1: folders are not listed, and names are not guessed']],
  ['RewriteEngine Off\nRewriteRule ^ /x [L]', []],
  ['Header \\\n  set X y', ['1: headers of static files are not set; a script sets its own']],
])('%j: what was not taken', (text, expected) => {
  expect(untakenIn(text)).toEqual(expected)
})
