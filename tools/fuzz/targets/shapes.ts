import { createSigner, type NetworkId, networkIdOf, type Signer, signMessage } from '@interpeer/crypto-ids'
import type { Message, Schema } from '@interpeer/wire-codec'
import { diceOf } from '../src/dice.ts'
import { sampleOf } from '../src/sample.ts'
import { assertSame, type Target } from '../src/target.ts'

const SAMPLES = 24
// biome-ignore lint/suspicious/noExplicitAny: what one message has decoded it encodes itself; here nobody looks inside
export type AnyMessage = Message<any>

/** Bytes of the shape of `schema`: the fuzzer would not come upon them by itself. */
export function samplesOf(schema: Pick<Schema<unknown>, 'cddl'>): readonly Uint8Array[] {
  const dice = diceOf(1)
  return Array.from({ length: SAMPLES }, () => sampleOf(schema.cddl, dice)).filter(({ length }) => length <= 4096)
}

/** A message by itself: what it reads it writes again as it was. */
export function messageTarget(packageName: string, message: AnyMessage): Target {
  return {
    name: `${packageName}/${message.name}`,
    errors: ['WireError'],
    run: (bytes) => assertSame(message.encode(message.decode(bytes)), bytes, 'it is read, and written otherwise'),
    seeds: () => samplesOf(message.schema),
    maxBytes: message.maxBytes,
  }
}

export const network: NetworkId = networkIdOf(Uint8Array.of(0x80))
export const signerNamed = (name: number): Signer => createSigner(new Uint8Array(32).fill(name))

/** An envelope whose signature holds, over any bytes: what a hostile member of the network can send. */
export function signedBytes(message: AnyMessage, payload: Uint8Array, signer: Signer, of: NetworkId = network): Uint8Array {
  return signMessage({ ...message, encode: () => payload }, undefined, signer, of)
}
