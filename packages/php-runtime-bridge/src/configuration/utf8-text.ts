/** Bytes as text, where they are UTF-8 without fault; else the first line (from 1) that is not. Nothing of the platform's is needed. */
export function utf8Text(bytes: Uint8Array): string | { readonly badLine: number } {
  const lines: string[] = []
  for (let start = 0; start <= bytes.length; ) {
    const newline = bytes.indexOf(0x0a, start)
    const end = newline < 0 ? bytes.length : newline
    const line = lineOf(bytes.subarray(start, end))
    if (line === undefined) return { badLine: lines.length + 1 }
    lines.push(line)
    start = end + 1
  }
  return lines.join('\n')
}

/** decodeURIComponent takes UTF-8 and no other bytes: no overlong forms, no surrogates. */
function lineOf(bytes: Uint8Array): string | undefined {
  let escaped = ''
  for (const byte of bytes) escaped += `%${byte.toString(16).padStart(2, '0')}`
  try {
    return decodeURIComponent(escaped)
  } catch {
    // a URIError: no UTF-8
    return undefined
  }
}
