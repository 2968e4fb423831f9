import {
  bytesOfContentId,
  CryptoError,
  createOpener,
  type JobId,
  type NetworkId,
  type Opener,
  type PeerId,
  peerIdOfKey,
  type Verified,
  vrfVerify,
} from '@interpeer/crypto-ids'
import { hexOf, type Message, sameBytes, WireError } from '@interpeer/wire-codec'

/** Which group's messages are meant. */
export interface GroupContext {
  readonly network: NetworkId
  readonly job: JobId
  readonly epoch: number
  /** In the order of their seats. */
  readonly members: readonly PeerId[]
}
export interface FromMember {
  readonly job: Uint8Array
  readonly epoch: number
  readonly from: Uint8Array
}
export interface Opened<T> {
  readonly value: Verified<T>
  readonly seat: number
  readonly envelope: Uint8Array
}
/** Remembers which signatures and proofs held. May be shared by all groups of a network in one process: no answer depends on it. */
export interface Verification {
  readonly opener: Opener
  readonly vrfVerify: typeof vrfVerify
}

export function createVerification(network: NetworkId, entriesMax = 4096): Verification {
  const outputs = new Map<string, Uint8Array | undefined>()
  return {
    opener: createOpener({ network, cacheEntriesMax: entriesMax }),
    vrfVerify: (publicKey, alpha, proof) => {
      const name = `${hexOf(publicKey)}${hexOf(alpha)}${hexOf(proof)}`
      if (outputs.has(name)) return outputs.get(name)
      const output = vrfVerify(publicKey, alpha, proof)
      if (outputs.size >= entriesMax) outputs.delete(outputs.keys().next().value as string)
      outputs.set(name, output)
      return output
    },
  }
}

/** Opens the messages of one epoch. Anything else is a code, not an exception. */
export interface Verifier {
  readonly context: GroupContext
  readonly verification: Verification
  readonly open: <T extends FromMember>(message: Message<T>, envelope: Uint8Array, guests?: readonly PeerId[]) => Opened<T> | string
}

export function createVerifier(context: GroupContext, verification: Verification = createVerification(context.network)): Verifier {
  const job = bytesOfContentId(context.job)
  const seats = new Map(context.members.map((peer, seat) => [peer, seat]))
  const open: Verifier['open'] = (message, envelope, guests = []) => {
    let [seat, code] = [-1, 'MESSAGE_UNREADABLE']
    try {
      const value = verification.opener.open(message, envelope, (claimed) => {
        // before any signature is verified, so that strangers and other epochs cost nothing
        if (!sameBytes(claimed.job, job)) code = 'OTHER_JOB'
        else if (claimed.epoch !== context.epoch) code = 'OTHER_EPOCH'
        else {
          const peer = peerIdOfKey(claimed.from)
          seat = seats.get(peer) ?? -1
          if (seat >= 0 || guests.includes(peer)) return peer
          code = 'NOT_A_MEMBER'
        }
        return undefined
      })
      return { value, seat, envelope }
    } catch (error) {
      if (error instanceof CryptoError && error.code === 'SIGNATURE_WRONG') return 'SIGNATURE_WRONG'
      if (error instanceof CryptoError || error instanceof WireError) return code
      throw error
    }
  }
  return { context, verification, open }
}
