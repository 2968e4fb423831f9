import { peekMessageNumber } from '@interpeer/crypto-ids'

/** The number of a message, in a signed envelope or bare; not verified: it only chooses who reads it. */
export function numberOf(message: Uint8Array): number | undefined {
  const signed = peekMessageNumber(message)
  if (signed !== undefined) return signed
  const [first = 0, head = 0xff, next] = message
  if (first < 0x81 || first > 0x97) return undefined
  return head < 24 ? head : head === 0x18 ? next : undefined
}
