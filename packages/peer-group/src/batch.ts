import { bytesOfContentId, type ContentId, contentIdOfBytes, type JobId, type NetworkId, sha256 } from '@interpeer/crypto-ids'
import { bool, bytes, bytesMax, encodeCbor, type Infer, link, list, message, struct, uint32, uint53, uint64 } from '@interpeer/wire-codec'
import { PAYMENTS_MAX, paymentSchema } from './agenda/purse.js'
import type { RequestRef } from './api.js'
import {
  ANCESTORS_MAX,
  BATCH_EVENTS_MAX,
  BATCH_MAX_BYTES,
  BATCH_REQUESTS_LIMIT,
  DISSENT_MAX_BYTES,
  DISSENTS_MAX,
  MEMBERS_MAX,
} from './settings.js'

/**
 * What a closing batch says of one member: in how many of the epoch's earlier steps it was what (design §6, Receipts). `late`: it said itself that its run
 * had not ended. `contradicted`: its answer was another; `unresolved`: the same where no jury could judge.
 */
export const memberOutcome = struct({ agreed: uint32, late: uint32, absent: uint32, contradicted: uint32, unresolved: uint32 })
export type MemberOutcome = Infer<typeof memberOutcome>

/**
 * One agreed step's input (design §6, Order). Its hash, not its bytes, is what seals and reveals name. `collator` proved `proof`; a
 * batch that a later rank is bound to keeps both. `outcomes` is in seat order and empty unless `closing`.
 *
 * `ancestors` are SHA-256 of the batches before it that `ancestorSteps` gives, the last one first.
 *
 * `events` are ids of what is due in the job's agenda (`dueEvents`): they run before the requests.
 *
 * `settled` and `mayPay` are what the chain says of the job's coins in the epoch that it was made in (`Funds`): so whoever runs it has it from the batch. `payments` is what the chain is to
 * move by it: all that the state owes, and empty unless `closing`.
 *
 * `final` names all steps up to it clear: once this batch is certified they are final. `dissents` names a step otherwise: signed dissents and withheld
 * statements against it. `disputed` is the lowest step so named; where a jury can be drawn that step is frozen, and all later batches of the epoch say it again.
 */
export const batchMessage = message(
  'group-batch',
  59,
  1,
  {
    job: bytes(36),
    epoch: uint32,
    step: uint32,
    ancestors: list(bytes(32), ANCESTORS_MAX),
    from: link,
    collator: bytes(32),
    timeMs: uint53,
    proof: bytes(80),
    requests: list(struct({ id: bytes(16), ms: uint53, cid: link }), BATCH_REQUESTS_LIMIT),
    events: list(bytes(16), BATCH_EVENTS_MAX),
    final: uint32,
    disputed: uint32,
    dissents: list(struct({ step: uint32, envelope: bytesMax(DISSENT_MAX_BYTES) }), DISSENTS_MAX),
    settled: uint64,
    mayPay: uint64,
    closing: bool,
    outcomes: list(memberOutcome, MEMBERS_MAX),
    payments: list(paymentSchema, PAYMENTS_MAX),
  },
  { maxBytes: BATCH_MAX_BYTES },
)
export type Batch = Infer<typeof batchMessage>

/** A batch with what is derived from its bytes, so that it is derived once. */
export interface KnownBatch {
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
  readonly value: Batch
  readonly from: ContentId
  readonly requests: readonly RequestRef[]
}

/** Whether a batch runs no script on a state. The first one of a job always runs: what its configuration plans is read then. */
export const runsNothing = ({ value }: KnownBatch, { isFresh }: { readonly isFresh: boolean }): boolean =>
  value.requests.length + value.events.length === 0 && !isFresh

/** @throws {WireError} */
export function readBatch(batch: Uint8Array): KnownBatch {
  return knownBatch(batch, batchMessage.decode(batch))
}

/** @throws {WireError} */
export function writeBatch(value: Batch): KnownBatch {
  return knownBatch(batchMessage.encode(value), value)
}

function knownBatch(batch: Uint8Array, value: Batch): KnownBatch {
  return {
    bytes: batch,
    hash: sha256(batch),
    value,
    from: contentIdOfBytes(value.from),
    requests: value.requests.map(({ id, ms, cid }) => ({ id, ms, cid: contentIdOfBytes(cid) })),
  }
}

/** What a collator's VRF runs on: not the rank, so that it has one seed for each step however often it tries. */
export function seedAlpha(network: NetworkId, job: JobId, epoch: number, step: number): Uint8Array {
  return encodeCbor(['interpeer-batch-seed', bytesOfContentId(network), bytesOfContentId(job), epoch, step])
}

/** What a batch says of finality in this epoch. One that a recovery carried over says nothing: what it named belongs to an epoch that is over. */
export function namingOf(batch: Batch, epoch: number): { readonly final: number; readonly disputed: number } {
  return batch.epoch === epoch ? { final: batch.final, disputed: batch.disputed } : { final: 0, disputed: 0 }
}
