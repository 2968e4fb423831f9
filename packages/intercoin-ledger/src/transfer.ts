import {
  type AccountId,
  accountOfPeer,
  bytesOfAccount,
  type NetworkId,
  openMessage,
  peerIdOfKey,
  type Signer,
  signMessage,
  type Verified,
} from '@interpeer/crypto-ids'
import { bytes, type Infer, message, uint53, uint64 } from '@interpeer/wire-codec'

/** An order to move coins, signed by the key that is the account `from`. */
export const transferMessage = message(
  'transfer',
  128,
  1,
  { from: bytes(32), to: bytes(32), amount: uint64, nonce: uint53 },
  { maxBytes: 128 },
)
export type Transfer = Infer<typeof transferMessage>

/** @throws {WireError} when the amount is no u64 */
export function signTransfer(
  order: { readonly to: AccountId; readonly amount: bigint; readonly nonce: number },
  signer: Signer,
  network: NetworkId,
): Uint8Array {
  const value = {
    from: bytesOfAccount(accountOfPeer(signer.peerId)),
    to: bytesOfAccount(order.to),
    amount: order.amount,
    nonce: order.nonce,
  }
  return signMessage(transferMessage, value, signer, network)
}
/** @throws {CryptoError} @throws {WireError} */
export function openTransfer(envelope: Uint8Array, network: NetworkId): Verified<Transfer> {
  return openMessage(transferMessage, envelope, network, ({ from }) => peerIdOfKey(from))
}
