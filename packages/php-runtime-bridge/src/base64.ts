const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** RFC 4648 §4, with or without padding. undefined: it is none. */
export function base64Bytes(text: string): Uint8Array | undefined {
  const digits = text.replace(/={0,2}$/, '')
  if (digits.length % 4 === 1) return undefined
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4))
  let [value, bits, at] = [0, 0, 0]
  for (const digit of digits) {
    const six = LETTERS.indexOf(digit)
    if (six < 0) return undefined
    value = ((value << 6) | six) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = (value >> bits) & 0xff
  }
  return bytes
}

export function base64Text(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const three = ((bytes[at] as number) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    for (let i = 0; i < 4; i++) text += at + i > bytes.length ? '=' : LETTERS[(three >> (18 - 6 * i)) & 63]
  }
  return text
}
