// Names are made and read for every block, so this is done here for their one length: half of what the multibase codec for any length costs.
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567' // RFC 4648, lower case, as multibase `b` has it
const BYTES = 36
/** `b`, and 58 digits: 288 bits and two of padding. */
const CHARACTERS = 59
const CODES = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0))
const DIGITS = new Uint8Array(128)
for (const [digit, code] of CODES.entries()) DIGITS[code] = digit

/** 36 bytes as multibase base32. */
export function base32OfName(bytes: Uint8Array): string {
  const codes = new Array<number>(CHARACTERS)
  codes[0] = 0x62
  let [bits, held, at] = [0, 0, 1]
  for (let i = 0; i < BYTES; i++) {
    held = ((held & 0xff) << 8) | (bytes[i] as number)
    for (bits += 8; bits >= 5; at++) {
      bits -= 5
      codes[at] = CODES[(held >> bits) & 31] as number
    }
  }
  codes[at] = CODES[(held << (5 - bits)) & 31] as number
  return String.fromCharCode(...codes)
}

/** The 36 bytes of a name that was checked when it became one. */
export function bytesOfBase32Name(name: string): Uint8Array {
  const bytes = new Uint8Array(BYTES)
  let [bits, held, at] = [0, 0, 0]
  for (let i = 1; at < BYTES; i++) {
    held = ((held & 0xff) << 5) | (DIGITS[name.charCodeAt(i)] as number)
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (held >> bits) & 0xff
    }
  }
  return bytes
}
