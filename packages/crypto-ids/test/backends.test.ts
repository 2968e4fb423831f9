import { hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { aeadOpen, aeadSeal } from '../src/aead.js'
import { hkdfSha256 } from '../src/hash.js'
import { createAgreement } from '../src/signer.js'
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
  for (const hex of SMALL_ORDER) {
    const point = bytesOf(hex)
    for (const sent of [point, point.with(31, (point[31] as number) | 0x80)]) {
      expect([a.agree(sent), b.agree(sent)]).toEqual([undefined, undefined])
      expect([node.x25519(secret, sent), noble.x25519(secret, sent)]).toEqual([undefined, undefined])
      expect(() => createAgreement(secret).sharedSecret(sent)).toThrow(expect.objectContaining({ code: 'SHARED_SECRET_ZERO' }))
    }
  }
  for (const length of [0, 31, 33]) {
    const refused = expect.objectContaining({ code: 'BYTES_LENGTH' })
    expect(() => createAgreement(secret).sharedSecret(random(length))).toThrow(refused)
    expect(() => createAgreement(random(length))).toThrow(refused)
  }
})

test('X25519 is that of RFC 7748, and 100 times iterated the same on both', () => {
  const examples = [
    // §5.2: scalar, u, product
    'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4 e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
    '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493 95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
    // the first step of the iteration
    `09${'00'.repeat(31)} 09${'00'.repeat(31)} 422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079`,
  ].map((line) => line.split(' ').map(bytesOf) as [Uint8Array, Uint8Array, Uint8Array])
  const ends = backends.map(([, backend]) => {
    for (const [scalar, u, product] of examples) expect(backend.x25519(scalar, u)).toEqual(product)
    let [k, u]: [Uint8Array, Uint8Array] = [bytesOf(`09${'00'.repeat(31)}`), bytesOf(`09${'00'.repeat(31)}`)]
    for (let i = 0; i < 100; i++) [k, u] = [backend.x25519(k, u) as Uint8Array, k]
    return hexOf(k)
  })
  expect(new Set(ends).size).toBe(1)
})

test.each(backends)('every Wycheproof case of ChaCha20-Poly1305 has its stated result (%s)', (_, backend) => {
  for (const { ivSize, tests } of aead.testGroups) {
    for (const { tcId, key, iv, aad, msg, ct, tag, result } of tests) {
      const sealed = bytesOf(ct + tag)
      if (ivSize !== 96) {
        const refused = expect.objectContaining({ code: 'BYTES_LENGTH' })
        expect(() => aeadOpen(bytesOf(key), bytesOf(iv), bytesOf(aad), sealed)).toThrow(refused)
        expect(() => aeadSeal(bytesOf(key), bytesOf(iv), bytesOf(aad), bytesOf(msg))).toThrow(refused)
        continue
      }
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

test('a key of another length seals and opens nothing, and what is too short for a tag opens to nothing', () => {
  for (const length of [0, 16, 31, 33]) {
    const refused = expect.objectContaining({ code: 'BYTES_LENGTH' })
    expect(() => aeadSeal(random(length), random(12), random(3), random(3))).toThrow(refused)
    expect(() => aeadOpen(random(length), random(12), random(3), random(30))).toThrow(refused)
  }
  for (const length of [0, 1, 15, 16]) expect(aeadOpen(random(32), random(12), random(3), random(length))).toBeUndefined()
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
