import fc from 'fast-check'
import { base32 } from 'multiformats/bases/base32'
import { expect, test } from 'vitest'
import { base32OfName, bytesOfBase32Name } from '../src/base32-names.js'

test('names are what multiformats makes of the same bytes, and lead back to them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 36, maxLength: 36 }), (bytes) => {
      const name = base32OfName(bytes)
      expect(name).toBe(base32.encode(bytes))
      expect(bytesOfBase32Name(name)).toEqual(bytes)
    }),
  )
  for (const byte of [0, 255]) expect(base32OfName(new Uint8Array(36).fill(byte))).toBe(base32.encode(new Uint8Array(36).fill(byte)))
})
