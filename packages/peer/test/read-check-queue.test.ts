import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ReadCheckQueue } from '../src/node/read-check-queue.js'

/** A clock that stands still until it is moved on; each check takes `tookMs`. */
function world(tookMs = 10) {
  let nowMs = 0
  let waking: { readonly atMs: number; readonly wake: () => void } | undefined
  const counts = new Map<string, number>()
  const after = (ms: number, wake: () => void) => {
    const own = { atMs: nowMs + ms, wake }
    waking = own
    return () => {
      if (waking === own) waking = undefined
    }
  }
  const queue = new ReadCheckQueue({ nowMs: () => nowMs, after }, (code) => void counts.set(code, (counts.get(code) ?? 0) + 1))
  const ran: string[] = []
  const check = (asker: string, name = asker) =>
    queue.add(asker, async () => {
      ran.push(name)
      nowMs += tookMs
      return name
    })
  /** Until nothing waits any more: the ms that passed. */
  const settle = async (): Promise<number> => {
    const beganMs = nowMs
    for (;;) {
      for (let i = 0; i < 20; i++) await Promise.resolve()
      const due = waking
      if (due === undefined) return nowMs - beganMs
      waking = undefined
      nowMs = Math.max(nowMs, due.atMs)
      due.wake()
    }
  }
  return { queue, check, ran, counts, settle, isResting: () => waking !== undefined }
}

test('a check is done at once, then the runtime is left to visitors for nine times as long', async () => {
  const { check, settle, ran } = world(10)
  for (const name of ['a', 'b', 'c']) void check(name)
  expect(ran).toEqual(['a'])
  expect(await settle()).toBe(3 * 100 - 10) // the first has begun before
  expect(ran).toEqual(['a', 'b', 'c'])
})

test('askers take turns, whoever asked first and most; more than four of one wait nowhere', async () => {
  const { check, settle, ran, counts } = world()
  const flood = Array.from({ length: 20 }, (_, i) => check('flood', `flood ${i}`))
  void check('fair')
  void check('other')
  await settle()
  expect(ran).toEqual(['flood 0', 'fair', 'other', 'flood 1', 'flood 2', 'flood 3', 'flood 4'])
  expect(await Promise.all(flood)).toEqual([...[0, 1, 2, 3, 4].map((i) => `flood ${i}`), ...Array(15).fill(undefined)])
  expect(counts.get('READ_CHECK_DROPPED')).toBe(15)
})

test('however many ask, so many wait, and each gets an answer', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.nat(99), { maxLength: 300 }), async (askers) => {
      const { check, settle, ran, counts } = world()
      const all = askers.map((asker) => check(`${asker}`))
      await settle()
      const answers = await Promise.all(all)
      expect(answers.filter((one) => one !== undefined)).toHaveLength(ran.length)
      expect(ran.length + (counts.get('READ_CHECK_DROPPED') ?? 0)).toBe(askers.length)
      expect(ran.length).toBeLessThanOrEqual(33)
    }),
    { numRuns: 50 },
  ))

test('one that fails is counted, and the next has its turn', async () => {
  const { queue, check, settle, counts } = world()
  const failing = queue.add('a', () => Promise.reject(new Error('the disk')))
  const next = check('b')
  await settle()
  expect(await Promise.all([failing, next])).toEqual([undefined, 'b'])
  expect(counts.get('READ_CHECK_FAILED')).toBe(1)
})

test('what waits when it closes is dropped, and nothing runs any more', async () => {
  const { queue, check, settle, ran, isResting } = world()
  const all = ['a', 'b', 'c'].map((name) => check(name))
  expect(await all[0]).toBe('a')
  queue.close()
  expect(await Promise.all([...all, check('d')])).toEqual(['a', undefined, undefined, undefined])
  await settle()
  expect(ran).toEqual(['a'])
  expect(isResting()).toBe(false)
})
