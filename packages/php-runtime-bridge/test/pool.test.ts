import { SLOT } from '@interpeer/php-runtime-bridge'
import { type PhpRuntime, startPhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesOf, utf8, visit } from './sites.js'

const GUARD_MS = 2_000
/** No loop ends by itself. */
const ENDLESS = { ...SLOT, fuel: 2 ** 50 }
let php: PhpRuntime
beforeAll(async () => {
  php = await startPhpRuntime({ guardMs: GUARD_MS, limits: ENDLESS, workers: 3 })
  await php.load('site', filesOf({ 'index.php': '<?php echo $_GET["n"] ?? "kept", " ", getmypid();' }))
  await php.load('loop', filesOf({ 'index.php': '<?php while (true);' }))
  // all three workers are there
  await Promise.all((['read', 'read', 'write'] as const).map((kind) => php.run('site', request(), at, { kind })))
})
afterAll(() => php.close())

const request = (target = '/') => ({ method: 'GET', target, host: 'h', https: false, headers: [], body: new Uint8Array() })
const warm = { 'interpeer.json': '{"mutable": [], "warmUp": ["/"]}' }
const at = { timeMs: 1_790_000_000_000, seed: utf8('seed') }
const textOf = (outcome: Awaited<ReturnType<PhpRuntime['run']>>) =>
  outcome.type === 'answered' ? Buffer.from(outcome.body).toString() : outcome.reason

test('reads go on beside a read and a write that hang; only those two are given up', async () => {
  const ended: string[] = []
  const run = async (name: string, root: string, kind: 'read' | 'write') => {
    const outcome = await php.run(root, request(`/?n=${encodeURIComponent(name)}`), at, { kind })
    ended.push(name)
    return textOf(outcome)
  }
  const all = await Promise.all([
    run('hanging read', 'loop', 'read'),
    run('hanging write', 'loop', 'write'),
    ...[1, 2, 3, 4, 5].map((n) => run(`${n}`, 'site', 'read')),
    run('write', 'site', 'write'),
  ])
  expect(all.slice(0, 2)).toEqual(['GUARD_TIME', 'GUARD_TIME'])
  expect(all.slice(2, 7)).toEqual([1, 2, 3, 4, 5].map((n) => expect.stringMatching(`^${n} \\d+$`)))
  expect(all[7]).toMatch(/^write \d+$/)
  expect(ended.slice(0, 5)).toEqual(['1', '2', '3', '4', '5'])
  expect(ended.at(-1)).toBe('write')
})

test('reads that all hang hold no write up', async () => {
  const reads = [1, 2, 3].map(() => php.run('loop', request(), at, { kind: 'read' }))
  const first = await Promise.race([...reads, php.run('site', request('/?n=write'), at)])
  expect(textOf(first)).toMatch(/^write /)
  expect((await Promise.all(reads)).map(textOf)).toEqual(['GUARD_TIME', 'GUARD_TIME', 'GUARD_TIME'])
})

test('every worker gives the same bytes, for sites with an image of their own too', async () => {
  await php.load('warm', filesOf({ ...warm, 'index.php': '<?php echo json_encode(opcache_get_status(true)), mt_rand(), lcg_value();' }))
  const kinds = ['read', 'read', 'write', 'read'] as const
  const outcomes = await Promise.all(kinds.map((kind) => php.run('warm', request(), at, { kind })))
  const transcripts = outcomes.map((outcome) => outcome.type === 'answered' && Buffer.from(outcome.transcript).toString('hex'))
  expect(transcripts[0]).toMatch(/^[0-9a-f]+$/)
  expect(new Set(transcripts).size).toBe(1)
})

test('a site whose warm-up never ends is abstained from, and holds nobody else up', async () => {
  const brief = await startPhpRuntime({ guardMs: 1_000, limits: ENDLESS, workers: 2 })
  await brief.load('endless', filesOf({ ...warm, 'index.php': '<?php while (true);', 'other.php': '<?php echo "other";' }))
  await brief.load('site', filesOf({ 'a.txt': 'text' }))
  const endless = [brief.run('endless', request('/other.php'), at), brief.image('endless')] as const
  expect(textOf(await brief.run('site', request('/a.txt'), at))).toBe('text')
  expect(await endless[0]).toEqual({ type: 'abstained', reason: 'IMAGE_FAILED' })
  expect(await endless[1]).toBeUndefined()
  expect(await brief.run('endless', request('/other.php'), at), 'at once: it is not tried again yet').toEqual({
    type: 'abstained',
    reason: 'IMAGE_FAILED',
  })
  await brief.close()
})

test('a worker keeps instances of a few images, and makes those of others anew', async () => {
  const single = await startPhpRuntime({ guardMs: 20_000 })
  const names = ['a', 'b', 'c']
  for (const name of names) await single.load(name, filesOf({ ...warm, 'index.php': `<?php echo "${name}";` }))
  await single.load('plain', filesOf({ 'index.php': '<?php echo "plain";' }))
  const texts: string[] = []
  for (const root of [...names, 'plain', ...names, 'plain']) texts.push((await visit(single, root)).text)
  expect(texts).toEqual(['a', 'b', 'c', 'plain', 'a', 'b', 'c', 'plain'])
  await single.close()
})

test('more runs than may wait are refused, and those that wait are still answered', async () => {
  const single = await startPhpRuntime({ guardMs: 20_000 })
  await single.load('site', filesOf({ 'a.txt': 'text' }))
  const reads = Array.from({ length: 1_030 }, () => single.run('site', request('/a.txt'), at, { kind: 'read' }))
  const settled = await Promise.allSettled(reads)
  const refused = settled.filter((one) => one.status === 'rejected')
  expect(refused.length).toBe(5)
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'RUNTIME_BUSY', failure: { waitingMax: 1024 } })
  await single.close()
})

test('a tree that is forgotten, or given anew, is as it was for the runs that were asked for before', async () => {
  await php.load('brief', filesOf({ 'index.php': '<?php echo "old";' }))
  const old = ['read', 'write', 'read', 'write', 'read'] as const
  const before = old.map((kind) => php.run('brief', request(), at, { kind }))
  await php.load('brief', filesOf({ 'index.php': '<?php echo "new";' }))
  const after = php.run('brief', request(), at)
  php.forget('brief')
  expect((await Promise.all([...before, after])).map(textOf)).toEqual([...old.map(() => 'old'), 'new'])

  await php.load('brief', filesOf({ 'index.php': '<?php echo file_get_contents("n");', n: '1' }))
  await php.derive('brief', 'brief', [{ type: 'write', path: 'n', mode: 0o644, mtimeS: 1, bytes: utf8('2') }])
  expect(textOf(await php.run('brief', request(), at))).toBe('2')
  php.forget('brief')
  await expect(php.run('brief', request(), at)).rejects.toThrow(expect.objectContaining({ code: 'ROOT_UNKNOWN' }))
})

test('closing refuses what waits and what runs', async () => {
  const single = await startPhpRuntime({ guardMs: 20_000, workers: 2 })
  await single.load('loop', filesOf({ 'index.php': '<?php while (true);' }))
  const runs = [1, 2, 3].map(() => single.run('loop', request(), at, { kind: 'read' }))
  const outcomes = Promise.allSettled(runs)
  await single.close()
  for (const one of await outcomes) expect(one).toMatchObject({ status: 'rejected', reason: { code: 'RUNTIME_CLOSED' } })
})
