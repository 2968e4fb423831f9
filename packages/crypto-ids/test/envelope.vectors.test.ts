import { verify } from 'node:crypto'
import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import * as cborg from 'cborg'
import { expect, test } from 'vitest'
import { bytesOfContentId } from '../src/content-id.js'
import { createOpener, openMessage } from '../src/signed-message.js'
import vectors from '../vectors/envelopes.json' with { type: 'json' }
import { envelopeVectors } from './envelope-cases.js'
import { alice, fromOf, network, note } from './notes.js'

test('the file holds what the code makes', async () => {
  await expect(`${JSON.stringify(envelopeVectors(), null, 2)}\n`).toMatchFileSnapshot('../vectors/envelopes.json')
})

test.each(vectors.cases)('$name: $expect', ({ hex, expect: code }) => {
  const opener = createOpener({ network, cacheEntriesMax: 4 })
  for (const open of [() => openMessage(note, bytesOfHex(hex), network, fromOf), () => opener.open(note, bytesOfHex(hex), fromOf)]) {
    if (code === 'ok') expect(open().step).toBe(7)
    else expect(open).toThrow(expect.objectContaining({ code }))
  }
})

/** The same bytes, read and checked without any of our code: RFC 9052 by cborg and OpenSSL. */
test('another COSE implementation reads and verifies the good ones', () => {
  const good = vectors.cases.filter((one) => one.expect === 'ok')
  expect(good).toHaveLength(3)
  for (const { hex } of good) {
    const [header, unprotected, payload, signature] = cborg.decode(bytesOfHex(hex), { useMaps: true }) as [
      Uint8Array,
      Map<never, never>,
      Uint8Array,
      Uint8Array,
    ]
    expect(cborg.decode(header, { useMaps: true })).toEqual(new Map([[1, -19]]))
    expect(unprotected).toEqual(new Map())
    const external = cborg.encode(['interpeer', bytesOfContentId(network), 255, 1])
    const signed = cborg.encode(['Signature1', header, external, payload])
    const key = { key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(alice.publicKey).toString('base64url') }, format: 'jwk' } as const
    expect(verify(null, signed, key, signature)).toBe(true)
    expect(hexOf(Uint8Array.from(cborg.encode([header, unprotected, payload, signature])))).toBe(hex)
  }
})
