import { bytesOfHex, decodeCbor, hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { sealOf } from '../src/hash.js'
import { createSigner } from '../src/signer.js'
import { vrfVerify } from '../src/vrf.js'
import vectors from '../vectors/vrf.json' with { type: 'json' }

test.each(vectors.cases)('a proof: $name: $expect', ({ key, alpha, proof, expect: code, ...good }) => {
  const output = vrfVerify(bytesOfHex(key), bytesOfHex(alpha), bytesOfHex(proof))
  expect(output === undefined ? 'refused' : 'ok').toBe(code)
  if (output === undefined) return
  expect(hexOf(output)).toBe(good.output)
  expect(hexOf(createSigner(bytesOfHex(good.seed ?? '')).vrfProve(bytesOfHex(alpha)))).toBe(proof)
})
test.each(vectors.seals)('a seal of $name', ({ context, parts, seal }) => {
  expect(
    hexOf(
      sealOf(
        context,
        parts.map((part) => decodeCbor(bytesOfHex(part))),
      ),
    ),
  ).toBe(seal)
})
