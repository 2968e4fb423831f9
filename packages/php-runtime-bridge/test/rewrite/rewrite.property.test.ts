import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseConfiguration } from '../../src/configuration/parse.js'
import { deriveTree } from '../../src/file-tree.js'
import { routeRequest } from '../../src/route.js'
import { utf8 } from '../sites.js'
import { siteOf } from './routed.js'

const tree = siteOf(
  'web/index.php',
  'web/a.css',
  'web/b/c.txt',
  'web/.env',
  'web/.well-known/x',
  'web/b/.git/config',
  'secret.php',
  'interpeer.json',
  'data/db.sqlite',
)
const site = deriveTree(tree, [
  { type: 'symlink', path: 'web/link', target: '../interpeer.json' },
  { type: 'symlink', path: 'web/b/up', target: '../../data' },
])

const piece = fc.constantFrom(
  '..',
  '.',
  '',
  'a.css',
  'b',
  'c.txt',
  '.env',
  '.git',
  'config',
  'interpeer.json',
  'link',
  'secret.php',
  'data',
  '%2e%2e',
  '%2f',
  '%5c',
  '%00',
  'web',
  '$1',
  'index.php',
  'é',
)
const path = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('/'))
const pattern = fc.constantFrom('^(.*)$', '^', '(b|a)', '^([^/]+)/(.*)$', '!x', '\\.css$', '.')
const flags = fc.constantFrom('', ' [L]', ' [END]', ' [R=301]', ' [R,NE]', ' [QSA,B]', ' [F]', ' [G]', ' [S=1]')
const quoted = (text: string) => `"${text.replaceAll('"', '\\"')}"`
const rule = fc.tuple(pattern, path, flags).map(([like, to, how]) => `RewriteRule ${like} ${quoted(`/${to}`)}${how}`)
const condition = fc.constantFrom(
  'RewriteCond %{REQUEST_FILENAME} !-f',
  'RewriteCond %{REQUEST_URI} -d [OR]',
  'RewriteCond %{DOCUMENT_ROOT}/../$1 -f',
)

test('whatever the rules and the address, only the document root is served, nothing hidden, and redirects are one line', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(fc.array(fc.oneof(rule, condition), { maxLength: 5 }), path, fc.boolean(), (rewrite, target, hasEntry) => {
      const value = {
        documentRoot: 'web',
        rewrite,
        ...(hasEntry ? { entry: '/index.php' } : {}),
        errorPages: { 404: `/${'b/up/db.sqlite'}` },
      }
      const reading = parseConfiguration(utf8(JSON.stringify(value)))
      if (reading.type === 'invalid') throw new Error(JSON.stringify(reading))
      const encoded = `/${target}`.replaceAll('é', '%C3%A9')
      const request = { method: 'GET', target: encoded, host: 'h', https: false, headers: [], body: new Uint8Array() }
      const { route, query } = routeRequest(site, request, reading.configuration)
      seen.add(route.type)
      expect(query).toMatch(/^[!-~]*$/)
      if (route.type === 'redirect') expect(route.location).toMatch(/^\/(?!\/)[!-[\]-~]*$/)
      if (route.type === 'script') expect(route.script).toBe('web/index.php')
      // links that the site has are followed, but not to its configuration
      if (route.type === 'static') expect(route.path).toMatch(/^(?:a\.css|b\/c\.txt|b\/up\/db\.sqlite|\.well-known\/x)$/)
    }),
    { numRuns: 3_000, seed: 6 },
  )
  expect([...seen].sort()).toEqual(['redirect', 'refused', 'script', 'static'])
})
