import { expect, test, vi } from 'vitest'
import type { KnownBatch } from '../src/batch.js'

// Two pages of four: a state of a million ids would take seconds to fill. Files share their modules, so these are others for this one.
vi.resetModules()
vi.doMock('../src/settings.js', async (original) => ({ ...(await original<object>()), PAGE_REQUESTS_MAX: 4, STATE_PAGES_MAX: 2 }))
const { emptyFiles, start } = await import('../simulations/jobs.js')
const { firstStateBlock, readState, requestCount } = await import('../src/index.js')
const { nextState } = await import('../src/state-block.js')
const { Desk, NOW } = await import('./desk.js')
vi.doUnmock('../src/settings.js')
vi.resetModules()

const [PROPOSAL, TIMEOUT] = [49, 53] as const

test('a state that is nearly full takes what fits, and refuses early: nothing that nobody seals is proposed', () => {
  const filled = Array.from({ length: 6 }, (_, n) => ({
    id: Uint8Array.from({ length: 16 }, (_, i) => [1, n][i] ?? 0),
    ms: n < 4 ? NOW - 597_000 : NOW,
    cid: start.cid,
  }))
  const fake = { requests: filled, value: { timeMs: NOW } } as unknown as KnownBatch
  const full = nextState(
    readState(firstStateBlock(emptyFiles).bytes, []),
    fake,
    emptyFiles,
    filled.map(() => start.cid),
    600_000,
  )
  const desk = new Desk(3, { start: full.state.root })
  for (const { cid, bytes } of full.blocks) desk.blocks.set(cid, bytes)
  for (const member of [0, 1, 2]) desk.open(member)
  desk.drop()
  const [collator, other] = desk.order(1) as [number, number]
  for (const n of [1, 2]) desk.write(other, n)
  desk.write(other, 3)
  expect(desk.of('refused', other).map(({ code }) => code)).toEqual(['GROUP_BUSY'])
  desk.write(collator, 4) // has not heard of the others
  desk.deliver()
  expect(new Set(desk.of('final').map(({ requests }) => requests.length))).toEqual(new Set([1]))
  expect(desk.of('final', 0)).toHaveLength(2)
  const countOf = () => requestCount(desk.group(0).base.state as NonNullable<ReturnType<typeof desk.group>['base']['state']>)
  expect(countOf()).toBe(8)
  desk.pass(1_500)
  desk.pass(1_400) // what has to wait starts no timer
  expect(desk.letters.filter(({ number }) => number === PROPOSAL || number === TIMEOUT)).toEqual([])
  desk.pass(2_200) // the oldest page has left, and the one that waited takes its place
  desk.deliver()
  expect(desk.of('final', 0).map(({ requests }) => requests.length)).toEqual([1, 1, 1])
  expect(countOf()).toBe(5)
  desk.pass(5_000) // and an empty batch fits at any time
  desk.deliver()
  expect(desk.of('final', 0).map(({ requests }) => requests.length)).toEqual([1, 1, 1, 0])
  expect(desk.of('count').map(({ code }) => code)).not.toContain('BATCH_STATE_FULL')
})
