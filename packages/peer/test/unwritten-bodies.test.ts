import { type Block, blockOf, memoryBlockStore } from '@interpeer/content-store'
import { expect, test, vi } from 'vitest'
import { RecentBodies } from '../src/node/recent-bodies.js'
import { UnwrittenBodies } from '../src/node/unwritten-bodies.js'

const [a, b, c, d] = Array.from({ length: 4 }, (_, i) => blockOf(Uint8Array.of(i), 'raw')) as [Block, Block, Block, Block]

test('bodies can be read at once, are written together, and a flush waits for those before it and for no others', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const store = memoryBlockStore()
    const puts: { readonly all: readonly Block[]; readonly end: () => void }[] = []
    const put = (all: readonly Block[]) => new Promise<void>((resolve) => puts.push({ all, end: resolve }))
    const bodies = new UnwrittenBodies(store, new RecentBodies(0), put)
    void bodies.add([a])
    void bodies.add([b])
    expect([bodies.store.get(a.cid), bodies.store.has(a.cid), store.get(a.cid), puts]).toEqual([a.bytes, true, undefined, []])
    vi.advanceTimersByTime(1_000)
    void bodies.add([c])
    const flushed = vi.fn()
    const flush = bodies.flush().then(flushed)
    void bodies.add([d])
    expect(puts.map(({ all }) => all)).toEqual([[a, b], [c]])
    puts[1]?.end()
    await new Promise(setImmediate)
    expect(flushed).not.toHaveBeenCalled()
    puts[0]?.end()
    await flush
    // what is on the disk is not held any more, what is not is, however much came since
    expect([a, b, c, d].map(({ cid }) => bodies.store.has(cid))).toEqual([false, false, false, true])
  } finally {
    vi.useRealTimers()
  }
})

test('a put that fails fails whoever waits for it, and no flush after it', async () => {
  const put = vi.fn((_: readonly Block[]) => Promise.resolve())
  put.mockRejectedValueOnce(new Error('no disk'))
  const bodies = new UnwrittenBodies(memoryBlockStore(), new RecentBodies(), put)
  const failing = bodies.add([a])
  const [flushed, added] = await Promise.allSettled([bodies.flush(), failing])
  expect([flushed.status, added.status]).toEqual(['rejected', 'rejected'])
  const written = bodies.add([b])
  await bodies.flush()
  await written
  expect(put).toHaveBeenCalledTimes(2)
})

test('of the last bodies of all groups two halves are remembered, the older of which goes at once, and none that is too large', () => {
  const recent = new RecentBodies(2)
  for (const { cid, bytes } of [a, a, b, c]) recent.add(cid, bytes)
  expect([a, b, c].map(({ cid }) => recent.get(cid))).toEqual([a.bytes, b.bytes, c.bytes])
  const large = blockOf(new Uint8Array(3), 'raw')
  for (const { cid, bytes } of [large, a, d]) recent.add(cid, bytes)
  expect([a, b, c, d, large].map(({ cid }) => recent.get(cid) !== undefined)).toEqual([true, false, true, true, false])
})
