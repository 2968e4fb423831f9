import { expect, test } from 'vitest'
import { parseStorageSize, STORE_MIN_BYTES } from '../src/storage-size.js'

test.each([
  ['64GB', 64e9],
  ['64 GB', 64e9],
  [' 1.5TiB ', 1.5 * 2 ** 40],
  ['500MiB', 500 * 2 ** 20],
  ['100000kB', 1e8],
  ['80000KiB', 80_000 * 1024],
  ['2TB', 2e12],
  ['1GiB', 2 ** 30],
  ['64MB', STORE_MIN_BYTES],
  ['64000000', STORE_MIN_BYTES],
  ['64000000B', STORE_MIN_BYTES],
])('%j is %i bytes', (text, bytes) => {
  expect(parseStorageSize(text)).toBe(bytes)
})

test.each([
  '',
  'GB',
  '63MB',
  '-64GB',
  '64gb',
  '64Gb',
  '64G',
  '1e12',
  '64GB!',
  '64,5GB',
  '999999999999999TB',
  '64 GB GB',
  'toString',
  '0x40GB',
  '1.1234567TB',
])('%j is refused', (text) => {
  expect(() => parseStorageSize(text)).toThrow(expect.objectContaining({ code: 'SIZE_SYNTAX' }))
})
