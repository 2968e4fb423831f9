import { bytes, bytesMax, type Infer, link, list, message, nullable, oneOf, struct, text, uint16, uint53 } from '@interpeer/wire-codec'

/** Of what an outbox request's script is told of the answer; more is cut off. */
export const OUTBOX_ANSWER_BODY_MAX_BYTES = 256 * 1024
/** A request's body lies in blocks of at most this size. */
export const OUTBOX_CHUNK_BYTES = 256 * 1024
const OUTBOX_CHUNKS_MAX = 4
const outboxHeaders = list(struct({ name: text(8192), value: text(65_536) }), 100)

/** The block of what one member is to send (dag-cbor). `first` and `second`: method and URL of HTTP, receivers and subject of mail. */
export const outboxRequestSchema = struct({
  kind: oneOf('http', 'mail'),
  first: text(16_384),
  second: text(8192),
  headers: outboxHeaders,
  chunks: list(link, OUTBOX_CHUNKS_MAX),
})

/**
 * A member's word on a request of the outbox that it was drawn for (design §5, Effects): that it sent it, and what came back, or that it can't. It is ordered like
 * a visitor's write, so that all others stop; `id` and `ms` are those of that write.
 */
export const outboxReport = message(
  'outbox-report',
  1,
  {
    from: bytes(32),
    job: bytes(36),
    id: bytes(16),
    ms: uint53,
    key: bytes(32),
    sent: nullable(
      struct({
        status: uint16,
        headers: list(struct({ name: text(256), value: text(8192) }), 100),
        body: bytesMax(OUTBOX_ANSWER_BODY_MAX_BYTES),
      }),
    ),
  },
  { maxBytes: 512 * 1024 },
)
export type OutboxReport = Infer<typeof outboxReport>
