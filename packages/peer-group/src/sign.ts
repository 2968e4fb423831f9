import { signMessage, type Verified } from '@interpeer/crypto-ids'
import type { Message } from '@interpeer/wire-codec'
import type { Turn } from './group-state.js'
import type { FromMember, Opened } from './verifier.js'

/** Signs a message of this member, and gives it as if it had come in, so that own and others' messages take one way. */
export function sign<T extends FromMember>(t: Turn, message: Message<T>, fields: Omit<T, 'job' | 'epoch' | 'from'>): Opened<T> {
  const { self, setup, job, seat } = t.g
  const value = { ...fields, job, epoch: setup.epoch, from: self.publicKey } as unknown as T
  return { value: value as Verified<T>, seat, envelope: signMessage(message, value, self, setup.network) }
}
