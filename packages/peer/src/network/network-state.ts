import { keyOfPeerId, type NetworkId, type PeerId } from '@interpeer/crypto-ids'
import type { Ledger } from '@interpeer/intercoin-ledger'
import type { Jobs, Moment } from '@interpeer/job-scheduler'
import type { BlockInfo, Registry, Settings } from '@interpeer/vote-chain'
import { compareBytes } from '@interpeer/wire-codec'

/** What the vote-chain agrees on, all of it: a value, made anew by each block. */
export interface NetworkState {
  readonly network: NetworkId
  /** Of the block that led here; 0 and the genesis's start before the first. */
  readonly height: number
  readonly timeMs: number
  readonly settings: Settings
  readonly ledger: Ledger
  readonly registry: Registry
  readonly jobs: Jobs
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
