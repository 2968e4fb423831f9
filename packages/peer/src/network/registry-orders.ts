import { accountOfPeer, contentIdOfBytes, jobIdOf, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { balanceOf, burn, type Ledger, move } from '@interpeer/intercoin-ledger'
import { type Verification, verifyFault, verifyOwnFault } from '@interpeer/peer-group'
import {
  type Evidence,
  evidenceMessage,
  openJoin,
  openRecovery,
  openRevocation,
  openRotation,
  openTerms,
  verifyVoteFault,
  withJoined,
  withRecovery,
  withRevoked,
  withRotated,
  withTerminated,
  withTerms,
} from '@interpeer/vote-chain'
import { NetworkError } from './errors.js'
import type { NetworkState } from './network-state.js'

export type RegistryOrder = 'join' | 'terms' | 'recovery' | 'rotate' | 'revoke' | 'evidence'

/** Carries out a transaction about the registry. What it throws is why it is refused. */
export function carryOutOrder(
  state: NetworkState,
  kind: RegistryOrder,
  transaction: Uint8Array,
  { height, verification }: { readonly height: number; readonly verification: Verification },
): NetworkState {
  const { registry, settings, network, ledger } = state
  switch (kind) {
    case 'join': {
      const order = openJoin(transaction, network)
      const joined = withJoined(registry, order, height, settings)
      return { ...state, registry: joined, ledger: burn(ledger, accountOfPeer(peerIdOfKey(order.peer)), settings.joiningFee) }
    }
    case 'terms':
      return { ...state, registry: withTerms(registry, openTerms(transaction, network), height, settings) }
    case 'recovery':
      return { ...state, registry: withRecovery(registry, openRecovery(transaction, network)) }
    case 'rotate': {
      const order = openRotation(transaction, network)
      const rotated = withRotated(registry, order)
      return { ...state, registry: rotated, ledger: movedAll(ledger, peerIdOfKey(order.peer), peerIdOfKey(order.heir)) }
    }
    case 'revoke':
      return { ...state, registry: withRevoked(registry, openRevocation(transaction, network)) }
    case 'evidence':
      return terminate(state, culpritOf(state, evidenceMessage.decode(transaction), verification))
  }
}

/** A key's money goes with its place, untaxed: it is the same owner's. */
function movedAll(ledger: Ledger, from: PeerId, to: PeerId): Ledger {
  const account = accountOfPeer(from)
  return move(ledger, { from: account, to: accountOfPeer(to), amount: balanceOf(ledger, account) })
}

/** Whose account some evidence ends. */
function culpritOf(state: NetworkState, { job, epoch, peer, envelopes }: Evidence, verification: Verification): PeerId {
  const accused = peerIdOfKey(peer)
  const found = job === null ? verifyVoteFault(envelopes, state.network) : groupFault()
  if (found !== accused) throw new NetworkError({ code: 'EVIDENCE_NOTHING' })
  return accused

  function groupFault(): PeerId | undefined {
    const id = jobIdOf(contentIdOfBytes(job as Uint8Array))
    const entry = state.jobs.get(id)
    const isCurrent = entry?.epoch.number === epoch
    // one or two messages prove themselves, whoever else was in the group; four need its members, whom only the open epoch's entry names
    if (envelopes.length > 2 && !isCurrent) return undefined
    const members = isCurrent && entry !== undefined ? entry.epoch.members : [accused]
    const context = { network: state.network, job: id, epoch, members }
    const own = () => verifyOwnFault(envelopes, context, undefined, verification)
    // an own part that only a run of the batch would show to be wrong proves nothing here
    return verifyFault(envelopes, context, verification)?.peer ?? (own()?.verdict === 'proven' ? own()?.peer : undefined)
  }
}

/** "The peer account gets terminated, any accrued funds are lost" (§6.6). */
function terminate(state: NetworkState, peer: PeerId): NetworkState {
  const after = ended(state, peer)
  if (after === state) throw new NetworkError({ code: 'EVIDENCE_KNOWN' })
  return after
}
/** The state without an account: its coins are burned. The same state, if it had ended. */
export function ended(state: NetworkState, peer: PeerId): NetworkState {
  const { registry, ended: keys } = withTerminated(state.registry, peer)
  if (keys.length === 0) return state
  const ledger = keys.reduce((left, key) => burn(left, accountOfPeer(key), balanceOf(left, accountOfPeer(key))), state.ledger)
  return { ...state, registry, ledger }
}
