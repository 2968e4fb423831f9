import type { PeerId } from '@interpeer/crypto-ids'
import type { DataSets } from './block.js'
import type { Genesis } from './genesis.js'

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

/** What the chain agrees on: a deterministic state that transactions change. No method throws, and none alters what it is given. */
export interface Application<S> {
  begin(genesis: Genesis): S
  /** In order. Applying only the ones that were not refused gives the same state. */
  apply(state: S, transactions: readonly Uint8Array[], info: BlockInfo): Applied<S>
  dataSets(state: S): DataSets
  /** Whether a transaction may wait for a block: its shape and signatures. A code if not. */
  check(state: S, transaction: Uint8Array): string | undefined
}
