import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { createOnion } from '../src/onion/create-onion.js'
import { peelOnion } from '../src/onion/peel-onion.js'
import { ReplayMemory } from '../src/onion/replay-memory.js'
import { bolt04Key, bolt04Onion } from '../src/onion/secp256k1.js'
import vector from '../vectors/bolt04-onion.json' with { type: 'json' }

const { generate, onion, decode } = vector
const associatedData = bytesOfHex(generate.associated_data)
/** The vector's payloads begin with their BigSize length; ours are given without. */
const withoutLength = (payload: string) => bytesOfHex(payload.slice(payload.startsWith('fd') ? 6 : 2))
const hops = generate.hops.map(({ pubkey, payload }) => ({ publicKey: bytesOfHex(pubkey), payload: withoutLength(payload) }))
const fresh = () => ({ associatedData, memory: new ReplayMemory({ tagsMax: 8, keepMs: 1000 }), nowMs: 0 })
const peelFirst = (packet: Uint8Array, options = fresh()) =>
  peelOnion(bolt04Onion, packet, bolt04Key(bytesOfHex(decode[0] as string)), options)

test('the onion of the vector, byte for byte: the filler of unequal payloads and the padding from the session key included', () => {
  expect(hops.map(({ payload }) => payload.length)).toEqual([18, 82, 18, 18, 272])
  const packet = createOnion(bolt04Onion, { hops, sessionKey: bytesOfHex(generate.session_key), associatedData })
  expect(hexOf(packet)).toBe(onion)
  expect(packet).toHaveLength(1366)
})

test('the five keys take it apart: the stated payloads, 1,366 bytes at each hop, and the fifth is the last', () => {
  let packet: Uint8Array | undefined = bytesOfHex(onion)
  for (const [i, key] of decode.entries()) {
    const peeled = peelOnion(bolt04Onion, packet as Uint8Array, bolt04Key(bytesOfHex(key)), fresh())
    expect(peeled.payload).toEqual(hops[i]?.payload)
    packet = peeled.next
    expect(packet?.length).toBe(i === 4 ? undefined : 1366)
  }
})

const altered = (at: number, to: (byte: number) => number) => bytesOfHex(onion).map((byte, i) => (i === at ? to(byte) : byte))

test.each([
  ['another version', 'ONION_VERSION', altered(0, () => 1)],
  ['a byte more', 'BYTES_LENGTH', bytesOfHex(`${onion}00`)],
  ['a byte less', 'BYTES_LENGTH', bytesOfHex(onion.slice(0, -2))],
  ['nothing', 'BYTES_LENGTH', new Uint8Array()],
  ['no compressed point', 'ONION_KEY_UNUSABLE', altered(1, () => 4)],
  [
    'a point that is not on the curve',
    'ONION_KEY_UNUSABLE',
    Uint8Array.of(0, 2, ...new Uint8Array(31), 5, ...bytesOfHex(onion).subarray(34)),
  ],
  ['the opposite point', 'ONION_FORGED', altered(1, (byte) => byte ^ 1)],
  ['a flipped bit in the area', 'ONION_FORGED', altered(700, (byte) => byte ^ 1)],
  ['a flipped bit in the HMAC', 'ONION_FORGED', altered(1365, (byte) => byte ^ 128)],
])('refused: %s, %s', (_, code, packet) => {
  expect(() => peelFirst(packet)).toThrow(expect.objectContaining({ code }))
})

test('refused: other associated data, another hop’s key, and the same again', () => {
  const options = fresh()
  expect(() => peelFirst(bytesOfHex(onion), { ...options, associatedData: associatedData.subarray(1) })).toThrow('ONION_FORGED')
  expect(() => peelOnion(bolt04Onion, bytesOfHex(onion), bolt04Key(bytesOfHex(decode[1] as string)), options)).toThrow('ONION_FORGED')
  expect(options.memory.size).toBe(0)
  peelFirst(bytesOfHex(onion), options)
  expect(() => peelFirst(bytesOfHex(onion), options)).toThrow('ONION_REPLAYED')
})

test('a hop’s key that is no point, or of another length, gets a code', () => {
  const plan = { sessionKey: new Uint8Array(32).fill(7), associatedData }
  const to = (publicKey: Uint8Array) => () => createOnion(bolt04Onion, { ...plan, hops: [{ publicKey, payload: new Uint8Array(2) }] })
  expect(to(new Uint8Array(33))).toThrow(expect.objectContaining({ code: 'ONION_KEY_UNUSABLE' }))
  expect(to(new Uint8Array(32))).toThrow(expect.objectContaining({ code: 'BYTES_LENGTH' }))
  expect(() => bolt04Key(new Uint8Array(31))).toThrow(expect.objectContaining({ code: 'BYTES_LENGTH' }))
  expect(() => bolt04Key(new Uint8Array(32)).sharedSecret(hops[0]?.publicKey as Uint8Array)).toThrow('ONION_KEY_UNUSABLE') // the scalar 0
})
