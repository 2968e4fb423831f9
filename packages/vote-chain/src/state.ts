import type { NetworkId, PeerId, Signer } from '@interpeer/crypto-ids'
import type { Application } from './application.js'
import type { Block, Certificate, Header } from './block.js'
import type { MadeCheckpoint } from './checkpoint.js'
import type { Electorate } from './electorate.js'
import type { Genesis } from './genesis.js'
import type { Gossip, GossipRules } from './gossip/gossip.js'
import type { Pool } from './pool.js'
import type { RootGroup } from './root-group.js'
import type { Verification } from './verification.js'

/** What never changes while a machine runs. */
export interface Fixed<S> {
  readonly network: NetworkId
  readonly genesis: Genesis
  readonly application: Application<S>
  readonly signer: Signer
  readonly verification: Verification
  readonly gossip: GossipRules
  /** The hash of the block at a height, where a checkpoint that is trusted shows it: it is final without its certificate. */
  readonly proven: (height: number) => Uint8Array | undefined
}

/** The last certified block and what it led to. At height 0 there is no block yet. */
export interface Tip<S> {
  readonly height: number
  readonly hash: Uint8Array
  readonly seed: Uint8Array
  readonly timeMs: number
  readonly certificate: Certificate | null
  readonly header: Header | null
  /** The header of the block before it; null up to height 1. */
  readonly before: Header | null
  readonly state: S
  /** Who may vote on the next height. */
  readonly group: RootGroup
  /** Who could vote on this one; undefined at height 0. */
  readonly groupBefore: RootGroup | undefined
  /** The electorates of the last states, at most `lookBack`, oldest first: the next group's is the first. */
  readonly electorates: readonly Electorate[]
}

/** A block that was checked and applied, and may be voted for. */
export interface Candidate<S> {
  readonly name: string
  readonly hash: Uint8Array
  readonly header: Header
  readonly body: Block['body']
  readonly state: S
  readonly electorates: readonly Electorate[]
  /** The certificate of the block before that its proposal showed: the one that its header names. */
  readonly shown: Certificate | null
  /** The signed proposal it came in, to be handed to those who lack it. */
  readonly envelope: Uint8Array
}

/** One vote that counts. `block` is a block's name, or null. */
export interface Cast {
  readonly voter: PeerId
  readonly attempt: number
  readonly block: string | null
  readonly envelope: Uint8Array
}
/** Soft and certify votes by voter, the first of each; next votes by voter, attempt and block. */
export type Votes = ReadonlyMap<string, Cast>
export type RoundVotes = Readonly<Record<'soft' | 'certify' | 'next', Votes>>

/** A quorum of soft votes for one block, or of next votes for one block or for none. */
export interface Bundle {
  readonly round: number
  readonly kind: 'soft' | 'next'
  readonly attempt: number
  readonly block: string | null
  readonly votes: readonly Uint8Array[]
}
/** What this peer goes by in a round: rules 3 to 6 of docs/protocol/vote-chain.md. */
export interface Reasons {
  /** Soft votes of this round. */
  readonly soft?: Bundle
  /** Next votes of the round before, for a block. */
  readonly value?: Bundle
  /** Next votes of the round before, for none. */
  readonly none?: Bundle
}
/** What this peer decided in one step: signed if it was drawn for it, and held to in either case. Sent again byte for byte, never made anew. */
export interface Decided {
  readonly round: number
  readonly kind: 'soft' | 'certify' | 'next'
  readonly attempt: number
  readonly block: string | null
  readonly envelope: Uint8Array | undefined
}
/** A proposal that may be voted for: the one with the lowest lot of its round. */
export interface Proposed {
  readonly block: string
  readonly lot: Uint8Array
  readonly waitMs: number
  /** The signed proposal, for those who lack it. */
  readonly envelope: Uint8Array
}
/** A proposal that was offered and asked for. */
export interface Pull {
  readonly lot: Uint8Array
  readonly asked: PeerId
  readonly askedMs: number
  /** Who else offered it, each once. */
  readonly others: readonly PeerId[]
}

export interface ChainState<S> {
  readonly fixed: Fixed<S>
  readonly tip: Tip<S>
  /** No vote below this height: a record on disk says that it may have voted there, and the blocks until then are missing. */
  readonly silentBelow: number
  readonly round: number
  readonly phase: 'wait' | 'vote'
  readonly enteredMs: number
  readonly reasons: Reasons
  /** Of this round and the one before. */
  readonly decided: readonly Decided[]
  /** It voted to end this round for none, or for two blocks: it certifies nothing in it any more. */
  readonly closed: boolean
  /** This peer's VRF for the height: its block's proof, and what its lots come from. Made when it is needed. */
  readonly lottery: { readonly proof: Uint8Array; readonly output: Uint8Array } | undefined
  /** Its place among those who may lead this round. */
  readonly place: { readonly lot: Uint8Array; readonly waitMs: number } | undefined
  /** Its own last proposal of this height. */
  readonly proposed: { readonly round: number; readonly envelope: Uint8Array } | undefined
  /** Its own block of this height, made once. */
  readonly ownBlock: string | undefined
  readonly proposals: ReadonlyMap<number, Proposed>
  /** Whose proposals were looked at, by round. */
  readonly heard: ReadonlyMap<number, ReadonlySet<PeerId>>
  readonly votes: ReadonlyMap<number, RoundVotes>
  readonly candidates: ReadonlyMap<string, Candidate<S>>
  /** Blocks of this height that are never valid here: not applied again for each copy. */
  readonly refused: ReadonlySet<string>
  readonly deadlines: Deadlines
  readonly pool: Pool
  /** Transactions that were of no use at this height, by who handed them in. */
  readonly useless: ReadonlyMap<PeerId, number>
  /** Peers that follow the chain, and until when. */
  readonly followers: ReadonlyMap<PeerId, number>
  /** When each peer was last served or asked. */
  readonly served: ReadonlyMap<PeerId, number>
  readonly asked: ReadonlyMap<PeerId, number>
  /** When each peer last sent blocks that do not hold. */
  readonly falseBlocks: ReadonlyMap<PeerId, number>
  /** When each elector was last handed a candidate. */
  readonly handed: ReadonlyMap<PeerId, number>
  /** Neighbours, and what is passed on between them. */
  readonly gossip: Gossip
  /** Proposals asked for, by round. */
  readonly pulls: ReadonlyMap<number, Pull>
  /** Transactions asked for by name, and when. */
  readonly wanted: ReadonlyMap<string, number>
  /** Whose votes the tip's certificate has. */
  readonly certifiers: { readonly of: Certificate; readonly voters: ReadonlySet<PeerId> } | undefined
  readonly nowMs: number
  readonly wakeAtMs: number | undefined
}
export interface Deadlines {
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
  /** Final. `bytes` must be durable, by height, before any later effect; `state` is what it led to. A checkpoint is kept to be opened from, or not: blocks are enough. */
  | {
      readonly type: 'block'
      readonly block: Block
      readonly bytes: Uint8Array
      readonly hash: Uint8Array
      readonly state: S
      /** What is built upon next: one step may certify many blocks. */
      readonly tip: Tip<S>
      readonly checkpoint: MadeCheckpoint | undefined
      /** The height of an old block whose certificate nobody needs any more (`withoutCertificate`). */
      readonly spare: number | undefined
    }
  /** Read stored blocks from this height on and send them: `blocksReply`. Best effort. */
  | { readonly type: 'serve'; readonly to: PeerId; readonly fromHeight: number; readonly untilHeight: number }
  /** Hand in a `time` event then. Takes the place of an earlier wake. */
  | { readonly type: 'wake'; readonly atMs: number }
  /** Two votes that no honest peer signs together (`verifyVoteFault`): to be brought to the chain. */
  | { readonly type: 'fault'; readonly peer: PeerId; readonly evidence: readonly [Uint8Array, Uint8Array] }
  /** Something worth counting; nothing to be done. */
  | { readonly type: 'count'; readonly code: string }
export interface ChainStep<S> {
  readonly state: ChainState<S>
  readonly effects: readonly ChainEffect<S>[]
}

/** A state being changed within one step. Its maps are replaced, never altered, so the state before stays as it was. */
export type Draft<S> = { -readonly [K in keyof ChainState<S>]: ChainState<S>[K] } & { readonly effects: ChainEffect<S>[] }
