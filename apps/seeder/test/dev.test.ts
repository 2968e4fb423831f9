import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { INTERPEER } from './interpeer.js'

const work = mkdtempSync(join(tmpdir(), 'interpeer-dev-'))
const [folder, keep] = [join(work, 'site'), join(work, 'kept')]
const script = `<?php
if (isset($_GET['refused'])) @file_put_contents('code.php', '');
if (isset($_GET['cached'])) { echo file_exists('cache/c') ? 'warm' : 'cold'; file_put_contents('cache/c', ''); exit; } if (isset($_GET['kept'])) { echo file_exists('kept/c') ? 'warm' : 'cold'; file_put_contents('kept/c', ''); exit; }
if (isset($_GET['later'])) Interpeer\\after(60, 'index.php');
if (isset($_GET['fails'])) undefined_function();
if (isset($_GET['soon'])) Interpeer\\after(1, 'soon.php', ['n' => 7]);
if (isset($_GET['mails'])) Interpeer\\outbox(['to' => 'ada@a.test', 'subject' => '<b>Hello', 'body' => 'text', 'answerTo' => 'soon.php']);
if (isset($_GET['calls'])) Interpeer\\outbox(['url' => 'http://a.test/x', 'answerTo' => 'soon.php']);
setcookie('name', 'value', 0, '/', 'elsewhere.example');
if ($_SERVER['REQUEST_METHOD'] === 'POST' || isset($_GET['count'])) file_put_contents('data/n', (int) @file_get_contents('data/n') + 1);
echo 'n=', (int) @file_get_contents('data/n'), ' ', $_SERVER['HTTP_HOST'];`

const CONFIGURATION = '{"mutable": ["data"], "scratch": ["cache"], "caches": ["kept"], "effects": ["after", "outbox"]}'
type Facts = Record<string, unknown>
let child: ChildProcess
let port = 0
const lines: Facts[] = []
const waiting: { readonly wanted: (facts: Facts) => boolean; readonly found: (facts: Facts) => void }[] = []
/** The next line like that, of those that no one took. */
function line(wanted: (facts: Facts) => boolean): Promise<Facts> {
  const at = lines.findIndex(wanted)
  if (at >= 0) return Promise.resolve(lines.splice(at, 1)[0] as Facts)
  return new Promise((found) => waiting.push({ wanted, found }))
}
async function start(...options: string[]): Promise<void> {
  const args = ['site', 'dev', folder, '--port', '0', '--json', '--cache', join(work, 'cache'), ...options]
  child = spawn(process.execPath, [INTERPEER, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (text) => {
    const facts = JSON.parse(text) as Facts
    const at = waiting.findIndex(({ wanted }) => wanted(facts))
    if (at >= 0) waiting.splice(at, 1)[0]?.found(facts)
    else lines.push(facts)
  })
  const { ready } = (await line(({ ready }) => ready !== undefined)) as { ready: { port: number } }
  port = ready.port
}
async function stop(): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  return ended
}
interface Got {
  readonly status: number | undefined
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
  readonly facts: Facts
}
async function ask(method: string, path: string, host = `localhost:${port}`): Promise<Got> {
  const got = await new Promise<Omit<Got, 'facts'>>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers: { host } }, (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
    })
    asked.on('error', reject).end()
  })
  const isTold = got.headers['interpeer-error'] !== 'HOST_NOT_LOCAL'
  return { ...got, facts: isTold ? await line(({ target }) => target === path) : {} }
}

beforeAll(async () => {
  for (const name of ['data', 'cache', 'kept']) mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'index.php'), script)
  mkdirSync(join(folder, '.git'))
  writeFileSync(join(folder, 'style.css'), 'body {}')
  writeFileSync(
    join(folder, 'soon.php'),
    "<?php file_put_contents('data/events', $_SERVER['INTERPEER_EVENT'] . json_encode($args) . PHP_EOL, FILE_APPEND);",
  )
  writeFileSync(join(folder, 'interpeer.json'), CONFIGURATION)
  await start('--keep', keep, '--explain')
})
afterEach(() => {
  lines.length = 0
})
afterAll(async () => {
  await stop()
  rmSync(work, { recursive: true, force: true })
})

test('what of the folder is left out is told before it runs', () => {
  expect(lines).toEqual([{ leftOut: ['.git'] }])
})

test('a view is a read, told with fuel and memory; cookies keep to this origin; HEAD has no body', async () => {
  const view = await ask('GET', '/?a=b')
  expect([view.status, view.body, view.headers['set-cookie']]).toEqual([200, `n=0 localhost:${port}`, ['name=value; path=/']])
  expect(view.facts).toMatchObject({ ran: 'read', status: 200, changes: [], refused: [] })
  expect(view.facts.fuel).toBeGreaterThan(100_000)
  expect(view.facts.memoryBytes).toBeGreaterThan(2 ** 20)
  expect(await ask('HEAD', '/')).toMatchObject({ status: 200, body: '' })
  expect(await ask('GET', '/style.css')).toMatchObject({ status: 200, body: 'body {}', facts: { fuel: 0 } })
})

test('a view that changes something runs as a write and says why; writes build on each other; the folder stays as it is', async () => {
  const before = (await ask('GET', '/')).body
  const counted = await ask('GET', '/?count=1')
  expect(counted.facts).toMatchObject({ ran: 'promoted', because: ['data/n'], changes: [{ type: 'write', path: 'data/n', bytes: 1 }] })
  expect((await ask('POST', '/')).facts).toMatchObject({ ran: 'write' })
  expect([before, (await ask('GET', '/')).body]).toEqual([`n=0 localhost:${port}`, `n=2 localhost:${port}`])
  expect(existsSync(join(folder, 'data/n'))).toBe(false)
  expect(readFileSync(join(keep, 'files/data/n'), 'utf8')).toBe('2')
})

test('what the configuration refuses is named, though the script keeps it to itself', async () => {
  expect((await ask('GET', '/?refused=1')).facts).toMatchObject({ ran: 'read', refused: ['code.php'] })
})

test('an answer that scratch shows in is found', async () => {
  expect(await ask('GET', '/?cached=1')).toMatchObject({ body: 'cold', facts: { scratch: ['cache/c'], dependsOnScratch: false } })
  expect(await ask('GET', '/?cached=1')).toMatchObject({ body: 'warm', facts: { dependsOnScratch: true } })
})

test('what a read leaves in caches is dropped and told, what a write leaves there is found', async () => {
  const cold = { body: 'cold', facts: { ran: 'read', changes: [], caches: ['kept/c'] } }
  expect(await ask('GET', '/?kept=1')).toMatchObject(cold)
  expect(await ask('GET', '/?kept=1')).toMatchObject(cold)
  expect(await ask('POST', '/?kept=1')).toMatchObject({ body: 'cold', facts: { ran: 'write', changes: [{ path: 'kept/c' }] } })
  expect(await ask('GET', '/?kept=1')).toMatchObject({ body: 'warm', facts: { ran: 'read', caches: [] } })
})

test('effects are told; a script that dies shows its log to its author', async () => {
  expect((await ask('GET', '/?later=1')).facts).toMatchObject({ ran: 'promoted', effects: ['after'] })
  const failed = await ask('GET', '/?fails=1')
  expect([failed.status, failed.headers['interpeer-error'], failed.body]).toEqual([
    500,
    'SCRIPT_FAILED',
    expect.stringContaining('undefined_function() in /site/index.php:5'),
  ])
})

test('a timer runs when it is due, and what comes of it is told', async () => {
  await ask('GET', '/?soon=1')
  expect(await line(({ method }) => method === 'TIMER')).toMatchObject({
    target: '/soon.php',
    ran: 'write',
    status: 200,
    changes: [{ path: 'data/events' }],
  })
  expect(readFileSync(join(keep, 'files/data/events'), 'utf8')).toContain('timer{"n":7}')
})

test('mail and HTTP are shown on a page and not sent; the script that waits for an answer is told', async () => {
  await ask('GET', '/?mails=1')
  expect(await line(({ method }) => method === 'ANSWER')).toMatchObject({ target: '/soon.php', status: 200 })
  await ask('GET', '/?calls=1')
  await line(({ method }) => method === 'ANSWER')
  const events = readFileSync(join(keep, 'files/data/events'), 'utf8').split('\n')
  const told = events.filter((event) => event.startsWith('answer')).map((event) => JSON.parse(event.slice('answer'.length)) as Facts)
  expect(told).toMatchObject([
    { sent: true, status: 250, error: '' },
    { sent: false, status: 0, error: 'OUTBOX_UNSENT' },
  ])
  const page = await (await fetch(`http://127.0.0.1:${port}/.interpeer/outbox`)).text()
  expect(page).toContain('Mail to ada@a.test: &#60;b&#62;Hello')
  expect(page).toContain('GET http://a.test/x')
  expect(page).not.toContain('<b>')
})

test('names of other machines are refused: a page of elsewhere could use them', async () => {
  expect(await ask('GET', '/', 'elsewhere.example')).toMatchObject({ status: 421, headers: { 'interpeer-error': 'HOST_NOT_LOCAL' } })
})

test('what is saved is taken up, a faulty configuration is told with its line, and what scripts wrote outlives the program', async () => {
  const kept = (await ask('GET', '/')).body
  writeFileSync(join(folder, 'other.php'), '<?php echo "other";')
  await line(({ reloaded }) => (reloaded as string[] | undefined)?.includes('other.php') === true)
  expect([(await ask('GET', '/other.php')).body, (await ask('GET', '/')).body]).toEqual(['other', kept])

  writeFileSync(join(folder, 'interpeer.json'), '{\n  "mutabel": []\n}')
  const { configuration } = await line(({ configuration }) => configuration !== undefined)
  expect(configuration).toMatchObject([{ line: 2, meant: 'mutable' }])
  writeFileSync(join(folder, 'interpeer.json'), '{}')
  await line(({ reloaded }) => reloaded !== undefined)

  expect(await stop()).toBe(0)
  await start('--keep', keep)
  expect((await ask('GET', '/')).body).toMatch(/^n=2 /)
})
