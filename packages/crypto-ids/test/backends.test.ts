import { expect, test } from 'vitest'
import { hkdfSha256 } from '../src/hash.js'
import aead from '../vectors/wycheproof-chacha20-poly1305.json' with { type: 'json' }
import hkdf from '../vectors/wycheproof-hkdf-sha256.json' with { type: 'json' }
import { backends, bytesOf, dice, noble, node } from './backends.js'

const random = dice('backends')

test('hashes and MACs are equal at every size, in one part and in several', () => {
  for (const size of [0, 1, 31, 32, 55, 56, 64, 119, 1000, 8192, 8193, 100_000]) {
    const [a, b] = [random(size), random(size % 100)]
    for (const parts of [[a], [a, b], [b, a, b]]) {
      expect(node.sha256(parts)).toEqual(noble.sha256(parts))
      expect(node.hmacSha256(b, parts)).toEqual(noble.hmacSha256(b, parts))
      expect(node.sha256(parts)).toEqual(noble.sha256([Uint8Array.from(parts.flatMap((part) => [...part]))]))
    }
  }
})

test('keys and signatures are equal', () => {
  for (let i = 0; i < 10; i++) {
    const [seed, message] = [random(32), random(i * 50)]
    const [a, b] = [node.signingKey(seed), noble.signingKey(seed)]
    expect(a.publicKey).toEqual(b.publicKey)
    expect(a.sign(message)).toEqual(b.sign(message))
  }
})

test('X25519 is equal, with the other side bits that are ignored, and refuses points of small order', () => {
  const SMALL_ORDER = [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ]
  const secret = random(32)
  const [a, b] = [node.agreementKey(secret), noble.agreementKey(secret)]
  expect(a.publicKey).toEqual(b.publicKey)
  for (let i = 0; i < 10; i++) {
    const theirs = random(32)
    expect(a.agree(theirs)).toEqual(b.agree(theirs))
    expect(a.agree(theirs)).toHaveLength(32)
  }
  for (const point of SMALL_ORDER) expect([a.agree(bytesOf(point)), b.agree(bytesOf(point))]).toEqual([undefined, undefined])
})

test.each(backends)('every Wycheproof case of ChaCha20-Poly1305 has its stated result (%s)', (_, backend) => {
  for (const { ivSize, tests } of aead.testGroups) {
    if (ivSize !== 96) continue // aeadSeal and aeadOpen refuse them by length
    for (const { tcId, key, iv, aad, msg, ct, tag, result } of tests) {
      const sealed = bytesOf(ct + tag)
      const opened = backend.aeadOpen(bytesOf(key), bytesOf(iv), bytesOf(aad), sealed)
      expect([tcId, opened]).toEqual([tcId, result === 'valid' ? bytesOf(msg) : undefined])
      if (result === 'valid') expect(backend.aeadSeal(bytesOf(key), bytesOf(iv), bytesOf(aad), bytesOf(msg))).toEqual(sealed)
    }
  }
})

test('AEAD is equal on both sides of the size where the native one takes over, and any flipped bit is refused', () => {
  for (const size of [0, 1, 2031, 2032, 2047, 2048, 2049, 65_536]) {
    const [key, nonce, aad, message] = [random(32), random(12), random(size % 50), random(size)]
    const sealed = node.aeadSeal(key, nonce, aad, message)
    expect(sealed).toEqual(noble.aeadSeal(key, nonce, aad, message))
    for (const [, backend] of backends) {
      expect(backend.aeadOpen(key, nonce, aad, sealed)).toEqual(message)
      for (const at of [0, size >> 1, size, size + 15]) {
        const forged = Uint8Array.from(sealed)
        forged[at] = (forged[at] as number) ^ 1
        expect(backend.aeadOpen(key, nonce, aad, forged)).toBeUndefined()
      }
      expect(backend.aeadOpen(key, nonce, Uint8Array.of(...aad, 0), sealed)).toBeUndefined()
      expect(backend.aeadOpen(key, nonce, aad, sealed.subarray(1))).toBeUndefined()
    }
  }
})

test('every Wycheproof case of HKDF has its stated result', () => {
  for (const { tests } of hkdf.testGroups) {
    for (const { tcId, ikm, salt, info, size, okm, result } of tests) {
      const derive = () => hkdfSha256(bytesOf(ikm), bytesOf(salt), bytesOf(info), size)
      if (result === 'valid') expect([tcId, derive()]).toEqual([tcId, bytesOf(okm)])
      else expect(derive).toThrow(expect.objectContaining({ code: 'BYTES_LENGTH' }))
    }
  }
})
