import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createOnion, onionCapacity } from '../src/onion/create-onion.js'
import { frameBytesOf } from '../src/onion/hop-frame.js'
import { onionCell } from '../src/onion/onion-cell.js'
import { type OnionFormat, type OnionGroup, type OnionKey, onionFormat } from '../src/onion/onion-format.js'
import { peelOnion } from '../src/onion/peel-onion.js'
import { ReplayMemory } from '../src/onion/replay-memory.js'
import { bolt04Key, bolt04Onion } from '../src/onion/secp256k1.js'
import { createAgreement, createSigner, montgomeryOf } from '../src/signer.js'
import { dice } from './backends.js'

const memory = () => new ReplayMemory({ tagsMax: 4, keepMs: 1000 })
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((bytes) => bytes.some((byte) => byte !== 0))
const payloads = (areaBytes: number) =>
  fc
    .array(fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ minLength: 245, maxLength: 260, size: 'max' })), {
      minLength: 1,
      maxLength: 7,
    })
    .map((all) => {
      let room = areaBytes
      return all.filter(({ length }) => {
        if (room < frameBytesOf(length)) return false
        room -= frameBytesOf(length)
        return true
      })
    })
    .filter(({ length }) => length > 0)

const smallCell: OnionFormat = onionFormat({ version: 9, packetBytes: 300, group: onionCell.group })

test.each([
  ['our cell', onionCell, createAgreement, 40],
  ['a small one of another size', smallCell, createAgreement, 40],
  ['BOLT-04', bolt04Onion, bolt04Key, 3],
] as [string, OnionFormat, (secret: Uint8Array) => OnionKey, number][])(
  'any hops, any payloads that fit: each hop reads its own, all packets are alike in size (%s)',
  (_, format, keyOf, numRuns) => {
    fc.assert(
      fc.property(payloads(format.areaBytes), bytes32, fc.uint8Array(), fc.gen(), (all, sessionKey, associatedData, gen) => {
        const secrets = all.map(() => gen(() => bytes32))
        const hops = all.map((payload, i) => ({ publicKey: format.group.publicKeyOf(secrets[i] as Uint8Array), payload }))
        let packet: Uint8Array | undefined = createOnion(format, { hops, sessionKey, associatedData })
        for (const [i, payload] of all.entries()) {
          expect(packet).toHaveLength(format.packetBytes)
          const peeled = peelOnion(format, packet as Uint8Array, keyOf(secrets[i] as Uint8Array), {
            associatedData,
            memory: memory(),
            nowMs: 0,
          })
          expect(peeled.payload).toEqual(payload)
          packet = peeled.next
        }
        expect(packet).toBeUndefined()
      }),
      { numRuns },
    )
  },
)

const random = dice('onion tampers')
const associatedData = random(40)
const signers = [1, 2, 3, 4].map((seed) => createSigner(new Uint8Array(32).fill(seed)))
const hops = signers.map(({ publicKey }) => ({ publicKey: montgomeryOf(publicKey), payload: random(32) }))
const onion = createOnion(onionCell, { hops, sessionKey: random(32), associatedData })

test('peers peel with the keys of their PeerIds', () => {
  const last = signers.reduce<Uint8Array | undefined>((packet, signer, i) => {
    const peeled = peelOnion(onionCell, packet as Uint8Array, signer, { associatedData, memory: memory(), nowMs: 0 })
    expect(peeled.payload).toEqual(hops[i]?.payload)
    return peeled.next
  }, onion)
  expect(last).toBeUndefined()
})

test('1,200 tampers, one for every byte: all refused, and none is remembered', () => {
  const [masks, options] = [random(1200), { associatedData, memory: memory(), nowMs: 0 }]
  for (const [at, mask] of masks.entries()) {
    const forged = onion.slice()
    forged[at] = (forged[at] as number) ^ (mask || 1)
    const peel = () => peelOnion(onionCell, forged, signers[0] as OnionKey, options)
    expect(peel).toThrow(expect.objectContaining({ code: at === 0 ? 'ONION_VERSION' : 'ONION_FORGED' }))
  }
  expect(options.memory.size).toBe(0)
  expect(peelOnion(onionCell, onion, signers[0] as OnionKey, options).next).toBeDefined()
})

test('a relay that alters what it passes on is found out by the next hop, wherever the byte', () => {
  const options = () => ({ associatedData, memory: memory(), nowMs: 0 })
  const onwards = peelOnion(onionCell, onion, signers[0] as OnionKey, options()).next as Uint8Array
  for (let at = 1; at < 1200; at += 13) {
    const forged = onwards.map((byte, i) => (i === at ? byte ^ 0x10 : byte))
    expect(() => peelOnion(onionCell, forged, signers[1] as OnionKey, options())).toThrow('ONION_FORGED')
  }
})

test('random packets are refused with a code, whatever their length', () => {
  const code = /^(BYTES_LENGTH|ONION_VERSION|ONION_FORGED|SHARED_SECRET_ZERO)$/
  const packet = fc.oneof(
    fc.uint8Array({ maxLength: 1300 }),
    fc.uint8Array({ minLength: 1200, maxLength: 1200, size: 'max' }).map((bytes) => Uint8Array.of(0x81, ...bytes.subarray(1))),
  )
  fc.assert(
    fc.property(packet, (bytes) => {
      const peel = () => peelOnion(onionCell, bytes, signers[0] as OnionKey, { associatedData, memory: memory(), nowMs: 0 })
      expect(peel).toThrow(expect.objectContaining({ code: expect.stringMatching(code) }))
    }),
  )
})

test('the room for the last payload: 1,100 bytes without relays, 65 less for each PeerId', () => {
  const relays = (count: number) => new Array<number>(count).fill(32)
  expect([0, 1, 2, 3].map((count) => onionCapacity(onionCell, relays(count)))).toEqual([1100, 1035, 970, 905])
  expect(onionCapacity(onionCell, relays(17))).toBeLessThan(0)
  fc.assert(
    fc.property(fc.array(fc.nat(300), { maxLength: 8 }), (lengths) => {
      const room = onionCapacity(onionCell, lengths)
      const used = lengths.reduce((sum, length) => sum + frameBytesOf(length), 0)
      if (room >= 0) expect(used + frameBytesOf(room)).toBeLessThanOrEqual(1135)
      expect(used + frameBytesOf(Math.max(room + 1, 0))).toBeGreaterThan(1135)
    }),
  )
})

test('a format that leaves no room, or more than a length can say, is refused when it is made', () => {
  const { group } = onionCell
  for (const packetBytes of [0, 97, 70_000]) expect(() => onionFormat({ version: 1, packetBytes, group })).toThrow(RangeError)
  expect(onionFormat({ version: 1, packetBytes: 98, group }).areaBytes).toBe(33)
})

test('a group of one’s own: any that commutes', () => {
  const mod = 251
  const toy: OnionGroup = {
    keyBytes: 1,
    publicKeyOf: (secret) => toy.multiply(secret, Uint8Array.of(6)),
    multiply: (secret, point) => {
      let product = 1
      for (let i = (secret[0] as number) + 1; i > 0; i--) product = (product * (point[0] as number)) % mod
      return Uint8Array.of(product)
    },
    sharedSecretOf: (product, key) => new Uint8Array(32).fill(product[0] as number).fill(key[0] as number, 16),
  }
  const format = onionFormat({ version: 1, packetBytes: 200, group: toy })
  const [alice, bob] = [random(32), random(32)]
  const payload = random(20)
  const plan = [alice, bob].map((secret) => ({ publicKey: toy.publicKeyOf(secret), payload }))
  const options = { associatedData, memory: memory(), nowMs: 0 }
  const first = createOnion(format, { hops: plan, sessionKey: random(32), associatedData })
  const keyOf = (secret: Uint8Array) => ({ sharedSecret: (point: Uint8Array) => toy.multiply(secret, point) })
  const { next } = peelOnion(format, first, keyOf(alice), options)
  expect(peelOnion(format, next as Uint8Array, keyOf(bob), options)).toEqual({ payload, next: undefined })
})
