import { bytes, bytesMax, type Infer, link, list, message, struct, uint32 } from '@interpeer/wire-codec'
import { CHUNK_BYTES, PATH_MAX } from './own-part.js'

/** How many chunks one challenge draws, at most. */
export const DRAWS_MAX = 4

const place = { job: bytes(36), epoch: uint32, step: uint32, batch: bytes(32), from: bytes(32) }

/** Asks a member to show chunks of what its own part was made of: for each draw the one at draw modulo the number of chunks. */
export const challengeMessage = message(
  'group-challenge',
  78,
  1,
  { ...place, to: bytes(32), draws: list(uint32, DRAWS_MAX) },
  { maxBytes: 256 },
)
export type Challenge = Infer<typeof challengeMessage>

/** What was drawn. `own` and `start` are as in the reveal; `length` is the transcript's, in bytes. */
export const challengeReplyMessage = message(
  'group-challenge-reply',
  79,
  1,
  {
    ...place,
    start: link,
    own: bytes(32),
    length: uint32,
    chunks: list(struct({ index: uint32, bytes: bytesMax(CHUNK_BYTES), path: list(bytes(32), PATH_MAX) }), DRAWS_MAX),
  },
  { maxBytes: 6 * 1024 },
)
export type ChallengeReply = Infer<typeof challengeReplyMessage>
