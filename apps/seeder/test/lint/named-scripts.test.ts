import { parseConfiguration } from '@interpeer/php-runtime-bridge'
import { expect, test } from 'vitest'
import { namedScripts } from '../../src/lint/named-scripts.js'

function found(configuration: object, paths: readonly string[], links: Readonly<Record<string, string>> = {}) {
  const reading = parseConfiguration(Buffer.from(JSON.stringify(configuration)))
  if (reading.type === 'invalid') throw new Error(JSON.stringify(reading.faults))
  const files = paths.map((path) => ({ path, mode: 0o644, mtimeS: 0, bytes: new Uint8Array() }))
  const symlinks = Object.entries(links).map(([path, target]) => ({ path, target }))
  return namedScripts({ files, directories: [], symlinks }, reading.configuration).map(({ level, text }) => `${level}: ${text}`)
}
const NAMED = {
  documentRoot: 'web',
  router: 'app/router.php',
  entry: '/index.php',
  errorPages: { 404: '/404.html', 403: '/no.php?x' },
  cron: [{ schedule: '* * * * *', target: '/cron.php?key=1' }],
  warmUp: ['/', '/page'],
}

test('a folder that has all that its configuration names', () => {
  const paths = ['app/router.php', 'web/index.php', 'web/404.html', 'web/no.php', 'web/cron.php']
  expect(found(NAMED, paths)).toEqual([])
  const { router: _, ...rest } = NAMED
  expect(found(rest, paths)).toEqual([])
  expect(found({ entry: '/index.php' }, ['a.php'], { 'index.php': 'a.php' })).toEqual([])
})

test('one that has nothing of it is told each', () => {
  const { router: _, ...rest } = NAMED
  expect(found(rest, ['index.php', 'router.php'])).toEqual([
    'error: entry names /index.php, which is no file below the document root',
    'warning: errorPages 403 names /no.php?x, where nothing is: it would be answered with 404',
    'warning: errorPages 404 names /404.html, where nothing is: it would be answered with 404',
    'error: cron names /cron.php?key=1, where nothing is: it would be answered with 404',
    'warning: warmUp names /, where nothing is: it would be answered with 404',
    'warning: warmUp names /page, where nothing is: it would be answered with 404',
  ])
  expect(found({ router: 'gone.php' }, ['index.php'])).toEqual(['error: router names gone.php, which is no file of the site'])
  expect(found({ router: 'r.php' }, [], { 'r.php': 'nowhere.php' })).toEqual(['error: router names r.php, which is no file of the site'])
})

test('what rules do with an address counts: what they refuse, or send elsewhere, is not run', () => {
  const cron = [{ schedule: '* * * * *', target: '/cron.php' }]
  const paths = ['cron.php', 'run.php', 'no.html']
  expect(found({ cron, rewrite: ['RewriteRule ^cron - [F]'], errorPages: { 403: '/no.html' } }, paths)).toEqual([
    'error: cron names /cron.php, which is not given out: it would be answered with 403',
  ])
  expect(found({ cron, rewrite: ['RewriteRule ^cron /run.php [R=301]'] }, paths)).toEqual([
    'error: cron names /cron.php, which leads elsewhere: to /run.php',
  ])
  expect(found({ cron: [{ schedule: '* * * * *', target: '/tick' }], rewrite: ['RewriteRule ^tick$ run.php'] }, paths)).toEqual([])
})
