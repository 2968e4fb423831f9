import { buildTree, memoryBlockStore } from '@interpeer/content-store'
import type { ContentId } from '@interpeer/crypto-ids'
import { expect, test, vi } from 'vitest'
import { ScriptQueue } from '../src/node/script-queue.js'
import type { ScriptRuntime } from '../src/script-runtime.js'
import { CounterRuntime } from './counter-runtime.js'

const request = { method: 'GET', target: '/', host: 'h', https: false, headers: [], body: new Uint8Array() }
const at = { timeMs: 1, seed: new Uint8Array(1) }

/** Runs nothing; remembers what it holds. Loading takes until it is let go on. */
async function world(count: number) {
  const held = new Set<string>()
  const loads: string[] = []
  const prepared: string[] = []
  let letGo = (): void => {}
  let gate = Promise.resolve()
  const runtime = {
    readers: 2,
    has: (root: string) => held.has(root),
    load: async (root: string) => {
      loads.push(root)
      await gate
      held.add(root)
    },
    prepare: async (root: string) => {
      if (!held.has(root)) throw new Error('ROOT_UNKNOWN')
      prepared.push(root)
    },
    forget: (root: string) => void held.delete(root),
    run: async (root: string) => {
      if (!held.has(root)) throw new Error('ROOT_UNKNOWN')
      return { type: 'abstained', reason: 'TEST' }
    },
  } as unknown as ScriptRuntime
  const store = memoryBlockStore()
  const roots: ContentId[] = []
  for (let i = 0; i < count; i++) {
    const tree = buildTree([{ path: 'a', mode: 0o644, mtimeS: i, bytes: Uint8Array.of(i) }])
    await store.put(tree.blocks)
    roots.push(tree.root)
  }
  const hold = (): void => {
    gate = new Promise<void>((resolve) => {
      letGo = resolve
    })
  }
  return { queue: new ScriptQueue(runtime, store), roots, held, loads, prepared, hold, letGo: () => letGo() }
}

test('the tree that a batch began from stays while it runs, however many others are read beside it', async () => {
  const { queue, roots, held } = await world(20)
  const [from, ...others] = roots as [ContentId, ...ContentId[]]
  await queue.write(async (runtime, hold) => {
    await hold(from)
    for (const root of others) await queue.read(root, request, at)
    expect(held.has(from)).toBe(true)
    await runtime.run(from, request, at)
  })
  await queue.read(others[0] as ContentId, request, at)
  expect(held.has(from), 'afterwards it goes like any other').toBe(false)
  expect(held.size).toBeLessThan(10)
})

test('a tree is loaded and prepared ahead of its readers, and not where files of it are missing', async () => {
  const { queue, roots, held, prepared } = await world(1)
  const [root] = roots as [ContentId]
  await queue.prepare(root)
  expect(held.has(root)).toBe(true)
  const missing = buildTree([{ path: 'b', mode: 0o644, mtimeS: 1, bytes: Uint8Array.of(9) }]).root
  await queue.prepare(missing)
  expect(prepared).toEqual([root])
})

test('a tree that many want at once is loaded once', async () => {
  const { queue, roots, loads, hold, letGo } = await world(1)
  hold()
  const reads = Array.from({ length: 5 }, () => queue.read(roots[0] as ContentId, request, at))
  await Promise.resolve()
  letGo()
  await Promise.all(reads)
  expect(loads).toHaveLength(1)
})

test('a turn begins when the tree is loaded: how large a site is, is no part of what its run takes; where it is missing none begins', async () => {
  const { queue, roots, hold, letGo, loads } = await world(1)
  const [root] = roots as [ContentId]
  let begun = 0
  const onBegin = () => {
    begun++
  }
  hold()
  const read = queue.read(root, request, at, onBegin)
  await vi.waitFor(() => expect(loads).toHaveLength(1))
  await new Promise((resolve) => setImmediate(resolve))
  expect(begun).toBe(0)
  letGo()
  await read
  expect(begun).toBe(1)
  const missing = buildTree([{ path: 'b', mode: 0o644, mtimeS: 1, bytes: Uint8Array.of(9) }]).root
  expect(await queue.read(missing, request, at, onBegin)).toHaveProperty('missing')
  expect(begun).toBe(1)
})

test('chunks that are missing when files are read are all named, and the tree is not taken for held', async () => {
  const lengthy = buildTree([
    { path: 'a', mode: 0o644, mtimeS: 0, bytes: new Uint8Array(3 * 1024 * 1024).map((_, i) => i >> 16) },
    { path: 'log', mode: 0o644, mtimeS: 0, bytes: new TextEncoder().encode('x;') },
  ])
  const chunks = lengthy.blocks.filter(({ bytes }) => bytes.length === 1024 * 1024).slice(0, 2)
  const store = memoryBlockStore()
  await store.put(lengthy.blocks.filter((block) => !chunks.includes(block)))
  const queue = new ScriptQueue(new CounterRuntime(), store)
  const missing = chunks.map(({ cid }) => cid)
  expect(await queue.read(lengthy.root, request, at)).toEqual({ missing })
  expect(queue.holds(lengthy.root)).toBe(false)
  await store.put(chunks)
  expect(await queue.read(lengthy.root, request, at)).toMatchObject({ type: 'answered' })
})
