import type { NetworkId } from '@interpeer/crypto-ids'
import type { DataEntries, DataMaps } from './data-maps.js'

/** What the vote-chain agrees on, all of it: a value, made anew by each block. */
export interface NetworkState extends DataEntries {
  readonly network: NetworkId
  /** `activeCycles` of the genesis: no change goes below it. */
  readonly activeCyclesMin: number
  /** Of the block that led here; 0 and the genesis's start before the first. */
  readonly height: number
  readonly timeMs: number
  /** The entries as maps. Of the block that led here, like height and time: a block brings them up to date when all else is done. */
  readonly maps: DataMaps
}
