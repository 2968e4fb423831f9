import { contentIdOf, sha256 } from '@interpeer/crypto-ids'
import { responseTree } from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { ProvenWrites, type WrittenStep } from '../src/node/proven-writes.js'

const cid = contentIdOf(new Uint8Array([0x80]), 'dag-cbor')
const stepAt = (step: number): WrittenStep => ({
  epoch: 0,
  step,
  state: cid,
  certificate: new Uint8Array([step & 255]),
  named: null,
  responses: responseTree([cid]),
})
const idOf = (number: number) => Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? number & 255 : i === 1 ? number >> 8 : 0))

test('the step that ran a write is told by its id, for ten minutes', () => {
  const proven = new ProvenWrites()
  proven.add([idOf(1), idOf(2)], stepAt(3), 1_000)
  expect([1, 2, 3].map((i) => proven.get(idOf(i))).map((write) => [write?.step.step, write?.index])).toEqual([
    [3, 0],
    [3, 1],
    [undefined, undefined],
  ])
  proven.add([], stepAt(4), 600_999)
  expect(proven.get(idOf(1))).toBeDefined()
  proven.add([], stepAt(5), 601_000)
  expect(proven.get(idOf(1))).toBeUndefined()
})

test('no more than 32,768 are kept: the oldest go, and one that is told again is not old', () => {
  const proven = new ProvenWrites()
  for (let i = 0; i < 32_768; i++) proven.add([idOf(i)], stepAt(i), i)
  proven.add([idOf(0)], stepAt(9), 5_000)
  for (let i = 32_768; i < 32_771; i++) proven.add([idOf(i)], stepAt(i), 5_000)
  expect([0, 1, 2, 3, 4, 32_770].map((i) => proven.get(idOf(i)) !== undefined)).toEqual([true, false, false, false, true, true])
})

test('the certificates of the last 64 steps are at hand, also where each came in two forms and one more names it', () => {
  const proven = new ProvenWrites()
  const bytes = (step: number, kind: number) => Uint8Array.of(step, kind)
  const told = (step: number, kind: number, named: Uint8Array | null) =>
    proven.add([idOf(step)], { ...stepAt(step), certificate: bytes(step, kind), named }, step)
  const has = (certificate: Uint8Array) => proven.certificate(hexOf(sha256(certificate))) !== undefined
  for (let step = 1; step <= 65; step++) {
    told(step, 0, null) // provisional
    told(step, 1, bytes(step, 2))
  }
  expect([0, 1, 2].map((kind) => has(bytes(1, kind)))).toEqual([false, false, false])
  expect([0, 1, 2].map((kind) => has(bytes(2, kind)))).toEqual([true, true, true])
  told(66, 1, bytes(2, 2)) // it names another one, too
  told(67, 1, bytes(67, 2))
  expect([has(bytes(2, 1)), has(bytes(2, 2))]).toEqual([false, true])
})
