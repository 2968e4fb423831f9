import { keyOfPeerId, type NetworkId, type PeerId } from '@interpeer/crypto-ids'
import type { Moment } from '@interpeer/job-scheduler'
import type { BlockInfo, Registry } from '@interpeer/vote-chain'
import { compareBytes } from '@interpeer/wire-codec'
import type { DataEntries, DataMaps } from './data-maps.js'

/** What the vote-chain agrees on, all of it: a value, made anew by each block. */
export interface NetworkState extends DataEntries {
  readonly network: NetworkId
  /** Of the block that led here; 0 and the genesis's start before the first. */
  readonly height: number
  readonly timeMs: number
  /** The entries as maps. Of the block that led here, like height and time: a block brings them up to date when all else is done. */
  readonly maps: DataMaps
}

/** Whether a peer may be given a seat. */
const mayHaveSeats = (registry: Registry, peer: PeerId): boolean => {
  const entry = registry.get(peer)
  return entry !== undefined && !entry.terminated && entry.awaySinceHeight === null
}

/** The moment of a block, as job-scheduler takes it: one ticket for each registered peer, in the order of their keys. */
export function momentOf({ registry, settings }: Pick<NetworkState, 'registry' | 'settings'>, { height, timeMs, seed }: BlockInfo): Moment {
  const keyed = [...registry.keys()].map((peer) => ({ peer, key: keyOfPeerId(peer) }))
  const tickets = keyed.sort((a, b) => compareBytes(a.key, b.key)).map(({ peer }) => peer)
  return { height, timeMs, seed, settings, tickets, eligible: (peer) => mayHaveSeats(registry, peer) }
}
