import { sha256 } from '@interpeer/crypto-ids'
import { bytesMax, decodeWith, encodeWith, type Infer, list, sameBytes, struct } from '@interpeer/wire-codec'
import { certificateSchema, HEADER_BYTES_MAX, type Header, hashOfHeader, headerMessage } from './block.js'
import { ChainError } from './errors.js'
import type { Settings } from './settings.js'

export const SNAPSHOT_HEAD_BYTES_MAX = 512
/** Electorates of a checkpoint: of its state, and of as many before as votes may go by. A larger `lookBack` has no checkpoints. */
export const ELECTORATES_MAX = 1_024
/** Electors that came or went within those heights, each way. Where more did, that height has no checkpoint, and the next one has. */
export const TURNOVER_MAX = 16_384
export const CHECKPOINT_BYTES_MAX = 983_040

const keys = bytesMax(32 * TURNOVER_MAX)
const turnovers = list(struct({ joined: keys, left: keys }), ELECTORATES_MAX)
/** What it takes to go on from a block without those before it, but for the parts of its state. */
export const checkpointSchema = struct({
  before: bytesMax(HEADER_BYTES_MAX),
  header: bytesMax(HEADER_BYTES_MAX),
  certificate: certificateSchema,
  head: bytesMax(SNAPSHOT_HEAD_BYTES_MAX),
  electorates: turnovers,
})
export const saidSchema = struct({ head: bytesMax(SNAPSHOT_HEAD_BYTES_MAX), electorates: turnovers })
export type Checkpoint = Infer<typeof checkpointSchema>

/** Every K-th block is a checkpoint (§6.7). */
export const isCheckpoint = (height: number, { checkpointCycles }: Pick<Settings, 'checkpointCycles'>): boolean =>
  height > 0 && height % checkpointCycles === 0

/** @throws {ChainError} CHECKPOINT_WRONG @throws {WireError} */
export function readCheckpoint(encoded: Uint8Array): Checkpoint & { readonly at: Header; readonly earlier: Header } {
  const checkpoint = decodeWith(checkpointSchema, encoded, CHECKPOINT_BYTES_MAX)
  const [at, earlier] = [headerMessage.decode(checkpoint.header), headerMessage.decode(checkpoint.before)]
  if (at.height !== earlier.height + 1 || !sameBytes(at.previous, hashOfHeader(earlier)))
    throw new ChainError({ code: 'CHECKPOINT_WRONG', reason: 'header' })
  return { ...checkpoint, at, earlier }
}

/** What a checkpoint says beside its header and certificate: the same from every peer. */
export const stateDigestOf = ({ head, electorates }: Pick<Checkpoint, 'head' | 'electorates'>): Uint8Array =>
  sha256(encodeWith(saidSchema, { head, electorates }, CHECKPOINT_BYTES_MAX))
