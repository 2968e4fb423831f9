import { expect, test } from 'vitest'
import { convertHtaccess } from '../../src/import/htaccess.js'
import { isRewriteTaken } from '../../src/import/propose-configuration.js'

const convert = (text: string, folder = '') => convertHtaccess(text, folder, isRewriteTaken)

test('rules are taken with their conditions, or not at all', () => {
  const { rewrite, left } = convert(`<IfModule mod_rewrite.c>
RewriteEngine On
RewriteBase /
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule ^(.*)$ index.php?q=$1 [L,QSA]
RewriteCond %{NO_SUCH_VARIABLE} ^x
RewriteRule ^secret - [F]
</IfModule>
<IfModule !mod_rewrite.c>
ErrorDocument 404 /index.php
</IfModule>`)
  expect(rewrite).toEqual(['RewriteCond %{REQUEST_FILENAME} !-f', 'RewriteRule ^(.*)$ index.php?q=$1 [L,QSA]'])
  expect(left).toEqual([{ line: 6, directive: 'RewriteCond %{NO_SUCH_VARIABLE} ^x' }])
})

test('what is closed to visitors stays closed, but for what is opened again', () => {
  expect(convert('Deny from all', 'data/private.d').rewrite).toEqual(['RewriteRule ^data/private\\.d(/|$) - [F]'])
  const akismet = convert('Require all denied\n<FilesMatch "^(form\\.js|a\\.css)$">\nRequire all granted\n</FilesMatch>', 'plug-ins/a')
  expect(akismet).toEqual({
    rewrite: ['RewriteRule ^plug-ins/a/(.*/)?(form\\.js|a\\.css)$ - [L]', 'RewriteRule ^plug-ins/a(/|$) - [F]'],
    errorPages: {},
    left: [],
  })
  expect(
    convert('<Files "*.sql">\nRequire all denied\n</Files>\n<FilesMatch "\\.(ini|log)$">\nDeny from all\n</FilesMatch>').rewrite,
  ).toEqual(['RewriteRule ^(.*/)?[^/]*\\.sql(?:/|$) - [F]', 'RewriteRule ^(.*/)?[^/]*\\.(ini|log)(?:/|$) - [F]'])
})

test('what is not taken is told with its line; what holds anyway is not', () => {
  const { left, errorPages } = convert(
    'Options -Indexes\nphp_flag engine off\nErrorDocument 404 /missing.php\nErrorDocument 500 /broken.php\n<Files ~ "^x|y">\nDeny from all\n</Files>',
  )
  expect(left).toEqual([
    { line: 2, directive: 'php_flag' },
    { line: 4, directive: 'ErrorDocument' },
    { line: 6, directive: '<files> Deny from all' },
  ])
  expect(errorPages).toEqual({ 404: '/missing.php' })
})

test('rules of deeper folders are not taken: they mean other addresses', () => {
  expect(convert('RewriteRule ^x y', 'sub')).toMatchObject({ rewrite: [], left: [{ line: 1 }] })
})
