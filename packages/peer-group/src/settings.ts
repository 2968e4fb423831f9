/** What a network's settings and a job's configuration say about agreement. All times in ms. */
export interface GroupSettings {
  /** The first rank's time-out; it doubles with each rank, at most `RANK_DOUBLINGS_MAX` times. */
  readonly rankTimerMs: number
  /** The first pause before open messages are sent again; it doubles up to `resendMsMax`. */
  readonly resendMs: number
  readonly resendMsMax: number
  /** An idle group certifies an empty batch this often. */
  readonly idleEveryMs: number
  /** How long a certified step that not all members revealed alike waits for dissent, before a batch may name it final. */
  readonly dissentWindowMs: number
  /** How long a collator that holds q matching reveals waits for those of members that are there too, before it certifies. */
  readonly graceMs: number
  /** How far a batch's time may lie from a member's network time. */
  readonly clockToleranceMs: number
  /** Request ids are part of the state until their own ms plus this; older ones are refused. */
  readonly requestsKeptMs: number
  /** A request may be this much newer than its batch. */
  readonly requestAheadMs: number
  /** Of one batch; at most `BATCH_REQUESTS_LIMIT`. */
  readonly batchRequestsMax: number
  /** Of all request bodies of one batch together. One request always fits. */
  readonly batchBytesMax: number
  /** Requests of own visitors that wait, and their bytes: more are refused. The other members' offers may take as much again, each an equal share. */
  readonly poolRequestsMax: number
  readonly poolBytesMax: number
  /** Of those, how many whose bodies lie in blocks of their own: each may be 16 MiB on the disk. */
  readonly poolPiecedMax: number
}

export const GROUP_DEFAULTS: GroupSettings = {
  rankTimerMs: 1_000,
  resendMs: 300,
  resendMsMax: 4_000,
  idleEveryMs: 5_000,
  dissentWindowMs: 2_000,
  graceMs: 200,
  clockToleranceMs: 2_000,
  requestsKeptMs: 600_000,
  requestAheadMs: 60_000,
  batchRequestsMax: 512,
  batchBytesMax: 4 * 1024 * 1024,
  poolRequestsMax: 1_024,
  poolBytesMax: 32 * 1024 * 1024,
  poolPiecedMax: 4,
}

/** Bounds that no setting moves: they are part of the wire format, or keep a member's memory finite. */
export const MEMBERS_MAX = 32
export const BATCH_REQUESTS_LIMIT = 512
export const BATCH_MAX_BYTES = 40 * 1024
/** Batches before it that a batch names: as many as its step has bits. */
export const ANCESTORS_MAX = 32
/** Due events of one batch; more run in the next ones. */
export const BATCH_EVENTS_MAX = 16
/** The first pause before an event whose batch found no quorum is proposed again, by a member that saw it fail; it doubles up to the last. */
export const EVENT_PAUSE_MS = 5_000
export const EVENT_PAUSE_MAX_MS = 3_600_000
/** Requests that one offer passes on. */
export const OFFER_REQUESTS_MAX = 64
/** Request bodies up to this size travel inside the offer, of all its requests together; larger ones are fetched. */
export const INLINE_BODY_MAX_BYTES = 900 * 1024
export const REQUEST_MAX_BYTES = 1024 * 1024
/** A request in pieces is batched when all members say that they have it; when it is so old, who is away must not hold it up. */
export const PIECED_WAIT_MS = 3_000
/** Who had its part in the last certificate is there, but slow, and is waited for so long: it could only say that the body was withheld from it, which freezes a judged group. */
export const PIECED_SLOW_WAIT_MS = 15_000
/** Request ids in one page of the state. A step writes the last page anew, so a larger one costs more. */
export const PAGE_REQUESTS_MAX = 1_024
/** Pages of the state: room for 1,747 writes per second in ten minutes. A batch that would pass it is not sealed. */
export const STATE_PAGES_MAX = 1_024
/** After so many batches that found no quorum because members abstained, a request leaves the queue. */
export const FAILURES_MAX = 2
export const RANK_MAX = 65_535
export const RANK_DOUBLINGS_MAX = 6
/** While its batch is run a rank lasts longer, at most so many times the first rank's time: more than most runtimes let one script take. */
export const RUN_RANKS_MAX = 12
/** And when the run has ended at most so many times: together less than visitors wait. */
export const AGAIN_RANKS_MAX = 6
/** A batch leaves at most so many certified steps unnamed: before more is certified, some have to be named. */
export const PROVISIONAL_MAX = 4
/** A signed dissent or withheld statement, envelope included. */
export const DISSENT_MAX_BYTES = 640
/** Dissents that a batch or a time-out carries: one against each open step, of which there are at most so many. */
export const DISSENTS_MAX = PROVISIONAL_MAX + 1
/** A commit set whose batch is not certified after so many further ranks is reported to the chain (design §6: K). */
export const FREEZE_RANKS = 4
/** Seals and reveals are kept for this many ranks below and above the current one. */
export const RANK_WINDOW = 4
/** Gaps in what a member took part in that it looks at, at once. */
export const SKIPS_MAX = 4
/** How often a member looks again at a stretch that it could not get, and objected to: jurors may have got it. */
export const LACKED_TRIES_MAX = 64
/** Cycles after its epoch's end that a member looks at a far gap before it asks for time; then twice as many. The chain keeps a closing for twice as many, too. */
export const ASK_CYCLES = 3
/** Branches of the epoch that it looks at, at once: of those that anyone shows; with those that the chain may go on from; and with the one that it will. */
export const BRANCHES_MAX = { anyone: 2, chain: 4, closing: 5 } as const
/** Branches that it has looked at and remembers: who shows one again has nothing run twice. */
export const BRANCHES_LOOKED_AT_MAX = 16
/** The share of the dissent window after which a member that was not given a batch, or its requests' bodies, says so. */
export const WITHHELD_SHARE = 0.5
/** Certificates without their batches that a member keeps. More than a member is shown of what was hidden from it before the chain knows of the first. */
export const UNSEEN_MAX = 16
/** Certificates whose batches it waits for: of these it may say all that it does within one window. */
export const WAITING_MAX = 8
/** The same with those that others showed the chain, seven each: it may go on from any. */
export const WAITING_ON_CHAIN_MAX = 64
/**
 * Bodies that are missing are asked of one member each; so many ms later of two at once, after twice that of four, and so on. Five times this is well below the share of
 * the window above: by then all of 32 members have been asked, so none that is silent can make an honest one say that it was given nothing.
 */
export const BODIES_STRAGGLER_MS = 150
/** A member asks for certificates, and answers one peer that asks, at most this often. */
export const ASK_EVERY_MS = 100
