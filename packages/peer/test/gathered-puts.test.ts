import { blockOf } from '@interpeer/content-store'
import { expect, test, vi } from 'vitest'
import { GatheredPuts } from '../src/node/gathered-puts.js'

const block = (n: number, size = 1) => blockOf(new Uint8Array(size).fill(n), 'raw')

test('blocks are put together, when something needs them, or a little later', async () => {
  vi.useFakeTimers()
  try {
    const put = vi.fn((_: readonly unknown[]) => Promise.resolve())
    const puts = new GatheredPuts(put)
    const first = [puts.add([block(1)]), puts.add([block(2), block(3)])]
    expect(put).not.toHaveBeenCalled()
    puts.flush()
    await Promise.all(first)
    expect(put.mock.calls).toEqual([[[block(1), block(2), block(3)]]])
    puts.flush()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(put).toHaveBeenCalledTimes(1)
    const later = puts.add([block(4)])
    await vi.advanceTimersByTimeAsync(50)
    await later
    expect(put.mock.calls[1]).toEqual([[block(4)]])
  } finally {
    vi.useRealTimers()
  }
})

test('many bytes wait for nothing', async () => {
  const put = vi.fn((_: readonly unknown[]) => Promise.resolve())
  const puts = new GatheredPuts(put)
  await Promise.all([1, 2, 3, 4, 5].map((n) => puts.add([block(n, 256 * 1024)])))
  expect(put).toHaveBeenCalledTimes(1)
})

test('whoever waits hears that it failed, and the next are put all the same', async () => {
  const full = new Error('no disk')
  const put = vi.fn((_: readonly unknown[]) => Promise.resolve())
  put.mockRejectedValueOnce(full)
  const puts = new GatheredPuts(put)
  const failed = [puts.add([block(1)]), puts.add([block(2)])]
  puts.flush()
  expect(await Promise.allSettled(failed)).toEqual(failed.map(() => ({ status: 'rejected', reason: full })))
  const next = puts.add([block(3)])
  puts.flush()
  expect(await next).toBeUndefined()
})
