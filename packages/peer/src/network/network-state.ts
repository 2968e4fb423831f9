import { keyOfPeerId, type NetworkId, type PeerId } from '@interpeer/crypto-ids'
import type { Moment } from '@interpeer/job-scheduler'
import { type BlockInfo, mayBeDrawn } from '@interpeer/vote-chain'
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

/** The moment of a block, as job-scheduler takes it: all tickets, in the order of their owners' keys. */
export function momentOf({ registry, settings }: Pick<NetworkState, 'registry' | 'settings'>, { height, timeMs, seed }: BlockInfo): Moment {
  const keyed = [...registry.values()].map((entry) => ({ ...entry, key: keyOfPeerId(entry.peer) }))
  const sorted = keyed.sort((a, b) => compareBytes(a.key, b.key))
  const tickets = sorted.flatMap(({ peer, tickets }) => Array<PeerId>(tickets).fill(peer))
  const eligible = (peer: PeerId) => {
    const entry = registry.get(peer)
    return entry !== undefined && mayBeDrawn(entry, height, settings)
  }
  return { height, timeMs, seed, settings, tickets, eligible }
}
