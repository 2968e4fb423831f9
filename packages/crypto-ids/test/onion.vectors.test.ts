import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { createOnion } from '../src/onion/create-onion.js'
import { onionCell } from '../src/onion/onion-cell.js'
import { peelOnion } from '../src/onion/peel-onion.js'
import { ReplayMemory } from '../src/onion/replay-memory.js'
import { createAgreement } from '../src/signer.js'
import vectors from '../vectors/onion-cells.json' with { type: 'json' }
import { onionVectors } from './onion-cases.js'

test('the file holds what the code makes', async () => {
  await expect(`${JSON.stringify(onionVectors(), null, 2)}\n`).toMatchFileSnapshot('../vectors/onion-cells.json')
})

test.each(vectors.create)('create $name: $expect', ({ expect: code, sessionKey, hops, hex }) => {
  const create = () =>
    createOnion(onionCell, {
      hops: hops.map(({ publicKey, payload }) => ({ publicKey: bytesOfHex(publicKey), payload: bytesOfHex(payload) })),
      sessionKey: bytesOfHex(sessionKey),
      associatedData: bytesOfHex(vectors.associatedData),
    })
  if (code === 'ok') expect(hexOf(create())).toBe(hex)
  else expect(create).toThrow(expect.objectContaining({ code }))
})

test.each(vectors.peel)(
  'peel $name: $expect',
  ({ expect: code, secret, associatedData = vectors.associatedData, seen, hex, payload, next }) => {
    const options = { associatedData: bytesOfHex(associatedData), memory: new ReplayMemory({ tagsMax: 2, keepMs: 1000 }), nowMs: 0 }
    const peel = () => peelOnion(onionCell, bytesOfHex(hex), createAgreement(bytesOfHex(secret)), options)
    if (seen) peel()
    if (code !== 'ok') return expect(peel).toThrow(expect.objectContaining({ code }))
    const peeled = peel()
    expect(hexOf(peeled.payload)).toBe(payload)
    expect(peeled.next && hexOf(peeled.next)).toBe(next)
  },
)
