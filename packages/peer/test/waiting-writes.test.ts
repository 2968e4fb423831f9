import { contentIdOf } from '@interpeer/crypto-ids'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type WaitingWrite, WaitingWrites } from '../src/node/waiting-writes.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function write(id: number, body = `${id}`, size = 0): WaitingWrite {
  const bytes = new TextEncoder().encode(body.padEnd(size))
  return { type: 'write', id: Uint8Array.of(id >> 8, id), ms: 0, cid: contentIdOf(bytes, 'raw'), bytes }
}
const done = { type: 'response', response: contentIdOf(new Uint8Array(), 'raw') } as const

test('everyone who waits for an id is told, each only once, and others are not', async () => {
  const writes = new WaitingWrites()
  const [a, again, other] = [writes.wait(write(1), 1_000), writes.wait(write(1), 1_000), writes.wait(write(2), 1_000)]
  writes.settle(write(1).id, done)
  writes.settle(write(1).id, { type: 'refused', code: 'GROUP_BUSY' })
  expect(await a).toEqual(done)
  expect(await again).toEqual(done)
  expect(writes.writes().map(({ cid }) => cid)).toEqual([write(2).cid])
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await other).toEqual({ type: 'undecided' })
  expect(writes.writes()).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})

test('each asker has its own time', async () => {
  const writes = new WaitingWrites()
  const first = writes.wait(write(1), 1_000)
  await vi.advanceTimersByTimeAsync(900)
  const second = writes.wait(write(1), 1_000)
  await vi.advanceTimersByTimeAsync(100)
  expect(await first).toEqual({ type: 'undecided' })
  expect(writes.writes()).toHaveLength(1)
  writes.settle(write(1).id, done)
  expect(await second).toEqual(done)
})

test('another request under the same id may not wait: it would be told the first one’s answer', () => {
  const writes = new WaitingWrites()
  void writes.wait(write(1, 'mine'), 1_000)
  expect(writes.refusalOf(write(1, 'another'))).toBe('REQUEST_MISMATCH')
  expect(writes.refusalOf(write(1, 'mine'))).toBeUndefined()
  writes.settleAll({ type: 'undecided' })
  expect(writes.refusalOf(write(1, 'another'))).toBeUndefined()
})

test('askers and bytes are bounded, and room comes back', () => {
  const many = new WaitingWrites()
  for (let i = 0; i < 512; i++) void many.wait(write(i % 3), 1_000)
  expect(many.refusalOf(write(9))).toBe('GROUP_BUSY')
  many.settle(write(0).id, done)
  expect(many.refusalOf(write(9))).toBeUndefined()
  const large = new WaitingWrites()
  for (let i = 0; i < 31; i++) void large.wait(write(i, '', 1024 * 1024), 1_000)
  expect(large.refusalOf(write(99, '', 2 * 1024 * 1024))).toBe('GROUP_BUSY')
  expect(large.refusalOf(write(0, '', 1024 * 1024))).toBeUndefined()
  large.settleAll({ type: 'undecided' })
  expect(large.refusalOf(write(99, '', 2 * 1024 * 1024))).toBeUndefined()
})
