import { bool, bytes, bytesMax, type Infer, message, oneOf, uint8, uint32 } from '@interpeer/wire-codec'

/** How many bytes of a message one cell carries, and how many cells one message may take. Longer ones go by the bulk stream. */
export const PART_BYTES = 1_180
export const PARTS_MAX = 8
export const FRAME_PART_BYTES = 65_500
export const FRAME_HEAD_BYTES = 16

const HANDSHAKE_BYTES = 100
const CELL_BYTES = 1_198

/** In the initiator's first handshake packet, encrypted. `key` proves which PeerId the Noise key belongs to. */
export const overlayHello = message(
  'overlay-hello',
  16,
  1,
  { key: bytes(32), instance: bytes(8), session: uint32, generation: uint32 },
  { maxBytes: HANDSHAKE_BYTES },
)
/** In the responder's answer, encrypted. */
export const overlayWelcome = message(
  'overlay-welcome',
  17,
  1,
  { instance: bytes(8), session: uint32, generation: uint32 },
  { maxBytes: HANDSHAKE_BYTES },
)

const inCell = { maxBytes: CELL_BYTES }
export const cellPart = message('cell-part', 18, 1, { id: uint32, index: uint8, count: uint8, part: bytesMax(PART_BYTES) }, inCell)
export const cellPing = message('cell-ping', 19, 1, { echo: uint32 }, inCell)
export const cellPong = message('cell-pong', 20, 1, { echo: uint32 }, inCell)
export const bulkOpen = message('bulk-open', 21, 1, { stream: uint32 }, inCell)
export const bulkOpened = message('bulk-opened', 22, 1, { stream: uint32, answer: uint32 }, inCell)
export const bulkWanted = message('bulk-wanted', 23, 1, { after: uint32 }, inCell)
export const sessionEnd = message('session-end', 25, 1, { reason: oneOf('closing') }, inCell)

/** The head of a frame; the part of the body that it carries follows it as it is, up to the end of the record. */
export const bulkFrame = message(
  'bulk-frame',
  24,
  1,
  { kind: oneOf('hello', 'message', 'request', 'reply', 'error', 'cancel'), id: uint32, last: bool },
  { maxBytes: FRAME_HEAD_BYTES },
)
export interface BulkFrame extends Infer<typeof bulkFrame> {
  /** `FRAME_PART_BYTES`, or fewer when it is the last. */
  readonly part: Uint8Array
}
