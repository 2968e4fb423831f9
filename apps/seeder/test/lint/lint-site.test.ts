import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Finding } from '../../src/findings.js'
import { interpeer } from '../interpeer.js'

const work = mkdtempSync(join(tmpdir(), 'interpeer-lint-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))
let folders = 0
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = join(work, String(folders++))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}
async function lint(folder: string, ...options: string[]) {
  const { code, stdout, stderr } = await interpeer(['site', 'lint', folder, '--json', '--cache', join(work, 'cache'), ...options])
  return { code, stdout, stderr, findings: code === 1 ? [] : (JSON.parse(stdout).findings as Finding[]) }
}
const coded = (findings: readonly Finding[], code: string) => findings.filter((finding) => finding.code === code)

test('by running it: syntax of its PHP, views that write at first or each time, writes that are refused, scratch that shows', async () => {
  const folder = folderWith({
    'interpeer.json': '{"php": "8.2", "mutable": ["data"], "scratch": ["cache"], "caches": ["kept"]}',
    'index.php': '<?php echo "fine";',
    'broken.php': '<?php\n\nif (true {\n',
    'newer.php': '<?php echo "a" |> strtoupper(...);',
    'first.php': "<?php if (!file_exists('data/seen')) file_put_contents('data/seen', '1');",
    'counter.php': "<?php file_put_contents('data/n', (int) @file_get_contents('data/n') + 1);",
    'refused.php': "<?php @file_put_contents('code.php', 'x');",
    'cached.php': "<?php echo file_exists('cache/c') ? 'warm' : 'cold'; file_put_contents('cache/c', '');",
    'kept.php': "<?php file_put_contents('kept/c', 'x');",
    'linked.php': "<?php file_put_contents('kept/a b.css', 'x'); file_put_contents('kept/c', 'x'); echo '<link href=\"/kept/a%20b.css\">';",
    'pages.php': "<?php file_put_contents('data/page-cache', random_bytes(4));",
    'dies.php': '<?php undefined_function();',
    'data/.keep': '',
    'cache/.keep': '',
    'kept/.keep': '',
  })
  const views = ['first', 'counter', 'refused', 'cached', 'kept', 'linked', 'pages', 'dies'].flatMap((name) => ['--view', `/${name}.php`])
  const { code, findings } = await lint(folder, ...views)
  expect(code).toBe(2)
  expect(coded(findings, 'SYNTAX').map(({ level, places }) => [level, places])).toEqual([
    ['error', [{ path: 'broken.php', line: 4 }]],
    ['error', [{ path: 'newer.php', line: 1 }]],
  ])
  expect(coded(findings, 'VIEW_WRITES').map(({ level, text, places }) => [level, text, places])).toEqual([
    ['warning', '/counter.php writes each time: data/n', [{ path: 'data/n' }]],
    [
      'warning',
      '/pages.php writes each time: data/page-cache; what views can do without belongs in "caches"',
      [{ path: 'data/page-cache' }],
    ],
    ['info', '/first.php writes at its first visit: data/seen', [{ path: 'data/seen' }]],
    ['info', '/counter.php writes at its first visit: data/n', [{ path: 'data/n' }]],
    [
      'info',
      '/pages.php writes at its first visit: data/page-cache; what views can do without belongs in "caches"',
      [{ path: 'data/page-cache' }],
    ],
  ])
  expect(coded(findings, 'WRITE_REFUSED')).toMatchObject([
    { text: expect.stringContaining('/refused.php'), places: [{ path: 'code.php' }] },
  ])
  expect(coded(findings, 'SCRATCH_SHOWS')).toMatchObject([{ text: expect.stringContaining('/cached.php') }])
  expect(coded(findings, 'CACHE_LINKED')).toMatchObject([
    { text: expect.stringContaining('/linked.php'), places: [{ path: 'kept/a b.css' }] },
  ])
  expect(coded(findings, 'VIEW_FAILED')).toMatchObject([{ text: expect.stringContaining('undefined_function') }])
})

test('the history of the source is left out and said to be, however large it is', async () => {
  const folder = folderWith({
    'index.php': '<?php',
    '.git/config': 'url = https://ada:hunter2hunter@git.example/a',
    'vendor/a/.git/HEAD': '',
  })
  truncateSync(join(folder, '.git/config'), 300 * 2 ** 20)
  symlinkSync('/etc/passwd', join(folder, '.git/outward'))
  const { code, findings } = await lint(folder, '--no-run', '--strict')
  expect([code, coded(findings, 'LEFT_OUT')]).toEqual([
    0,
    [
      {
        level: 'info',
        code: 'LEFT_OUT',
        text: 'HISTORY: the history of the source is none of the site',
        places: [{ path: '.git' }, { path: 'vendor/a/.git' }],
        count: 2,
      },
    ],
  ])
})

test('without running it: secrets are named by their place and never shown; data that visitors could fetch; exit codes', async () => {
  const folder = folderWith({
    'index.php': '',
    'config.php': "<?php\n$password = 'correct horse';",
    'wiki.sqlite': 'SQLite format 3\0rest',
  })
  const { code, stdout, findings } = await lint(folder, '--no-run')
  expect([code, coded(findings, 'SECRET_READABLE')[0]?.places, coded(findings, 'DATA_FETCHABLE')[0]?.places]).toEqual([
    2,
    [{ path: 'config.php', line: 2 }],
    [{ path: 'wiki.sqlite' }],
  ])
  expect(stdout).not.toContain('correct')
  const clean = folderWith({ 'index.php': '<?php echo rand();' })
  expect((await lint(clean, '--no-run', '--strict')).code).toBe(0)
  const warned = folderWith({ 'index.php': "<?php exec('ls');" })
  expect([(await lint(warned, '--no-run')).code, (await lint(warned, '--no-run', '--strict')).code]).toEqual([0, 2])
  symlinkSync('/etc/passwd', join(warned, 'leak'))
  expect((await lint(warned, '--no-run')).findings[0]).toMatchObject({
    level: 'error',
    code: 'LEFT_OUT',
    places: [{ path: 'leak -> /etc/passwd' }],
  })
  expect(await lint(folderWith({ 'interpeer.json': '{' }), '--no-run')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('interpeer.json:1:2'),
  })
})
