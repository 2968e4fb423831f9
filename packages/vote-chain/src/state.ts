import type { NetworkId, PeerId, Signer } from '@interpeer/crypto-ids'
import type { Application } from './application.js'
import type { Block, Certificate, Header } from './block.js'
import type { Genesis } from './genesis.js'
import type { Pool } from './pool.js'
import type { Verification } from './verification.js'

/** What never changes while a machine runs. */
export interface Fixed<S> {
  readonly network: NetworkId
  readonly genesis: Genesis
  readonly application: Application<S>
  readonly signer: Signer
  readonly verification: Verification
  /** The root group: while networks are small, every peer of the genesis, sorted by key. */
  readonly electors: readonly PeerId[]
  readonly quorum: number
  readonly blocking: number
  /** False for an observer, a gateway for instance: it follows and verifies, and signs no vote. */
  readonly votes: boolean
}

/** The last certified block and what it led to. At height 0 there is no block yet. */
export interface Tip<S> {
  readonly height: number
  readonly hash: Uint8Array
  readonly seed: Uint8Array
  readonly timeMs: number
  readonly certificate: Certificate | null
  readonly header: Header | null
  readonly state: S
  /** Leaders of the next height by round. */
  readonly leaders: readonly PeerId[]
}

/** A block that was checked and applied, and may be voted for. */
export interface Candidate<S> {
  readonly name: string
  readonly hash: Uint8Array
  readonly header: Header
  readonly body: Block['body']
  readonly state: S
  /** The signed proposal it came in, to be handed to those who lack it. */
  readonly envelope: Uint8Array
}

/** First vote of each voter in one round. `block` is a block's name, or null. */
export type Votes = ReadonlyMap<PeerId, { readonly block: string | null; readonly envelope: Uint8Array }>
export interface RoundVotes {
  readonly soft: Votes
  readonly certify: Votes
}
/** A quorum of soft votes for one block. */
export interface SoftBundle {
  readonly round: number
  readonly block: string
  readonly votes: readonly Uint8Array[]
}
/** What this peer has signed in one round: sent again byte for byte, never made anew. */
export interface OwnRound {
  readonly round: number
  readonly proposal?: Uint8Array
  readonly soft?: Uint8Array
  readonly certify?: Uint8Array
}

export interface ChainState<S> {
  readonly fixed: Fixed<S>
  readonly tip: Tip<S>
  /** No vote below this height: a record on disk says that it may have voted there, and the blocks until then are missing. */
  readonly silentBelow: number
  readonly round: number
  readonly phase: 'wait' | 'propose' | 'soft' | 'certify'
  /** Bound to this block since this round: rules 5 and 6 of docs/protocol/vote-chain.md. */
  readonly locked: { readonly round: number; readonly block: string } | undefined
  /** The highest soft bundle seen: what this peer would propose. */
  readonly highest: SoftBundle | undefined
  readonly own: readonly OwnRound[]
  readonly proposals: ReadonlyMap<number, Proposed>
  readonly votes: ReadonlyMap<number, RoundVotes>
  readonly candidates: ReadonlyMap<string, Candidate<S>>
  readonly deadlines: Deadlines
  readonly pool: Pool
  /** Peers that follow the chain, and until when. */
  readonly followers: ReadonlyMap<PeerId, number>
  /** When each peer was last served or asked. */
  readonly served: ReadonlyMap<PeerId, number>
  readonly asked: ReadonlyMap<PeerId, number>
  readonly nowMs: number
  readonly wakeAtMs: number | undefined
}
/** The first proposal of a round. `fits` is false where the block was refused: then the soft vote is for none. */
export interface Proposed {
  readonly block: string
  readonly fits: boolean
  readonly softRound: number | null
}
export interface Deadlines {
  /** The proposal of this round is waited for until then. */
  readonly propose?: number
  /** A quorum of soft votes came, for no one block; others are waited for until then. */
  readonly soft?: number
  readonly certify?: number
  readonly resend?: number
  readonly follow?: number
}

export type ChainEvent =
  /** A message, in its envelope, over a session that proves who sent it. */
  | { readonly type: 'message'; readonly from: PeerId; readonly envelope: Uint8Array; readonly nowMs: number }
  /** A transaction of this peer's own. */
  | { readonly type: 'submit'; readonly transaction: Uint8Array; readonly nowMs: number }
  | { readonly type: 'time'; readonly nowMs: number }

export type ChainEffect<S> =
  /** Must be durable before any later effect of the same step is carried out. Takes the place of the record before. */
  | { readonly type: 'persist'; readonly bytes: Uint8Array }
  | { readonly type: 'send'; readonly to: PeerId; readonly envelope: Uint8Array }
  /** Final. `bytes` must be durable, by height, before any later effect; `state` is what it led to. */
  | { readonly type: 'block'; readonly block: Block; readonly bytes: Uint8Array; readonly hash: Uint8Array; readonly state: S }
  /** Read stored blocks from this height on and send them: `blocksReply`. Best effort. */
  | { readonly type: 'serve'; readonly to: PeerId; readonly fromHeight: number; readonly untilHeight: number }
  /** Hand in a `time` event then. Takes the place of an earlier wake. */
  | { readonly type: 'wake'; readonly atMs: number }
  /** Something worth counting; nothing to be done. */
  | { readonly type: 'count'; readonly code: string }
export interface ChainStep<S> {
  readonly state: ChainState<S>
  readonly effects: readonly ChainEffect<S>[]
}

/** A state being changed within one step. Its maps are replaced, never altered, so the state before stays as it was. */
export type Draft<S> = { -readonly [K in keyof ChainState<S>]: ChainState<S>[K] } & { readonly effects: ChainEffect<S>[] }
