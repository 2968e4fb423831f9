import type { ContentId, PeerId, Signer } from '@interpeer/crypto-ids'
import type { ExecutionResult, GroupEffect, GroupSetup, RequestRef, ShownBy, StoredBlock } from './api.js'
import type { KnownBatch } from './batch.js'
import type { ReadReveals } from './certificate.js'
import type { EventFailures, EventsRest } from './event-turns.js'
import type { Way } from './jury/bring.js'
import type { Answer, DissentHeld, Proposal, Reveal, Seal, Timeout } from './messages.js'
import type { Past } from './past.js'
import { quorumOf } from './quorum.js'
import type { Named, RequestIndex } from './request-index.js'
import type { GroupSettings } from './settings.js'
import type { GroupState } from './state-block.js'
import type { Tally } from './tally.js'
import type { Opened, Verifier } from './verifier.js'

/** The last certified step, final or not, or the state that the epoch began from (step 0): what the next batch builds on. */
export interface Base {
  readonly step: number
  readonly batchHash: Uint8Array
  /** What the next batch names. */
  readonly ancestors: readonly Uint8Array[]
  /** The group state that the next batch runs on. */
  readonly root: ContentId
  readonly timeMs: number
  /** When this member took it up. */
  readonly sinceMs: number
  /** Undefined until the group state block is here: run, or fetched. */
  readonly state?: GroupState
}
/** The last final step that this member knows, or the state that the epoch began from (step 0). */
export interface Final {
  readonly step: number
  readonly root: ContentId
  readonly state?: GroupState
  /** The `final` effect was given. */
  readonly announced: boolean
}
export interface Certified {
  readonly rank: number
  readonly answer: Answer
  readonly batch: KnownBatch
  /** The group state that the reveals began from: the batch's `from`, but for a batch that is run again. */
  readonly start: ContentId
  readonly certificate: Uint8Array
  /** By seat: those in the certificate, and those that came since. */
  readonly reveals: ReadonlyMap<number, Opened<Reveal>>
}
/**
 * What this member's own run of a certified batch came to. `pending`: still to be run; `agrees`: as certified; `late`: its run did not end; `missed`: it can't
 * say, since it never had the state before; `withheld`: it was not given the batch's requests.
 */
export type OwnView = 'pending' | 'running' | 'agrees' | 'differs' | 'late' | 'missed' | 'withheld'
/** A certified step: those that are not final yet, and the last final ones, for reveals that come late. */
export interface KnownStep {
  readonly step: number
  readonly certified: Certified
  readonly sinceMs: number
  readonly state?: GroupState
  readonly own: OwnView
  /** The state that the run begins from, while it is `pending` or `running` here. */
  readonly before?: GroupState
  /** This member may still reveal at the certified rank: it neither gave the rank up nor sealed another batch there. */
  readonly mayReveal: boolean
  /** The bodies of the batch's requests, for the own run. */
  readonly bodies: 'unknown' | 'asked' | 'held'
  /** Those that came since they were asked for, as `refName` has them. */
  readonly given: ReadonlySet<string>
  /** By seat: signed dissents and withheld statements against it. On disk before they are handed on. */
  readonly dissents: ReadonlyMap<number, Uint8Array>
  /** By seat: who signed that it holds a dissent. */
  readonly holders: ReadonlyMap<number, Opened<DissentHeld>>
  /** Of lower ranks than the certified one: they show who hid a lock, if another branch comes up. */
  readonly timeouts: readonly Opened<Timeout>[]
  /** This member got the last reveals one by one: the others may lack some. */
  readonly completed: boolean
  /** Which effect told of it. */
  readonly told: 'no' | 'provisional' | 'final'
  /** A certified batch carries a dissent against it. */
  readonly named: boolean
}

/** A certified step whose batch this member was not given. */
export interface Unseen extends ReadReveals {
  readonly certificate: Uint8Array
  readonly sinceMs: number
  /** That it is withheld, signed. */
  readonly said?: Uint8Array
  /** The first step that was, where others before it were too. */
  readonly fromStep?: number
  /** By whom it was. */
  readonly shownBy?: ShownBy
  /** When it was shown; `sinceMs` is later where this peer could not ask for a while. */
  readonly shownMs?: number
}

/** What a certificate of another branch says. */
export type LookedAt = Pick<ReadReveals, 'batchHash' | 'start' | 'answer'>

/** Steps that this member took no part in: it took up a later one. */
export interface Skip {
  /** The last one before them. */
  readonly after: { readonly step: number; readonly batch: Uint8Array; readonly state: ContentId }
  /** What leads to that, for the chain. */
  readonly way: Way
  /** The later one. */
  readonly step: number
  readonly rank: number
  readonly batchHash: Uint8Array
  readonly start: ContentId
  /** What that is certified to come to. */
  readonly root: ContentId
  readonly certificate: Uint8Array
  readonly sinceMs: number
  /** Up to which step they have run, and come to what is certified: more of them at a time than jurors run are not. */
  readonly ran: number
  /** When it asked for a stretch only because its epoch was over. */
  readonly askedMs?: number
  /** The beginning of the stretch that it objected to last without having looked at all of it: jurors may have got that since. And how often it looked again. */
  readonly lacked?: { readonly after: number; readonly tries: number }
  /** They are being run. */
  readonly isAudited: boolean
  /** It knows others of the same numbers: the later one is of another branch of the epoch. */
  readonly isBranch: boolean
}

export interface BoundSet {
  readonly rank: number
  /** The batch's hash; its bytes are in `OpenStep.batches`, if they are here. */
  readonly hash: Uint8Array
  readonly seals: readonly Uint8Array[]
}
export type SeenTimeout = Opened<Timeout> & { readonly boundSet: BoundSet | undefined }
/** `bound`: its time-outs leave no choice, so it is sealed whatever it names. */
export type SeenProposal = Opened<Proposal> & { readonly batch: KnownBatch; readonly refused: boolean; readonly bound: boolean }
export interface OwnSeal {
  readonly rank: number
  readonly batch: KnownBatch
  /** The group state that the run began from. */
  readonly start: ContentId
  readonly salt: Uint8Array
  readonly answer: Answer
  readonly envelope: Uint8Array
}
export type Run =
  | { readonly type: 'fetching' | 'abstained'; readonly rank: number }
  | { readonly type: 'running'; readonly rank: number; readonly sinceMs: number }
  | { readonly type: 'ran'; readonly result: ExecutionResult & { readonly type: 'ran' }; readonly state: GroupState }

/** The one open step. What is durable of it: `sealed`, `revealed`, `bound`, `lockRank`, `proposed`, `timeouts` of its own, `givenUp`. */
export interface OpenStep {
  step: number
  /** Seats in the order in which they collate. */
  order: readonly number[]
  rank: number
  /** The rank's time-out; undefined: nothing is pending, or it was given up. */
  timerAtMs: number | undefined
  /** When the timer of this rank began. */
  timerSinceMs: number | undefined
  resendAtMs: number | undefined
  resendEveryMs: number
  proposals: Map<number, SeenProposal>
  /** By hash in hexadecimal. */
  batches: Map<string, KnownBatch>
  runs: Map<string, Run>
  /** Requests of its proposals whose bodies came, as `refName` has them, and the bytes of each. */
  bodies: Map<string, number>
  seals: Map<number, Map<number, Opened<Seal>>>
  reveals: Map<number, Map<number, Opened<Reveal>>>
  /** By seat: the two of the highest ranks, highest first. */
  timeouts: Map<number, readonly SeenTimeout[]>
  tallies: Map<number, Opened<Tally & { step: number; job: Uint8Array; epoch: number; from: Uint8Array }>>
  /** Ranks that failed because their batch was too slow: that was counted against its requests. */
  blamed: Set<number>
  sealed: OwnSeal | undefined
  revealed: { readonly rank: number; readonly envelope: Uint8Array } | undefined
  /** The highest commit set seen. */
  bound: BoundSet | undefined
  /** The rank of the commit set that this member revealed on. */
  lockRank: number | undefined
  proposed: { readonly rank: number; readonly envelope: Uint8Array } | undefined
  ownTimeouts: readonly Uint8Array[]
  /** The highest rank that this member gave up; -1: none. */
  givenUp: number
  proof: Uint8Array | undefined
  /** When this member first held q matching reveals, as a collator that waits for the rest. */
  quorumAtMs: number | undefined
  /** The chain was told that the open step may never be certified. */
  toldStuck: boolean
}

export interface Pending extends Named {
  /** Counts arrivals: older requests go first. */
  readonly order: number
  readonly ref: RequestRef
  /** Of the request's block, once it is here. */
  readonly size: number
  readonly held: boolean
  /** Whose share of the pool it takes: the member that offered it; the own seat if a visitor brought it here, and this peer answers for passing it on. */
  readonly seat: number
  readonly failures: number
  /** While it is not held: seats that offered it, in the order in which they did. */
  readonly offerers: ReadonlySet<number>
  /** Seats that said they have all of a request in pieces; of any other request none. */
  readonly holders: ReadonlySet<number>
  /** Whether enough members have it for a batch with it to be run in time. */
  readonly spread: boolean
}

/** Requests that wait. A value: what changes costs by itself, not by how many wait. */
export interface Pool {
  readonly index: RequestIndex<Pending>
  /** How many of them are held and may be batched. */
  readonly waiting: number
  /** What each seat takes of it. */
  readonly shares: ReadonlyMap<number, { readonly requests: number; readonly bytes: number; readonly pieced: number }>
  readonly nextOrder: number
}

/** A member's view of one epoch. Made by `openGroup`, moved by `stepGroup`; a value: nothing that it holds is altered. */
export interface Group {
  readonly setup: GroupSetup
  readonly settings: GroupSettings
  readonly self: Signer
  /** -1: not a member, and this group only listens. */
  readonly seat: number
  readonly job: Uint8Array
  readonly verifier: Verifier
  readonly phase: 'open' | 'closed' | 'shown'
  readonly base: Base
  readonly final: Final
  /** In order of their steps. */
  readonly steps: readonly KnownStep[]
  /** Of the final steps before `steps` it knows nothing any more, up to this one; 0: it has forgotten none. */
  readonly forgotten: number
  /** What it took up in this life, and the last steps before. */
  readonly past: Past | undefined
  /** The step that a certified batch named disputed, where a jury decides; 0: none. */
  readonly frozen: number
  /** The state before a disputed step, which a frozen group goes on from: older than the last final one, so it has to be fetched from the own disk. */
  readonly before: { readonly root: ContentId; readonly state?: GroupState } | undefined
  readonly open: Readonly<OpenStep>
  readonly pool: Pool
  /** By the event's id in hexadecimal. */
  readonly failedEvents: ReadonlyMap<string, EventFailures>
  readonly eventsRest: EventsRest
  /** How long a request takes here, as the last batches went. */
  readonly requestMs: number | undefined
  readonly offerAtMs: number | undefined
  readonly offerEveryMs: number
  readonly closing: { readonly atMs: number; readonly next: readonly PeerId[] } | undefined
  readonly tally: Tally
  readonly show: Uint8Array | undefined
  /** The chain asked for it, and this member waits first for what it was shown a certificate of. */
  readonly isShowDue: boolean
  readonly askedAtMs: number
  /**
   * Certificates that somebody showed this member, of later steps or such as it skipped: first the last of those whose batches it said that it was not given, then those that it waits
   * for, each in the order in which they came. What it said so of leads to those after it (`disputeOf`).
   */
  readonly unseen: readonly Unseen[]
  readonly skips: readonly Skip[]
  /** What certificates of other branches say that it has done with. */
  readonly lookedAt: readonly LookedAt[]
  /** The last of them that it has seen since: it has no certificates of what was in there, so the way to what comes after begins before it. */
  readonly lastSkip: Pick<Skip, 'after' | 'way'> | undefined
  /** The lowest step that this member objected to, where a jury can judge it: from there on it tells nobody what is final. Infinity: none. */
  readonly objectedFrom: number
  /** It just came back: what it does not know yet it was not kept out of. */
  readonly isBack: boolean
  readonly answeredAtMs: ReadonlyMap<PeerId, number>
  /** Faults that were told, by seat and kind, and the bytes of the shortest evidence. */
  readonly faulted: ReadonlyMap<string, number>
  readonly closedResends: number
  readonly wakeAtMs: number | undefined
}
type Draft = { -readonly [K in keyof Group]: Group[K] } & { open: OpenStep }

/** One event's working copy, and what comes of it. */
export interface Turn {
  readonly g: Draft
  readonly nowMs: number
  readonly effects: GroupEffect[]
  readonly blocks: StoredBlock[]
  /** Requests' blocks that travelled with them. */
  readonly bodies: StoredBlock[]
  /** Something durable changed: the record goes to disk before anything else leaves. */
  durable: boolean
  /** It signs what a batch comes to. */
  answers: boolean
}

export function beginTurn(group: Group, nowMs: number): Turn {
  const { open } = group
  const copy: OpenStep = {
    ...open,
    proposals: new Map(open.proposals),
    batches: new Map(open.batches),
    runs: new Map(open.runs),
    bodies: new Map(open.bodies),
    seals: copyNested(open.seals),
    reveals: copyNested(open.reveals),
    timeouts: new Map(open.timeouts),
    tallies: new Map(open.tallies),
    blamed: new Set(open.blamed),
  }
  return { g: { ...group, open: copy }, nowMs, effects: [], blocks: [], bodies: [], durable: false, answers: false }
}

const copyNested = <T>(map: ReadonlyMap<number, ReadonlyMap<number, T>>): Map<number, Map<number, T>> =>
  new Map([...map].map(([rank, bySeat]) => [rank, new Map(bySeat)]))

export const count = (t: Turn, code: string): undefined => {
  t.effects.push({ type: 'count', code })
}

/** Everyone else in the group. */
export const othersOf = ({ setup: { members }, self }: Pick<Group, 'setup' | 'self'>): readonly PeerId[] =>
  members.filter((peer) => peer !== self.peerId)

export function send(t: Turn, to: readonly PeerId[], envelope: Uint8Array, early?: true): void {
  const others = to.filter((peer) => peer !== t.g.self.peerId)
  if (others.length > 0) t.effects.push({ type: 'send', to: others, envelope, ...(early ? { early } : {}) })
}

export const collatorSeat = (open: Readonly<OpenStep>, rank: number): number => open.order[rank % open.order.length] as number
export const peerAt = (group: Pick<Group, 'setup'>, seat: number): PeerId => group.setup.members[seat] as PeerId
export const quorum = (group: Pick<Group, 'setup'>): number => quorumOf(group.setup.members.length)
