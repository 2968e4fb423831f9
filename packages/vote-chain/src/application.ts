import type { GetBlock, Missing } from '@interpeer/content-store'
import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import type { DataSets } from './block.js'
import type { Genesis } from './genesis.js'
import type { Settings } from './settings.js'

/** What a block tells the application beside its transactions; alike on every peer. */
export interface BlockInfo {
  readonly height: number
  readonly timeMs: number
  /** 32 bytes nobody could foresee before the block. */
  readonly seed: Uint8Array
  readonly leader: PeerId
  /** Who certified the block before, as this block names them: paid by minting (§6.4.2.1). Sorted by key, each once. */
  readonly certifiers: readonly PeerId[]
}
export interface Applied<S> {
  readonly state: S
  /** By place in the list given. A refused transaction has changed nothing. */
  readonly refused: readonly { readonly index: number; readonly code: string }[]
}

/** Of the settings that a change may alter, those of the agreement itself: waits and bounds of one peer, of which nobody's safety depends. */
export type ChainRules = Pick<Settings, 'roundMs' | 'txPoolMax'>

/** Undefined: it applies now. A code: it never will. `later`: not on this state, for this reason, but a state that takes it may come. */
export type Verdict = string | { readonly later: string } | undefined

/** What a transaction that applies is worth to a pool that is full, and whose it is. */
export interface Price {
  /** Whose: all that waits of one account, peer or job is bounded together, whoever handed it in. */
  readonly of: string
  /** Of those of one owner with the same turn at most one is ever carried out; undefined: any number may be. */
  readonly turn: string | undefined
  /** Units that it burns or pays as tax; 0n: it is free. */
  readonly fee: bigint
}

/**
 * What the chain agrees on: a deterministic state that transactions change. None of its methods alters what it is given, and none
 * throws but where the host itself gave out (its stack, its memory): what one peer alone can't do must not become a different state.
 */
export interface Application<S> {
  begin(genesis: Genesis): S
  /** In order. Applying only the ones that were not refused gives the same state. */
  apply(state: S, transactions: readonly Uint8Array[], info: BlockInfo): Applied<S>
  dataSets(state: S): DataSets
  /**
   * Who may vote by this state: mature, and active lately (design §7). Sorted by key, none twice. Votes on a height go by the state `lookBack`
   * heights before it, so that no key can be made to fit a seed that is known.
   */
  electorate(state: S): readonly PeerId[]
  /** Whether a transaction may wait for a block. */
  check(state: S, transaction: Uint8Array): Verdict
  /** What the chain itself goes by from the block after this state on. Without it: the genesis's, for ever. */
  readonly rules?: (state: S) => ChainRules
  /** How a state is written down, so that nobody has to apply all blocks again. Without it a chain opens from its first block only. */
  readonly snapshots?: Snapshots<S>
  /** What one that `check` did not refuse is worth; undefined, or no such function: it is free, and of whoever handed it in. */
  priceOf?(state: S, transaction: Uint8Array): Price | undefined
}

/** A state as a checkpoint keeps it: parts that are named by their content, so that two checkpoints share what did not change, and what names those. */
export interface Snapshot {
  /** At most 512 bytes. */
  readonly head: Uint8Array
  readonly parts: ReadonlyMap<ContentId, Uint8Array>
}
export interface Snapshots<S> {
  of(state: S): Snapshot
  /**
   * Begins to read a state: that of the block whose header says what `at` says. Whoever gives the parts has checked that each is what its name says; what they say
   * is checked against the data sets' hashes.
   */
  reading(genesis: Genesis, head: Uint8Array, at: DataSets & Pick<BlockInfo, 'height' | 'timeMs'>): SnapshotReading<S>
}
export interface SnapshotReading<S> {
  /** Goes on until all is read, or names parts that `get` does not have yet. @throws what it read is no snapshot of that state */
  readonly next: (get: GetBlock) => { readonly state: S } | Missing
}
