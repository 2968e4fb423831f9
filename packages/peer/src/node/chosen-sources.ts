import { setTimeout as sleep } from 'node:timers/promises'
import type { PeerId } from '@interpeer/crypto-ids'
import type { Genesis } from '@interpeer/vote-chain'
import type { AddressBook } from './address-book.js'

/** Sources that are waited for, and how long: bootstrap peers tell where the genesis's are. */
const [SOURCES_WANTED, SOURCES_MS, LOOK_MS] = [4, 2_000, 100]
const SOURCES_MAX = 16

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
