import { decodeCbor, encodeCbor } from '@interpeer/wire-codec'
import { assertSame, type Target } from '../src/target.ts'

export const wireCodec: readonly Target[] = [
  {
    name: 'wire-codec/cbor',
    file: 'packages/wire-codec/src/decode-cbor.ts',
    errors: ['WireError'],
    maxMiB: 32, // 65,536 items of 240 bytes each, and what else is left behind
    run: (bytes) => assertSame(encodeCbor(decodeCbor(bytes)), bytes, 'it is read, and written otherwise'),
  },
]
