import { ContentStoreError } from '@interpeer/content-store'
import { type ContentId, contentIdOf, createSigner } from '@interpeer/crypto-ids'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type BlockPlaces, holdDag, restMs, sourcesOf, WholeState } from '../src/node/block-source.js'
import { SITE_MAX_BYTES } from '../src/site-size.js'
import { replaceNodeTimers } from './node-timers.js'

const rests: number[] = []
let restoreTimers = () => {}
beforeEach(() => {
  rests.length = 0
  restoreTimers = replaceNodeTimers({
    setTimeout: async <T>(ms?: number, value?: T, { signal }: { signal?: AbortSignal | undefined } = {}) => {
      signal?.throwIfAborted()
      rests.push(ms ?? 1)
      return value as T
    },
  })
})
afterEach(() => restoreTimers())

test('who waits for what nobody gives rests longer the more a try costs, and long where soon can’t help', () => {
  expect(restMs('FETCH_FAILED', 1)).toBe(500)
  expect(restMs('FETCH_FAILED', 1_000)).toBe(4_000)
  expect(restMs('FETCH_FAILED', 60_000)).toBe(30_000)
  for (const code of ['STORE_FULL', 'FETCH_TOO_LARGE', 'BLOCK_MALFORMED']) expect(restMs(code, 1)).toBe(30_000)
})

test('a state is fetched again after such a rest until it is here', async () => {
  const failures = [new ContentStoreError({ code: 'STORE_FULL', neededBytes: 1 }), new Error('no answer')]
  const fetchDag = () => {
    const failure = failures.shift()
    return failure === undefined ? Promise.resolve() : Promise.reject(failure)
  }
  const counted: string[] = []
  const self = createSigner(new Uint8Array(32).fill(1)).peerId
  const places = { exchange: { fetchDag }, self, count: (code: string) => void counted.push(code) } as unknown as BlockPlaces
  const root = contentIdOf(new Uint8Array([0x80]), 'dag-cbor')
  expect(await holdDag(root, places, () => [], new AbortController().signal)).toBe(true)
  expect(counted).toEqual(['STORE_FULL', 'FETCH_FAILED'])
  expect(rests).toEqual([30_000, 500])
})

test('one fetch may bring the largest site that there may be, and what else belongs to its state', () => {
  const { maxBytes = 0 } = sourcesOf({} as BlockPlaces, [], new AbortController().signal)
  expect(maxBytes).toBeGreaterThan(SITE_MAX_BYTES)
})

test('a state that is wholly here is not walked over again, nor is one that a batch made of it, until something of it is missing', async () => {
  const walked: string[] = []
  const whole = new WholeState()
  const fetchDag = async (cid: string) => void walked.push(cid)
  const places = { exchange: { fetchDag }, count: () => {}, whole } as unknown as BlockPlaces
  const [first, second] = [0x80, 0x81].map((byte) => contentIdOf(new Uint8Array([byte]), 'dag-cbor')) as [ContentId, ContentId]
  const hold = (cid: ContentId) => holdDag(cid, places, () => [], new AbortController().signal)
  whole.becomes(second) // of a state that nobody has looked at nothing follows
  expect([await hold(first), await hold(first)]).toEqual([true, true])
  whole.becomes(second)
  expect(await hold(second)).toBe(true)
  expect(walked).toEqual([first])
  whole.doubt()
  expect(await hold(second)).toBe(true)
  expect(walked).toEqual([first, second])
})
