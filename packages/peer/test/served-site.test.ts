import { memoryStore } from '@interpeer/content-store'
import { contentIdOf, jobIdOf } from '@interpeer/crypto-ids'
import { afterEach, expect, test, vi } from 'vitest'
import { ServedSite } from '../src/node/served-site.js'
import { decodeServed, encodeServed, isLater, type ServedState } from '../src/served-state.js'
import { isStale } from '../src/site-view.js'

afterEach(() => void vi.useRealTimers())
const cid = contentIdOf(new Uint8Array([0x80]), 'dag-cbor')
const job = jobIdOf(cid)
const place = (epoch: number, step: number): ServedState => ({
  epoch,
  step,
  state: cid,
  files: cid,
  certificate: null,
  named: null,
  timeMs: 5,
})

test('a served state is the same after it was stored', () => {
  const certified = { ...place(3, 4), certificate: new Uint8Array(24 * 1024), named: new Uint8Array(24 * 1024) }
  expect(decodeServed(encodeServed(certified))).toEqual(certified)
  expect(decodeServed(encodeServed(place(0, 0)))).toEqual(place(0, 0))
})

test('later is by epoch, then by step; stale is older than two cycles and a moment', () => {
  expect([isLater(place(1, 0), place(0, 9)), isLater(place(1, 1), place(1, 1)), isLater(place(0, 9), place(1, 0))]).toEqual([
    true,
    false,
    false,
  ])
  expect([isStale(0, { cycleMs: 1_000 }, 3_000), isStale(0, { cycleMs: 1_000 }, 3_001)]).toEqual([false, true])
})

function site(records = memoryStore().records('sites')) {
  const counted: string[] = []
  return {
    counted,
    records,
    served: new ServedSite(job, records, (code) => counted.push(code)),
  }
}

test('a site serves its last state again after a restart, and never goes back', async () => {
  const { served, records } = site()
  await served.serve(place(1, 2))
  await served.serve(place(1, 1))
  expect(served.state).toEqual(place(1, 2))
  expect(site(records).served.state).toEqual(place(1, 2))
})

test('the last eight states are still known, each once, the one that is served last; after a restart that one', async () => {
  const { served, records } = site()
  const at = (step: number, made = step) => ({ ...place(1, step), state: contentIdOf(new Uint8Array([made]), 'dag-cbor') })
  for (let step = 1; step <= 10; step++) await served.serve(at(step))
  expect(served.recent.map(({ step }) => step)).toEqual([3, 4, 5, 6, 7, 8, 9, 10])
  await served.serve(at(11, 9)) // an empty batch may come back to a state
  expect(served.recent.map(({ step }) => step)).toEqual([3, 4, 5, 6, 7, 8, 10, 11])
  expect(site(records).served.recent.map(({ step }) => step)).toEqual([11])
})

test('a stored state that is spoiled is forgotten, and the site goes on', async () => {
  const records = memoryStore().records('sites')
  await records.put([[job, new Uint8Array([1, 2, 3])]])
  const { served, counted } = site(records)
  expect(served.state).toBeUndefined()
  expect(counted).toEqual(['SERVED_UNREADABLE'])
  await served.serve(place(1, 2))
  expect(served.state?.step).toBe(2)
})

test('who saw a later state waits for it, for so long, and not after the site has closed', async () => {
  vi.useFakeTimers()
  const { served } = site()
  const caught = served.catchUp({ epoch: 0, step: 2 }, 3_000)
  await served.serve(place(0, 1))
  await served.serve(place(0, 2))
  expect(await caught).toBe(true)
  expect(await served.catchUp({ epoch: 0, step: 1 }, 0)).toBe(true)
  const never = served.catchUp({ epoch: 0, step: 3 }, 3_000)
  await vi.advanceTimersByTimeAsync(3_000)
  expect(await never).toBe(false)
  const early = served.catchUp({ epoch: 0, step: 3 }, 3_000)
  await vi.advanceTimersByTimeAsync(2_000)
  vi.setSystemTime(Date.now() - 3_600_000) // the clock is set back
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await early).toBe(false)
  const closed = served.catchUp({ epoch: 0, step: 3 }, 3_000)
  served.close()
  expect(await closed).toBe(false)
  expect(vi.getTimerCount()).toBe(0)
})
