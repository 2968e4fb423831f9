import { ContentStoreError } from '@interpeer/content-store'
import { contentIdOf, createSigner } from '@interpeer/crypto-ids'
import { beforeEach, expect, test, vi } from 'vitest'
import { type BlockPlaces, holdDag, restMs } from '../src/node/block-source.js'

const rests: number[] = []
vi.mock('node:timers/promises', async (original) => ({
  ...(await original<typeof import('node:timers/promises')>()),
  setTimeout: async (ms: number) => void rests.push(ms),
}))
beforeEach(() => {
  rests.length = 0
})

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
