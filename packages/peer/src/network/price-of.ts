import { peekPayload } from '@interpeer/crypto-ids'
import { taxOf, transferMessage } from '@interpeer/intercoin-ledger'
import { publishMessage } from '@interpeer/job-scheduler'
import {
  changeRequestMessage,
  changeVoteMessage,
  joinMessage,
  type Price,
  presentMessage,
  recoveryMessage,
  revokeMessage,
  rotateMessage,
  termsMessage,
} from '@interpeer/vote-chain'
import { hexOf } from '@interpeer/wire-codec'
import type { NetworkState } from './network-state.js'
import { kindOfTransaction } from './transactions.js'

/**
 * What a transaction that was checked burns or pays as tax, and which account it is of. What groups and juries have to bring (closings, shows, evidence, disputes, verdicts) is free and
 * of nobody: it is bounded by what the state takes.
 */
export function priceOf({ settings }: NetworkState, transaction: Uint8Array): Price | undefined {
  const payload = peekPayload(transaction)
  if (payload === undefined) return undefined
  const of = (key: Uint8Array, turn: string | undefined, fee = 0n): Price => ({ of: hexOf(key), turn, fee })
  switch (kindOfTransaction(transaction)) {
    case 'transfer': {
      const { from, amount, nonce } = transferMessage.decode(payload)
      return of(from, `transfer ${nonce}`, taxOf(amount, settings.transferTaxPerMille))
    }
    case 'publish': {
      const { uploader, escrow } = publishMessage.decode(payload)
      const tax = taxOf(escrow, settings.transferTaxPerMille)
      // biome-ignore lint/complexity/useMathMinMax: bigints
      return of(uploader, undefined, settings.publishFee > tax ? settings.publishFee : tax)
    }
    case 'join':
      return of(joinMessage.decode(payload).peer, 'join', settings.joiningFee)
    case 'change':
      return of(changeRequestMessage.decode(payload).proposer, undefined, settings.changeFee)
    case 'vote': {
      const { voter, request, turn } = changeVoteMessage.decode(payload)
      return of(voter, `vote ${hexOf(request)} ${turn}`)
    }
    case 'present':
      return of(presentMessage.decode(payload).peer, 'present')
    case 'terms': {
      const { peer, order } = termsMessage.decode(payload)
      return of(peer, `order ${order}`)
    }
    case 'recovery': {
      const { peer, order } = recoveryMessage.decode(payload)
      return of(peer, `order ${order}`)
    }
    case 'rotate':
      return of(rotateMessage.decode(payload).peer, 'rotate')
    case 'revoke':
      return of(revokeMessage.decode(payload).peer, 'revoke')
    default:
      return undefined
  }
}
