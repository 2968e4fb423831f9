import { MAC_BYTES } from './onion-format.js'

// A hop's part of the area: the payload's length as BOLT's BigSize (one byte below 253, else fd and two bytes), the payload,
// and the HMAC of the packet that goes on: zeros at the last hop.
const ONE_BYTE_MAX = 0xfc
const TWO_BYTES_MARK = 0xfd

/** How many bytes of the area a payload of this length takes. */
export function frameBytesOf(payloadBytes: number): number {
  return (payloadBytes > ONE_BYTE_MAX ? 3 : 1) + payloadBytes + MAC_BYTES
}

/** The longest payload whose frame fits; negative where not even an empty one does. */
export function payloadBytesIn(room: number): number {
  const long = room - 3 - MAC_BYTES
  return long > ONE_BYTE_MAX ? long : Math.min(room - 1 - MAC_BYTES, ONE_BYTE_MAX)
}

export function writeFrame(target: Uint8Array, payload: Uint8Array, nextMac: Uint8Array): void {
  const head = payload.length > ONE_BYTE_MAX ? [TWO_BYTES_MARK, payload.length >> 8, payload.length & 0xff] : [payload.length]
  target.set(head)
  target.set(payload, head.length)
  target.set(nextMac, head.length + payload.length)
}

/** Where the payload lies, or undefined where the length is written in another way or reaches beyond the area. */
export function readFrame(clear: Uint8Array, areaBytes: number): { readonly from: number; readonly to: number } | undefined {
  const first = clear[0] as number
  if (first > TWO_BYTES_MARK) return undefined
  const from = first === TWO_BYTES_MARK ? 3 : 1
  const length = first === TWO_BYTES_MARK ? ((clear[1] as number) << 8) | (clear[2] as number) : first
  const isShortest = first !== TWO_BYTES_MARK || length > ONE_BYTE_MAX
  return isShortest && from + length + MAC_BYTES <= areaBytes ? { from, to: from + length } : undefined
}
