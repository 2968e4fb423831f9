import type { ContentId, JobId, NetworkId, PeerId } from '@interpeer/crypto-ids'
import type { Agenda } from './agenda/agenda.js'
import type { DueEvent } from './agenda/due.js'
import type { Funds } from './agenda/purse.js'
import type { MemberOutcome } from './batch.js'
import type { FaultKind } from './fault.js'
import type { Way } from './jury/bring.js'
import type { Dispute } from './jury/dispute.js'
import type { GroupSettings } from './settings.js'

/** One request of a batch. `id` is what its group knows it by (`writeIdOf`), `ms` network time, `cid` the block that holds the signed request. */
export interface RequestRef {
  readonly id: Uint8Array
  readonly ms: number
  readonly cid: ContentId
}

/** A request whose block is on disk, and how many bytes that has. */
export interface HeldRequest extends RequestRef {
  readonly size: number
}

/** What the chain says about one epoch of a job, and what the shell adds. */
export interface GroupSetup {
  readonly network: NetworkId
  readonly job: JobId
  readonly epoch: number
  /** In the order of their seats; 1 to 32. */
  readonly members: readonly PeerId[]
  /** 32 bytes: decides who collates which step. */
  readonly chainSeed: Uint8Array
  /** The group state block to begin from. */
  readonly start: ContentId
  /** Batches that a recovery binds, in order: run again unchanged before anything else. */
  readonly rerun: readonly Uint8Array[]
  readonly settings: Partial<GroupSettings>
  /**
   * How many peers outside the group the chain could draw jurors from when the epoch opened. With fewer than N no jury judges: a dissent is recorded as
   * unresolved, and q matching answers stand (design §6, Jury). 0 if left out.
   */
  readonly jurors?: number
  /** What the chain says of the job's coins in this epoch. Left out: there are none. */
  readonly funds?: Funds
  /** The time of the last batch before this epoch, where known: times only grow. */
  readonly startTimeMs?: number
  /**
   * Whether a block is the request that its ref says (`writeIdOf` it, its own ms, its asker's signature that holds). Pure. A member never
   * takes up, proposes or seals one that it has not checked so; for fetched bodies the shell checks before the event `bodies`.
   */
  readonly checkRequest?: (ref: RequestRef, bytes: Uint8Array) => boolean
}

/** What a run of a batch came to. `files` is the root of the file tree after it; one response block for each request, in order. */
export type ExecutionResult =
  | {
      readonly type: 'ran'
      readonly files: ContentId
      readonly responses: readonly ContentId[]
      /** Work counted: the same on every machine, so members agree on it. A whole number, 0 to 2^53 - 1. */
      readonly fuel: number
      /** Digest of what the scripts asked for beside answers and files, in order: 32 bytes, the same on every machine. Left out: nothing. */
      readonly effects?: Uint8Array
      /** What is planned after it: the events that ran are out of it, and what scripts asked for is in it. Left out: as before. */
      readonly agenda?: Agenda
      /** What the run did on its way, which files and responses do not show; the same on every machine. At most 2 MiB. */
      readonly transcript: Uint8Array
    }
  | { readonly type: 'abstained' }

/** A visitor's request, and the block that holds it. */
export interface Write extends RequestRef {
  readonly bytes: Uint8Array
}

/** The group state block and all under it are now on disk. `block` and `pages` are the bytes of itself and of the blocks that it is read with: its agenda, if any, and its request pages, in order (`stateEventOf`). */
export interface StateEvent {
  readonly type: 'state'
  readonly root: ContentId
  readonly block: Uint8Array
  readonly pages: readonly Uint8Array[]
}

/** `nowMs` is network time, and should not go backwards. */
/** Who shows a certificate: the chain keeps it as the epoch's closing; a member showed it to the chain; or anyone. */
export type ShownBy = 'closing' | 'chain' | 'anyone'
export type GroupEvent = { readonly nowMs: number } & (
  | { readonly type: 'time' }
  | { readonly type: 'message'; readonly from: PeerId; readonly envelope: Uint8Array }
  /** Anyone shows a certificate and asks what this member says of it. `by`: `chain`: it is in a show that the chain has; `closing`: the chain keeps it, and will open the next epoch by it. */
  | { readonly type: 'shown'; readonly from: PeerId; readonly certificate: Uint8Array; readonly by?: ShownBy }
  /** A visitor's write that reached this peer. `bytes` is the request block; the shell has checked it. */
  | ({ readonly type: 'write' } & Write)
  /** Several at once: offered to the others in as few messages. */
  | { readonly type: 'writes'; readonly writes: readonly Write[] }
  | { readonly type: 'executed'; readonly batch: Uint8Array; readonly from: ContentId; readonly result: ExecutionResult }
  /** The blocks of these requests are now on disk, and each is the request that its ref says: of another ref with the same block nothing is said. */
  | { readonly type: 'bodies'; readonly requests: readonly HeldRequest[] }
  | StateEvent
  /** An `audit` ended: the disputed batch's hash, and whether all that leads to it was there and came to what is certified, as far as this peer could say. `isOver`: false where the run
   * came to no end, and `holds` says nothing. `lacks`: something of it could not be had. */
  | {
      readonly type: 'audited'
      readonly batch: Uint8Array
      readonly holds: boolean
      readonly isOver?: boolean
      readonly lacks?: boolean
    }
  /** Bytes that have the SHA-256 that a `fetch-batch` asked for. */
  | { readonly type: 'batch'; readonly bytes: Uint8Array }
  /** This peer could not ask for it: it fetches too much else, or has no room. */
  | { readonly type: 'unasked'; readonly hash: Uint8Array }
  /** The chain named the next epoch's members and time. Not kept over a restart: the shell says it again. */
  | { readonly type: 'close-at'; readonly atMs: number; readonly next: readonly PeerId[] }
  /** The chain asked for a show: recovery. After it this member signs nothing more in this epoch but what stands against others' steps. */
  | { readonly type: 'show' }
)

export interface StoredBlock {
  readonly cid: ContentId
  readonly bytes: Uint8Array
}

/** What is to be run: the events in order, then the requests. */
export interface Execution {
  readonly batch: Uint8Array
  /** The batch's step, in the epoch that it was made in. */
  readonly step: number
  /** The root of the file tree. */
  readonly from: ContentId
  /** Its purse is as the batch's own funds have it: `balanceIn` is what scripts may pay. */
  readonly agenda: Agenda
  /** The job's first batch: the result's agenda has the lines that the site's configuration plans. */
  readonly isFirst: boolean
  readonly events: readonly DueEvent[]
  readonly requests: readonly RequestRef[]
  readonly timeMs: number
  /** 64 bytes. */
  readonly seed: Uint8Array
}

/** To be acted on in this order. */
export type GroupEffect =
  /**
   * Durable before any later effect of the list is acted on. `lazy`: requests' blocks, which need only be durable before the next `persist` with `bodies`; before that
   * an `execute` may read them already.
   */
  | { readonly type: 'store'; readonly blocks: readonly StoredBlock[]; readonly lazy?: true }
  /**
   * The whole durable record of this (job, epoch), in place of the earlier one; on disk before any later effect is acted on. `bodies`: this member signs here what a
   * batch comes to, so all that was stored before is durable before it.
   */
  | { readonly type: 'persist'; readonly bytes: Uint8Array; readonly bodies?: true }
  /** `early`: it says nothing that must not be forgotten, so it may leave before the disk has what stands before it. */
  | { readonly type: 'send'; readonly to: readonly PeerId[]; readonly envelope: Uint8Array; readonly early?: true }
  /** From the own disk where it has them, else from these members; then the event `bodies`. */
  | { readonly type: 'fetch-bodies'; readonly requests: readonly RequestRef[]; readonly from: readonly PeerId[] }
  /** From the own disk where it has it, else from these members; then the event `state`. Of several the last three are wanted. */
  | { readonly type: 'fetch-state'; readonly root: ContentId; readonly from: readonly PeerId[] }
  /** A certified batch by its SHA-256, from these members, whose stores have it as a raw block (`batchBlockId`); then the event `batch`. */
  | { readonly type: 'fetch-batch'; readonly hash: Uint8Array; readonly from: readonly PeerId[] }
  /** Steps that this member skipped are to be run as a juror would (`openJuror` with `isOwn`), beside the group's work; then the event `audited`. */
  | { readonly type: 'audit'; readonly dispute: Dispute }
  /** Then the event `executed`. A batch that runs nothing is not executed. */
  | ({ readonly type: 'execute' } & Execution)
  /** q members agree; not all do, or not yet. What they agree on is final once a later batch names it so. */
  | {
      readonly type: 'provisional'
      readonly step: number
      readonly certificate: Uint8Array
      readonly batch: Uint8Array
      readonly state: ContentId
      readonly requests: readonly { readonly id: Uint8Array; readonly response: ContentId }[]
    }
  | {
      readonly type: 'final'
      readonly step: number
      readonly certificate: Uint8Array
      readonly batch: Uint8Array
      /** The certificate of the later step that names this one final; null where this one's own proves it (`provesFinal`). */
      readonly named: Uint8Array | null
      /** When the group last said so: the time of the naming batch, or of this one. */
      readonly timeMs: number
      /** The group state block. */
      readonly state: ContentId
      /** The root of the file tree. */
      readonly files: ContentId
      readonly requests: readonly { readonly id: Uint8Array; readonly response: ContentId }[]
      /** Nothing later is final yet: its state is what reads run on. Of an earlier one the state may be gone already. */
      readonly isLast: boolean
    }
  /** A frozen group says again that the last final step is the last. */
  | { readonly type: 'renewed'; readonly step: number; readonly named: Uint8Array; readonly timeMs: number }
  /** An id that has run already, here or in a final step that this member skipped. */
  | { readonly type: 'repeated'; readonly id: Uint8Array; readonly response: ContentId }
  | { readonly type: 'refused'; readonly id: Uint8Array; readonly code: RefusalCode }
  /**
   * The epoch is over. The batch carries the receipt; after `final` of the same step. `shown`: this member has signed a show before, so the chain may
   * be opening the next epoch from shows: then this only goes to the chain, and the next epoch is opened from nothing but the chain's word.
   */
  | {
      readonly type: 'closed'
      readonly certificate: Uint8Array
      readonly batch: Uint8Array
      readonly state: ContentId
      readonly outcomes: readonly MemberOutcome[]
      readonly shown: boolean
    }
  | { readonly type: 'show'; readonly envelope: Uint8Array }
  | { readonly type: 'fault'; readonly peer: PeerId; readonly kind: FaultKind; readonly evidence: readonly Uint8Array[] }
  /** A member's answer differs from the certified one. `unresolved`: no jury can say which is right. */
  | { readonly type: 'mark'; readonly peer: PeerId; readonly step: number; readonly outcome: 'contradicted' | 'unresolved' }
  /** For the chain, which draws a jury: a certified step, and what is signed against it. */
  | {
      readonly type: 'dispute'
      readonly step: number
      readonly certificate: Uint8Array
      /** Null where nobody gave it to this member: the certificate has its hash. */
      readonly batch: Uint8Array | null
      readonly dissents: readonly Uint8Array[]
      /** What leads to it, where this member was kept out of steps before it, and may have forgotten those before them. */
      readonly way?: Way
    }
  /** For the chain: the open step can't be certified. Signed reveals that can no longer reach q alike, or a commit set and q later time-outs. */
  | {
      readonly type: 'stuck'
      readonly step: number
      readonly batch: Uint8Array
      readonly reveals: readonly Uint8Array[]
      readonly seals: readonly Uint8Array[]
      readonly timeouts: readonly Uint8Array[]
    }
  /** Send the event `time` then; the latest one counts. */
  | { readonly type: 'wake'; readonly atMs: number }
  | { readonly type: 'count'; readonly code: string }

/** Codes are public API: add new ones, never rename or reuse one. */
export type RefusalCode =
  | 'REQUEST_TOO_OLD'
  | 'REQUEST_TOO_NEW'
  | 'REQUEST_TOO_LARGE'
  | 'REQUEST_MISMATCH'
  | 'GROUP_BUSY'
  | 'GROUP_CLOSED'
  | 'GROUP_FROZEN'
  | 'JOB_TOO_SLOW'
