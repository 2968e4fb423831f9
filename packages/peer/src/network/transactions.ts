import { bytesOfContentId, type JobId, peekMessageNumber, type Signer } from '@interpeer/crypto-ids'
import { transferMessage } from '@interpeer/intercoin-ledger'
import { closeMessage, publishMessage } from '@interpeer/job-scheduler'
import { showMessage } from '@interpeer/peer-group'
import { presentMessage, signPresent } from '@interpeer/vote-chain'
import type { NetworkState } from './network-state.js'

/** What can stand in a block. All but `close` are signed messages; a close carries a certificate, which is signed by the group. */
export type TransactionKind = 'publish' | 'transfer' | 'close' | 'show' | 'present'

/** Which kind of transaction some bytes would be, by their message number alone; undefined: none. */
export function kindOfTransaction(transaction: Uint8Array): TransactionKind | undefined {
  switch (peekMessageNumber(transaction)) {
    case publishMessage.number:
      return 'publish'
    case transferMessage.number:
      return 'transfer'
    case showMessage.number:
      return 'show'
    case presentMessage.number:
      return 'present'
    case undefined:
      return 'close'
    default:
      return undefined
  }
}

/** Brings a group's closing certificate and its batch to the chain. Anyone may; the second time it is refused. */
export function epochCloseTransaction(job: JobId, certificate: Uint8Array, batch: Uint8Array): Uint8Array {
  return closeMessage.encode({ job: bytesOfContentId(job), certificate, batch })
}

/** What a peer that the chain takes to be gone submits to get seats again; undefined while it is not taken to be gone. */
export function presentTransaction({ registry, network }: NetworkState, signer: Signer): Uint8Array | undefined {
  const away = registry.get(signer.peerId)?.awaySinceHeight ?? null
  return away === null ? undefined : signPresent(away, signer, network)
}
