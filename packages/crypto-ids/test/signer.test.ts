import { ed25519 } from '@noble/curves/ed25519.js'
import { expect, test } from 'vitest'
import { aeadOpen, aeadSeal } from '../src/aead.js'
import { equalBytes } from '../src/hash.js'
import { createAgreement, createSigner, montgomeryOf } from '../src/signer.js'
import { verifySignature } from '../src/strict.js'
import { backends, bytesOf } from './backends.js'

const alice = createSigner(new Uint8Array(32).fill(1))
const bob = createSigner(new Uint8Array(32).fill(2))

test('RFC 8032 §7.1 test 2', () => {
  const signer = createSigner(bytesOf('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'))
  const signature = bytesOf(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  )
  expect(signer.publicKey).toEqual(bytesOf('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'))
  expect(signer.sign(Uint8Array.of(0x72))).toEqual(signature)
  expect(verifySignature(signature, Uint8Array.of(0x72), signer.publicKey)).toBe(true)
})

test('the seed is copied: wiping the caller’s does no harm, and it is not on the signer', () => {
  const seed = new Uint8Array(32).fill(3)
  const signer = createSigner(seed)
  const before = signer.vrfProve(Uint8Array.of(1))
  seed.fill(0)
  expect(signer.vrfProve(Uint8Array.of(1))).toEqual(before)
  expect(verifySignature(signer.sign(seed), seed, signer.publicKey)).toBe(true)
  expect(Object.keys(signer).sort()).toEqual(['peerId', 'publicKey', 'sharedSecret', 'sign', 'vrfProve'])
  expect(() => createSigner(new Uint8Array(33))).toThrow(expect.objectContaining({ code: 'BYTES_LENGTH' }))
})

test('two peers agree on a secret from their Ed25519 keys, and with keys of one handshake', () => {
  const shared = alice.sharedSecret(montgomeryOf(bob.publicKey))
  expect(bob.sharedSecret(montgomeryOf(alice.publicKey))).toEqual(shared)
  const once = createAgreement(new Uint8Array(32).fill(7))
  expect(once.sharedSecret(montgomeryOf(alice.publicKey))).toEqual(alice.sharedSecret(once.publicKey))
  for (const [, backend] of backends) {
    const key = backend.agreementKey(ed25519.utils.toMontgomerySecret(new Uint8Array(32).fill(1)))
    expect(key.publicKey).toEqual(montgomeryOf(alice.publicKey))
    expect(key.agree(montgomeryOf(bob.publicKey))).toEqual(shared)
  }
})

test('RFC 7748 §5.2: X25519 of X25519 of …, once and a thousand times', () => {
  let [k, u] = [bytesOf(`09${'00'.repeat(31)}`), bytesOf(`09${'00'.repeat(31)}`)]
  for (let i = 1; i <= 1000; i++) {
    ;[k, u] = [createAgreement(k).sharedSecret(u), k]
    if (i === 1) expect(k).toEqual(bytesOf('422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079'))
  }
  expect(k).toEqual(bytesOf('684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51'))
})

test('an all-zero secret and keys of the wrong length are refused', () => {
  for (const who of [alice, createAgreement(new Uint8Array(32).fill(7))]) {
    expect(() => who.sharedSecret(new Uint8Array(32))).toThrow(expect.objectContaining({ code: 'SHARED_SECRET_ZERO' }))
    expect(() => who.sharedSecret(new Uint8Array(31))).toThrow(expect.objectContaining({ code: 'BYTES_LENGTH' }))
  }
  for (const [key, reason] of [
    [new Uint8Array(31), 'length'],
    [new Uint8Array(32), 'small order'],
    [new Uint8Array(32).fill(255), 'not canonical'],
    [Uint8Array.of(2, ...new Uint8Array(31)), 'not a point'],
  ] as const) {
    expect(() => montgomeryOf(key)).toThrow(expect.objectContaining({ failure: { code: 'PEER_KEY_UNUSABLE', reason } }))
  }
})

test('AEAD arguments of the wrong length are refused; what is too short to hold a tag does not open', () => {
  const [key, nonce, none] = [new Uint8Array(32), new Uint8Array(12), new Uint8Array()]
  const wrong = expect.objectContaining({ code: 'BYTES_LENGTH' })
  expect(() => aeadSeal(key.subarray(1), nonce, none, none)).toThrow(wrong)
  expect(() => aeadOpen(key, nonce.subarray(1), none, none)).toThrow(wrong)
  for (let length = 0; length < 17; length++) expect(aeadOpen(key, nonce, none, new Uint8Array(length))).toBeUndefined()
  expect(aeadOpen(key, nonce, none, aeadSeal(key, nonce, none, none))).toEqual(none)
})

test('equalBytes', () => {
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true)
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false)
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false)
})
