import { readdirSync, readFileSync } from 'node:fs'
import { hexOf } from '@interpeer/wire-codec'
import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GROUP_ORDER, leOfNumber } from '../src/little-endian.js'
import { faultOfPoint, verifySignature, verifyStrict } from '../src/strict.js'
import speccheck from '../vectors/ed25519-speccheck.json' with { type: 'json' }
import wycheproof from '../vectors/wycheproof-ed25519.json' with { type: 'json' }
import { backends, bytesOf, dice, noble, node } from './backends.js'
import { hostileSignatures } from './hostile-signatures.js'
import { decodePoint, encodePoint, isOfSmallOrder, multiply, oracleVerdict } from './strict-oracle.js'

test.each(backends)('of the twelve speccheck cases exactly case 3 is accepted (%s)', (_, backend) => {
  const accepted = speccheck.flatMap((one, i) =>
    verifyStrict(backend, bytesOf(one.signature), bytesOf(one.message), bytesOf(one.pub_key)) ? [i] : [],
  )
  expect(accepted).toEqual([3])
})

test.each(backends)('every Wycheproof case has its stated result (%s)', (_, backend) => {
  let cases = 0
  for (const { publicKey, tests } of wycheproof.testGroups) {
    for (const { tcId, msg, sig, result } of tests) {
      expect([tcId, verifyStrict(backend, bytesOf(sig), bytesOf(msg), bytesOf(publicKey.pk))]).toEqual([tcId, result === 'valid'])
      cases++
    }
  }
  expect(cases).toBe(wycheproof.numberOfTests)
})

test('both backends agree on 5,040 hostile signatures, and accept the ones that the rule accepts', () => {
  const accepted: Record<string, number> = {}
  for (const { kind, signature, message, publicKey } of hostileSignatures(5_040)) {
    const verdict = verifyStrict(node, signature, message, publicKey)
    expect([kind, verifyStrict(noble, signature, message, publicKey)]).toEqual([kind, verdict])
    if (verdict) accepted[kind] = (accepted[kind] ?? 0) + 1
  }
  expect(accepted.honest).toBe(630)
  // A key or R with a part of small order is no fault by itself; the cofactorless equation holds where the parts cancel out.
  expect(accepted['mixed order']).toBeGreaterThan(0)
  expect(Object.keys(accepted).sort()).toEqual(['honest', 'mixed order'])
})

test('an implementation written from the rule alone judges speccheck, Wycheproof and 800 hostile signatures as both backends do', () => {
  const cases = [
    ...speccheck.map((one) => [one.signature, one.message, one.pub_key].map(bytesOf)),
    ...wycheproof.testGroups.flatMap(({ publicKey, tests }) => tests.map(({ sig, msg }) => [sig, msg, publicKey.pk].map(bytesOf))),
    ...hostileSignatures(800).map(({ signature, message, publicKey }) => [signature, message, publicKey]),
  ] as [Uint8Array, Uint8Array, Uint8Array][]
  let accepted = 0
  for (const [i, one] of cases.entries()) {
    const verdict = oracleVerdict(...one)
    expect([i, ...backends.map(([, backend]) => verifyStrict(backend, ...one))]).toEqual([i, verdict, verdict])
    if (verdict) accepted++
  }
  expect(accepted).toBeGreaterThanOrEqual(
    100 + wycheproof.testGroups.flatMap(({ tests }) => tests.filter(({ result }) => result === 'valid')).length,
  )
})

test('the filter refuses the points of small order in every encoding, and no other point', () => {
  // [L]P is of small order for every point P, and some P reach all eight.
  const torsion = new Set<string>()
  const random = dice('points')
  for (let tried = 0; torsion.size < 8 && tried < 200; tried++) {
    const point = decodePoint(random(32))
    if (point !== undefined) torsion.add(hexOf(encodePoint(multiply(GROUP_ORDER, point))))
  }
  expect(torsion.size).toBe(8)
  for (const hex of torsion) {
    const bytes = bytesOf(hex)
    expect(faultOfPoint(bytes)).toBe('small order')
    // the other sign: of the same small order, or no point at all where x = 0
    expect(faultOfPoint(bytes.with(31, (bytes[31] as number) ^ 0x80))).toBe('small order')
  }
  for (let i = 0; i < 200; i++) {
    const point = decodePoint(random(32))
    if (point !== undefined) expect([isOfSmallOrder(point), faultOfPoint(encodePoint(point))]).toEqual([false, undefined])
  }
})

test('S = L - 1 passes the filter, S = L does not', () => {
  const reached: number[] = []
  const spy = { ...noble, verifyFiltered: () => reached.push(1) > 0 }
  const [publicKey, r] = [ed25519.getPublicKey(new Uint8Array(32)), ed25519.getPublicKey(new Uint8Array(32).fill(1))]
  const withS = (s: bigint) => verifyStrict(spy, Uint8Array.of(...r, ...leOfNumber(s, 32)), new Uint8Array(), publicKey)
  expect([withS(GROUP_ORDER - 1n), withS(GROUP_ORDER), withS(2n ** 256n - 1n), reached.length]).toEqual([true, false, false, 1])
})

test('it never throws, whatever the bytes', () => {
  const anyBytes = fc.uint8Array({ maxLength: 100 })
  fc.assert(
    fc.property(anyBytes, anyBytes, anyBytes, (signature, message, publicKey) => {
      expect(verifySignature(signature, message, publicKey)).toBe(false)
    }),
  )
  const random = dice('lengths fit')
  for (let i = 0; i < 200; i++) expect(verifySignature(random(64), random(10), random(32))).toBe(false)
})

test('no verifier is called without the filter', () => {
  const source = new URL('../src/', import.meta.url)
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.includes('tsconfig'),
  )
  const calls = files.filter((name) =>
    /\.verifyFiltered\(|ed25519\.verify\(|[^.\w]verify\(null/.test(readFileSync(new URL(name, source), 'utf8')),
  )
  // The last holds the filter; the others hold the native calls, and node/batch-verifier.ts asks the filter itself.
  expect(calls.sort()).toEqual(['node/backend.ts', 'node/batch-verifier.ts', 'strict.ts'])
})
