import type { ContentId, PeerId, Signer } from '@interpeer/crypto-ids'
import type { ExecutionResult, GroupEffect, GroupSetup, RequestRef, StoredBlock } from './api.js'
import type { KnownBatch } from './batch.js'
import type { Answer, Proposal, Reveal, Seal, Timeout } from './messages.js'
import type { Named, RequestIndex } from './request-index.js'
import type { GroupSettings } from './settings.js'
import type { GroupState } from './state-block.js'
import type { Tally } from './tally.js'
import type { Opened, Verifier } from './verifier.js'

/** The last final step, or the state that the epoch began from (step 0). */
export interface Base {
  readonly step: number
  readonly batchHash: Uint8Array
  readonly root: ContentId
  readonly timeMs: number
  readonly certified?: Certified
  /** Undefined until the group state block is here: run, or fetched. */
  readonly state?: GroupState
  /** When this member took it up. */
  readonly sinceMs: number
  /** The `final` effect was given. */
  readonly announced: boolean
  /** What this member may still say about that step, for the record. */
  readonly late?: Late
  /** Its own run of that step's batch has not ended yet. */
  readonly running: boolean
}
export interface Certified {
  readonly rank: number
  readonly answer: Answer
  readonly batch: KnownBatch
  readonly certificate: Uint8Array
  /** Seats whose reveals this member holds: in the certificate, or since. */
  readonly revealed: ReadonlySet<number>
}
export interface Late {
  /** This member's reveal, if it made one at the certified rank: sent to all, since the certificate lacks it. */
  readonly reveal?: Opened<Reveal>
  /** It may still make one: it neither gave the rank up nor sealed another batch at it. */
  readonly open: boolean
}

export interface BoundSet {
  readonly rank: number
  readonly batch: KnownBatch
  readonly seals: readonly Uint8Array[]
}
export type SeenTimeout = Opened<Timeout> & { readonly boundSet: BoundSet | undefined }
export type SeenProposal = Opened<Proposal> & { readonly batch: KnownBatch; readonly refused: boolean }
export interface OwnSeal {
  readonly rank: number
  readonly batch: KnownBatch
  readonly salt: Uint8Array
  readonly answer: Answer
  readonly envelope: Uint8Array
}
export type Run =
  | { readonly type: 'fetching' | 'running' | 'abstained'; readonly rank: number }
  | { readonly type: 'ran'; readonly result: ExecutionResult & { readonly type: 'ran' }; readonly state: GroupState }

/** The one open step. What is durable of it: `sealed`, `revealed`, `bound`, `lockRank`, `proposed`, `timeouts` of its own, `givenUp`. */
export interface OpenStep {
  step: number
  /** Seats in the order in which they collate. */
  order: readonly number[]
  rank: number
  /** The rank's time-out; undefined: nothing is pending, or it was given up. */
  timerAtMs: number | undefined
  resendAtMs: number | undefined
  resendEveryMs: number
  proposals: Map<number, SeenProposal>
  /** By hash in hexadecimal. */
  batches: Map<string, KnownBatch>
  runs: Map<string, Run>
  bodies: Set<ContentId>
  seals: Map<number, Map<number, Opened<Seal>>>
  reveals: Map<number, Map<number, Opened<Reveal>>>
  /** By seat: the two of the highest ranks, highest first. */
  timeouts: Map<number, readonly SeenTimeout[]>
  tallies: Map<number, Opened<Tally & { step: number; job: Uint8Array; epoch: number; from: Uint8Array }>>
  /** Ranks whose time-outs were counted against their batch's requests. */
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
}

export interface Pending extends Named {
  /** Counts arrivals: older requests go first. */
  readonly order: number
  readonly ref: RequestRef
  readonly size: number
  readonly held: boolean
  /** Whose share of the pool it takes: the member that offered it; the own seat if a visitor brought it here, and this peer answers for passing it on. */
  readonly seat: number
  readonly failures: number
}

/** Requests that wait. A value: what changes costs by itself, not by how many wait. */
export interface Pool {
  readonly index: RequestIndex<Pending>
  /** How many of them are held and may be batched. */
  readonly waiting: number
  /** What each seat takes of it. */
  readonly shares: ReadonlyMap<number, { readonly requests: number; readonly bytes: number }>
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
  /** The state that the last final step began from, while its run may still come in. */
  readonly previous: GroupState | undefined
  readonly open: Readonly<OpenStep>
  readonly pool: Pool
  readonly offerAtMs: number | undefined
  readonly offerEveryMs: number
  readonly closing: { readonly atMs: number; readonly next: readonly PeerId[] } | undefined
  readonly tally: Tally
  /** The last final steps, for reveals that come late. */
  readonly recent: readonly { readonly step: number; readonly certified: Certified }[]
  readonly show: Uint8Array | undefined
  readonly finalEnvelope: Uint8Array | undefined
  readonly askedAtMs: number
  readonly answeredAtMs: ReadonlyMap<PeerId, number>
  readonly faulted: ReadonlySet<string>
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
  /** Something durable changed: the record goes to disk before anything else leaves. */
  durable: boolean
}

export function beginTurn(group: Group, nowMs: number): Turn {
  const { open } = group
  const copy: OpenStep = {
    ...open,
    proposals: new Map(open.proposals),
    batches: new Map(open.batches),
    runs: new Map(open.runs),
    bodies: new Set(open.bodies),
    seals: copyNested(open.seals),
    reveals: copyNested(open.reveals),
    timeouts: new Map(open.timeouts),
    tallies: new Map(open.tallies),
    blamed: new Set(open.blamed),
  }
  return { g: { ...group, open: copy }, nowMs, effects: [], blocks: [], durable: false }
}

const copyNested = <T>(map: ReadonlyMap<number, ReadonlyMap<number, T>>): Map<number, Map<number, T>> =>
  new Map([...map].map(([rank, bySeat]) => [rank, new Map(bySeat)]))

export const count = (t: Turn, code: string): undefined => {
  t.effects.push({ type: 'count', code })
}

/** Everyone else in the group. */
export const othersOf = ({ setup: { members }, self }: Pick<Group, 'setup' | 'self'>): readonly PeerId[] =>
  members.filter((peer) => peer !== self.peerId)

export function send(t: Turn, to: readonly PeerId[], envelope: Uint8Array): void {
  const others = to.filter((peer) => peer !== t.g.self.peerId)
  if (others.length > 0) t.effects.push({ type: 'send', to: others, envelope })
}

export const collatorSeat = (open: Readonly<OpenStep>, rank: number): number => open.order[rank % open.order.length] as number
export const peerAt = (group: Pick<Group, 'setup'>, seat: number): PeerId => group.setup.members[seat] as PeerId
export const quorum = (group: Pick<Group, 'setup'>): number => Math.floor((2 * group.setup.members.length) / 3) + 1
