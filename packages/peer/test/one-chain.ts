import type { RecordStore } from '@interpeer/content-store'
import { type ChainState, type Genesis, stepChain } from '@interpeer/vote-chain'
import { hexOf } from '@interpeer/wire-codec'
import { type NetworkState, networkApplication } from '../src/network/index.js'
import { ChainStore } from '../src/node/chain-store.js'
import { SyncDesk } from '../src/node/sync-desk.js'
import { publication, signers } from './network-world.js'

export const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Who proves no seats. */
export const noSeats = {
  answer: () => {
    throw new Error('nobody asks for seats')
  },
}

/** Answers whoever starts from this chain as one stranger to another, at a time that stands still. */
export const deskOf = (store: ChainStore): SyncDesk<NetworkState> =>
  new SyncDesk({ store, mapOf: ({ maps }, set) => maps[set], nowMs: () => 0, isKnown: () => false, seats: noSeats })

/** When each chain was gone on with last: files share this module, and none may make another's chains later. */
const times = new WeakMap<RecordStore, number>()
/** Whoever opens a chain again does so later than all of them. */
let latestMs = 0

/** A network of one peer, which certifies alone: what its chain is on disk. */
export function openedChain(
  genesis: Genesis,
  records: RecordStore,
  counted: string[] = [],
  onTip?: (tip: ChainState<NetworkState>['tip']) => void,
  nowMs = latestMs,
) {
  const store = new ChainStore(records, (code) => void counted.push(code))
  const options = { genesis, application: networkApplication(genesis.network), signer: signers[0] as never, nowMs, onTip }
  return { store, state: store.open<NetworkState>(options, log).state }
}
/** Goes on to a height after so long, writing as a peer does, with a job in every third block. Returns the hash of each block by height. */
export async function chainTo(
  genesis: Genesis,
  records: RecordStore,
  height: number,
  hashes = new Map<number, string>(),
  lagMs = 0,
): Promise<Map<number, string>> {
  let nowMs = (times.get(records) ?? genesis.startMs) + lagMs
  const { store, state: first } = openedChain(genesis, records, [], undefined, nowMs)
  let state: ChainState<NetworkState> = first
  while (state.tip.height < height) {
    nowMs += 50
    const at = state.tip.height
    const { transaction } = publication(genesis, { name: `site${at}`, seats: 1, escrow: 20_000_000n })
    const submit = { type: 'submit' as const, transaction, nowMs }
    for (const event of [...(at % 3 === 0 ? [submit] : []), { type: 'time' as const, nowMs }]) {
      const step = stepChain(state, event)
      state = step.state
      for (const effect of step.effects) {
        if (effect.type === 'persist') await store.persist(effect.bytes)
        if (effect.type !== 'block') continue
        hashes.set(effect.block.header.height, hexOf(effect.hash))
        await store.put(effect.block.header.height, effect.bytes, effect.checkpoint, effect.spare)
      }
    }
  }
  times.set(records, nowMs)
  latestMs = Math.max(latestMs, nowMs)
  return hashes
}
