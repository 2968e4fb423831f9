import { contentIdOfBytes, createSigner, parseNetworkId } from '@interpeer/crypto-ids'
import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { OverlayCore } from '../src/core.js'
import vectors from '../vectors/handshakes.json' with { type: 'json' }

const { instance, ephemeral, session } = vectors.dice
/** What the core draws, by how many bytes it wants. */
const dice = new Map([instance, ephemeral, session].map((hex) => [hex.length / 2, bytesOfHex(hex)]))
const from = { host: '192.0.2.1', port: 4_000 }

test.each(vectors.cases)('$name: $expect', ({ initiation, expect: code, ...given }) => {
  const core = new OverlayCore({
    signer: createSigner(bytesOfHex(vectors.responderSeed)),
    network: parseNetworkId(contentIdOfBytes(bytesOfHex(vectors.network))),
    random: (length) => dice.get(length) as Uint8Array,
  })
  for (const time of [0, 1]) {
    const effects = core.step({ type: 'datagram', from, bytes: bytesOfHex(initiation) }, time)
    const answers = effects.flatMap((effect) => (effect.type === 'send' ? [hexOf(effect.bytes)] : []))
    expect(answers).toEqual(code === 'ok' ? [given.response] : []) // the second time too, byte for byte
  }
  const counted = Object.entries(core.counters()).filter(([name, times]) => times > 0 && name === name.toUpperCase())
  expect(counted).toEqual(code === 'ok' ? [] : [[code, 2]])
})
