import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { fstatSync, ftruncateSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CACHE_FOLDER, filesOf, startPhp, type Visit, visit } from './sites.js'

const KIB = 1024
const noise = (length: number, seed: number): Uint8Array => {
  let state = seed
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 24
  })
}
const site = filesOf({
  'index.php': `<?php
    match ($_GET['do'] ?? '') {
      'part' => print md5(file_get_contents('large.bin', false, null, 70_000, 200_000)),
      'patch' => (function () { $f = fopen('large.bin', 'r+'); fseek($f, 131_000); fwrite($f, str_repeat('new', 100)); })(),
      'append' => file_put_contents('large.bin', random_bytes(300_000), FILE_APPEND),
      'shorten' => (function () { $f = fopen('large.bin', 'r+'); ftruncate($f, 100_001); })(),
      'copy' => copy('large.bin', 'other.bin'),
      'rename' => rename('other.bin', 'again.bin'),
      'insert' => (function () { $db = new PDO('sqlite:wiki.db'); $db->exec('CREATE TABLE IF NOT EXISTS p (id INTEGER PRIMARY KEY, t TEXT)');
        $add = $db->prepare('INSERT INTO p (t) VALUES (?)'); for ($i = 0; $i < 300; $i++) $add->execute([bin2hex(random_bytes(500))]); })(),
      'select' => print (new PDO('sqlite:wiki.db'))->query('SELECT count(*) || sum(length(t)) || max(t) FROM p')->fetchColumn(),
    };`,
  'large.bin': noise(900 * KIB + 5, 1),
  'small.txt': 'small',
  'empty.txt': '',
})
const visits: readonly Visit[] = [
  { target: '/?do=part' },
  { target: '/?do=patch' },
  { target: '/large.bin', headers: [['Range', 'bytes=131000-131299']] },
  { target: '/?do=append' },
  { target: '/?do=insert' },
  { target: '/?do=copy' },
  { target: '/?do=insert' },
  { target: '/?do=shorten' },
  { target: '/?do=select' },
  { target: '/?do=rename' },
  { target: '/again.bin' },
  { target: '/large.bin' },
  { target: '/?do=patch' },
  { target: '/?do=part' },
  { target: '/small.txt' },
]

const runtimes: PhpRuntime[] = []
beforeAll(async () => {
  for (const fileMemoryMiB of [256, 0]) runtimes.push(await startPhp({ fileMemoryMiB }))
})
afterAll(() => Promise.all(runtimes.map((php) => php.close())))

/** All that comes of the visits, each on what the one before left. */
async function outcomesOf(php: PhpRuntime): Promise<unknown[]> {
  await php.load('0', site)
  const outcomes: unknown[] = []
  for (const [index, one] of visits.entries()) {
    const { header: _, ...seen } = await visit(php, `${index}`, one)
    await php.derive(`${index + 1}`, `${index}`, seen.changes)
    php.forget(`${index}`)
    outcomes.push(seen)
  }
  return outcomes
}

test('where files lie shows in no result', async () => {
  const [inMemory, onDisk] = await Promise.all(runtimes.map(outcomesOf))
  expect(onDisk).toEqual(inMemory)
  expect(inMemory).toHaveLength(visits.length)
})

const MIB = 1024 * KIB
const FILE_MIB = 400
test('a site that is larger than the memory of who runs it is run', async () => {
  const child = spawn(
    process.execPath,
    ['--max-old-space-size=64', fileURLToPath(new URL('large-site.mjs', import.meta.url)), CACHE_FOLDER, `${FILE_MIB}`],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let said = ''
  child.stdout.on('data', (data) => {
    said += data
  })
  await new Promise((resolve) => child.on('exit', resolve))
  const { body, most } = JSON.parse(said)
  expect(body).toBe(`${(FILE_MIB - 1) * 1024 + 5} ${FILE_MIB * MIB}`)
  // PHP's own memory is in it, and what V8 has not collected yet
  expect(most).toBeLessThan((FILE_MIB / 2) * MIB)
})

/** Open in this process, and in no folder: nobody else's here. */
function pageFileOf(bytes: number): number {
  for (let descriptor = 3; descriptor < 1024; descriptor++) {
    try {
      const { nlink, size } = fstatSync(descriptor)
      if (nlink === 0 && size === bytes) return descriptor
    } catch {
      // none has that number
    }
  }
  throw new Error('no such file is open')
}

test.runIf(process.platform === 'linux')('a disk that cannot be read makes no result', async () => {
  const php = await startPhp({ fileMemoryMiB: 1 })
  try {
    const script = `<?php try { $part = file_get_contents('large.bin', false, null, 70_000, 200_000); } catch (Throwable $e) {} echo strlen($part);`
    await php.load('site', filesOf({ 'index.php': script, 'large.bin': noise(1500 * KIB + 5, 9) }))
    ftruncateSync(pageFileOf(1500 * KIB + 5), 128 * KIB)
    await expect(visit(php, 'site')).rejects.toThrow('HOST_DISK')
  } finally {
    await php.close()
  }
})

test('what a worker has yet to learn from a tree that is forgotten is still there when it does', async () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const php = await startPhp({ fileMemoryMiB: 1 })
  try {
    const large = noise(1500 * KIB + 5, 3)
    const size = 1400 * KIB + 1
    await php.load('slow', filesOf({ 'index.php': '<?php for ($i = 0; $i < 50_000_000; $i++); echo $i;' }))
    await php.load('before', filesOf({ 'index.php': "<?php echo md5_file('large.bin');", 'large.bin': large }))
    const slow = visit(php, 'slow')
    await new Promise((resolve) => setTimeout(resolve, 50))
    await php.derive('after', 'before', [{ type: 'patch', path: 'large.bin', mode: 0o644, mtimeS: 1, size, parts: [] }])
    php.forget('before')
    for (let round = 0; round < 3; round++) {
      gc()
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await php.load('other', filesOf({ 'large.bin': noise(1500 * KIB, 4) }))
    await slow
    expect((await visit(php, 'after')).text).toBe(createHash('md5').update(large.subarray(0, size)).digest('hex'))
  } finally {
    await php.close()
  }
})
