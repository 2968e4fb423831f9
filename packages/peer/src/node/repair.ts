import type { Missing } from '@interpeer/content-store'
import { ContentStoreError } from '@interpeer/content-store'
import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import { type BlockPlaces, sourcesOf } from './block-source.js'
import type { PeerLog } from './log.js'

/** How often work is tried again. One fetch brings all below what was missing; another loss may come to light after it. */
const TRIES_MAX = 3

export interface RepairPlaces extends BlockPlaces {
  readonly log: PeerLog
}

/**
 * Makes lost copies again: fetches these blocks, and all below them, from peers that have them. True: they are here. What was lost and what came is
 * counted; that nobody has it, or not before `signal` ends it, is told.
 */
export async function repair(
  missing: readonly ContentId[],
  places: RepairPlaces,
  from: readonly PeerId[],
  signal: AbortSignal,
): Promise<boolean> {
  const { exchange, count, log } = places
  places.whole?.doubt()
  count('BLOCKS_LOST', missing.length)
  try {
    const { fetchedBlocks } = await exchange.fetchDag(missing, sourcesOf(places, from, signal))
    count('BLOCKS_REPAIRED', fetchedBlocks)
    log.warn({ lost: missing.length, first: missing[0], fetchedBlocks }, 'blocks were missing or spoiled here, and fetched again')
    return true
  } catch (error) {
    const isOver = error instanceof ContentStoreError && error.code === 'FETCH_ABORTED'
    count('REPAIR_FAILED')
    if (!isOver)
      log.error({ err: error, lost: missing.length, first: missing[0] }, 'blocks are missing or spoiled here, and nobody gave them')
    return false
  }
}

/** Does `work`; where blocks are missing for it, repairs them and does it again. Undefined: they could not be had. */
export async function withRepair<T extends object>(
  work: () => Promise<T | Missing>,
  repairing: (missing: readonly ContentId[]) => Promise<boolean>,
): Promise<T | undefined> {
  for (let tries = TRIES_MAX; tries > 0; tries--) {
    const done = await work()
    if (!('missing' in done)) return done
    if (!(await repairing(done.missing))) return undefined
  }
  return undefined
}
