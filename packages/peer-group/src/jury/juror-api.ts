import type { ContentId, PeerId, Signer } from '@interpeer/crypto-ids'
import type { Execution, ExecutionResult, RequestRef, StoredBlock } from '../api.js'
import type { GroupState } from '../state-block.js'
import type { Verifier } from '../verifier.js'
import type { FetchedBatch } from './case-batch.js'
import type { Dispute, DisputeContext, ShownStep } from './dispute.js'

/** What the chain says about a dispute and its jury, and what the shell adds. All times are network time in ms. */
export interface JurorSetup {
  /** Of the epoch in which the dispute arose. */
  readonly context: DisputeContext
  readonly dispute: Dispute
  /** All jurors, this one among them. */
  readonly jury: readonly PeerId[]
  /** SHA-256 of each batch that the epoch was to run again first. */
  readonly rerun: readonly Uint8Array[]
  /** What is not here by then can't be had. */
  readonly fetchUntilMs: number
  /** What has not run by then is too slow: well before the verdicts' deadline, so that this is heard too. */
  readonly answerUntilMs: number
  /** A member judges for itself, and its word goes to nobody: whether to call a jury. */
  readonly isOwn?: boolean
  /** Who else may have what it fetches. */
  readonly alsoFrom?: readonly PeerId[]
  /** As in the group's settings. */
  readonly requestsKeptMs?: number
  /** Whether the block that a reference of a batch names, which is on disk, is what it says: as `GroupSetup.checkRequest`, and that the body's pieces fit. */
  readonly checkRequest?: (ref: RequestRef) => boolean
}
/** One step that it re-executes. */
export interface CaseStep {
  readonly step: number
  /** SHA-256 of the batch. */
  readonly batch: Uint8Array
  /** Of a step before the disputed one; undefined in a gap. */
  readonly certified: ShownStep | undefined
}
/** One juror and one dispute. Made by `openJuror`, moved by `stepJuror`; a value: nothing that it holds is altered. */
export interface Juror {
  readonly setup: JurorSetup
  readonly self: Signer
  readonly verifier: Verifier
  readonly steps: readonly CaseStep[]
  /** Batches that only lead to those, or say what the last of them has to come to. */
  readonly passed: readonly Pick<CaseStep, 'step' | 'batch'>[]
  /** The group state that it begins from; undefined until it is found. */
  readonly startRoot: ContentId | undefined
  /** Its stretch holds, and up to this step the rest of the gap is here too; undefined: it has not run all of that yet. */
  readonly relieved: number | undefined
  /** By hash in hexadecimal; what is no batch too. */
  readonly batches: ReadonlyMap<string, FetchedBatch>
  readonly bodies: ReadonlySet<ContentId>
  /** The state after step `step`: first the one that it begins from, then what it has run itself. */
  readonly held: { readonly step: number; readonly state: GroupState } | undefined
  /** It began when the time to fetch was over: of what it lacks it has no opinion, as it never asked for it. */
  readonly late: boolean
  readonly running: boolean
  readonly handedOn: boolean
  readonly verdict: Uint8Array | undefined
  readonly recorded: boolean
  readonly againAtMs: number
  readonly againEveryMs: number
}
/** `nowMs` should not go backwards. */
export type JurorEvent = { readonly nowMs: number } & (
  | { readonly type: 'time' }
  /** A batch's bytes, fetched by their hash. */
  | { readonly type: 'batch'; readonly bytes: Uint8Array }
  /** These request blocks are now on disk. */
  | { readonly type: 'bodies'; readonly cids: readonly ContentId[] }
  /** The group state block and all under it are now on disk; `pages` are the blocks that it is read with. */
  | { readonly type: 'state'; readonly root: ContentId; readonly block: Uint8Array; readonly pages: readonly Uint8Array[] }
  | { readonly type: 'executed'; readonly batch: Uint8Array; readonly from: ContentId; readonly result: ExecutionResult }
  /** The chain has this juror's verdict. */
  | { readonly type: 'recorded' }
)
/** To be acted on in this order. */
export type JurorEffect =
  /** By SHA-256, from these peers; then the event `batch` for each. `isSpare`: for others to have, as far as this host has room. */
  | { readonly type: 'fetch-batches'; readonly hashes: readonly Uint8Array[]; readonly from: readonly PeerId[]; readonly isSpare?: boolean }
  | {
      readonly type: 'fetch-bodies'
      readonly requests: readonly RequestRef[]
      readonly from: readonly PeerId[]
      readonly isSpare?: boolean
    }
  | { readonly type: 'fetch-state'; readonly root: ContentId; readonly from: readonly PeerId[] }
  /** All was fetched: so that nobody can say that it is withheld, members and fellow jurors are given the batches, and the bodies with them. */
  | {
      readonly type: 'hand-on'
      readonly batches: readonly Uint8Array[]
      readonly requests: readonly RequestRef[]
      readonly to: readonly PeerId[]
    }
  /** As for a member: then the event `executed`. */
  | ({ readonly type: 'execute' } & Execution)
  /** Durable before any later effect of the list is acted on. To be kept, with all below, until the next epoch has it. */
  | { readonly type: 'store'; readonly blocks: readonly StoredBlock[] }
  /** This juror's record for the dispute; on disk before any later effect is acted on. */
  | { readonly type: 'persist'; readonly bytes: Uint8Array }
  /** To the chain: again until it is recorded, always the same bytes. */
  | { readonly type: 'verdict'; readonly envelope: Uint8Array }
  /** Send the event `time` then; the latest one counts. */
  | { readonly type: 'wake'; readonly atMs: number }
  | { readonly type: 'count'; readonly code: string }
export interface JurorStep {
  readonly state: Juror
  readonly effects: readonly JurorEffect[]
}

/** One event's working copy, and what comes of it. */
export interface JurorTurn {
  readonly j: { -readonly [K in keyof Juror]: Juror[K] }
  readonly nowMs: number
  readonly effects: JurorEffect[]
}
