import { bytes, bytesMax, message, uint32 } from '@interpeer/wire-codec'
import { networkIdOf } from '../src/content-id.js'
import { peerIdOfKey } from '../src/peer-id.js'
import { createSigner } from '../src/signer.js'

/** The message of the envelope vectors: who speaks, a step, and a body of any size up to 100,000 bytes. */
export const note = message('example', 255, 1, { from: bytes(32), step: uint32, body: bytesMax(100_000) }, { maxBytes: 100_100 })
export const noteV2 = message('example', 255, 2, { from: bytes(32), step: uint32, body: bytesMax(100_000) }, { maxBytes: 100_100 })
export const fromOf = ({ from }: { readonly from: Uint8Array }) => peerIdOfKey(from)

export const network = networkIdOf(new TextEncoder().encode('vectors'))
export const otherNetwork = networkIdOf(new TextEncoder().encode('another network'))
export const alice = createSigner(new Uint8Array(32).fill(1))
export const bob = createSigner(new Uint8Array(32).fill(2))
