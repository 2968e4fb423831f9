import type { ScriptEvent } from '@interpeer/php-runtime-bridge'
import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesOf, startPhp, textOf, utf8 } from './sites.js'

const AT = { timeMs: 1_790_000_000_000, seed: utf8('seed') }
const REQUEST = { method: 'GET', target: '/', host: 'localhost', https: false, headers: [], body: new Uint8Array() }
const KEY = 'ab'.repeat(32)
const SHOW =
  '<?php echo json_encode([$_SERVER["INTERPEER_EVENT"] ?? null, $args ?? null, basename(__FILE__), getcwd(), get_included_files()]);'
const CONFIGURATION = '{"effects": ["after", "outbox"]}'

let php: PhpRuntime
beforeAll(async () => {
  php = await startPhp({ hostCalls: { effects: ['after', 'outbox'] } })
})
afterAll(() => php.close())

async function run(files: Record<string, string>, more: { event?: ScriptEvent; target?: string; headers?: [string, string][] } = {}) {
  await php.load('site', filesOf({ 'interpeer.json': CONFIGURATION, ...files }))
  const outcome = await php.run('site', { ...REQUEST, ...more }, AT)
  if (outcome.type === 'abstained') throw new Error(outcome.reason)
  return { ...outcome, text: textOf(outcome.body) }
}
const shown = { 'public/index.php': SHOW, 'jobs/later.php': SHOW }

test('a timer runs its script, where no visitor can reach it, and gives it what it was set with', async () => {
  const event = { type: 'timer', script: 'jobs/later.php', args: utf8('a:2:{s:1:"a";i:1;i:0;b:1;}') } as const
  const { text } = await run(shown, { event, target: '/jobs/later.php' })
  expect(JSON.parse(text)).toEqual(['timer', { a: 1, 0: true }, 'later.php', '/site/jobs', ['/site/jobs/later.php']])
  expect((await run(shown, { target: '/jobs/later.php' })).text).not.toContain('later.php",')
})

test('a cron line is a GET request of its target', async () => {
  const { text } = await run(shown, { event: { type: 'cron' }, target: '/?x=1' })
  expect(JSON.parse(text).slice(0, 3)).toEqual(['cron', null, 'index.php'])
})

test('an answer tells how a request of the outbox ended', async () => {
  const answer = {
    status: 201,
    headers: [
      ['a', 'b'],
      ['ä', ''],
    ] as [string, string][],
    body: utf8('body\0'),
  }
  const sent = await run(shown, { event: { type: 'answer', script: 'jobs/later.php', key: KEY, answer } })
  const args = {
    key: KEY,
    sent: true,
    status: 201,
    headers: [
      ['a', 'b'],
      ['ä', ''],
    ],
    body: 'body\0',
    error: '',
  }
  expect(JSON.parse(sent.text).slice(0, 2)).toEqual(['answer', args])
  const unsent = await run(shown, { event: { type: 'answer', script: 'jobs/later.php', key: KEY, answer: undefined } })
  expect(JSON.parse(unsent.text)[1]).toEqual({ key: KEY, sent: false, status: 0, headers: [], body: '', error: 'OUTBOX_UNSENT' })
  const said = { status: 550, headers: [], body: utf8('no such user') }
  const refused = await run(shown, { event: { type: 'answer', script: 'jobs/later.php', key: KEY, answer: said, error: 'OUTBOX_REFUSED' } })
  expect(JSON.parse(refused.text)[1]).toMatchObject({ sent: false, status: 550, body: 'no such user', error: 'OUTBOX_REFUSED' })
})

test('no visitor can pose as an event', async () => {
  const headers = ['INTERPEER_EVENT', 'Interpeer-Event', 'interpeer-event'].map((name): [string, string] => [name, 'timer'])
  const page = '<?php echo json_encode([$_SERVER["INTERPEER_EVENT"] ?? null, getenv("INTERPEER_EVENT"), $_ENV["INTERPEER_EVENT"] ?? null]);'
  expect((await run({ 'index.php': page }, { headers, target: '/?INTERPEER_EVENT=timer' })).text).toBe('[null,false,null]')
})

test('a timer may set the next one, write, and fail; a script that is gone is not found', async () => {
  const event = { type: 'timer', script: 'later.php', args: utf8('a:0:{}') } as const
  const next = await run({ 'later.php': '<?php file_put_contents("x", "1"); Interpeer\\after(60, __FILE__);' }, { event })
  expect([next.status, next.changes.map(({ path }) => path), next.effects.map(({ type }) => type)]).toEqual([200, ['x'], ['after']])
  const failing = await run({ 'later.php': '<?php file_put_contents("x", "1"); throw new Exception("no");' }, { event })
  expect([failing.status, failing.changes.length]).toEqual([500, 1])
  expect(failing.log).toContain('no')
  expect(await run({}, { event })).toMatchObject({ status: 404, changes: [], effects: [] })
  const returning = await run({ 'later.php': '<?php return fn () => 1;' }, { event })
  expect([returning.status, returning.log]).toEqual([200, ''])
})

test('mail() asks for a mail, as PHP applications call it', async () => {
  const call = 'mail("ada@a.test", "Hëllo", "text", "From: me@a.test\\r\\nX-Long: a\\r\\n b\\r\\nReply-To: you@a.test")'
  const { text, effects } = await run({ 'index.php': `<?php var_dump(${call});` })
  expect(text).toBe('bool(true)\n')
  const headers = [
    ['From', 'me@a.test'],
    ['X-Long', 'a b'],
    ['Reply-To', 'you@a.test'],
  ]
  expect(effects).toMatchObject([
    { type: 'outbox', request: { type: 'mail', to: 'ada@a.test', subject: 'Hëllo', headers, body: utf8('text') } },
  ])
  const listed = await run({ 'index.php': '<?php namespace App; var_dump(mail("a@a.test", "s", "m", ["Cc" => "b@a.test"], "-f x"));' })
  expect(listed.effects).toMatchObject([{ request: { headers: [['Cc', 'b@a.test']] } }])
})

test('mail() says false where nothing is sent, and why in the log', async () => {
  const { text, log, effects } = await run({ 'index.php': '<?php var_dump(mail("a@a.test", "s", "m"));', 'interpeer.json': '{}' })
  expect([text, effects]).toEqual(['bool(false)\n', []])
  expect(log).toContain('mail(): Interpeer\\outbox()')
})

test('the runtime tells what a site’s configuration plans; of one that is invalid, nothing', async () => {
  const configured = (cron: string) => filesOf({ 'interpeer.json': `{"cron": ${cron}}`, 'index.php': '' })
  await php.load('planned', configured('[{"schedule": "30 4 * * 0", "target": "/cron.php?x=1"}]'))
  const [line] = php.cron('planned')
  expect([line?.target, line?.schedule.hours, line?.schedule.weekdays, [...(line?.schedule.minutes ?? [])]]).toEqual([
    '/cron.php?x=1',
    16,
    1,
    [0, 0, 0, 64, 0, 0, 0, 0],
  ])
  await php.load('broken', configured('[{"schedule": "* * *", "target": "/"}]'))
  expect(php.cron('broken')).toEqual([])
  expect(() => php.cron('nowhere')).toThrow(expect.objectContaining({ code: 'ROOT_UNKNOWN' }))
})
