/** No script or setting is longer; what is would be data. */
const TEXT_BYTES_MAX = 4 * 1024 * 1024
const LOOKED_AT_BYTES = 8_192

/** A file as text, each byte a character, where it is one. */
export function textIn(bytes: Uint8Array): string | undefined {
  if (bytes.length > TEXT_BYTES_MAX || bytes.subarray(0, LOOKED_AT_BYTES).includes(0)) return undefined
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

export const isPhp = (path: string): boolean => /\.(?:php\d?|phtml|inc|module|install|theme|engine|profile)$/i.test(path)
