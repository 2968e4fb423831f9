import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deriveTree, followAlong, followNode, type TreeDirectory, treeOf } from '../src/file-tree.js'
import { routeOf } from '../src/route.js'
import { filesOf } from './sites.js'

const site = treeOf(
  filesOf({
    'index.php': '',
    'style.css': '',
    'about/index.html': '',
    'wiki/index.php': '',
    'wiki/edit.php': '',
    'wiki/empty/keep.txt': '',
    '.git/config': '',
    'wiki/.htaccess': '',
    '.well-known/security.txt': '',
    'a b/ü.txt': '',
  }),
)
const routed = (path: string, tree = site) => {
  const route = routeOf(tree, path)
  if (route.type === 'script') return `${route.script} as ${route.scriptName} + ${route.pathInfo}`
  if (route.type === 'folder') return `folder ${route.path}`
  return route.type === 'static' ? `static ${route.path}` : 'missing'
}

test.each([
  ['/', 'index.php as /index.php + '],
  ['/index.php', 'index.php as /index.php + '],
  ['/index.php/foo/bar', 'index.php as /index.php + /foo/bar'],
  ['/index.php/', 'index.php as /index.php + /'],
  ['/style.css', 'static style.css'],
  ['/style.css/x', 'missing'],
  ['/about', 'folder about'],
  ['/about/', 'static about/index.html'],
  ['/about/nothing', 'index.php as /index.php + /about/nothing'],
  ['/wiki', 'folder wiki'],
  ['/wiki/', 'wiki/index.php as /wiki/index.php + '],
  ['/wiki/edit.php', 'wiki/edit.php as /wiki/edit.php + '],
  ['/wiki/Some_Page_8.2', 'wiki/index.php as /wiki/index.php + /Some_Page_8.2'],
  ['/wiki/empty/', 'wiki/index.php as /wiki/index.php + /empty/'],
  ['/wiki/empty/keep.txt', 'static wiki/empty/keep.txt'],
  ['/page/', 'index.php as /index.php + /page/'],
  ['/a%20b/%C3%BC.txt', 'static a b/ü.txt'],
  ['/wiki/../style.css', 'static style.css'],
  ['/../../etc/passwd', 'index.php as /index.php + /etc/passwd'],
  ['/.git/config', 'index.php as /index.php + /.git/config'],
  ['/wiki/.htaccess', 'wiki/index.php as /wiki/index.php + /.htaccess'],
  ['/.well-known/security.txt', 'static .well-known/security.txt'],
  ['/%00', 'missing'],
  ['/%ff', 'index.php as /index.php + /\ufffd'],
  ['/wiki/Caf%E9/%C3%BC', 'wiki/index.php as /wiki/index.php + /Caf\ufffd/ü'],
  ['/wiki/%e2%82%AC%e2%82/%F0%9F%98%80%80', 'wiki/index.php as /wiki/index.php + /€\ufffd\ufffd/😀\ufffd'],
  ['/%C0%AE%C0%AE/style.css', 'index.php as /index.php + /\ufffd\ufffd\ufffd\ufffd/style.css'],
  ['/%ff/../style.css', 'static style.css'],
  ['/%ff/%2e%2e%2f.git/config', 'index.php as /index.php + /.git/config'],
  ['/wiki/edit.php%ff', 'wiki/index.php as /wiki/index.php + /edit.php\ufffd'],
  ['/style.css%ff', 'index.php as /index.php + /style.css\ufffd'],
  ['/%ff%00', 'missing'],
  ['/%ff%', 'missing'],
  ['/%ff%4', 'missing'],
  ['/%', 'missing'],
])('%s is %s', (path, expected) => {
  expect(routed(path)).toBe(expected)
})

test('a site with public/index.php is served from public/', () => {
  const guarded = treeOf(filesOf({ 'public/index.php': '', 'public/a.css': '', 'data/wiki.sqlite': '', 'lib/x.php': '' }))
  expect(routed('/', guarded)).toBe('public/index.php as /index.php + ')
  expect(routed('/a.css', guarded)).toBe('static a.css')
  expect(routed('/data/wiki.sqlite', guarded)).toBe('public/index.php as /index.php + /data/wiki.sqlite')
  expect(routed('/../lib/x.php', guarded)).toBe('public/index.php as /index.php + /lib/x.php')
})

test('without an index.php above, nothing is there', () => {
  const plain = treeOf(filesOf({ 'a/b.txt': '' }))
  expect([routed('/', plain), routed('/a', plain), routed('/c', plain), routed('/a/b.txt', plain)]).toEqual([
    'missing',
    'missing',
    'missing',
    'static a/b.txt',
  ])
})

const linked = deriveTree(treeOf(filesOf({ 'a/b/c.txt': '', 'a/index.php': '', 'b/x.php': '' })), [
  { type: 'symlink', path: 'a/a', target: '../a' },
  { type: 'symlink', path: 'a/up', target: '..' },
  { type: 'symlink', path: 'b/c.txt', target: '../a/b/c.txt' },
  { type: 'symlink', path: 'c', target: 'c' },
])

test('a way that is gone once leads where each part of it does', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'c.txt', 'x.php', 'up')
  fc.assert(
    fc.property(fc.constantFrom('', 'a', 'a/up/b', 'none'), fc.array(name, { maxLength: 60 }), (root, names) => {
      const each = [...names.keys(), names.length].map((count) =>
        followNode(linked, [...(root === '' ? [] : [root]), ...names.slice(0, count)].join('/')),
      )
      const end = each.indexOf(undefined)
      expect(followAlong(linked, root, names)).toEqual(end < 0 ? each : each.slice(0, end))
      expect(each.slice(end < 0 ? each.length : end).every((node) => node === undefined)).toBe(true)
    }),
  )
})

test('thousands of names in an address are looked up no further than there is anything', () => {
  let looks = 0
  const counted = (tree: TreeDirectory): TreeDirectory => {
    const entries = new Map(tree.entries)
    entries.get = (name) => {
      looks++
      return tree.entries.get(name)
    }
    return { ...tree, entries }
  }
  const many = 'a/'.repeat(4000)
  expect(routed(`/none/${many}`, counted(site))).toBe(`index.php as /index.php + /none/${many}`)
  expect(looks).toBeLessThan(20)
  looks = 0
  const around = counted({ ...linked, entries: new Map(linked.entries).set('a', counted(linked.entries.get('a') as TreeDirectory)) })
  expect(routed(`/${many}`, around)).toMatch(/^a\/(a\/)*index\.php as .* \+ (\/a)+\/$/)
  expect(looks).toBeLessThan(500)
})
