import type { VectorCodec } from '@interpeer/wire-codec/test-vectors'
import {
  bulkFrame,
  bulkOpen,
  bulkOpened,
  bulkWanted,
  cellPart,
  cellPing,
  cellPong,
  overlayHello,
  overlayWelcome,
  sessionEnd,
} from '../src/messages.js'

/** All that goes over the wire as CBOR: what src/overlay.cddl describes. */
export const contract = [
  overlayHello,
  overlayWelcome,
  cellPart,
  cellPing,
  cellPong,
  bulkOpen,
  bulkOpened,
  bulkWanted,
  bulkFrame,
  sessionEnd,
] as unknown as readonly VectorCodec<never>[]
