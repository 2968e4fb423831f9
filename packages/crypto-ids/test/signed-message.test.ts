import { encodeCbor } from '@interpeer/wire-codec'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { ENVELOPE_OVERHEAD_BYTES, writeEnvelope } from '../src/cose-sign1.js'
import { CryptoError } from '../src/errors.js'
import { createOpener, openMessage, peekMessageNumber, peekPayload, signMessage } from '../src/signed-message.js'
import { dice, node } from './backends.js'
import { alice, bob, fromOf, network, note } from './notes.js'

const value = { from: alice.publicKey, step: 41, body: Uint8Array.of(1, 2, 3) }
const envelope = signMessage(note, value, alice, network)
const codeOf = (run: () => unknown): unknown => {
  try {
    return run() && 'ok'
  } catch (error) {
    return (error as CryptoError).code
  }
}

test('every size of payload comes back, and the overhead is at most what is stated', () => {
  for (const length of [0, 1, 100, 211, 212, 213, 214, 215, 216, 217, 218, 219, 220, 65_480, 65_490, 65_495, 65_500, 99_999, 100_000]) {
    const sent = { ...value, body: new Uint8Array(length).fill(length) }
    const bytes = signMessage(note, sent, alice, network)
    expect(openMessage(note, bytes, network, fromOf)).toEqual(sent)
    expect(bytes.length - note.encode(sent).length).toBeLessThanOrEqual(ENVELOPE_OVERHEAD_BYTES)
    expect(peekPayload(bytes)).toEqual(note.encode(sent))
  }
})

test('a signer that nobody names is refused, and a coded error of signerOf comes through', () => {
  expect(codeOf(() => openMessage(note, envelope, network, () => undefined))).toBe('SIGNER_UNKNOWN')
  const failing = () => {
    throw new CryptoError({ code: 'SIGNER_UNKNOWN' })
  }
  expect(codeOf(() => openMessage(note, envelope, network, failing))).toBe('SIGNER_UNKNOWN')
  expect(codeOf(() => openMessage(note, envelope, network, () => bob.peerId))).toBe('SIGNATURE_WRONG')
})

test('an envelope larger than its message can be is refused before anything is read', () => {
  const decode = vi.fn(note.decode)
  const huge = new Uint8Array(note.maxBytes + ENVELOPE_OVERHEAD_BYTES + 1)
  expect(() => openMessage({ ...note, decode }, huge, network, fromOf)).toThrow(
    expect.objectContaining({ failure: { code: 'ENVELOPE_MALFORMED', reason: 'too large' } }),
  )
  expect(decode).not.toHaveBeenCalled()
})

test('no envelope that differs in one byte opens', () => {
  fc.assert(
    fc.property(fc.nat(envelope.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const forged = envelope.map((byte, i) => (i === at ? byte ^ change : byte))
      expect(codeOf(() => openMessage(note, forged, network, fromOf))).toMatch(
        /^(ENVELOPE_MALFORMED|SIGNATURE_WRONG|PEER_KEY_UNUSABLE|WIRE_\w+)$/,
      )
    }),
  )
})

test('random bytes get a code', () => {
  const start = fc.constantFrom([], [0x84], [0x84, 0x43, 0xa1, 0x01, 0x32, 0xa0], [...envelope.subarray(0, 50)])
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 120 }), (prefix, rest) => {
      const bytes = Uint8Array.of(...prefix, ...rest)
      expect(codeOf(() => openMessage(note, bytes, network, fromOf))).toMatch(/^[A-Z_]+$/)
      peekMessageNumber(bytes)
    }),
  )
})

test('an opener verifies an envelope once, and gives the same verdicts in any order, at any size of memory', () => {
  const random = dice('opener')
  const sent = Array.from({ length: 6 }, (_, step) => signMessage(note, { ...value, step }, alice, network))
  const all = sent.flatMap((bytes) => [bytes, bytes.map((byte, i) => (i === bytes.length - 5 ? byte ^ 1 : byte))])
  for (const cacheEntriesMax of [0, 1, 3, 100]) {
    const opener = createOpener({ network, cacheEntriesMax })
    for (let i = 0; i < 60; i++) {
      const bytes = all[(random(1)[0] as number) % all.length] as Uint8Array
      for (const who of [fromOf, () => bob.peerId]) {
        expect(codeOf(() => opener.open(note, bytes, who))).toBe(codeOf(() => openMessage(note, bytes, network, who)))
      }
    }
  }
  const verify = vi.spyOn(node, 'verifyFiltered')
  const opener = createOpener({ network, cacheEntriesMax: 2 })
  for (const step of [0, 1, 0, 0, 1, 2, 1, 0]) opener.open(note, sent[step] as Uint8Array, fromOf)
  expect(verify).toHaveBeenCalledTimes(process.env.CRYPTO_BACKEND === 'noble' ? 0 : 4) // 0, 1, 2, and 0 again, which 2 had put out
  verify.mockRestore()
})

test('two messages of one value are told apart by the whole of what is signed: no memory of one opens the other', () => {
  const opener = createOpener({ network, cacheEntriesMax: 10 })
  opener.open(note, envelope, fromOf)
  const noteAgain = { ...note, version: 2 }
  expect(codeOf(() => opener.open(noteAgain, envelope, fromOf))).toBe('SIGNATURE_WRONG')
})

test.each([
  [[0], 0],
  [[23, 1], 23],
  [[24], 24],
  [[255, 'x'], 255],
  [[256], 256],
  [[65_535], 65_535],
  [[65_536], undefined],
  [['x'], undefined],
  [[-1], undefined],
  [[], undefined],
  [7, undefined],
  [[300, ...Array.from({ length: 30 }, () => 0)], 300],
])('the number of %j is seen without verifying: %s', (payload, number) => {
  expect(peekMessageNumber(writeEnvelope({ payload: encodeCbor(payload), signature: new Uint8Array(64) }))).toBe(number)
})

test('what is no envelope has no number', () => {
  expect(peekMessageNumber(encodeCbor([255, 1, 2, 3]))).toBeUndefined()
  expect(peekMessageNumber(new Uint8Array())).toBeUndefined()
})
