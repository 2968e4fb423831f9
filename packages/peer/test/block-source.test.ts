import { expect, test } from 'vitest'
import { restMs } from '../src/node/block-source.js'

test('who waits for what nobody gives rests longer the more a try costs, and long where soon can’t help', () => {
  expect(restMs('FETCH_FAILED', 1)).toBe(500)
  expect(restMs('FETCH_FAILED', 1_000)).toBe(4_000)
  expect(restMs('FETCH_FAILED', 60_000)).toBe(30_000)
  for (const code of ['STORE_FULL', 'FETCH_TOO_LARGE', 'BLOCK_MALFORMED']) expect(restMs(code, 1)).toBe(30_000)
})
