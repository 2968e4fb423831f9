import type { PeerId } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import { type Genesis, hashOfHeader, lightFromGenesis, trustedCycles } from '@interpeer/vote-chain'
import { concatBytes } from '@interpeer/wire-codec'
import type { AddressBook } from './address-book.js'
import { agree, headersUntil } from './chain-sync.js'
import { chosenSources } from './chosen-sources.js'
import type { PeerLog } from './log.js'
import { SyncSources } from './sync-sources.js'

const HASH_BYTES = 32

/**
 * Hashes of all blocks from the first to the newest checkpoint that most sources name alike: who follows from the genesis needs no certificates of them, which others keep
 * for a while only. Of a chain so young that they have all, and where sources don't agree, none: then certificates say what holds, and no more is taken than has one.
 */
export async function provenBlocks(at: {
  readonly genesis: Genesis
  readonly overlay: Pick<Overlay, 'request'>
  readonly addresses: Pick<AddressBook, 'known' | 'start'>
  readonly bootstrap: readonly PeerId[]
  readonly now: () => number
  readonly log: PeerLog
  readonly count: (code: string) => void
  readonly signal: AbortSignal
}): Promise<(height: number) => Uint8Array | undefined> {
  const { genesis, now, log, signal } = at
  if (now() < genesis.startMs + trustedCycles(genesis) * genesis.settings.cycleMs) return () => undefined
  try {
    const sources = new SyncSources({ ...at, peers: await chosenSources(at) })
    const { newest } = await agree({ genesis, sources })
    const hashes = concatBytes(...(await headersUntil({ genesis, sources }, lightFromGenesis(genesis), newest, hashOfHeader)))
    return (height) => {
      const place = (height - 1) * HASH_BYTES
      return place < 0 || place >= hashes.length ? undefined : hashes.subarray(place, place + HASH_BYTES)
    }
  } catch (error) {
    if (signal.aborted) throw error
    log.info({ err: error }, 'no checkpoint shows the blocks before: only those with certificates are taken')
    return () => undefined
  }
}
