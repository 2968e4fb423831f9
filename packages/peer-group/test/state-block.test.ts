import { bytesOfContentId, type ContentId, contentIdOf } from '@interpeer/crypto-ids'
import { encodeCbor, encodeWith, hexOf } from '@interpeer/wire-codec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emptyFiles } from '../simulations/jobs.js'
import type { StoredBlock } from '../src/api.js'
import type { KnownBatch } from '../src/batch.js'
import { answeredBy, firstStateBlock, type GroupState, readState, readStateBlock, requestCount, stateEventOf } from '../src/index.js'
import { changeIndex, emptyIndex, findIn, type Named } from '../src/request-index.js'
import { PAGE_REQUESTS_MAX } from '../src/settings.js'
import { nextState, pageSchema, roomIn, stateSchema } from '../src/state-block.js'

const NOW = 1_700_000_000_000
const KEPT_MS = 600_000
const responseTo = (n: number): ContentId => contentIdOf(encodeCbor(n), 'raw')
const idOf = (n: number): Uint8Array => Uint8Array.from({ length: 16 }, (_, i) => (n >> (8 * i)) & 255)
const empty = readState(firstStateBlock(emptyFiles).bytes, [])

/** Requests `first` up to, not including, `end`, all of one time. */
function run(
  state: GroupState,
  first: number,
  end: number,
  ms: number,
  timeMs = ms,
): { state: GroupState; blocks: readonly StoredBlock[] } {
  const numbers = Array.from({ length: end - first }, (_, i) => first + i)
  const batch = { requests: numbers.map((n) => ({ id: idOf(n), ms })), value: { timeMs } } as unknown as KnownBatch
  return nextState(state, batch, emptyFiles, numbers.map(responseTo), KEPT_MS)
}
const invalid = expect.objectContaining({ code: 'STATE_INVALID' })

describe('the state', () => {
  test('a step writes its last page and the state block, and leaves full pages as they are', () => {
    const one = run(empty, 0, PAGE_REQUESTS_MAX - 1, NOW)
    const two = run(one.state, PAGE_REQUESTS_MAX - 1, PAGE_REQUESTS_MAX + 2, NOW + 1)
    const three = run(two.state, PAGE_REQUESTS_MAX + 2, PAGE_REQUESTS_MAX + 3, NOW + 2)
    expect([one, two, three].map(({ blocks }) => blocks.length)).toEqual([2, 3, 2])
    expect(three.state.pages.map(({ requests }) => requests.length)).toEqual([PAGE_REQUESTS_MAX, 3])
    expect(three.state.pages[0]).toBe(two.state.pages[0])
    const idle = run(three.state, 0, 0, NOW + 3)
    expect(idle.blocks).toHaveLength(1)
    expect(idle.state.pages).toEqual(three.state.pages)
  })

  test('a full page goes when all its ids are too old; of the last one, while it has room, each goes by itself', () => {
    const first = run(empty, 0, PAGE_REQUESTS_MAX - 1, NOW).state
    const second = run(first, PAGE_REQUESTS_MAX - 1, PAGE_REQUESTS_MAX + 1, NOW + 10).state // one more id in the first page
    const third = run(second, PAGE_REQUESTS_MAX + 1, PAGE_REQUESTS_MAX + 2, NOW + 20).state
    const at = (timeMs: number) => requestCount(run(third, 0, 0, timeMs).state)
    expect(at(NOW + KEPT_MS + 1)).toBe(PAGE_REQUESTS_MAX + 2)
    expect(at(NOW + KEPT_MS + 10)).toBe(PAGE_REQUESTS_MAX + 2)
    expect(at(NOW + KEPT_MS + 11)).toBe(1)
    expect(at(NOW + KEPT_MS + 21)).toBe(0)
    const left = run(third, 0, 0, NOW + KEPT_MS + 11).state
    expect(answeredBy(left, hexOf(idOf(PAGE_REQUESTS_MAX)))).toBeUndefined()
    expect(answeredBy(left, hexOf(idOf(PAGE_REQUESTS_MAX + 1)))?.response).toBe(responseTo(PAGE_REQUESTS_MAX + 1))
    const roomAt = (timeMs: number) => roomIn(third, timeMs, KEPT_MS, Number.POSITIVE_INFINITY)
    expect(roomAt(NOW + KEPT_MS + 11) - roomAt(NOW)).toBe(PAGE_REQUESTS_MAX + 1)
    expect(roomIn(third, NOW, KEPT_MS)).toBeLessThanOrEqual(roomAt(NOW))
  })

  test('who reads it has the same as who stepped, and goes on to the same', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2 * PAGE_REQUESTS_MAX), fc.nat(400_000)), { maxLength: 6 }), (steps) => {
        const disk = new Map<ContentId, Uint8Array>()
        let [state, timeMs, next] = [empty, NOW, 0]
        for (const [count, waitedMs] of steps) {
          timeMs += waitedMs
          const event = stateEventOf(state.root, (cid) => disk.get(cid))
          const read = event === undefined ? state : readState(event.block, event.pages)
          const stepped = run(state, next, next + count, timeMs)
          expect(run(read, next, next + count, timeMs).state.root).toBe(stepped.state.root)
          next += count
          for (const { cid, bytes } of stepped.blocks) disk.set(cid, bytes)
          state = stepped.state
          const requests = state.pages.flatMap((page) => page.requests)
          expect(requestCount(state)).toBe(requests.length)
          expect(requests.every((one) => answeredBy(state, one.name) === one)).toBe(true)
          expect(answeredBy(state, hexOf(idOf(next)))).toBeUndefined()
        }
      }),
      { numRuns: 15 },
    )
  })

  test('pages that are not those of the block, that are empty or not full, and ids twice are no state', () => {
    const { state, blocks } = run(empty, 0, PAGE_REQUESTS_MAX + 1, NOW)
    const [full, last, block] = blocks.map(({ bytes }) => bytes) as [Uint8Array, Uint8Array, Uint8Array]
    expect(readState(block, [full, last]).root).toBe(state.root)
    const withPages = (...pages: Uint8Array[]) => {
      const cids = pages.map((page) => bytesOfContentId(contentIdOf(page, 'dag-cbor')))
      return () =>
        readState(encodeWith(stateSchema, { files: bytesOfContentId(emptyFiles), fresh: false, agenda: null, pages: cids }), pages)
    }
    expect(withPages(full, last)().root).toBe(state.root)
    expect(withPages(last, full)).toThrow(invalid)
    expect(withPages(full, full)).toThrow(invalid)
    expect(withPages(full, encodeWith(pageSchema, []))).toThrow(invalid)
    expect(withPages(full, encodeWith(pageSchema, [{ id: idOf(7), ms: 1, response: bytesOfContentId(emptyFiles) }]))).toThrow(invalid)
    for (const pages of [[], [full], [last, full], [full, last, last]]) expect(() => readState(block, pages)).toThrow(invalid)
    expect(() => readStateBlock(full)).toThrow(invalid)
    expect(stateEventOf(state.root, (cid) => (cid === state.root ? block : undefined))).toBeUndefined()
    expect(stateEventOf(state.root, () => full)).toBeUndefined()
  })
})

describe('the index', () => {
  const named = (name: string): Named => ({ name })
  const digits = fc.stringMatching(/^[0-9a-f]{6}$/)
  test('finds what a map would, also where many names begin alike, and never alters what was there', () => {
    const names = fc.uniqueArray(
      fc.oneof(
        digits,
        digits.map((name) => `00000${name[0]}`),
      ),
      { maxLength: 200 },
    )
    fc.assert(
      fc.property(names, names, fc.nat(200), (before, after, goneCount) => {
        const first = changeIndex(emptyIndex<Named>(), [], before.map(named))
        const gone = before.slice(0, goneCount)
        const model = new Set(before.slice(goneCount))
        for (const name of after) model.add(name)
        const second = changeIndex(first, gone.map(named), after.map(named))
        expect(second.size).toBe(model.size)
        for (const name of [...before, ...after]) expect(findIn(second, name)?.name).toBe(model.has(name) ? name : undefined)
        expect(first.size).toBe(before.length)
        expect(before.every((name) => findIn(first, name)?.name === name)).toBe(true)
        expect(changeIndex(second, [...model].map(named), [])).toEqual(emptyIndex())
      }),
    )
  })
  test('ids that differ in their last digits only are found all the same', () => {
    const names = Array.from({ length: 5_000 }, (_, n) => n.toString(16).padStart(32, '0'))
    const index = changeIndex(emptyIndex<Named>(), [], names.map(named))
    expect(index.size).toBe(5_000)
    expect(names.every((name) => findIn(index, name)?.name === name)).toBe(true)
  })
})
