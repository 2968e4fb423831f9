import { accountOfPeer, type PeerId } from '@interpeer/crypto-ids'
import { balanceOf, COMMONS, type Ledger } from '@interpeer/intercoin-ledger'
import type { NetworkState } from './network-state.js'
import { movedAtMost, payeeOf } from './pay.js'

/** Who judged, and who has to pay for it, in equal parts; nobody: the commons account. */
export interface JuryPay {
  readonly owed: readonly PeerId[]
  readonly owing: readonly PeerId[]
}
type Paying = Pick<NetworkState, 'settings' | 'ledger' | 'registry'>

/**
 * Jurors are paid by the losing side, in equal parts and as far as it has coins, otherwise from the commons account; with `isInVain` nothing comes from that, and they
 * share what the losing side has. Heirs pay, and are paid, for rotated keys.
 */
export function paidJurors(state: Paying, { owed, owing }: JuryPay, { isInVain = false } = {}): Ledger {
  const share = shareOf(state, { owed, owing })
  const accountFor = (peer: PeerId) => payeeOf(state, accountOfPeer(peer))
  const collected = owing.reduce((all, peer) => movedAtMost(all, { from: accountFor(peer), to: COMMONS, most: share }), state.ledger)
  const had = balanceOf(collected, COMMONS) - balanceOf(state.ledger, COMMONS)
  const fee = isInVain && owed.length > 0 ? had / BigInt(owed.length) : state.settings.jurorFee
  return owed.reduce((all, peer) => movedAtMost(all, { from: COMMONS, to: accountFor(peer), most: fee }), collected)
}

/** Whether a peer that owes has not the coins for its part. */
export const canNotPay = (state: Paying, peer: PeerId, pay: JuryPay): boolean =>
  pay.owing.includes(peer) && balanceOf(state.ledger, payeeOf(state, accountOfPeer(peer))) < shareOf(state, pay)

const shareOf = ({ settings }: Paying, { owed, owing }: JuryPay): bigint =>
  owing.length === 0 ? 0n : (settings.jurorFee * BigInt(owed.length)) / BigInt(owing.length)
