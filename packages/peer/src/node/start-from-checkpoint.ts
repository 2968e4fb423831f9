import { setTimeout as sleep } from 'node:timers/promises'
import type { PeerId } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import type { Application, Genesis } from '@interpeer/vote-chain'
import type { AddressBook } from './address-book.js'
import type { ChainStore } from './chain-store.js'
import { syncCheckpoint } from './chain-sync.js'
import type { PeerLog } from './log.js'
import { SyncSources } from './sync-sources.js'

/** Sources that are waited for, and how long: bootstrap peers tell where the genesis's are. */
const [SOURCES_WANTED, SOURCES_MS, LOOK_MS] = [4, 2_000, 100]
const SOURCES_MAX = 16

/**
 * Fills an empty store with a checkpoint that most sources name alike. Sources are the bootstrap peers, which this one's owner chose, and those of the genesis, which
 * the network's founders did: whoever merely tells that it is there is not asked. Where that comes to nothing, the chain is followed from its genesis.
 */
export async function startFromCheckpoint<S>(at: {
  readonly genesis: Genesis
  readonly application: Application<S>
  readonly overlay: Overlay
  readonly addresses: AddressBook
  readonly bootstrap: readonly PeerId[]
  readonly store: ChainStore
  readonly now: () => number
  readonly log: PeerLog
  readonly count: (code: string) => void
  readonly signal: AbortSignal
}): Promise<void> {
  const { genesis, addresses, overlay, log, count, signal } = at
  const { checkpointCycles, cycleMs } = genesis.settings
  if (at.now() < genesis.startMs + 2 * checkpointCycles * cycleMs) return // there are not two yet
  const begunMs = performance.now()
  const chosen = new Set<PeerId>([...at.bootstrap, ...genesis.peers])
  const sources = () => addresses.known.filter((peer) => chosen.has(peer)).slice(0, SOURCES_MAX)
  if (sources().length === 0) return
  addresses.start()
  while (sources().length < Math.min(SOURCES_WANTED, genesis.peers.length) && performance.now() - begunMs < SOURCES_MS) await sleep(LOOK_MS)
  try {
    const found = await syncCheckpoint({ ...at, sources: new SyncSources({ overlay, peers: sources(), log, count, signal }) })
    await at.store.putCheckpoint(found.height, found.checkpoint)
    const took = { height: found.height, newest: found.newest, ms: Math.round(performance.now() - begunMs) }
    log.info(took, 'the chain begins at a checkpoint')
  } catch (error) {
    log.info({ err: error }, 'no checkpoint to begin from: the chain is followed from its genesis')
  }
}
