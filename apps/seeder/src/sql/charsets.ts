/** MySQL's names of character sets, as the WHATWG Encoding standard names the same; 'utf-8' is exact, others by their standard table. */
const LABELS: Readonly<Record<string, string>> = {
  utf8: 'utf-8',
  utf8mb3: 'utf-8',
  utf8mb4: 'utf-8',
  ascii: 'utf-8',
  latin1: 'windows-1252',
  latin2: 'iso-8859-2',
  latin5: 'windows-1254',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
  cp1256: 'windows-1256',
  cp1257: 'windows-1257',
  koi8r: 'koi8-r',
  koi8u: 'koi8-u',
  greek: 'iso-8859-7',
  hebrew: 'iso-8859-8',
  gbk: 'gbk',
  gb2312: 'gbk',
  gb18030: 'gb18030',
  big5: 'big5',
  sjis: 'shift_jis',
  cp932: 'shift_jis',
  ujis: 'euc-jp',
  euckr: 'euc-kr',
}
const decoders = new Map<string, InstanceType<typeof TextDecoder>>()

/** Whether a text of that character set can be read. */
export const isKnownCharset = (charset: string): boolean => charset === 'binary' || Object.hasOwn(LABELS, charset)

/** In a dump these letters can not be told from an escape: the second byte of some is that of a backslash. */
export const hasBackslashBytes = (charset: string): boolean => AMBIGUOUS.has(charset)
const AMBIGUOUS: ReadonlySet<string> = new Set(['gbk', 'gb18030', 'big5', 'sjis', 'cp932'])

/** A text, or undefined where the bytes are none in that character set. */
export function decodeText(bytes: Uint8Array, charset: string): string | undefined {
  const label = LABELS[charset] ?? 'utf-8'
  let decoder = decoders.get(label)
  if (decoder === undefined) {
    decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true })
    decoders.set(label, decoder)
  }
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
