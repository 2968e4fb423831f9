import { accountOfPeer, peerIdOfKey } from '@interpeer/crypto-ids'
import { burn } from '@interpeer/intercoin-ledger'
import {
  type BlockInfo,
  type ChangePatch,
  openChangeRequest,
  openChangeVote,
  PROGRAM_VERSION,
  patchedSettings,
  withChangeRequest,
  withChangeVote,
  withSettled,
} from '@interpeer/vote-chain'
import { NetworkError } from './errors.js'
import type { NetworkState } from './network-state.js'
import { movedAtMost, payeeOf } from './pay.js'
import { ended } from './registry-orders.js'

/** Carries out a change request, whose fee is burned, or a vote on one (§6.8). What it throws is why it is refused. */
export function carryOutChange(state: NetworkState, kind: 'change' | 'vote', transaction: Uint8Array, height: number): NetworkState {
  const { network, changes, registry, settings, ledger, activeCyclesMin } = state
  const at = { height, registry, rules: settings }
  if (kind === 'vote') return { ...state, changes: withChangeVote(changes, openChangeVote(transaction, network), at) }
  const order = openChangeRequest(transaction, network)
  const requested = withChangeRequest(changes, order, { ...at, activeCyclesMin })
  return { ...state, changes: requested, ledger: burn(ledger, accountOfPeer(peerIdOfKey(order.proposer)), settings.changeFee) }
}

/**
 * What comes first in a block: the changes that are valid from it on, by the votes that its state before had. They follow from that state
 * alone, so they apply at one height everywhere, whoever was asleep when they were voted on.
 * @throws {NetworkError} PROGRAM_OLD: the chain's rules are newer than this program's. It must not guess them: it stops here
 */
export function settled(before: NetworkState, { height }: Pick<BlockInfo, 'height'>): NetworkState {
  const { changes, patches } = withSettled(before.changes, { height, registry: before.registry, rules: before.settings })
  const after = patches.reduce(patched, changes === before.changes ? before : { ...before, changes })
  const { programVersion } = after.settings
  if (programVersion > PROGRAM_VERSION) throw new NetworkError({ code: 'PROGRAM_OLD', known: PROGRAM_VERSION, needed: programVersion })
  return after
}
function patched(state: NetworkState, patch: ChangePatch): NetworkState {
  // As much as there is: whoever was to lose it may have spent the rest since. Of a rotated key, its heir's.
  const ledger = patch.moves.reduce((left, { from, to, amount }) => {
    return movedAtMost(left, { from: payeeOf(state, from), to: payeeOf(state, to), most: amount })
  }, state.ledger)
  const without = patch.ends.reduce(ended, { ...state, ledger })
  return { ...without, settings: patchedSettings(state.settings, patch) }
}
