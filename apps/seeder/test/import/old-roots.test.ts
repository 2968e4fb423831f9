import { expect, test } from 'vitest'
import { oldRootsIn } from '../../src/import/old-roots.js'

/** What settings speak for, in a folder that has those paths and two settings with that text: doubtful ones behind a question mark. */
const rootsIn = (text: string, ...paths: readonly string[]): string[] => {
  const { roots, doubtful } = rootsOf(text, paths)
  return [...roots, ...doubtful.map((root) => `?${root}`)]
}
const rootsOf = (text: string, paths: readonly string[]) =>
  oldRootsIn({
    files: [
      ...paths.map((path) => ({ path, text: '' })),
      ...['settings-a.php', 'settings-b.php'].map((path) => ({ path, text: `<?php // "\n${text}` })),
    ].map((file) => ({ path: file.path, mode: 0o644, mtimeS: 0, bytes: Buffer.from(file.text) })),
    directories: [],
    symlinks: [],
  })

test.each([
  ['a page that the folder has', 'href="/admin/index.php"', ['index.php', 'admin/index.php'], []],
  ['a folder that the folder has', 'src="/core/modules"', ['core/modules/a.php', 'modules/b.php'], []],
  ['a page of a site below another one', 'href="/blog/index.php" href="/blog/wp-login.php"', ['index.php', 'wp-login.php'], ['?/blog']],
  ['a file of a site below another one', '$logo = "/w/resources/assets/wiki.png";', ['resources/assets/wiki.png'], ['?/w']],
  ['a page of a site two folders down', 'href="/my/blog/index.php"', ['index.php'], ['?/my/blog']],
  ['a page by a name that machines have too', 'href="/home/index.php" href="/media/index.php"', ['index.php'], ['?/home', '?/media']],
  ['a system folder', '$x = "/etc/php/php.ini"', ['php/php.ini', 'php.ini'], []],
  ['a root of a machine', "$x = '/var/www/html/index.php';", ['index.php'], ['/var/www/html']],
  ['a home', "$x = '/home3/me/public_html/index.php';", ['index.php'], ['/home3/me/public_html']],
  ['a folder of a machine that is the root', "$x = '/srv/lib/a.php';", ['lib/a.php'], ['/srv']],
  ['a Mac', "$x = '/Users/me/Sites/blog/lib/a.php';", ['lib/a.php'], ['/Users/me/Sites/blog']],
  ['an unknown host, by an end of two names', "$x = '/customers/1/me/lib/a.php';", ['lib/a.php'], ['/customers/1/me']],
  ['an unknown host, by an end of one name', "$x = '/customers/1/me/a.php';", ['a.php'], ['?/customers/1/me']],
])('%s', (_, text, paths, roots) => {
  expect(rootsIn(text, ...paths)).toEqual(roots)
})
