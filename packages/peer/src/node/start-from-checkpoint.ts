import { setTimeout as sleep } from 'node:timers/promises'
import type { PeerId } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import { type Application, ChainError, type Genesis, trustedCycles } from '@interpeer/vote-chain'
import { PeerError } from '../errors.js'
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
 * the network's founders did: whoever merely tells that it is there is not asked. Where that comes to nothing, the chain is followed from its genesis only while
 * those who could write another past from there are still bound by it (`mayFollow`).
 * @throws {PeerError} SYNC_REFUSED
 */
export async function startFromCheckpoint<S>(at: {
  readonly genesis: Genesis
  readonly application: Application<S>
  readonly self: PeerId
  readonly overlay: Pick<Overlay, 'request'>
  readonly addresses: Pick<AddressBook, 'known' | 'start'>
  readonly bootstrap: readonly PeerId[]
  readonly store: ChainStore
  /** The hash of a checkpoint's header that this peer's owner trusts. */
  readonly checkpoint?: Uint8Array | undefined
  readonly now: () => number
  readonly log: PeerLog
  readonly count: (code: string) => void
  readonly signal: AbortSignal
}): Promise<void> {
  const { genesis, overlay, log, count, signal } = at
  const { checkpointCycles, cycleMs } = genesis.settings
  if (at.checkpoint === undefined && at.now() < genesis.startMs + 2 * checkpointCycles * cycleMs) return // there are not two yet
  const begunMs = performance.now()
  const peers = await chosenSources(at)
  try {
    const found = await syncCheckpoint({ ...at, sources: new SyncSources({ overlay, peers, log, count, signal }) })
    await at.store.putCheckpoint(found.height, found.checkpoint)
    const took = { height: found.height, newest: found.newest, ms: Math.round(performance.now() - begunMs) }
    log.info(took, 'the chain begins at a checkpoint')
  } catch (error) {
    if (signal.aborted) throw error
    if (at.checkpoint !== undefined || !mayFollow(at, error, peers)) {
      const because = (error as { readonly code?: string }).code ?? String(error)
      throw new PeerError({ code: 'SYNC_REFUSED', because, told: toldOf(error)?.told ?? null }, { cause: error })
    }
    log.info({ err: error }, 'no checkpoint to begin from: the chain is followed from its genesis')
  }
}

/** Peers that this one's owner or the network's founders chose, as far as their addresses are known. */
export async function chosenSources({
  genesis,
  addresses,
  bootstrap,
}: {
  readonly genesis: Genesis
  readonly addresses: Pick<AddressBook, 'known' | 'start'>
  readonly bootstrap: readonly PeerId[]
}): Promise<readonly PeerId[]> {
  const begunMs = performance.now()
  const chosen = new Set<PeerId>([...bootstrap, ...genesis.peers])
  const sources = () => addresses.known.filter((peer) => chosen.has(peer)).slice(0, SOURCES_MAX)
  if (sources().length > 0) addresses.start()
  const isEnough = () => sources().length === 0 || sources().length >= Math.min(SOURCES_WANTED, genesis.peers.length)
  while (!isEnough() && performance.now() - begunMs < SOURCES_MS) await sleep(LOOK_MS)
  return sources()
}

const toldOf = (error: unknown) => (error instanceof ChainError && error.failure.code === 'SYNC_SOURCES' ? error.failure : undefined)

/**
 * Whether the chain may be followed from its genesis: as long as the electors of then count as active. Later they may have left, and who buys their keys writes
 * another past that no new peer can tell from what was. A chain that stood still is as young as its height; a founder that nobody answers begins it.
 */
function mayFollow(
  { genesis, self, now }: { readonly genesis: Genesis; readonly self: PeerId; readonly now: () => number },
  error: unknown,
  sources: readonly PeerId[],
): boolean {
  const cycles = trustedCycles(genesis)
  if (now() < genesis.startMs + cycles * genesis.settings.cycleMs) return true
  const said = toldOf(error)
  if (said === undefined || said.height >= cycles) return false
  return genesis.peers.includes(self) || (said.told > 0 && said.told >= Math.min(2, sources.length))
}
