import { type BlockStore, buildTree, readTree } from '@interpeer/content-store'
import { bytesOfContentId, type ContentId, contentIdOf, createSigner, signMessage } from '@interpeer/crypto-ids'
import { dueEvents, type OutboxReport, outboxReport } from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { effectsDigest } from '../src/effects-digest.js'
import { KnownRequests } from '../src/node/known-requests.js'
import { type Batch, runBatch } from '../src/node/run-batch.js'
import { readOutbox } from '../src/outbox-block.js'
import type { ScriptEffect } from '../src/script-runtime.js'
import { readResponse } from '../src/site-response-block.js'
import { CounterRuntime } from './counter-runtime.js'
import { job, network, PLAIN, queueOf, requestBlock, run, signer } from './scripts-world.js'

test('what scripts ask for beside answers and files is in the result: whose it is, and in which order', async () => {
  const [asks, plain] = [requestBlock('GET', '/asks', ''), requestBlock('GET', '/', '')]
  const digestOf = async (blocks: readonly Uint8Array[]) => {
    const { result } = await run(blocks)
    return result.type === 'ran' ? hexOf(result.effects ?? new Uint8Array()) : result.type
  }
  const digests = await Promise.all([[plain], [asks, plain], [plain, asks], [asks, asks]].map(digestOf))
  expect(new Set(digests).size).toBe(4)
  expect(digests[0]).toBe(hexOf(effectsDigest([])))
  expect(await digestOf([asks, plain])).toBe(digests[1])
})

test.each<Partial<ScriptEffect & { type: 'outbox' }>>([
  { key: 'b'.repeat(64) },
  { answerTo: 'a.php' },
  { request: { type: 'http', method: 'PUT', url: 'https://a.test/', headers: [], body: new Uint8Array() } },
  { request: { type: 'http', method: 'GET', url: 'https://b.test/', headers: [], body: new Uint8Array() } },
  { request: { type: 'http', method: 'GET', url: 'https://a.test/', headers: [['a', 'b']], body: new Uint8Array() } },
  { request: { type: 'http', method: 'GET', url: 'https://a.test/', headers: [], body: Uint8Array.of(1) } },
  { request: { type: 'mail', to: 'GET', subject: 'https://a.test/', headers: [], body: new Uint8Array() } },
])('the digest of effects tells apart what is to be sent: %o', (other) => {
  const request = { type: 'http', method: 'GET', url: 'https://a.test/', headers: [], body: new Uint8Array() } as const
  const effect = { type: 'outbox', key: 'a'.repeat(64), answerTo: undefined, request } as const
  expect(effectsDigest([[{ ...effect, ...other }]])).not.toEqual(effectsDigest([[effect]]))
})

/** What the batch after another runs on, `laterMs` later, and the events that are due then. */
function after({ result, batch }: Awaited<ReturnType<typeof run>>, laterMs: number, more: Partial<Batch> = {}): Batch {
  if (result.type !== 'ran' || result.agenda === undefined) throw new Error('it did not run')
  const timeMs = batch.timeMs + laterMs
  return { ...batch, requests: [], from: result.files, agenda: result.agenda, events: dueEvents(result.agenda, timeMs), timeMs, ...more }
}
const logIn = (store: BlockStore, files: ContentId): string => {
  const tree = readTree(store.get, files)
  return 'missing' in tree ? 'missing' : new TextDecoder().decode(tree.files.find(({ path }) => path === 'log')?.bytes)
}
const GIVEN = { status: 250, headers: [], body: new Uint8Array() }
const reportOf = (key: Uint8Array, said: Partial<Pick<OutboxReport, 'outcome' | 'answer'>> = {}, by = signer): Uint8Array => {
  const at = { from: by.publicKey, job: bytesOfContentId(job), id: new Uint8Array(16), ms: 0, key, turn: 0 }
  const report: OutboxReport = { ...at, outcome: 'sent', answer: GIVEN, ...said }
  return signMessage(outboxReport, report, by, network)
}

test('a timer that a request set runs once when it is due, with what it was given', async () => {
  const ran = await run([requestBlock('POST', '/after', 'a')])
  const next = after(ran, 1_000)
  expect([after(ran, 999).events.length, next.events.length]).toEqual([0, 1])
  const result = await runBatch(next, ran.store, ran.scripts, new KnownRequests(network))
  if ('missing' in result || result.type !== 'ran') throw new Error('it did not run')
  expect(logIn(ran.store, result.files)).toMatch(/^a@5000#\d+;timer later.php 1@6000#\d+;$/)
  expect([result.agenda?.timers, result.responses]).toEqual([[], []])
  expect(result.runs).toMatchObject([{ method: 'TIMER', target: '/later.php', status: 200 }])
})

test('the first batch of a job plans what the site’s configuration says; a line runs as the request that it is', async () => {
  const { scripts, store } = await queueOf(new CounterRuntime())
  const tree = buildTree(['log', 'cron'].map((path) => ({ path, mode: 0o644, mtimeS: 0, bytes: new Uint8Array() })))
  await store.put(tree.blocks)
  const first = { ...PLAIN, from: tree.root, requests: [], timeMs: 30_000, seed: new Uint8Array(64), isFirst: true }
  const result = await runBatch(first, store, scripts, new KnownRequests(network))
  if ('missing' in result || result.type !== 'ran' || result.agenda === undefined) throw new Error('it did not run')
  expect([result.files, result.agenda.cron.length, result.agenda.nextMs]).toEqual([tree.root, 1, 60_000])
  const later = { ...first, isFirst: false, agenda: result.agenda, timeMs: 200_000, events: dueEvents(result.agenda, 200_000) }
  const again = await runBatch(later, store, scripts, new KnownRequests(network))
  if ('missing' in again || again.type !== 'ran') throw new Error('it did not run')
  expect(logIn(store, again.files)).toMatch(/^cron \/cron@200000#\d+;$/)
  expect(again.agenda?.nextMs).toBe(240_000)
})

test('a request that wants more than the group has room for changes nothing, and the others go on', async () => {
  const { responses, log, result } = await run([requestBlock('POST', '/many', 'x'), requestBlock('POST', '/after', 'b')])
  expect(responses.map((response) => response?.status)).toEqual([503, 200])
  expect(new TextDecoder().decode(responses[0]?.body)).toContain('AGENDA_FULL')
  expect(log).toMatch(/^b@/)
  expect(result.type === 'ran' && result.agenda?.timers.length).toBe(1)
})

test('mail waits in the agenda with its body; a member’s word that it is sent takes it out, and its script is told, once', async () => {
  const ran = await run([requestBlock('POST', '/mail', 'a')])
  const queued = after(ran, 1_000)
  const [entry] = queued.agenda.outbox
  if (entry === undefined) throw new Error('nothing is queued')
  expect(readOutbox(ran.store.get, entry.request)).toMatchObject({ type: 'mail', to: 'ada@a.test', body: new Uint8Array(300_000).fill(65) })
  const report = reportOf(entry.key)
  const forged = reportOf(entry.key, {}, createSigner(new Uint8Array(32).fill(2)))
  const halves = [{ answer: null }, { outcome: 'declined' as const }].map((half) => reportOf(entry.key, half))
  const blocks = [forged, ...halves, report, report].map((bytes) => ({ cid: contentIdOf(bytes, 'raw'), bytes }))
  await ran.store.put(blocks)
  const result = await runBatch({ ...queued, requests: blocks.map(({ cid }) => cid) }, ran.store, ran.scripts, new KnownRequests(network))
  if ('missing' in result || result.type !== 'ran') throw new Error('it did not run')
  expect(result.responses.map((cid) => readResponse(ran.store.get, cid)?.status)).toEqual([409, 400, 400, 200, 409])
  expect(logIn(ran.store, result.files)).toMatch(/^a@5000#\d+;answer sent.php 250@6000#\d+;$/)
  expect(result.agenda?.outbox).toEqual([])
})

test.each([
  ['refused', { ...GIVEN, status: 550 }],
  ['malformed', null],
  ['target', null],
  ['unknown', null],
] as const)(
  'a member’s word that nobody can send it, or that it may be out (%s), ends it at once, and its script is told by a code',
  async (outcome, answer) => {
    const ran = await run([requestBlock('POST', '/mail', 'a')])
    const queued = after(ran, 1_000)
    const report = reportOf(queued.agenda.outbox[0]?.key as Uint8Array, { outcome, answer })
    const block = { cid: contentIdOf(report, 'raw'), bytes: report }
    await ran.store.put([block])
    const result = await runBatch({ ...queued, requests: [block.cid] }, ran.store, ran.scripts, new KnownRequests(network))
    if ('missing' in result || result.type !== 'ran') throw new Error('it did not run')
    expect(logIn(ran.store, result.files)).toContain(`;answer sent.php OUTBOX_${outcome.toUpperCase()}@`)
    expect(result.agenda?.outbox).toEqual([])
  },
)

test('a timer that an earlier one of the same batch replaced does not run', async () => {
  const ran = await run([requestBlock('POST', '/others', 'a')])
  const next = after(ran, 1_000)
  expect(next.events).toHaveLength(2)
  const result = await runBatch(next, ran.store, ran.scripts, new KnownRequests(network))
  if ('missing' in result || result.type !== 'ran') throw new Error('it did not run')
  expect(logIn(ran.store, result.files).match(/timer other.php/g)).toHaveLength(1)
  expect(result.agenda?.timers).toMatchObject([{ script: 'later.php', dueMs: next.timeMs + 60_000 }])
})

test('mail that nobody could send is given up, and its script is told so', async () => {
  const ran = await run([requestBlock('POST', '/mail', 'a')])
  const late = after(ran, 86_400_000)
  const result = await runBatch(late, ran.store, ran.scripts, new KnownRequests(network))
  if ('missing' in result || result.type !== 'ran') throw new Error('it did not run')
  expect(logIn(ran.store, result.files)).toMatch(/;answer sent.php OUTBOX_UNSENT@/)
  expect(result.agenda?.outbox).toEqual([])
})

test('what a timer is given is said to be missing where it is, and nothing runs', async () => {
  const runtime = new CounterRuntime()
  const ran = await run([requestBlock('POST', '/after', 'a')], runtime)
  const next = after(ran, 1_000)
  const args = next.agenda.timers[0]?.args as ContentId
  await ran.store.delete([args])
  expect(await runBatch(next, ran.store, ran.scripts, new KnownRequests(network))).toEqual({ missing: [args] })
  expect(runtime.runs).toHaveLength(1)
})
