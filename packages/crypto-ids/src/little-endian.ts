/** The order L of Ed25519's prime-order group (RFC 8032 §5.1). */
export const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

/** The number that little-endian bytes name, of any length. */
export function numberOfLe(bytes: Uint8Array): bigint {
  let hex = ''
  for (let i = bytes.length - 1; i >= 0; i--) hex += (bytes[i] as number).toString(16).padStart(2, '0')
  return hex === '' ? 0n : BigInt(`0x${hex}`)
}

/** `length` little-endian bytes. The number must fit. */
export function leOfNumber(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let rest = value
  for (let i = 0; i < length; i++) {
    bytes[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}

/** Compares 32 little-endian bytes with another 32 as numbers, without making numbers of them. */
export function isBelowLe(bytes: Uint8Array, bound: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (bytes[i] as number) - (bound[i] as number)
    if (difference !== 0) return difference < 0
  }
  return false
}
