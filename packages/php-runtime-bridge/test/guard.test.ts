import { readFileSync } from 'node:fs'
import { SLOT } from '@interpeer/php-runtime-bridge'
import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepSites } from './kept-sites.js'
import { filesOf, runPage, type Seen, startPhp, visit } from './sites.js'

let php: PhpRuntime
const keep = keepSites()
beforeAll(async () => {
  php = await startPhp({ guardMs: 2_500, limits: { ...SLOT, fuel: 2 ** 50 } })
  await keep(php)
})
afterAll(() => php.close())

const request = { method: 'GET', target: '/', host: 'h', https: false, headers: [], body: new Uint8Array() }
const at = { timeMs: 1, seed: new Uint8Array() }

test('a script that never ends: the member abstains, a new worker has all trees, those who waited are served', async () => {
  await php.load('loop', filesOf({ 'index.php': '<?php file_put_contents("x", "1"); while (true);' }))
  const [outcome, ...waited] = await Promise.all([
    php.run('loop', request, at),
    visit(php, 'kept'),
    php.run('loop', request, at),
    visit(php, 'kept 1'),
  ])
  expect(outcome).toEqual({ type: 'abstained', reason: 'GUARD_TIME' })
  expect(waited).toEqual([
    expect.objectContaining({ text: 'kept 0' }),
    { type: 'abstained', reason: 'GUARD_TIME' },
    expect.objectContaining({ text: 'kept 1' }),
  ])
})

test('trees that come and go while the worker is being replaced are as told', async () => {
  const loop = php.run('loop', request, at)
  await php.load('late', filesOf({ 'a.txt': 'late' }))
  await loop
  await php.load('later', filesOf({ 'a.txt': 'later' }))
  await php.derive('latest', 'late', [{ type: 'delete', path: 'a.txt' }])
  php.forget('late')
  const seen = [await visit(php, 'later', { target: '/a.txt' }), await visit(php, 'latest', { target: '/a.txt' })]
  expect(seen.map(({ status }) => status)).toEqual([200, 404])
})

test('whatever ran before, on a used, a replaced and a new instance, a request gives the same bytes', async () => {
  const patient = await startPhp({ limits: { ...SLOT, fuel: 3_000_000_000 } })
  const nasty = readFileSync(new URL('determinism/nasty.php', import.meta.url), 'utf8')
  const figures = ({ transcript, fuel, memoryBytes }: Seen) => `${transcript} ${fuel} ${memoryBytes}`
  const ran = [figures(await runPage(patient, nasty))]
  for (const before of [
    'mt_srand(1); ini_set("precision", 3); touch("/tmp/x");',
    '$a = str_repeat("x", 90_000_000);',
    '$f = function () use (&$f) { array_map($f, [1]); }; $f();',
    'try { while (true); } catch (Error) { while (true); }',
  ]) {
    await runPage(patient, `<?php ${before}`)
    ran.push(figures(await runPage(patient, nasty)))
  }
  await patient.close()
  const [loop, after] = await Promise.all([php.run('loop', request, at), runPage(php, nasty)])
  expect(loop.type).toBe('abstained')
  expect(new Set([...ran, figures(after)]).size).toBe(1)
})
