import {
  bool,
  bytes,
  bytesMax,
  decodeWith,
  encodeWith,
  type Infer,
  list,
  nullable,
  oneOf,
  struct,
  uint32,
  uint53,
} from '@interpeer/wire-codec'
import { VOTE_BYTES_MAX } from './block.js'
import { boundBlocks, bundleOf, bytesOfBlock, fieldsOf, nameOfHash, reasonsOf } from './bundles.js'
import { ChainError } from './errors.js'
import { bundleSchema, proposalMessage } from './messages.js'
import type { ChainState, Decided, Reasons } from './state.js'

const envelope = bytesMax(proposalMessage.maxBytes + 128)
/** In each of two rounds a soft and a certify vote, and next votes for two blocks and for none in two attempts. */
const DECIDED_MAX = 16
/** Blocks that bundles name, its own, and what it voted for. */
const CANDIDATES_MAX = 6
/** What must outlive a crash: everything decided at this height that could be contradicted, and what it goes by. */
export const recordSchema = struct({
  height: uint53,
  round: uint32,
  decided: list(
    struct({
      round: uint32,
      kind: oneOf('soft', 'certify', 'next'),
      attempt: uint32,
      block: nullable(bytes(32)),
      vote: nullable(bytesMax(VOTE_BYTES_MAX)),
    }),
    DECIDED_MAX,
  ),
  closed: bool,
  proposed: nullable(struct({ round: uint32, envelope })),
  ownBlock: nullable(bytes(32)),
  bundles: list(bundleSchema, 3),
  candidates: list(envelope, CANDIDATES_MAX),
})
export type ChainRecord = Infer<typeof recordSchema>
export const RECORD_BYTES_MAX = 8 * 1024 * 1024

export function recordOf<S>(state: ChainState<S>): Uint8Array {
  const { tip, round, decided, closed, proposed, ownBlock, reasons, candidates } = state
  const kept = new Set([...boundBlocks(state), ownBlock, ...decided.map(({ block }) => block)])
  const record: ChainRecord = {
    height: tip.height + 1,
    round,
    decided: decided.map(({ envelope: vote, block, ...one }) => ({ ...one, block: bytesOfBlock(block), vote: vote ?? null })),
    closed,
    proposed: proposed ?? null,
    ownBlock: bytesOfBlock(ownBlock ?? null),
    bundles: Object.values(reasons).map(fieldsOf),
    candidates: [...kept].flatMap((name) => candidates.get(name ?? '')?.envelope ?? []).slice(0, CANDIDATES_MAX),
  }
  return encodeWith(recordSchema, record, RECORD_BYTES_MAX)
}

/** @throws {ChainError} STORED_RECORD_WRONG */
export function readRecord(encoded: Uint8Array): ChainRecord {
  try {
    return decodeWith(recordSchema, encoded, RECORD_BYTES_MAX)
  } catch (cause) {
    throw new ChainError({ code: 'STORED_RECORD_WRONG', reason: String(cause).slice(0, 200) }, { cause })
  }
}
export const decidedOf = ({ decided }: ChainRecord): readonly Decided[] =>
  decided.map(({ vote, block, ...one }) => ({ ...one, block: nameOfHash(block), envelope: vote ?? undefined }))
export const reasonsIn = ({ bundles }: ChainRecord): Reasons => reasonsOf(bundles.flatMap((fields) => bundleOf(fields) ?? []))
