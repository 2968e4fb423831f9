import {
  bytes,
  bytesMax,
  type Infer,
  link,
  list,
  message,
  nullable,
  oneOf,
  struct,
  text,
  uint16,
  uint32,
  uint53,
} from '@interpeer/wire-codec'

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
 * How it ended for the member that was drawn. `sent`: the mail was taken over, or the HTTP request answered. `declined`: not here, or not now; the next member is
 * drawn. The others end it, for nobody else would do better. `refused`: the mail server refuses it for good. `malformed`: it can't be written as a mail. `target`: no
 * public address. `name`: there is no such host. `unknown`: a mail that went out whole, and no word came back.
 */
export const outboxOutcome = oneOf('sent', 'declined', 'refused', 'malformed', 'target', 'name', 'unknown')
export type OutboxOutcome = Infer<typeof outboxOutcome>

/**
 * A member's word on a request of the outbox that it was drawn for (design §5, Effects). It is ordered like a visitor's write, so that all others stop; `id` and `ms`
 * are those of that write. `turn`: the one that it was drawn in. `answer`: of what was sent what came back; of a refused one what was said, or null; else null.
 */
export const outboxReport = message(
  'outbox-report',
  66,
  2,
  {
    from: bytes(32),
    job: bytes(36),
    id: bytes(16),
    ms: uint53,
    key: bytes(32),
    turn: uint32,
    outcome: outboxOutcome,
    answer: nullable(
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

/** Whether a report's answer belongs to its outcome: no honest member writes another. */
export function isWhole({ outcome, answer }: Pick<OutboxReport, 'outcome' | 'answer'>): boolean {
  return outcome === 'refused' || (outcome === 'sent') === (answer !== null)
}
