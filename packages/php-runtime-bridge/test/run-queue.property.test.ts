import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RUNS_WAITING_MAX, type RunKind, RunQueue } from '../src/run-queue.js'

interface Started {
  readonly kind: RunKind
  readonly item: string
}
/** Runs a story: 'r' and 'w' offer a run, a number ends one of those that go on. Looks at all that goes on after each step. */
function play(workers: number, story: readonly (RunKind | number)[], look: (running: readonly Started[]) => void): string[] {
  const queue = new RunQueue<string>(workers)
  const running: Started[] = []
  const order: string[] = []
  const step = (event: RunKind | number | undefined, n: number) => {
    if (typeof event === 'string') expect(queue.offer(event, `${event} ${n}`)).toBe(true)
    else if (event !== undefined && running.length > 0) queue.ended(running.splice(event % running.length, 1)[0]?.kind as RunKind)
    for (let next = queue.take(); next !== undefined; next = queue.take()) {
      running.push(next)
      order.push(next.item)
    }
    look(running)
  }
  for (const [n, event] of story.entries()) step(event, n)
  while (running.length > 0) step(0, -1)
  return order
}
const stories = fc.array(fc.oneof(fc.constant<RunKind>('read'), fc.constant<RunKind>('write'), fc.nat(7)), { maxLength: 60 })
const count = (running: readonly Started[], kind: RunKind) => running.filter((one) => one.kind === kind).length

test('all run, each kind in its order; at most one write, and of two workers or more one is left for it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), stories, (workers, story) => {
      const order = play(workers, story, (running) => {
        expect(running.length).toBeLessThanOrEqual(workers)
        expect(count(running, 'write')).toBeLessThanOrEqual(1)
        expect(count(running, 'read')).toBeLessThanOrEqual(Math.max(1, workers - 1))
      })
      for (const kind of ['read', 'write']) {
        const offered = story.flatMap((event, n) => (event === kind ? [`${kind} ${n}`] : []))
        expect(order.filter((item) => item.startsWith(kind))).toEqual(offered)
      }
    }),
  )
})

test('nothing waits while it may start', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 5 }), stories, (workers, story) => {
      const waiting = { read: 0, write: 0 }
      let before: Started[] = []
      let at = 0
      play(workers, story, (running) => {
        const event = story[at++]
        if (typeof event === 'string') waiting[event]++
        for (const one of running) if (!before.includes(one)) waiting[one.kind]--
        before = [...running]
        if (waiting.write > 0) expect(count(running, 'write')).toBe(1)
        if (waiting.read > 0) expect(count(running, 'read') === workers - 1 || running.length === workers).toBe(true)
      })
    }),
  )
})

describe('one worker alone', () => {
  test('takes reads and writes in turn, so that neither waits for more than one of the other', () => {
    const order = play(1, ['read', 'read', 'read', 'write', 'write', 'write'], () => undefined)
    expect(order).toEqual(['read 0', 'write 3', 'read 1', 'write 4', 'read 2', 'write 5'])
  })
  test('takes runs of one kind in the order they came', () => {
    expect(play(1, ['write', 'write', 'write'], () => undefined)).toEqual(['write 0', 'write 1', 'write 2'])
  })
})

test('more than the most of one kind is refused, and takes no place from the other', () => {
  const queue = new RunQueue<number>(1)
  for (let n = 0; n < RUNS_WAITING_MAX; n++) expect(queue.offer('read', n)).toBe(true)
  expect(queue.offer('read', -1)).toBe(false)
  expect(queue.offer('write', 7)).toBe(true)
  expect(queue.take()?.item).toBe(7)
  expect(queue.drain()).toHaveLength(RUNS_WAITING_MAX)
  expect(queue.offer('read', 1)).toBe(true)
})
