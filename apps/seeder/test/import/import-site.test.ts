import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseConfiguration } from '@interpeer/php-runtime-bridge'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { type ImportSiteOptions, importSite } from '../../src/import/import-site.js'

const work = mkdtempSync(join(tmpdir(), 'interpeer-import-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))
let [folder, out, sql] = ['', '', '']
let folders = 0
beforeEach(() => {
  const base = join(work, String(folders++))
  ;[folder, out, sql] = [join(base, 'old'), join(base, 'new'), join(base, 'dump.sql')]
  mkdirSync(folder, { recursive: true })
})
function put(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}
const imported = (options: Partial<ImportSiteOptions> = {}) => importSite(folder, { out, roots: [], say: () => {}, ...options })
const made = (path: string): string => readFileSync(join(out, path), 'utf8')
const wordpress = {
  'wp-load.php': '<?php',
  'wp-blog-header.php': '<?php',
  'wp-includes/version.php': "<?php\n$wp_version = '6.5.5';",
  'wp-content/themes/a/style.css': '',
}

test('a WordPress of another machine: found, moved to where scripts see it, with its database and how it should run', async () => {
  put({
    ...wordpress,
    'wp-config.php':
      "<?php\ndefine('WP_CONTENT_DIR', '/var/www/html/wp-content');\n$themes = '/var/www/html/wp-content/themes'; $other = '/var/www/html2/wp-content';",
    'wp-content/cache.txt': 'a:1:{s:3:"dir";s:32:"/var/www/html/wp-content/uploads";}',
    '.htaccess':
      'RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule . /index.php [L]\nErrorDocument 404 /404.php\nphp_value memory_limit 1G\n',
    'wp-includes/.htaccess': 'Require all denied',
  })
  symlinkSync('/var/www/html/wp-content/themes', join(folder, 'themes'))
  symlinkSync(join(folder, 'wp-load.php'), join(folder, 'wp-content/load.php'))
  writeFileSync(
    sql,
    `CREATE TABLE wp_options (option_id bigint unsigned NOT NULL AUTO_INCREMENT, option_value longtext NOT NULL, PRIMARY KEY (option_id));
    INSERT INTO wp_options VALUES (1,'s:24:\\"/var/www/html/wp-content\\";');`,
  )
  const report = await imported({ sql })
  expect(report).toMatchObject({
    application: 'WordPress',
    version: '6.5.5',
    earlierRoots: expect.arrayContaining(['/var/www/html']),
    pathsChanged: 3,
    filesChanged: ['wp-config.php', 'wp-content/cache.txt'].sort(),
    linksChanged: ['themes', 'wp-content/load.php'],
    database: { path: 'wp-content/database/.ht.sqlite', tables: [{ name: 'wp_options', rows: 1 }] },
  })
  expect(made('wp-config.php')).toBe(
    "<?php\ndefine('WP_CONTENT_DIR', '/site/wp-content');\n$themes = '/site/wp-content/themes'; $other = '/var/www/html2/wp-content';",
  )
  expect(made('wp-content/cache.txt')).toBe('a:1:{s:3:"dir";s:24:"/site/wp-content/uploads";}')
  expect([readlinkSync(join(out, 'themes')), readlinkSync(join(out, 'wp-content/load.php'))]).toEqual([
    'wp-content/themes',
    '../wp-load.php',
  ])
  const database = new DatabaseSync(join(out, 'wp-content/database/.ht.sqlite'))
  expect(database.prepare('SELECT option_value FROM wp_options').get()).toEqual({ option_value: 's:16:"/site/wp-content";' })
  expect(database.prepare('SELECT count(*) AS types FROM _mysql_data_types_cache').get()).toEqual({ types: 2 })
  expect(JSON.parse(made('interpeer.json'))).toEqual(report.configuration)
  expect(report.configuration).toMatchObject({
    entry: '/index.php',
    rewrite: ['RewriteRule ^wp-includes/ - [F]', 'RewriteCond %{REQUEST_FILENAME} !-f', 'RewriteRule . /index.php [L]'],
    errorPages: { 404: '/404.php' },
    mutable: ['wp-content/database', 'wp-content/uploads'],
    cron: [{ schedule: '*/15 * * * *', target: '/wp-cron.php?doing_wp_cron' }],
  })
  const isFolder = (path: string) => existsSync(join(out, path))
  expect(parseConfiguration(readFileSync(join(out, 'interpeer.json')), isFolder)).toMatchObject({ type: 'valid' })
  expect(report.findings.filter(({ code }) => code === 'HTACCESS_LEFT')).toMatchObject([{ places: [{ path: '.htaccess', line: 5 }] }])
})

test('links of a site to itself stay as they are', async () => {
  const [admin, page] = ['<a href="/admin/index.php">', '<a href="/admin/index.php?a=1"><a href="/admin/">']
  put({ 'index.php': admin, 'admin/index.php': page })
  expect(await imported()).toMatchObject({ pathsChanged: 0, filesChanged: [], earlierRoots: [] })
  expect([made('index.php'), made('admin/index.php')]).toEqual([admin, page])
})

test('what may be an address, or where the folder lay, is left and told, and changed where that is said', async () => {
  const text = "<?php $a = '/app/lib/a.php'; $b = '/app/lib/';"
  put({ 'index.php': text, 'lib/a.php': '' })
  const { findings } = await imported()
  expect(findings).toContainEqual(
    expect.objectContaining({ level: 'info', code: 'PATHS_LEFT', text: expect.stringContaining('--root /app') }),
  )
  expect(made('index.php')).toBe(text)
  out = `${out}-2`
  const report = await imported({ roots: ['/app'] })
  expect(report.findings.filter(({ code }) => code === 'PATHS_LEFT')).toEqual([])
  expect(made('index.php')).toBe("<?php $a = '/site/lib/a.php'; $b = '/site/lib/';")
})

test.each([
  [
    'DokuWiki',
    { 'doku.php': '', 'inc/init.php': '', 'lib/exe/css.php': '', 'data/pages/a.txt': '', 'data/cache/_': '', 'conf/a': '' },
    { mutable: ['conf', 'data'] },
  ],
  [
    'MediaWiki',
    { 'load.php': '', 'api.php': '', 'includes/WebStart.php': '', 'images/a': '' },
    { extensions: ['intl'], mutable: ['data', 'images'] },
  ],
  [
    'Laravel',
    { artisan: '', 'bootstrap/app.php': '', 'public/index.php': '', 'storage/a': '', 'database/a': '' },
    { documentRoot: 'public', entry: '/index.php' },
  ],
  [
    'Drupal',
    { 'web/core/lib/Drupal.php': '', 'web/index.php': '', 'web/sites/default/files/a': '' },
    { documentRoot: 'web', mutable: ['web/sites/default/files'], caches: ['web/sites/default/files/php'] },
  ],
  [
    'Grav',
    { 'index.php': '', 'system/defines.php': '', 'user/config/a': '', 'cache/a': '', 'assets/a': '' },
    { mutable: ['user', 'assets', 'images'], caches: ['cache'] },
  ],
  ['PHP', { 'index.php': '' }, {}],
  ['static pages', { 'index.html': '' }, {}],
])('%s is found, and what is proposed for it can be published', async (name, files, configuration) => {
  put(files)
  const report = await imported()
  expect([report.application, report.configuration]).toEqual([name, expect.objectContaining(configuration)])
  expect(report.advice.some((line) => line.includes('"caches"'))).toBe(report.configuration?.caches !== undefined)
  expect(parseConfiguration(readFileSync(join(out, 'interpeer.json')), (path) => existsSync(join(out, path)))).toMatchObject({
    type: 'valid',
  })
})

test('a configuration of its own is kept, and where nothing is known none is made', async () => {
  put({ 'index.php': '', 'interpeer.json': '{"slots": 2}' })
  expect((await imported()).configuration).toBe(null)
  expect(made('interpeer.json')).toBe('{"slots": 2}')
  rmSync(folder, { recursive: true })
  put({ 'readme.txt': '' })
  out = `${out}-2`
  expect(await imported()).toMatchObject({ application: null, configuration: null })
  expect(readdirSync(out)).toEqual(['readme.txt'])
})

test('what no site can hold is left out and told: links outward, pipes, names, paths, sizes, the history of the source', async () => {
  const secret = join(work, 'secret')
  writeFileSync(secret, 'not to be read')
  put({ 'index.php': '', 'Name.txt': '', 'name.txt': '', '.git/config': 'x' })
  symlinkSync(secret, join(folder, 'leak'))
  symlinkSync(join(work, '..'), join(folder, 'outside'))
  symlinkSync('.', join(folder, 'loop'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
  writeFileSync(Buffer.from(`${folder}/bad\xff`, 'latin1'), '')
  writeFileSync(join(folder, 'sparse'), '')
  truncateSync(join(folder, 'sparse'), 1024 ** 4)
  mkdirSync(join(folder, ...Array.from({ length: 40 }, () => 'deep')), { recursive: true })
  const { findings } = await imported()
  const leftOut = findings.filter(({ code }) => code === 'LEFT_OUT').map(({ text }) => text.slice(0, text.indexOf(':')))
  expect(leftOut.sort()).toEqual(['FILE_PATH', 'FILE_TOO_LARGE', 'HISTORY', 'IMPORT_KIND', 'IMPORT_LOOP', 'IMPORT_NAME', 'IMPORT_OUTSIDE'])
  expect(findings.find(({ code }) => code === 'NAMES_ALIKE')?.places).toEqual([{ path: 'Name.txt' }, { path: 'name.txt' }])
  expect(readdirSync(out).sort()).toEqual(['Name.txt', 'deep', 'index.php', 'interpeer.json', 'name.txt'])
})

test('what this user may not read is left out and told; all else comes', async () => {
  put({ 'index.php': '<?php', 'closed.php': 'secret', 'closed/a.txt': 'secret', 'open/b.txt': 'b' })
  for (const path of [work, join(folder, '..')]) chmodSync(path, 0o777)
  for (const path of ['closed.php', 'closed']) chmodSync(join(folder, path), 0)
  const isRoot = process.getuid?.() === 0
  if (isRoot) process.seteuid?.(65_534) // root may read everything
  try {
    const { findings } = await imported()
    const [left] = findings.filter(({ text }) => text.startsWith('IMPORT_UNREADABLE'))
    expect(left?.places).toEqual([{ path: 'closed' }, { path: 'closed.php' }])
    expect(readdirSync(out).sort()).toEqual(['index.php', 'interpeer.json', 'open'])
  } finally {
    if (isRoot) process.seteuid?.(0)
    for (const path of ['closed.php', 'closed']) chmodSync(join(folder, path), 0o755)
  }
})

test('pipes, sockets and devices are left out; hard links are files, and what is sparse is as long as it says', async () => {
  put({ 'index.php': '<?php', 'a.txt': 'shared' })
  linkSync(join(folder, 'a.txt'), join(folder, 'b.txt'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
  const server = createServer().listen(join(folder, 'socket'))
  await once(server, 'listening')
  const kinds = ['pipe', 'socket']
  try {
    execFileSync('mknod', [join(folder, 'zero'), 'c', '1', '5'], { stdio: 'ignore' })
    kinds.push('zero')
  } catch {
    // only root makes devices
  }
  const sparse = join(folder, 'sparse')
  writeFileSync(sparse, 'begin')
  truncateSync(sparse, 3 * 2 ** 20 + 1)
  try {
    const { findings } = await imported()
    expect(findings.find(({ text }) => text.startsWith('IMPORT_KIND'))?.places).toEqual(kinds.map((path) => ({ path })))
  } finally {
    server.close()
  }
  expect(readdirSync(out).sort()).toEqual(['a.txt', 'b.txt', 'index.php', 'interpeer.json', 'sparse'])
  const zeros = readFileSync(join(out, 'sparse'))
  expect([zeros.length, zeros.subarray(0, 5).toString(), zeros.subarray(5).every((byte) => byte === 0)]).toEqual([
    3 * 2 ** 20 + 1,
    'begin',
    true,
  ])
  writeFileSync(join(out, 'a.txt'), 'changed') // two files now
  expect([made('b.txt'), readFileSync(join(folder, 'a.txt'), 'utf8')]).toEqual(['shared', 'shared'])
})

test('a folder of more than a site holds is refused, and nothing is made; as many as it holds come', async () => {
  put(Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`f${i}`, ''])))
  expect(await imported({ maxEntries: 99 })).toMatchObject({ files: 99 })
  put({ one: '' })
  const more = `${out}-2`
  await expect(imported({ out: more, maxEntries: 99 })).rejects.toThrow(expect.objectContaining({ code: 'TREE_TOO_LARGE' }))
  expect(existsSync(more)).toBe(false)
})

test('the history of the source is not read, however long it is', async () => {
  put({ 'index.php': '', 'lib/a.php': '', ...Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`lib/.git/objects/${i}`, ''])) })
  const { files, findings } = await imported({ maxEntries: 4 })
  expect(files).toBe(2)
  expect(findings.filter(({ code }) => code === 'LEFT_OUT')).toMatchObject([{ level: 'info', places: [{ path: 'lib/.git' }] }])
})

test('names of any letters are kept as they are; those that some machines take for one are told', async () => {
  const names = [
    'new\nline',
    'tab\t',
    'quo\'te"',
    '-rf',
    ' space ',
    'dot.',
    'con',
    '%41',
    'ü',
    'u\u0308',
    '\u202egnp.exe',
    '😀',
    'x'.repeat(255),
    '$(id)',
    '*',
  ]
  put(Object.fromEntries([['index.php', '<?php'], ...names.map((name) => [name, name] as const)]))
  mkdirSync(join(folder, '~'))
  const { findings } = await imported()
  for (const name of names) expect(made(name), name).toBe(name)
  expect(findings.find(({ code }) => code === 'NAMES_ALIKE')?.places).toEqual([{ path: 'u\u0308' }, { path: 'ü' }])
  expect(findings.filter(({ code }) => code === 'LEFT_OUT')).toEqual([])
})

test('.htaccess files of folders come to rules for the whole site', async () => {
  put({
    'index.php': '<?php',
    'wiki/index.php': '<?php',
    'wiki/.htaccess':
      'RewriteEngine On\nRewriteBase /wiki/\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^(.+)$ index.php?title=$1 [L,QSA]',
    'data/.htaccess': 'Order deny,allow\nDeny from all',
    'data/public/.htaccess': 'Allow from all',
    'data/public/a.txt': '',
  })
  expect((await imported()).configuration).toMatchObject({
    rewrite: [
      'RewriteCond $1 !^(?:public)(?:/|$)',
      'RewriteRule ^data/(.*) - [F]',
      'RewriteCond %{REQUEST_FILENAME} !-f',
      'RewriteRule ^wiki/(.+)$ /wiki/index.php?title=$1 [L,QSA]',
      'RewriteRule ^wiki/ - [L]',
    ],
  })
})

test('a folder that is swapped for a link while it is read gives nothing of what that leads to', async () => {
  const outside = join(work, 'outside')
  mkdirSync(outside, { recursive: true })
  for (let i = 0; i < 50; i++) writeFileSync(join(outside, `f${i}`), 'not to be read')
  for (let i = 0; i < 50; i++) put({ [`data/f${i}`]: 'inside', [`before${i}`]: '' })
  const [data, away] = [join(folder, 'data'), join(folder, '..', 'away')]
  let isOver = false
  const swaps = (async () => {
    while (!isOver) {
      renameSync(data, away)
      symlinkSync(outside, data)
      await new Promise(setImmediate)
      rmSync(data)
      renameSync(away, data)
      await new Promise(setImmediate)
    }
  })()
  for (let round = 0; round < 3; round++) {
    const to = `${out}-${round}`
    try {
      await imported({ out: to })
      const files = existsSync(join(to, 'data')) ? readdirSync(join(to, 'data')) : []
      expect(files.map((name) => readFileSync(join(to, 'data', name), 'utf8')).filter((text) => text !== 'inside')).toEqual([])
    } catch (error) {
      expect(['IMPORT_CHANGED', 'IMPORT_UNREADABLE']).toContain((error as { code?: unknown }).code)
      expect(existsSync(to)).toBe(false)
    }
  }
  isOver = true
  await swaps
})

test.each(['', '/', '//', '/.', '/../', 'var/www', 'C:'])('%j is no place where a folder lay', async (root) => {
  put({ 'index.php': 'a/b' })
  await expect(imported({ roots: [root] })).rejects.toThrow(expect.objectContaining({ code: 'IMPORT_ROOT_INVALID' }))
  expect(existsSync(out)).toBe(false)
})

test.each(['/app', '/app/', 'C:/xampp/htdocs', '/.hidden/a'])('%j is a place where a folder lay', async (root) => {
  put({ 'index.php': `"${root.replace(/\/$/, '')}/b"` })
  await imported({ roots: [root] })
  expect(made('index.php')).toBe('"/site/b"')
})

test('a bundle goes to a new folder that is not in the other; what fails leaves none', async () => {
  put({ 'index.php': '' })
  const coded = (code: string) => expect.objectContaining({ code })
  await expect(imported({ out: join(folder, 'in') })).rejects.toThrow(coded('IMPORT_OUT_INSIDE'))
  await expect(imported({ out: join(folder, '..') })).rejects.toThrow(coded('IMPORT_OUT_INSIDE'))
  mkdirSync(out)
  writeFileSync(join(out, 'mine'), '')
  await expect(imported()).rejects.toThrow(coded('IMPORT_OUT_NOT_EMPTY'))
  writeFileSync(sql, "CREATE TABLE t (a int); INSERT INTO t VALUES ('never ends")
  const [other, heard] = [`${out}-2`, [] as string[]]
  await expect(imported({ out: other, sql: `${sql}.slip`, say: (line) => heard.push(line) })).rejects.toThrow(coded('ENOENT'))
  expect([heard, existsSync(other)]).toEqual([[], false]) // before anything was read
  await expect(imported({ out: other, sql })).rejects.toThrow(coded('SQL_TOKEN'))
  expect([readdirSync(out), existsSync(other)]).toEqual([['mine'], false])
})
