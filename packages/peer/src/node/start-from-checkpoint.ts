import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import { type Application, ChainError, type Genesis, isTrusted, trustedCycles } from '@interpeer/vote-chain'
import { PeerError } from '../errors.js'
import { type AwakeOptions, afterSleep } from './after-sleep.js'
import type { ChainStore } from './chain-store.js'
import { syncCheckpoint } from './chain-sync.js'
import { chosenSources } from './chosen-sources.js'
import { SyncSources } from './sync-sources.js'

export interface StartOptions<S> extends AwakeOptions {
  readonly application: Application<S>
  readonly store: ChainStore
  /** The hash of a checkpoint's header that this peer's owner trusts. */
  readonly checkpoint?: Uint8Array | undefined
  readonly now: () => number
}

/**
 * Begins a peer's chain (`beginChain`) and opens it. Where nothing on the disk can be read that it could be opened from, it is given up, and the peer begins as a new one: from its genesis
 * it would follow whoever answers first.
 * @throws {PeerError} SYNC_REFUSED
 */
export async function openBegun<S, T>(at: StartOptions<S>, open: () => T): Promise<T> {
  await beginChain(at)
  try {
    return open()
  } catch (error) {
    if (!(error instanceof PeerError && error.failure.code === 'CHAIN_UNREADABLE')) throw error
    at.log.warn({ err: error, checkpoints: error.failure.checkpoints }, 'no checkpoint can be read from the disk: this peer begins anew')
    await at.store.forget()
    await beginChain(at)
    return open()
  }
}

/**
 * What a peer's chain begins with, if not with its first block: a store without blocks is filled (`startFromCheckpoint`), and who slept for long goes on only where sources say
 * that it may, or begins anew.
 * @throws {PeerError} SYNC_REFUSED
 */
export async function beginChain<S>(at: StartOptions<S>): Promise<void> {
  const { store, genesis, now, log } = at
  const last = store.last()
  if (last === undefined) return startFromCheckpoint(at)
  if (isTrusted(genesis, last, now())) return
  log.warn({ height: last.height, timeMs: last.timeMs }, 'this peer slept for long: it asks whether it may go on from where it stopped')
  const named = at.checkpoint === undefined ? undefined : 'anew'
  const way = named ?? (await afterSleep(at, { ...last, hashAt: (height) => store.hashAt(height) }))
  if (way === 'anew') await startFromCheckpoint(at, last.height)
}

/**
 * Fills a store with a checkpoint that most sources name alike. Sources are the bootstrap peers, which this one's owner chose, and those of the genesis, which
 * the network's founders did: whoever merely tells that it is there is not asked. Where that comes to nothing, the chain is followed from its genesis only while
 * those who could write another past from there are still bound by it (`mayFollow`).
 * @param slept the height of a peer that was away: it follows from no older block
 * @throws {PeerError} SYNC_REFUSED
 */
export async function startFromCheckpoint<S>(at: StartOptions<S>, slept?: number): Promise<void> {
  const { genesis, overlay, log, count, signal } = at
  const { checkpointCycles, cycleMs } = genesis.settings
  const isNew = slept === undefined
  if (isNew && at.checkpoint === undefined && at.now() < genesis.startMs + 2 * checkpointCycles * cycleMs) return // there are not two yet
  const begunMs = performance.now()
  const peers = await chosenSources(at)
  try {
    const held = (cid: ContentId) => at.store.part(cid)
    const found = await syncCheckpoint({ ...at, held, sources: new SyncSources({ overlay, peers, log, count, signal }) })
    await at.store.begin(found.height, found.checkpoint)
    const took = { height: found.height, newest: found.newest, slept: slept ?? null, ms: Math.round(performance.now() - begunMs) }
    log.info(took, 'the chain begins at a checkpoint')
  } catch (error) {
    if (signal.aborted) throw error
    if (!isNew || at.checkpoint !== undefined || !mayFollow(at, error, peers)) {
      const because = (error as { readonly code?: string }).code ?? String(error)
      throw new PeerError({ code: 'SYNC_REFUSED', because, told: toldOf(error)?.told ?? null }, { cause: error })
    }
    log.info({ err: error }, 'no checkpoint to begin from: the chain is followed from its genesis')
  }
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
  // One alone that says otherwise is believed: who begins with nothing would take another past for good, and loses nothing by asking again. A peer that has a
  // chain asks what most say (`afterSleep`).
  if (said?.heights.every((height) => height < cycles) !== true) return false
  return genesis.peers.includes(self) || (said.told > 0 && said.told >= Math.min(2, sources.length))
}
