import type { ContentId, JobId, PeerId } from '@interpeer/crypto-ids'
import type { Recovering } from '@interpeer/job-scheduler'
import type { Funds } from '@interpeer/peer-group'

/** What the chain says about one site: all that a peer needs to run it or to ask for it. */
export interface SiteView {
  readonly job: JobId
  readonly name: string
  readonly uploader: PeerId
  /** The runtime that all members must have. */
  readonly runtime: string
  readonly epoch: number
  /** In the order of their seats. */
  readonly members: readonly PeerId[]
  /** Those of the epoch before, whose closing certificate opened this one. */
  readonly previousMembers: readonly PeerId[]
  /** The number of the epoch before: one less, or two after a recovery from fewer shows than a quorum. */
  readonly previousEpoch: number
  /** Whether the epoch before ended with its closing certificate; a recovery may have undone what it made last. */
  readonly openedByClosing: boolean
  /** 32 bytes that decide who collates which step of this epoch. */
  readonly chainSeed: Uint8Array
  /** The group state block that this epoch began from. */
  readonly start: ContentId
  /** The time of the last batch before this epoch. */
  readonly startTimeMs: number
  /** When the epoch opens: before it nothing is signed. */
  readonly opensMs: number
  /** Batches that a recovery bound, to be run again first. */
  readonly rerun: readonly Uint8Array[]
  /** Named at least one cycle ahead: the next epoch's members, its seed, and when this epoch closes. */
  readonly next: {
    readonly members: readonly PeerId[]
    readonly chainSeed: Uint8Array
    readonly atMs: number
    readonly jurors: number
    readonly mayPay: bigint
  } | null
  /** How many jurors could be drawn when this epoch was named: with fewer than members, none judges what they say against each other. */
  readonly jurors: number
  /** What the chain says of the job's coins in this epoch. */
  readonly funds: Funds
  /** A jury is to judge a step of this epoch: no other one opens before, but by its verdict. */
  readonly disputed: boolean
  /** A verdict opens the next epoch: what was opened by this one's closing certificate meanwhile is undone. */
  readonly judged: boolean
  /** Who judges a step of this epoch, or judged one of the epoch before: they are given what they have to run, and may have the state that this one begins from. */
  readonly judges: readonly PeerId[]
  /** Who judges what one member is accused of by another, and that other, which may have left: they give each other what it is about. */
  readonly accusationJudges: readonly PeerId[]
  /** A closing certificate of this epoch that the chain keeps for a while before it carries it out: who was kept out of what it closes objects. */
  readonly closing: Uint8Array | null
  /** The closing certificate did not come in time: members show what they hold. */
  readonly recovering: boolean
  /** What members showed so far. */
  readonly shows: Recovering['shows']
  /** What was brought against steps of this epoch: each a group-dispute. */
  readonly disputes: readonly Uint8Array[]
  readonly ended: boolean
  readonly cycleMs: number
  /** The job wants its visitors answered as soon as q members agree, before that is final. */
  readonly answersProvisional: boolean
}

/** An empty batch is due every cycle, and agreeing on it takes a moment. */
const STALE_SLACK_MS = 1_000

/** Whether a state whose batch had this time is older than two cycles: somebody may have a later one (design §6, Reads). */
export const isStale = (timeMs: number, { cycleMs }: Pick<SiteView, 'cycleMs'>, nowMs: number): boolean =>
  nowMs - timeMs > 2 * cycleMs + STALE_SLACK_MS

/** Who has a part in a site, and so may fetch or give its blocks: its members, those after and before them, and who published it. */
export const partakersOf = ({ members, next, previousMembers, uploader }: SiteView): readonly PeerId[] => [
  ...members,
  ...(next?.members ?? []),
  ...previousMembers,
  uploader,
]
export const hasPartIn = (view: SiteView, peer: PeerId): boolean => partakersOf(view).includes(peer)

/** Whether a peer may fetch or give the site's blocks: who has a part in it, or judges something of it. */
export const mayExchange = (view: SiteView, peer: PeerId): boolean => hasPartIn(view, peer) || isJudge(view, peer)

/** Whether a peer sits on a jury of this site, or called one. */
export const isJudge = ({ judges, accusationJudges }: SiteView, peer: PeerId): boolean =>
  judges.includes(peer) || accusationJudges.includes(peer)

/** Who speaks for a site: who published it, and who runs it or is about to. */
export const speaksFor = ({ members, next, uploader }: SiteView, peer: PeerId): boolean =>
  members.includes(peer) || (next?.members.includes(peer) ?? false) || uploader === peer
