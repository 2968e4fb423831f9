/** More parts than any message of ours has. */
const FIELDS_MAX = 256
const COLON = 58
const ZERO = 48

/**
 * How a script and the runtime talk: byte strings one after the other, each with its length before it (decimal without leading zeros, ':'), and
 * nothing else, as in netstrings. Any script may send anything, so the reader takes only what the writer would have written.
 * @returns undefined where the bytes are not that, or more than 256 of them
 */
export function decodeFields(message: Uint8Array): Uint8Array[] | undefined {
  const fields: Uint8Array[] = []
  let at = 0
  while (at < message.length) {
    let length = 0
    let digits = 0
    for (; at < message.length && message[at] !== COLON; at++, digits++) {
      const digit = (message[at] as number) - ZERO
      if (digit < 0 || digit > 9 || digits > 8 || (digits === 1 && length === 0)) return undefined
      length = length * 10 + digit
    }
    if (digits === 0 || at === message.length || length > message.length - at - 1 || fields.length === FIELDS_MAX) return undefined
    fields.push(message.subarray(at + 1, at + 1 + length))
    at += 1 + length
  }
  return fields
}

/** What `decodeFields` reads. */
export function encodeFields(fields: readonly Uint8Array[]): Uint8Array {
  const heads = fields.map(({ length }) => `${length}:`)
  const whole = new Uint8Array(fields.reduce((total, field, i) => total + field.length + (heads[i] as string).length, 0))
  let at = 0
  for (const [i, field] of fields.entries()) {
    const head = heads[i] as string
    for (let letter = 0; letter < head.length; letter++) whole[at++] = head.charCodeAt(letter)
    whole.set(field, at)
    at += field.length
  }
  return whole
}
