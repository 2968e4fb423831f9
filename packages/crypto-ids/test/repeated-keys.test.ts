import { expect, test } from 'vitest'
import { aeadOpen, aeadSeal } from '../src/index.js'
import * as noble from '../src/noble-backend.js'
import { cipherKeyOf } from '../src/node/cipher-keys.js'

const aad = new Uint8Array([1, 2, 3])
const nonceOf = (n: number): Uint8Array => new Uint8Array(12).fill(n)
const SIZES = [0, 1, 63, 300, 1_200, 2_047, 2_048, 20_000]

test('a key that is used again and again seals and opens as it does at its first use', () => {
  const key = new Uint8Array(32).fill(7)
  for (let use = 0; use < 4; use++) {
    for (const [i, size] of SIZES.entries()) {
      const plain = new Uint8Array(size).fill(size)
      const sealed = aeadSeal(key, nonceOf(i), aad, plain)
      expect(sealed).toEqual(noble.aeadSeal(key.slice(), nonceOf(i), aad, plain))
      expect(aeadOpen(key, nonceOf(i), aad, sealed)).toEqual(plain)
      const forged = sealed.with(-1, (sealed.at(-1) as number) ^ 1)
      expect(aeadOpen(key, nonceOf(i), aad, forged)).toBeUndefined()
      expect(aeadOpen(key, nonceOf(i), new Uint8Array(0), sealed)).toBeUndefined()
    }
  }
})

test('whoever writes another key into the same array gets that one', () => {
  const key = new Uint8Array(32).fill(1)
  const plain = new Uint8Array(500)
  for (const byte of [1, 1, 1, 2, 2, 1]) {
    key.fill(byte)
    expect(aeadSeal(key, nonceOf(0), aad, plain)).toEqual(noble.aeadSeal(new Uint8Array(32).fill(byte), nonceOf(0), aad, plain))
  }
})

test('no key object is made for a key that is used once', () => {
  const key = new Uint8Array(32).fill(9)
  expect(cipherKeyOf(key)).toBeUndefined()
  const again = cipherKeyOf(key)
  expect(again?.export()).toEqual(Buffer.from(key))
  expect(cipherKeyOf(key)).toBe(again)
  expect(cipherKeyOf(key.slice())).toBeUndefined()
})
