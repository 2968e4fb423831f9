import {
  bytesOfContentId,
  contentIdOfBytes,
  type JobId,
  jobIdOf,
  type NetworkId,
  peekMessageNumber,
  peekPayload,
  type Signer,
} from '@interpeer/crypto-ids'
import { transferMessage } from '@interpeer/intercoin-ledger'
import { closeMessage, publishMessage, showPartBytes, showPartMessage, signShowParts } from '@interpeer/job-scheduler'
import { accusationMessage, accusationVerdict, disputeMessage, showMessage, verdictMessage } from '@interpeer/peer-group'
import {
  changeRequestMessage,
  changeVoteMessage,
  evidenceMessage,
  joinMessage,
  presentMessage,
  recoveryMessage,
  revokeMessage,
  rotateMessage,
  signPresent,
  termsMessage,
} from '@interpeer/vote-chain'
import { disputePartMessage } from './dispute-parts.js'
import type { NetworkState } from './network-state.js'
import type { RegistryOrder } from './registry-orders.js'

/** What can stand in a block. All are signed messages but `close`, `evidence` and `dispute`, whose parts are signed. */
export type TransactionKind =
  | 'publish'
  | 'transfer'
  | 'close'
  | 'show'
  | 'show-part'
  | 'present'
  | 'change'
  | 'vote'
  | 'dispute'
  | 'dispute-part'
  | 'verdict'
  | 'accusation'
  | 'accusation-verdict'
  | RegistryOrder

const KINDS: ReadonlyMap<number, TransactionKind> = new Map([
  [publishMessage.number, 'publish'],
  [transferMessage.number, 'transfer'],
  [showMessage.number, 'show'],
  [showPartMessage.number, 'show-part'],
  [presentMessage.number, 'present'],
  [joinMessage.number, 'join'],
  [termsMessage.number, 'terms'],
  [recoveryMessage.number, 'recovery'],
  [rotateMessage.number, 'rotate'],
  [revokeMessage.number, 'revoke'],
  [changeRequestMessage.number, 'change'],
  [changeVoteMessage.number, 'vote'],
  [disputePartMessage.number, 'dispute-part'],
  [verdictMessage.number, 'verdict'],
  [accusationMessage.number, 'accusation'],
  [accusationVerdict.number, 'accusation-verdict'],
])

/** Which kind of transaction some bytes would be, by their message number alone; undefined: none. */
export function kindOfTransaction(transaction: Uint8Array): TransactionKind | undefined {
  const number = peekMessageNumber(transaction)
  if (number !== undefined) return KINDS.get(number)
  const first = firstNumber(transaction)
  if (first === evidenceMessage.number) return 'evidence'
  return first === disputeMessage.number ? 'dispute' : 'close'
}
/** The number that an array of CBOR begins with, if it is one from 24 to 255: what is not signed begins with that of its message. */
const firstNumber = ([, first, second]: Uint8Array): number | undefined => (first === 0x18 ? second : undefined)

/** Brings a group's closing certificate and its batch to the chain. Anyone may; the second time it is refused. */
export function epochCloseTransaction(job: JobId, certificate: Uint8Array, batch: Uint8Array): Uint8Array {
  return closeMessage.encode({ job: bytesOfContentId(job), certificate, batch })
}

/**
 * What a member hands in to bring its show to the chain: the show, or signed parts of it where a block with a full certificate has no room for all.
 * @param show this peer's own
 */
export function showTransactions(show: Uint8Array, blockBytesMax: number, signer: Signer, network: NetworkId): readonly Uint8Array[] {
  const payload = peekPayload(show)
  if (show.length <= showPartBytes(blockBytesMax) || payload === undefined) return [show]
  const { job, epoch } = showMessage.decode(payload)
  return signShowParts(show, { job: jobIdOf(contentIdOfBytes(job)), epoch, blockBytesMax }, signer, network)
}

/**
 * What a peer submits to get seats again, if the chain takes it to be gone, or to stay an elector, if nothing was heard of it for half of the
 * time that this takes. Undefined: neither.
 */
export function presentTransaction({ registry, network, settings, height }: NetworkState, signer: Signer): Uint8Array | undefined {
  const entry = registry.get(signer.peerId)
  if (entry === undefined || (entry.standing !== 'joined' && entry.standing !== 'joining')) return undefined
  if (entry.awaySinceHeight !== null) return signPresent(entry.awaySinceHeight, signer, network)
  return 2 * (height - entry.activeHeight) > settings.activeCycles ? signPresent(entry.activeHeight, signer, network) : undefined
}
