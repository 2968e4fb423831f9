import { type Agreement, aeadSeal, createAgreement } from '@interpeer/crypto-ids'
import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { NoiseHandshake, nonceOf } from '../src/noise.js'
import vectors from '../vectors/noise-cacophony.json' with { type: 'json' }

const patternOf = (name: string): 'XX' | 'IK' => (name.startsWith('Noise_XX_') ? 'XX' : 'IK')
const agreementOf = (hex: string): Agreement => createAgreement(bytesOfHex(hex))

function sidesOf(vector: (typeof vectors)[number]): readonly [NoiseHandshake, NoiseHandshake] {
  const pattern = patternOf(vector.protocol_name)
  const remote = 'init_remote_static' in vector && vector.init_remote_static ? { remoteKey: bytesOfHex(vector.init_remote_static) } : {}
  const initiator = new NoiseHandshake({
    pattern,
    isInitiator: true,
    prologue: bytesOfHex(vector.init_prologue),
    own: agreementOf(vector.init_static),
    ephemeral: agreementOf(vector.init_ephemeral),
    ...remote,
  })
  const responder = new NoiseHandshake({
    pattern,
    isInitiator: false,
    prologue: bytesOfHex(vector.resp_prologue),
    own: agreementOf(vector.resp_static),
    ephemeral: agreementOf(vector.resp_ephemeral),
  })
  return [initiator, responder]
}

describe.each(vectors)('$protocol_name, cacophony', (vector) => {
  test('every message byte for byte, the handshake hash, and the transport messages after it', () => {
    const sides = sidesOf(vector)
    const counters = [0, 0]
    vector.messages.forEach(({ payload, ciphertext }, i) => {
      const [from, to] = [sides[i % 2] as NoiseHandshake, sides[(i + 1) % 2] as NoiseHandshake]
      if (!from.isDone) {
        expect(hexOf(from.write(bytesOfHex(payload)))).toBe(ciphertext)
        expect(hexOf(to.read(bytesOfHex(ciphertext)))).toBe(payload)
        return
      }
      const { sendKey } = from.keys()
      expect(to.keys().receiveKey).toEqual(sendKey)
      const nonce = nonceOf(counters[i % 2] as number)
      counters[i % 2] = (counters[i % 2] as number) + 1
      expect(hexOf(aeadSeal(sendKey, nonce, new Uint8Array(0), bytesOfHex(payload)))).toBe(ciphertext)
    })
    for (const side of sides) expect(hexOf(side.keys().handshakeHash)).toBe(vector.handshake_hash)
    expect(sides[0].keys().exporterKey).toEqual(sides[1].keys().exporterKey)
    expect(sides[1].remoteKey).toEqual(agreementOf(vector.init_static).publicKey)
    expect(sides[0].remoteKey).toEqual(agreementOf(vector.resp_static).publicKey)
  })

  test('a message with one flipped bit is refused and does no harm; the right one is accepted after it', () => {
    const [initiator, responder] = sidesOf(vector)
    const message = initiator.write(Uint8Array.of(1, 2, 3))
    const readable = patternOf(vector.protocol_name) === 'XX' ? [] : [...message.keys()]
    for (const at of readable) {
      const forged = message.slice()
      forged[at] = (forged[at] as number) ^ 1
      expect(() => responder.read(forged)).toThrow(expect.objectContaining({ code: 'HANDSHAKE_BROKEN' }))
    }
    expect([...responder.read(message)]).toEqual([1, 2, 3])
    const answer = responder.write()
    for (const at of [40, answer.length - 1]) {
      const forged = answer.slice()
      forged[at] = (forged[at] as number) ^ 1
      expect(() => initiator.read(forged)).toThrow(expect.objectContaining({ code: 'HANDSHAKE_BROKEN' }))
    }
    expect([...initiator.read(answer)]).toEqual([])
  })

  test('truncated messages, another prologue, and speaking out of turn are refused', () => {
    const [initiator, responder] = sidesOf(vector)
    const message = initiator.write()
    for (const length of [0, 31, patternOf(vector.protocol_name) === 'IK' ? 95 : 16]) {
      expect(() => responder.read(message.subarray(0, length))).toThrow(expect.objectContaining({ code: 'HANDSHAKE_BROKEN' }))
    }
    expect(() => initiator.write()).toThrow(expect.objectContaining({ failure: { code: 'HANDSHAKE_BROKEN', reason: 'order' } }))
    expect(() => initiator.keys()).toThrow(expect.objectContaining({ failure: { code: 'HANDSHAKE_BROKEN', reason: 'order' } }))
    const [stranger] = sidesOf({ ...vector, init_prologue: 'ff' })
    const foreign = stranger.write()
    const read = (): unknown => [responder.read(foreign), stranger.read(responder.write())]
    expect(read).toThrow(expect.objectContaining({ code: 'HANDSHAKE_BROKEN' }))
  })
})

test('nonces are four zero bytes and the counter, little-endian, beyond 32 bits too', () => {
  expect(hexOf(nonceOf(1))).toBe('000000000100000000000000')
  expect(hexOf(nonceOf(2 ** 40 + 5))).toBe('000000000500000000010000')
})
