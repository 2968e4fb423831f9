import { createSigner } from '@interpeer/crypto-ids'
import { expect, test, vi } from 'vitest'
import { ProofAhead } from '../src/node/proof-ahead.js'

test('a proof made ahead is the one that is asked for later, and no other', () => {
  const signer = createSigner(new Uint8Array(32).fill(1))
  const vrfProve = vi.fn(signer.vrfProve)
  const ahead = new ProofAhead({ ...signer, vrfProve })
  const [one, other] = [Uint8Array.of(1), Uint8Array.of(2)]
  ahead.make(one)
  ahead.make(one)
  expect(vrfProve).toHaveBeenCalledTimes(1)
  expect([ahead.signer.vrfProve(one), ahead.signer.vrfProve(other)]).toEqual([signer.vrfProve(one), signer.vrfProve(other)])
  expect(vrfProve).toHaveBeenCalledTimes(2)
})
