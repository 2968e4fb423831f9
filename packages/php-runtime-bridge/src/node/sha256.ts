import * as crypto from 'node:crypto'

/** More than this is not copied into one piece. */
const JOINED_BYTES_MAX = 64 * 1024
type Bytes = Uint8Array | string

/** SHA-256 of all parts, one after the other; a text is its UTF-8 bytes. Each call into OpenSSL costs as much as some kilobytes do, so that there is one where it can be. */
export function sha256(parts: Iterable<Bytes>): Uint8Array {
  const all: Uint8Array[] = []
  let [text, length] = ['', 0]
  const put = (bytes: Uint8Array) => {
    all.push(bytes)
    length += bytes.length
  }
  for (const part of parts) {
    if (typeof part === 'string') text += part
    else {
      if (text !== '') put(Buffer.from(text))
      text = ''
      put(part)
    }
  }
  if (text !== '') put(Buffer.from(text))
  // Node 20 has it since 20.12
  if (length <= JOINED_BYTES_MAX && crypto.hash !== undefined)
    return new Uint8Array(crypto.hash('sha256', Buffer.concat(all, length), 'buffer'))
  const hash = crypto.createHash('sha256')
  for (const bytes of all) hash.update(bytes)
  return new Uint8Array(hash.digest())
}
