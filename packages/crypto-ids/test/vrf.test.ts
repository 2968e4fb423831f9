import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { expect, test } from 'vitest'
import { GROUP_ORDER, leOfNumber, numberOfLe } from '../src/little-endian.js'
import { createSigner } from '../src/signer.js'
import { ELL2, type VrfSuite, vrfOf, vrfOutputOfOwn, vrfVerify } from '../src/vrf.js'
import vectors from '../vectors/rfc9381-ecvrf.json' with { type: 'json' }
import { bytesOf } from './backends.js'

// The older suite of RFC 9381, try and increment, only to run its three vectors: the rest of the algorithm is the same.
const TAI: VrfSuite = {
  suiteByte: 3,
  encodeToCurve(publicKey, alpha) {
    for (let counter = 0; counter < 256; counter++) {
      const hash = sha512(Uint8Array.of(3, 1, ...publicKey, ...alpha, counter, 0)).subarray(0, 32)
      try {
        const point = ed25519.Point.fromBytes(hash, false).clearCofactor()
        if (!point.is0()) return point
      } catch {
        // these bytes name no point: the next counter
      }
    }
    throw new Error('no counter names a point')
  },
}

test('all six vectors are there', () => expect(vectors.map(({ ex }) => ex)).toEqual([16, 17, 18, 19, 20, 21]))

test.each(vectors)('RFC 9381 appendix B, example $ex: proof and output byte for byte', ({ suite, sk, alpha, pi, beta }) => {
  const vrf = vrfOf(suite === 3 ? TAI : ELL2)
  const [seed, input] = [bytesOf(sk), bytesOf(alpha)]
  expect(vrf.prove(seed, input)).toEqual(bytesOf(pi))
  expect(vrf.verify(ed25519.getPublicKey(seed), input, bytesOf(pi))).toEqual(bytesOf(beta))
  expect(vrf.output(bytesOf(pi))).toEqual(bytesOf(beta))
})

const signer = createSigner(new Uint8Array(32).fill(9))
const alpha = new TextEncoder().encode('cycle 41')
const proof = signer.vrfProve(alpha)
const changed = (at: number, bytes: Uint8Array) => {
  const copy = Uint8Array.from(proof)
  copy.set(bytes, at)
  return copy
}

test('a proof holds for its key and alpha, and for no other', () => {
  expect(vrfVerify(signer.publicKey, alpha, proof)).toHaveLength(64)
  expect(vrfOutputOfOwn(proof)).toEqual(vrfVerify(signer.publicKey, alpha, proof))
  expect([vrfOutputOfOwn(proof.subarray(1)), vrfOutputOfOwn(new Uint8Array(80).fill(0xff))]).toEqual([undefined, undefined])
  expect(vrfVerify(createSigner(new Uint8Array(32).fill(8)).publicKey, alpha, proof)).toBeUndefined()
  expect(vrfVerify(signer.publicKey, new TextEncoder().encode('cycle 42'), proof)).toBeUndefined()
})

const smallOrder = bytesOf('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
test.each([
  ['79 bytes', proof.subarray(0, 79)],
  ['81 bytes', Uint8Array.of(...proof, 0)],
  ['no bytes', new Uint8Array()],
  ['s = L', changed(48, leOfNumber(GROUP_ORDER, 32))],
  ['s + L, the same number modulo L', changed(48, leOfNumber(numberOfLe(proof.subarray(48)) + GROUP_ORDER, 32))],
  ['another c', changed(32, Uint8Array.of(1, 2, 3))],
  ['Gamma = p + 1, not canonical', changed(0, leOfNumber(2n ** 255n - 18n, 32))],
  ['Gamma with a sign bit on x = 0', changed(0, bytesOf(`01${'00'.repeat(30)}80`))],
  ['Gamma of small order', changed(0, smallOrder)],
  ['Gamma that is no point', changed(0, bytesOf(`02${'00'.repeat(31)}`))],
])('refused: %s', (_, bytes) => expect(vrfVerify(signer.publicKey, alpha, bytes)).toBeUndefined())

test.each([
  ['31 bytes', signer.publicKey.subarray(1)],
  ['small order', smallOrder],
  ['the neutral point', Uint8Array.of(1, ...new Uint8Array(31))],
  ['not canonical', leOfNumber(2n ** 255n - 16n, 32)],
  ['no point', bytesOf(`02${'00'.repeat(31)}`)],
])('refused: a key of %s', (_, key) => expect(vrfVerify(key, alpha, proof)).toBeUndefined())

test('every bit of a proof, of the key and of alpha counts', () => {
  const flipped = (bytes: Uint8Array, bit: number) => bytes.with(bit >> 3, (bytes[bit >> 3] as number) ^ (1 << (bit & 7)))
  for (let bit = 0; bit < 640; bit++) expect([bit, vrfVerify(signer.publicKey, alpha, flipped(proof, bit))]).toEqual([bit, undefined])
  for (let bit = 0; bit < 256; bit++) expect([bit, vrfVerify(flipped(signer.publicKey, bit), alpha, proof)]).toEqual([bit, undefined])
  for (let bit = 0; bit < 64; bit++) expect([bit, vrfVerify(signer.publicKey, flipped(alpha, bit), proof)]).toEqual([bit, undefined])
})

test('one alpha has one output: the key’s owner can make other proofs that hold, with a part of small order in Gamma, and all give the same', () => {
  const { Point, utils } = ed25519
  const { scalar, pointBytes } = utils.getExtendedPublicKey(new Uint8Array(32).fill(9))
  const h = ELL2.encodeToCurve(pointBytes, alpha)
  const gamma = h.multiply(scalar).add(Point.fromBytes(smallOrder)).toBytes()
  // c · (small order) vanishes where 8 divides c, so the owner tries nonces until it does
  for (let k = 1n; k < 200n; k++) {
    const points = [pointBytes, h.toBytes(), gamma, Point.BASE.multiply(k).toBytes(), h.multiply(k).toBytes()]
    const c = numberOfLe(sha512(Uint8Array.of(4, 2, ...points.flatMap((point) => [...point]), 0)).subarray(0, 16))
    const other = Uint8Array.of(...gamma, ...leOfNumber(c, 16), ...leOfNumber((k + c * scalar) % GROUP_ORDER, 32))
    const output = vrfVerify(pointBytes, alpha, other)
    expect(output).toEqual(c % 8n === 0n ? vrfVerify(pointBytes, alpha, proof) : undefined)
    if (output !== undefined) return
  }
  expect.unreachable()
})

test('a seed of another length, or none, makes no proofs', () => {
  for (const length of [0, 31, 33])
    expect(() => createSigner(new Uint8Array(length))).toThrow(expect.objectContaining({ code: 'BYTES_LENGTH' }))
})
