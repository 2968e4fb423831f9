import type { StoreKind } from '@interpeer/content-store'
import type { ContentId, JobId, NetworkId, PeerId, Signer } from '@interpeer/crypto-ids'
import type { LogCursor } from '../job-log/request.js'
import type { ChainProof, NetworkState, Provable } from '../network/index.js'
import type { ScriptRuntime } from '../script-runtime.js'
import type { PeerEndpoint } from './endpoint.js'
import type { PeerLog } from './log.js'
import type { Observed } from './observed-sites.js'
import type { OutboxSender } from './outbox-shell.js'
import type { Publication, Published } from './publish.js'
import type { Contradiction } from './read-evidence.js'
import type { MemberLog } from './read-job-logs.js'
import type { ShownSeat } from './show-seat.js'
import type { SiteAnswer, VisitorRequest } from './site-answer.js'
import type { AskOptions } from './site-client.js'

/** What a peer is started with. */
export interface PeerOptions {
  /** The peer's folder: `store/`, `log/`, and a lock so that one process at a time uses it. */
  readonly data: string
  /** What `store/` is kept in. Default: what it is kept in already; for a new one lmdb, or SQLite where lmdb has no binary. */
  readonly store?: StoreKind | undefined
  readonly signer: Signer
  /** The genesis, as strict JSON. */
  readonly genesis: string
  readonly host: string
  /** UDP port; 0 for any. */
  readonly port: number
  /**
   * What others are told instead of the bound address: where a router forwards a port from, or a relay listens. Default: the bound address, or
   * nothing if that stands for all of the machine's (`0.0.0.0`, `::`); others then learn where this peer is only from sessions that it began.
   */
  readonly advertise?: Address | undefined
  readonly bootstrap: readonly PeerEndpoint[]
  /**
   * How a peer without a chain begins: `checkpoints` from the last two that most of the peers that it knows name alike, and from the genesis while the network is
   * young (`SYNC_REFUSED` later); `genesis` by applying every block, those that it has too. Default `checkpoints`.
   */
  readonly sync?: 'checkpoints' | 'genesis' | undefined
  /** The hash of a checkpoint's header (32 bytes) that this peer's owner knows to be of this network: a peer without a chain begins there, whoever gives it. One of the last three. */
  readonly checkpoint?: Uint8Array | undefined
  /** What runs scripts; null for a peer that only follows and asks: a gateway, an uploader. */
  readonly runtime: ScriptRuntime | null
  readonly log: PeerLog
  /** Sends mail and HTTP requests for the jobs that this peer hosts. Default: it declines, and another member is drawn. */
  readonly outbox?: OutboxSender | undefined
  /** Bytes that the store may take, at least `STORE_MIN_BYTES`. Default: what the disk has. */
  readonly maxStoreBytes?: number | undefined
  /** How long a block stays that nothing refers to, and how often the peer looks for such. Defaults: an hour, five minutes. */
  readonly collection?: { readonly graceMs: number; readonly everyMs: number } | undefined
  /** How often this peer looks after the copies of each site that it hosts, its own and another member's: in ms, on average. Default a minute. */
  readonly auditEveryMs?: number | undefined
  /** Of a thousand reads that this peer is answered, how many it has run again by another member. Default 20; 0: none. */
  readonly readChecksPerMille?: number | undefined
}
interface Address {
  /** An IPv4 or IPv6 address in text. */
  readonly host: string
  readonly port: number
}
/** A whole peer that runs. */
export interface Peer {
  readonly peerId: PeerId
  readonly network: NetworkId
  readonly address: Address
  /** Where others are told to find it, if anywhere. */
  readonly advertised: Address | undefined
  /** Rejects when the peer can't go on: what it must not forget could not be written. */
  readonly failed: Promise<never>
  /** The last certified block's height, and the state that it led to. */
  chain(): { readonly height: number; readonly timeMs: number; readonly seed: string; readonly state: NetworkState }
  /** Shows one entry of that state to someone who knows the block's hash. Undefined before the first block. @throws {ContentStoreError} MAP_UNIT */
  proof(what: Provable): ChainProof | undefined
  /**
   * The last draw of a seat that this peer's disk has, proven to who knows the hash of its block. Applies all blocks again that it has, so it takes as long as a start without a checkpoint.
   */
  showSeat(job: JobId, seat: number): Promise<ShownSeat | undefined>
  /**
   * The same as other peers prove it, members of the job first: the draw that gave the seat to who has it, or has it next. It is checked here, by this peer's own blocks or by headers that lead
   * to them. Undefined: nobody who answers within 60 s can show it; each of a group's members can, if it was one when the seat was drawn, and the setting `matureCycles` is still the same.
   * @param onAsk told whom it asks, before it does
   */
  askSeat(job: JobId, seat: number, onAsk?: (peer: PeerId) => void): Promise<ShownSeat | undefined>
  /**
   * Hands a transaction to the network, and offers it again until a block has it. Whether one does, the chain's state shows.
   * @returns the code with which the state of the newest block refuses it: then this peer does not pass it on
   * @param transaction as `signTransfer`, `signJoin`, `signChangeVote` and their like make it
   */
  submit(transaction: Uint8Array): string | undefined
  /**
   * Which block has a transaction, of those from a height on that this peer has on its disk: two orders of one account may have the same number, and only one of them is
   * carried out. `whole`: it has them all, so without a height no block has it.
   */
  findTransaction(transaction: Uint8Array, fromHeight: number): Promise<{ readonly height: number | undefined; readonly whole: boolean }>
  /** What this peer hosts now. */
  hosted(): readonly { readonly job: string; readonly epoch: number; readonly step: number; readonly state: string }[]
  /** What verified replies showed of a site's group lately. */
  observed(job: string): Observed | undefined
  /** When a peer was last heard of, in ms since 1970; 0: never since the start. */
  heardMs(peer: PeerId): number
  /** Asks a site's group on a visitor's behalf. @throws {PeerError} */
  askSite(name: string, request: VisitorRequest, options?: AskOptions): Promise<SiteAnswer>
  /** Whether a jury is to judge a step of a site: until then its members answer reads from the last final state, and take no writes if they froze. */
  isDisputed(name: string): boolean
  /** Asks a member which state it serves: `observed` then tells. @throws {PeerError} */
  lookAt(name: string): Promise<void>
  /** Publishes a site and serves its blocks until its group has them. @throws {PeerError} */
  publish(publication: Publication): Promise<Published>
  /**
   * Asks the members of a site that this peer published, or is a member of, to keep what is below these roots (at most 16) until then (at most 30
   * days), in place of what it asked before. Resolves to those who do. @throws {PeerError} SITE_UNKNOWN @throws {WireError} too many roots
   */
  claim(job: JobId, roots: readonly ContentId[], untilMs: number): Promise<readonly PeerId[]>
  /**
   * What runs of a site that this peer's key published left in the logs of those who run it, ran it or are about to, from where `since` says.
   * @throws {PeerError} SITE_UNKNOWN, JOB_LOGS_REFUSED
   */
  jobLogs(name: string, since?: ReadonlyMap<PeerId, LogCursor>): Promise<readonly MemberLog[]>
  /** What the store takes, in bytes, and what it may take; null: what the disk has. */
  storage(): { readonly usedBytes: number; readonly maxBytes: number | null }
  /** Reads that members answered falsely, with the evidence: run again here, or by most members of a site that this peer asked. At most 32, for 30 days. */
  contradictions(): readonly Contradiction[]
  /** Things that were counted, by code: bad messages, retries, marks, blocks collected. */
  counters(): Readonly<Record<string, number>>
  close(): Promise<void>
}
