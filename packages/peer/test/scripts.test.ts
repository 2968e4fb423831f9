import { buildTree, memoryStore, type OpenFile, readTree } from '@interpeer/content-store'
import { type ContentId, contentIdOf, sha256 } from '@interpeer/crypto-ids'
import { NO_AGENDA } from '@interpeer/peer-group'
import { expect, test } from 'vitest'
import { KnownRequests } from '../src/node/known-requests.js'
import { runBatch } from '../src/node/run-batch.js'
import { ScriptQueue } from '../src/node/script-queue.js'
import type { ScriptOutcome, ScriptRequest } from '../src/script-runtime.js'
import { CounterRuntime } from './counter-runtime.js'
import { at, logTree, network, PLAIN, plain, queueOf, requestBlock, run } from './scripts-world.js'

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

test('the turn of a batch begins when its tree is loaded, and not at all where that is missing', async () => {
  const events: string[] = []
  class Loading extends CounterRuntime {
    override async load(...args: Parameters<CounterRuntime['load']>): Promise<void> {
      await new Promise((resolve) => setImmediate(resolve))
      await super.load(...args)
      events.push('loaded')
    }
  }
  const { scripts, store, root } = await queueOf(new Loading())
  const batch = { ...PLAIN, from: root, requests: [], timeMs: 5_000, seed: new Uint8Array(64) }
  const limits = { onBegin: () => void events.push('begun') }
  await runBatch({ ...batch, from: contentIdOf(new Uint8Array([0x80]), 'dag-cbor') }, store, scripts, new KnownRequests(network), limits)
  await runBatch(batch, store, scripts, new KnownRequests(network), limits)
  expect(events).toEqual(['loaded', 'begun'])
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
