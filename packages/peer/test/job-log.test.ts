import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutText } from '../src/job-log/cut-text.js'
import { isComplaint, loggedRun } from '../src/job-log/logged-run.js'
import { jobLogPage, PAGE_ENTRIES_MAX, SAID_MAX_BYTES } from '../src/job-log/messages.js'
import { ReadRate } from '../src/job-log/read-rate.js'
import { JobLog, LOG_LIMITS } from '../src/job-log/ring.js'
import type { ScriptOutcome } from '../src/script-runtime.js'

const asked = (n = 0, target = `/${n}`) => ({ id: new Uint8Array(16).fill(n), method: 'GET', target })
const answered = (given: Partial<Extract<ScriptOutcome, { type: 'answered' }>> = {}): ScriptOutcome => ({
  ...{ type: 'answered', status: 200, headers: [], body: new Uint8Array(), changes: [], fuel: 0, transcript: new Uint8Array() },
  ...given,
})
const run = (n: number, outcome: ScriptOutcome = answered()) => loggedRun(asked(n), outcome, { ran: 'read', timeMs: 1_000 * n, step: n })
const name = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const otherName = new Uint8Array(8)
const numbers = ({ entries }: { readonly entries: readonly { readonly number: number }[] }) => entries.map(({ number }) => number)

test('a run is logged with what it took and what its script said', () => {
  expect(run(3, answered({ log: 'PHP Warning: x', fuel: 12, memoryBytes: 4_096 }))).toEqual({
    ...{ timeMs: 3_000, ran: 'read', step: 3, id: new Uint8Array(16).fill(3), method: 'GET', target: '/3', status: 200 },
    ...{ fuel: 12, memoryBytes: 4_096, said: 'PHP Warning: x', cutBytes: 0 },
  })
})

test.each([
  ['a quiet answer', answered(), '', false],
  ['a missing page', answered({ status: 404 }), '', false],
  ['a warning', answered({ log: 'Warning' }), 'Warning', true],
  ['a failure without words', answered({ status: 500 }), '', true],
  [
    "an answer in the script's place",
    answered({ status: 500, headers: [['Interpeer-Error', 'SCRIPT_TRAPPED']], log: 'x' }),
    'SCRIPT_TRAPPED\nx',
    true,
  ],
  ['a run given up', { type: 'abstained', reason: 'GUARD_TIME' } as const, 'GUARD_TIME', true],
])('%s', (_, outcome, said, complains) => {
  const logged = run(1, outcome)
  expect([logged.said, isComplaint(logged)]).toEqual([said, complains])
})

test('what is long is cut where a letter ends, and whatever a runtime says fits the wire', () => {
  expect(cutText('aé😀b', 4)).toEqual({ text: 'aé', cutBytes: 5 })
  expect(cutText('aé😀b', 7)).toEqual({ text: 'aé😀', cutBytes: 1 })
  expect(cutText('\ud800', 3)).toEqual({ text: '\ufffd', cutBytes: 0 })
  const units = fc.array(fc.constantFrom('a', '\0', '\u007f', '\u0080', 'é', '\u0800', '€', '\uffff', '😀', '\ud800', '\udc00'), {
    maxLength: 40,
  })
  fc.assert(
    fc.property(units, fc.double(), fc.nat(), (given, fuel, memoryBytes) => {
      const text = given.join('')
      const log = new JobLog(name)
      const outcome = answered({ log: text.repeat(200), fuel, memoryBytes, status: 999_999 })
      log.add(
        loggedRun({ id: new Uint8Array(16), method: text, target: text.repeat(30) }, outcome, {
          ran: 'write',
          timeMs: 1,
          step: 0xffff_ffff,
        }),
        0,
      )
      const page = log.page(null, 0)
      expect(jobLogPage.decode(jobLogPage.encode(page))).toEqual(page)
    }),
    { numRuns: 25, seed: 1 },
  )
})

test('runs that went well push no complaint out, and what made room is counted', () => {
  const log = new JobLog(name, { complaints: { entriesMax: 2, bytesMax: 10_000 }, quiet: { entriesMax: 3, bytesMax: 10_000 } })
  log.add(run(1, answered({ log: 'first' })), 0)
  for (let n = 2; n <= 8; n++) log.add(run(n), 0)
  expect(numbers(log.page(null, 0))).toEqual([1, 6, 7, 8])
  expect(log.page(null, 0)).toMatchObject({ until: 8, dropped: 4, more: false, ring: name })
  expect(log.page(name, 1)).toMatchObject({ until: 8, dropped: 4 })
  expect([numbers(log.page(name, 6)), log.page(name, 6).dropped]).toEqual([[7, 8], 0])
  expect(log.page(name, 8)).toMatchObject({ until: 8, dropped: 0, entries: [] })
})

test('a number of another ring, or one that never was, does not hide what is there', () => {
  const log = new JobLog(name)
  log.add(run(1), 7)
  expect(numbers(log.page(otherName, 99))).toEqual([1])
  expect(log.page(name, 99)).toMatchObject({ until: 1, entries: [], dropped: 0 })
  expect(log.page(null, 99).entries[0]).toMatchObject({ epoch: 7, number: 1 })
})

test('read page by page, everything comes once and in order, or is counted as dropped; each page fits', () => {
  const size = fc.oneof({ weight: 8, arbitrary: fc.nat(200) }, { weight: 1, arbitrary: fc.nat(9_000) })
  fc.assert(
    fc.property(fc.array(size, { maxLength: 400 }), (sizes) => {
      const log = new JobLog(name)
      for (const [i, length] of sizes.entries()) log.add(run(i & 255, answered({ log: 'ü'.repeat(length >> 1) })), 1)
      const seen: number[] = []
      let [after, dropped, more] = [0, 0, true]
      while (more) {
        const page = log.page(name, after)
        expect(jobLogPage.encode(page).length).toBeLessThanOrEqual(jobLogPage.maxBytes)
        expect(page.entries.length).toBeLessThanOrEqual(PAGE_ENTRIES_MAX)
        seen.push(...numbers(page))
        dropped += page.dropped
        if (page.more) expect(page.until).toBeGreaterThan(after)
        ;({ until: after, more } = page)
      }
      expect([after, seen.length + dropped]).toEqual([sizes.length, sizes.length])
      expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b))
    }),
    { numRuns: 40, seed: 2 },
  )
})

test('a ring holds no more than it says', () => {
  const log = new JobLog(name)
  for (let n = 0; n < 2_000; n++) log.add(run(n & 255, answered({ log: n % 2 === 0 ? 'x'.repeat(SAID_MAX_BYTES) : '' })), 0)
  let [after, bytes, count, more] = [0, 0, 0, true]
  while (more) {
    const page = log.page(name, after)
    for (const { said, target } of page.entries) bytes += said.length + target.length
    count += page.entries.length
    ;({ until: after, more } = page)
  }
  expect(bytes).toBeLessThanOrEqual(LOG_LIMITS.complaints.bytesMax + LOG_LIMITS.quiet.bytesMax)
  expect(bytes).toBeGreaterThan(LOG_LIMITS.complaints.bytesMax * 0.9)
  expect(count).toBe(512 + Math.floor(LOG_LIMITS.complaints.bytesMax / (SAID_MAX_BYTES + 96 + 6)))
})

test('reads of a log are allowed in a burst, then so many a second', () => {
  const rate = new ReadRate()
  const taken = (nowMs: number, count: number) => Array.from({ length: count }, () => rate.take(nowMs)).filter(Boolean).length
  expect([taken(1_000, 50), taken(1_100, 5), taken(2_000, 50), taken(1_500, 5), taken(100_000, 50)]).toEqual([20, 0, 5, 0, 20])
})

test('a cut text is the longest beginning that fits', () => {
  const letters = fc.array(fc.constantFrom('a', 'é', '€', '😀'), { maxLength: 40 })
  fc.assert(
    fc.property(letters, fc.nat(60), (given, maxBytes) => {
      const size = (text: string) => new TextEncoder().encode(text).length
      let fits = ''
      for (const letter of given) {
        if (size(fits + letter) > maxBytes) break
        fits += letter
      }
      expect(cutText(given.join(''), maxBytes)).toEqual({ text: fits, cutBytes: size(given.join('')) - size(fits) })
    }),
    { numRuns: 500, seed: 3 },
  )
})
