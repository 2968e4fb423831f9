import { bytesMax, decodeWith, encodeWith, type Infer, list, nullable, struct, text, uint32, uint53 } from '@interpeer/wire-codec'
import { VOTE_BYTES_MAX } from './block.js'
import { ChainError } from './errors.js'
import { GENESIS_PEERS_MAX } from './genesis.js'
import { proposalMessage } from './messages.js'
import type { ChainState, OwnRound } from './state.js'

const envelope = bytesMax(proposalMessage.maxBytes + 128)
const vote = bytesMax(VOTE_BYTES_MAX)
/** What must outlive a crash: everything signed at this height that could be contradicted, and the lock. */
export const recordSchema = struct({
  height: uint53,
  locked: nullable(struct({ round: uint32, block: text(64) })),
  highest: nullable(struct({ round: uint32, block: text(64), votes: list(vote, GENESIS_PEERS_MAX) })),
  own: list(struct({ round: uint32, proposal: nullable(envelope), soft: nullable(vote), certify: nullable(vote) }), 2),
  candidates: list(envelope, 3),
})
export type ChainRecord = Infer<typeof recordSchema>
export const RECORD_BYTES_MAX = 8 * 1024 * 1024

export function recordOf<S>({ tip, locked, highest, own, candidates }: ChainState<S>): Uint8Array {
  const kept = new Set([locked?.block, highest?.block])
  const record: ChainRecord = {
    height: tip.height + 1,
    locked: locked ?? null,
    highest: highest ?? null,
    own: own.map(({ round, proposal, soft, certify }) => ({
      round,
      proposal: proposal ?? null,
      soft: soft ?? null,
      certify: certify ?? null,
    })),
    candidates: [...candidates.values()].filter(({ name }) => kept.has(name)).map((candidate) => candidate.envelope),
  }
  return encodeWith(recordSchema, record, RECORD_BYTES_MAX)
}

/** @throws {ChainError} STORED_RECORD_WRONG */
export function readRecord(bytes: Uint8Array): ChainRecord {
  try {
    return decodeWith(recordSchema, bytes, RECORD_BYTES_MAX)
  } catch (cause) {
    throw new ChainError({ code: 'STORED_RECORD_WRONG', reason: String(cause).slice(0, 200) }, { cause })
  }
}
export function ownOf(record: ChainRecord): readonly OwnRound[] {
  return record.own.map(({ round, proposal, soft, certify }) => ({
    round,
    ...(proposal === null ? {} : { proposal }),
    ...(soft === null ? {} : { soft }),
    ...(certify === null ? {} : { certify }),
  }))
}
