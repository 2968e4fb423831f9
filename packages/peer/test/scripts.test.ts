import { type BlockStore, buildTree, memoryStore, type OpenFile, readTree } from '@interpeer/content-store'
import {
  bytesOfContentId,
  type ContentId,
  contentIdOf,
  createSigner,
  jobIdOf,
  networkIdOf,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import { dueEvents, NO_AGENDA, type OutboxReport, outboxReport, siteRequest } from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { effectsDigest } from '../src/effects-digest.js'
import { KnownRequests } from '../src/node/known-requests.js'
import { type Batch, runBatch } from '../src/node/run-batch.js'
import { ScriptQueue } from '../src/node/script-queue.js'
import { readOutbox } from '../src/outbox-block.js'
import type { ScriptEffect, ScriptOutcome, ScriptRequest } from '../src/script-runtime.js'
import { readResponse } from '../src/site-response-block.js'
import { CounterRuntime } from './counter-runtime.js'

const network = networkIdOf(new Uint8Array([1]))
const signer = createSigner(new Uint8Array(32).fill(1))
const job = contentIdOf(new Uint8Array([0x80]), 'dag-cbor')
/** The batch of a job that plans nothing. */
const PLAIN = { step: 1, agenda: NO_AGENDA, isFirst: false, events: [], job: jobIdOf(job), members: [signer.peerId] } as const
const at = { timeMs: 1_000, seed: new Uint8Array(32) }
const logTree = (text: string) => buildTree([{ path: 'log', mode: 0o644, mtimeS: 0, bytes: new TextEncoder().encode(text) }])
const plain = (method: string, target: string): ScriptRequest => ({
  method,
  target,
  host: '',
  https: false,
  headers: [],
  body: new Uint8Array(),
})

/** A runtime whose runs end when the test says so. */
class HeldRuntime extends CounterRuntime {
  readonly started: string[] = []
  readonly #ends: (() => void)[] = []
  override async run(root: string, request: ScriptRequest, when: typeof at): Promise<ScriptOutcome> {
    this.started.push(request.target)
    await new Promise<void>((resolve) => this.#ends.push(resolve))
    if (request.target === '/throws') throw new Error('a runtime that broke')
    return super.run(root, request, when)
  }
  async end(): Promise<void> {
    this.#ends.shift()?.()
    await new Promise(setImmediate)
  }
}
async function queueOf<R extends CounterRuntime>(runtime: R) {
  const store = memoryStore()
  const tree = logTree('')
  await store.blocks.put(tree.blocks)
  return { runtime, store: store.blocks, scripts: new ScriptQueue(runtime, store.blocks), root: tree.root }
}

test('agreed writes go before reads that wait, reads in the order they came', async () => {
  const { scripts, runtime, root } = await queueOf(new HeldRuntime())
  const reads = ['/1', '/2'].map((target) => scripts.read(root, plain('GET', target), at))
  const write = scripts.write(async (running, hold) => {
    await hold(root)
    return running.run(root, plain('POST', '/write'), at)
  })
  for (let i = 0; i < 4; i++) await new Promise(setImmediate).then(() => runtime.end())
  await Promise.all([...reads, write])
  expect(runtime.started).toEqual(['/1', '/write', '/2'])
})

test('a runtime that reads in parallel is given as many reads as it can run, and a write beside them', async () => {
  class Parallel extends HeldRuntime {
    readonly readers = 2
    readonly kinds: (string | undefined)[] = []
    override async run(root: string, request: ScriptRequest, when: typeof at, options?: { kind?: string }): Promise<ScriptOutcome> {
      this.kinds.push(options?.kind)
      return super.run(root, request, when)
    }
  }
  const { scripts, runtime, root } = await queueOf(new Parallel())
  await scripts.write((_, hold) => hold(root))
  const reads = ['/1', '/2', '/3'].map((target) => scripts.read(root, plain('GET', target), at))
  const writes = ['/4', '/5'].map((target) =>
    scripts.write(async (running, hold) => {
      await hold(root)
      return running.run(root, plain('POST', target), at)
    }),
  )
  await new Promise(setImmediate)
  expect(runtime.started).toEqual(['/1', '/2', '/4'])
  await runtime.end()
  expect(runtime.started).toEqual(['/1', '/2', '/4', '/3'])
  for (let i = 0; i < 4; i++) await runtime.end()
  const outcomes = await Promise.all([...reads, ...writes])
  expect(outcomes.every((outcome) => 'type' in outcome && outcome.type === 'answered')).toBe(true)
  expect(runtime.started).toEqual(['/1', '/2', '/4', '/3', '/5'])
  expect(runtime.kinds).toEqual(['read', 'read', undefined, 'read', undefined])
})

test('a run that breaks, at once or later, fails its own asker and the queue goes on', async () => {
  const { scripts, runtime, root } = await queueOf(new HeldRuntime())
  const broken = scripts.read(root, plain('GET', '/throws'), at).catch((error: Error) => error.message)
  const atOnce = scripts.write(() => {
    throw new Error('at once')
  })
  const fine = scripts.read(root, plain('GET', '/'), at)
  const failed = atOnce.catch((error: Error) => error.message)
  for (let i = 0; i < 4; i++) await new Promise(setImmediate).then(() => runtime.end())
  expect(await failed).toBe('at once')
  expect(await broken).toBe('a runtime that broke')
  expect(await fine).toMatchObject({ type: 'answered' })
})

test('reads that wait are bounded, and of a tree that is not here it is said what is missing', async () => {
  const { scripts, runtime, root } = await queueOf(new HeldRuntime())
  const first = scripts.read(root, plain('GET', '/first'), at)
  const waiting = Array.from({ length: 300 }, () => scripts.read(root, plain('GET', '/'), at))
  expect(await waiting.at(-1)).toEqual({ type: 'busy' })
  for (let i = 0; i < 300; i++) await runtime.end()
  const outcomes = await Promise.all([first, ...waiting])
  expect(outcomes.filter((outcome) => 'type' in outcome && outcome.type === 'busy')).toHaveLength(44)
  const nowhere = contentIdOf(new Uint8Array([1]), 'dag-cbor')
  expect(await scripts.read(nowhere, plain('GET', '/'), at)).toEqual({ missing: [nowhere] })
})

test('the runtime keeps the six trees used last', async () => {
  const { scripts, runtime, store } = await queueOf(new CounterRuntime())
  const trees = Array.from({ length: 8 }, (_, i) => logTree(`${i}`))
  for (const { blocks } of trees) await store.put(blocks)
  for (const { root } of trees.slice(0, 6)) await scripts.read(root, plain('GET', '/'), at)
  const [oldest, next] = [trees[0]?.root as ContentId, trees[1]?.root as ContentId]
  await scripts.read(oldest, plain('GET', '/'), at) // used again: now the second is the oldest
  await scripts.read(trees[6]?.root as ContentId, plain('GET', '/'), at)
  expect([runtime.has(oldest), runtime.has(next)]).toEqual([true, false])
})

function requestBlock(method: string, target: string, body: string): Uint8Array {
  const asked = { from: signer.publicKey, job: bytesOfContentId(job), id: new Uint8Array(16), ms: 0, seenEpoch: 0, seenStep: 0, parts: [] }
  const http = { method, target, host: 'a', https: false, headers: [], body: new TextEncoder().encode(body) }
  return signMessage(siteRequest, { ...asked, ...http }, signer, network)
}
async function run(bodies: readonly Uint8Array[], runtime = new CounterRuntime(), agenda = NO_AGENDA) {
  const { scripts, store, root } = await queueOf(runtime)
  const blocks = bodies.map((bytes) => ({ cid: contentIdOf(bytes, 'raw'), bytes }))
  await store.put(blocks)
  const batch = { ...PLAIN, agenda, from: root, requests: blocks.map(({ cid }) => cid), timeMs: 5_000, seed: new Uint8Array(64).fill(3) }
  const result = await runBatch(batch, store, scripts, new KnownRequests(network))
  if ('missing' in result) throw new Error('something is missing')
  const responses = result.type === 'ran' ? result.responses.map((cid) => readResponse(store.get, cid)) : []
  const tree = result.type === 'ran' ? readTree(store.get, result.files) : { files: [] }
  const log = 'missing' in tree ? undefined : new TextDecoder().decode(tree.files[0]?.bytes)
  return { result, responses, log, store, scripts, batch }
}

test('each request of a batch runs on the files that the one before left, at the batch’s time, with a seed of its own', async () => {
  const { responses, log } = await run([requestBlock('POST', '/', 'a'), requestBlock('GET', '/', ''), requestBlock('POST', '/', 'b')])
  expect(log).toMatch(/^a@5000#\d+;b@5000#\d+;$/)
  expect(new TextDecoder().decode(responses[1]?.body)).toMatch(/^a@5000#\d+;$/)
  const seeds = [...(log ?? '').matchAll(/#(\d+)/g)].map(([, seed]) => seed)
  expect(new Set(seeds).size).toBe(2)
})

test('two members come to the same, byte for byte', async () => {
  const bodies = [requestBlock('POST', '/', 'a'), requestBlock('POST', '/', 'b')]
  expect((await run(bodies)).result).toEqual((await run(bodies)).result)
})

test('a request that its asker did not sign is answered 400, by every member alike, and the others run', async () => {
  const forged = requestBlock('POST', '/', 'forged')
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
  const bodies = [forged, new TextEncoder().encode('no request'), requestBlock('POST', '/', 'fine')]
  const [one, other] = [await run(bodies), await run(bodies)]
  expect(one.responses.map((response) => response?.status)).toEqual([400, 400, 200])
  expect(one.responses.map((response) => response?.request)).toEqual(bodies.map((bytes) => sha256(bytes)))
  expect(one.log).toMatch(/^fine@/)
  expect(one.result).toEqual(other.result)
})

test('a run that does not end is trouble of this host: it abstains', async () => {
  const { result } = await run([requestBlock('POST', '/', 'a'), requestBlock('GET', '/slow', '')])
  const logged = [
    { ran: 'write', timeMs: 5_000, method: 'POST', target: '/', status: 200, said: '' },
    { ran: 'write', timeMs: 5_000, method: 'GET', target: '/slow', status: 0, said: 'GUARD_TIME' },
  ]
  expect(result).toMatchObject({ type: 'abstained', runs: logged })
})

test('of a batch whose time is over nothing more is begun', async () => {
  const stop = new AbortController()
  class Stopping extends CounterRuntime {
    override run(...args: Parameters<CounterRuntime['run']>): Promise<ScriptOutcome> {
      stop.abort()
      return super.run(...args)
    }
  }
  const runtime = new Stopping()
  const { scripts, store, root } = await queueOf(runtime)
  const blocks = ['a', 'b'].map((text) => requestBlock('POST', '/', text)).map((bytes) => ({ cid: contentIdOf(bytes, 'raw'), bytes }))
  await store.put(blocks)
  const batch = { ...PLAIN, from: root, requests: blocks.map(({ cid }) => cid), timeMs: 5_000, seed: new Uint8Array(64) }
  expect(await runBatch(batch, store, scripts, new KnownRequests(network), { signal: stop.signal })).toMatchObject({ type: 'abstained' })
  expect(runtime.runs).toHaveLength(1)
})

test('what is missing for a batch is said, and nothing runs: bodies, the tree, parts of it', async () => {
  const runtime = new CounterRuntime()
  const { batch, store, scripts } = await run([requestBlock('POST', '/', 'a')], runtime)
  const lost = contentIdOf(new Uint8Array([9]), 'raw')
  const runs = runtime.runs.length
  expect(await runBatch({ ...batch, requests: [...batch.requests, lost] }, store, scripts, new KnownRequests(network))).toEqual({
    missing: [lost],
  })
  const noTree = contentIdOf(new Uint8Array([9]), 'dag-cbor')
  expect(await runBatch({ ...batch, from: noTree }, store, scripts, new KnownRequests(network))).toEqual({ missing: [noTree] })
  expect(runtime.runs).toHaveLength(runs)
  await store.delete([batch.from]) // the runtime has the files, but what changes can't be written without it
  expect(await runBatch(batch, store, scripts, new KnownRequests(network))).toEqual({ missing: [batch.from] })
})

test('each run is told what the ones before it left to be paid; one that would pay more did nothing', async () => {
  const account = 'ab'.repeat(32)
  class PayingRuntime extends CounterRuntime {
    readonly told: (bigint | undefined)[] = []
    override async run(root: string, request: ScriptRequest, when: typeof at & { readonly balance?: bigint }): Promise<ScriptOutcome> {
      this.told.push(when.balance)
      const outcome = await super.run(root, request, when)
      return outcome.type === 'answered'
        ? { ...outcome, effects: [{ type: 'pay', account, amount: BigInt(request.target.slice(1)) }] }
        : outcome
    }
  }
  const runtime = new PayingRuntime()
  const agenda = { ...NO_AGENDA, purse: { settled: 7n, mayPay: 107n, payments: [] } }
  const pays = ['/60', '/41', '/40'].map((target) => requestBlock('POST', target, target))
  const { result, responses, log } = await run(pays, runtime, agenda)
  expect(runtime.told).toEqual([100n, 40n, 40n])
  expect(responses.map((one) => one?.status)).toEqual([200, 503, 200])
  expect(log).not.toContain('/41')
  expect(result).toMatchObject({
    agenda: { purse: { ...agenda.purse, payments: [{ account: new Uint8Array(32).fill(0xab), amount: 100n }] } },
  })
})

test('large responses of one batch are all there when it resolves', async () => {
  class LargeRuntime extends CounterRuntime {
    override async run(root: string, request: ScriptRequest, when: typeof at): Promise<ScriptOutcome> {
      const outcome = await super.run(root, request, when)
      return { ...outcome, ...(outcome.type === 'answered' ? { body: new Uint8Array(3 * 1024 * 1024).fill(request.target.length) } : {}) }
    }
  }
  const { responses } = await run(
    [requestBlock('GET', '/1', ''), requestBlock('GET', '/12', ''), requestBlock('GET', '/123', '')],
    new LargeRuntime(),
  )
  expect(responses.map((response) => response?.body[0])).toEqual([2, 3, 4])
})

test('a runtime is given a tree with its symbolic links, and what it leaves of them, and of a large file, is in the root', async () => {
  const large = new Uint8Array(300_000).fill(1)
  class LinkRuntime extends CounterRuntime {
    given: readonly object[] = []
    override async load(root: string, files: readonly OpenFile[], _directories?: unknown, symlinks: readonly object[] = []): Promise<void> {
      this.given = symlinks
      await super.load(root, files)
    }
    override async run(root: string, request: ScriptRequest, when: typeof at): Promise<ScriptOutcome> {
      const outcome = await super.run(root, request, when)
      const patch = {
        type: 'patch',
        path: 'large',
        mode: 0o644,
        mtimeS: 5,
        size: 300_000,
        parts: [{ at: 70_000, bytes: Uint8Array.of(2) }],
      } as const
      const changes = [patch, { type: 'symlink', path: 'data/up', target: '../log' }, { type: 'delete', path: 'log' }] as const
      return outcome.type === 'answered' ? { ...outcome, changes } : outcome
    }
  }
  const linked = buildTree(
    [
      { path: 'data/log', mode: 0o644, mtimeS: 0, bytes: new TextEncoder().encode('x;') },
      { path: 'large', mode: 0o644, mtimeS: 0, bytes: large },
    ],
    [],
    [{ path: 'log', target: 'data/log' }],
  )
  const store = memoryStore().blocks
  const runtime = new LinkRuntime()
  const queue = new ScriptQueue(runtime, store)
  expect(await queue.read(linked.root, plain('GET', '/'), at)).toEqual({ missing: [linked.root] })
  const request = requestBlock('POST', '/', 'a')
  const cid = contentIdOf(request, 'raw')
  await store.put([...linked.blocks, { cid, bytes: request }])
  const batch = { ...PLAIN, from: linked.root, requests: [cid], timeMs: 5_000, seed: new Uint8Array(64).fill(3) }
  const result = await runBatch(batch, store, queue, new KnownRequests(network))
  if ('missing' in result || result.type !== 'ran') throw new Error('it did not run')
  expect(runtime.given).toEqual([{ path: 'log', target: 'data/log' }])
  const left = buildTree(
    [
      { path: 'data/log', mode: 0o644, mtimeS: 0, bytes: new TextEncoder().encode('x;') },
      { path: 'large', mode: 0o644, mtimeS: 5, bytes: large.with(70_000, 2) },
    ],
    [],
    [{ path: 'data/up', target: '../log' }],
  )
  expect(result.files).toBe(left.root)
  expect(readTree(store.get, result.files)).not.toHaveProperty('missing')
})

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
