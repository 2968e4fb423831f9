import { expect, test } from 'vitest'
import { convertHtaccess } from '../../src/htaccess/convert.js'
import { configured, routedTo, siteOf } from '../rewrite/routed.js'

/** What addresses come to by .htaccess files, by their folders. */
function sited(files: Record<string, string>, ...paths: string[]) {
  const { rewrite, untaken, topLines } = convertHtaccess(Object.entries(files).map(([folder, text]) => ({ folder, text })))
  const [site, configuration] = [siteOf(...paths), configured({ rewrite })]
  return { to: (target: string) => routedTo(site, configuration, target), untaken, rewrite, topLines }
}
const FRONT = 'RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^(.*)$ index.php?q=$1 [L]'

test('a folder with rules of its own has none of those above, and its own are about what lies in it', () => {
  const { to, untaken } = sited(
    { '': FRONT, wiki: FRONT, 'wiki/old': 'RewriteEngine Off' },
    'index.php',
    'wiki/index.php',
    'wiki/a.css',
    'wiki/old/b.php',
    'shop/c.php',
  )
  expect(untaken).toEqual([])
  expect([to('/x/y'), to('/wiki/Main'), to('/wiki/a.css'), to('/wiki/old/b.php'), to('/wiki/old/none'), to('/shop/none')]).toEqual([
    'index.php ? q=x/y',
    'wiki/index.php ? q=Main',
    'static wiki/a.css',
    'wiki/old/b.php',
    'wiki/index.php + /old/none', // as without any rules
    'index.php ? q=shop/none',
  ])
})

test('RewriteBase says where what rules make lies; without it, that is the folder', () => {
  const rule = 'RewriteRule ^(\\w+)\\.html$ $1.php [L]'
  const paths = ['a/x.php', 'b/x.php', 'x.php']
  const { to } = sited({ a: rule, b: `RewriteBase /\n${rule}`, c: `RewriteBase /a/\n${rule}` }, ...paths)
  expect([to('/a/x.html'), to('/b/x.html'), to('/c/x.html')]).toEqual(['a/x.php', 'x.php', 'a/x.php'])
  // for the whole file, and by its last line
  const late = sited({ a: `RewriteBase /b/\n${rule}\nRewriteBase /\nExpiresDefault A60\nDirectoryIndex start.php` }, 'x.php', 'a/start.php')
  expect([late.to('/a/x.html'), late.to('/a/')]).toEqual(['x.php', 'a/start.php'])
})

test('rules that are inherited come before those above', () => {
  const { to } = sited({ '': FRONT, sub: 'RewriteEngine On\nRewriteOptions Inherit\nRewriteRule ^a$ b.php [L]' }, 'index.php', 'sub/b.php')
  expect([to('/sub/a'), to('/sub/c')]).toEqual(['sub/b.php', 'index.php ? q=sub/c'])
})

test.each([
  ['anywhere in it', 'RewriteRule \\.old$ new.php', '/s/a/b.old', 's/new.php'],
  ['the first place of several', 'RewriteRule (x\\w) new.php?$1', '/s/axbxc', 's/new.php ? xb'],
  ['one of two', 'RewriteRule a$|b$ new.php', '/s/b', 's/new.php'],
  ['what is not found', 'RewriteRule !\\.(css|php)$ new.php', '/s/page', 's/new.php'],
  ['what is found after all', 'RewriteRule !\\.(css|php)$ new.php', '/s/a.css', 'static s/a.css'],
  ['its beginning', 'RewriteRule ^a new.php', '/s/ab', 's/new.php'],
  ['not the beginning of the folder', 'RewriteRule ^s new.php', '/s/a', '404'],
  ['a class with the sign of beginnings', 'RewriteRule [^/]b$ new.php', '/s/ab', 's/new.php'],
])('patterns of a folder see the path in it: %s', (_, rule, target, expected) => {
  const { to, untaken } = sited({ s: rule }, 's/new.php', 's/a.css', 'new.php')
  expect([to(target), untaken]).toEqual([expected, []])
})

test('a pattern that cannot be said for the document root is told', () => {
  expect(sited({ s: 'RewriteRule ^a|b$ x\nRewriteRule (^a) x' }).untaken.map(({ line, folder }) => [folder, line])).toEqual([
    ['s', 1],
    ['s', 2],
  ])
})

test('what a folder closes stays closed, but for folders and files that are opened again, as Apache has it', () => {
  const files = {
    '': '<FilesMatch "\\.(sql|inc)$">\nRequire all denied\n</FilesMatch>',
    data: 'Deny from all',
    'data/public': 'Allow from all',
    'data/public/private': 'Require all denied',
    'plug/a': 'Require all denied\n<FilesMatch "^(form\\.js|a\\.css)$">\nRequire all granted\n</FilesMatch>',
    'inc.d': 'Order allow,deny\nDeny from all',
  }
  const paths = [
    'data/a.txt',
    'data/public/b.txt',
    'data/public/x.sql',
    'data/public/private/c.txt',
    'data/publicity/d.txt',
    'plug/a/a.css',
    'plug/a/b.css',
    'inc.d/x.php',
    'incxd/x.php',
  ]
  const { to, untaken } = sited(files, ...paths)
  expect(untaken).toEqual([])
  expect(paths.map((path) => to(`/${path}`))).toEqual([
    '403',
    'static data/public/b.txt',
    '403',
    '403',
    '403',
    'static plug/a/a.css',
    '403',
    '403',
    'incxd/x.php',
  ])
  expect(to('/inc.d/x.php/more')).toBe('403')
})

test('rules come with how many are the top ones; what opens what nothing closes says nothing', () => {
  const { rewrite, topLines } = sited({ '': `${FRONT}\nAllow from all`, a: '<Files x>\nAllow from all\n</Files>', b: 'Deny from all' })
  expect(rewrite).toEqual(['RewriteRule ^b/ - [F]', 'RewriteCond %{REQUEST_FILENAME} !-f', 'RewriteRule ^(.*)$ index.php?q=$1 [L]'])
  expect(topLines).toBe(2)
})

test('more files and lines than a configuration takes are told, and what is closed comes first', () => {
  const many = Array.from({ length: 1_500 }, (_, i) => ({ folder: `f${i}`, text: i % 2 === 0 ? 'Deny from all' : FRONT }))
  const { rewrite, untaken } = convertHtaccess(many)
  expect(configured({ rewrite }).rewrite.length).toBe(rewrite.length)
  expect(rewrite.every((line) => line.endsWith('[F]'))).toBe(true)
  expect(untaken.length).toBe(1_000)
})

test.each<[string, string, '403' | 'open']>([
  ['Order allow,deny\nDeny from all\nAllow from all', 'both words, where the second wins', '403'],
  ['Order deny,allow\nAllow from all\nDeny from all', 'both words, where the first wins', 'open'],
  ['Order allow,deny', 'nobody is let in', '403'],
  ['Order allow,deny\nAllow from 10.0.0.1', 'one address', '403'],
  ['Order deny,allow\nDeny from all\nAllow from localhost', 'all but one are kept out', '403'],
  ['Order allow,deny\nAllow from all\nDeny from 10.0.0.1', 'one is kept out', 'open'],
  ['Require ip 10.0.0.1', 'one address', '403'],
  ['AuthType Basic\nRequire valid-user', 'with a password', '403'],
  ['AuthType Basic\nRequire valid-user\nSatisfy any\nAllow from all', 'with a password, or without', 'open'],
  ['Require all granted\nRequire ip 10.0.0.1', 'any of both', 'open'],
  ['<RequireAll>\nRequire all granted\nRequire ip 10.0.0.1\n</RequireAll>', 'all of both', '403'],
  ['<RequireAll>\nRequire all granted\nRequire not ip 10.0.0.1\n</RequireAll>', 'all but one', 'open'],
  ['Require all denied\n<RequireAny>\nRequire all granted\n</RequireAny>', 'any, one of them in a group', 'open'],
  ['<Limit GET POST>\nDeny from all\n</Limit>', 'who reads', '403'],
  ['<LimitExcept GET POST>\nDeny from all\n</LimitExcept>', 'who does something else', 'open'],
  ['<IfDefine !Open>\nRequire all denied\n</IfDefine>', 'unless something is defined', '403'],
])('whom Apache would not let in without address or password stays out: %j, %s', (text, _, expected) => {
  const { to } = sited({ d: text }, 'd/a.txt')
  expect(to('/d/a.txt')).toBe(expected === 'open' ? 'static d/a.txt' : expected)
})

test('a script whose name is closed does not answer for its folder either, nor for what is not there', () => {
  const closed = '<FilesMatch "\\.php$">\nRequire all denied\n</FilesMatch>'
  const { to } = sited({ up: closed }, 'up/index.php', 'up/a/index.php', 'up/b/index.html', 'up/c.txt', 'index.php')
  for (const path of ['/up/', '/up', '/up/a/', '/up/none', '/up/a/none/x', '/up/a/index.php/x']) expect(to(path), path).toBe('403')
  expect([to('/up/b/'), to('/up/c.txt'), to('/'), to('/none')]).toEqual([
    'static up/b/index.html',
    'static up/c.txt',
    'index.php',
    'index.php + /none',
  ])
})
