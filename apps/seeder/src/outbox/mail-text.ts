import type { OutboxRequest } from '@interpeer/peer'

type MailRequest = OutboxRequest & { readonly type: 'mail' }
export interface MailText {
  readonly recipients: readonly string[]
  /** Header and body as RFC 5322 has them, CRLF at the ends of lines. */
  readonly raw: Buffer
}
/** Of one mail. */
export const RECIPIENTS_MAX = 50

/** Headers that are the sender's own, or are written below. */
const OWN = new Set(['to', 'subject', 'date', 'message-id', 'bcc', 'return-path', 'received', 'sender', 'dkim-signature'])

/**
 * A mail as it goes out: what the script wrote, the key as its Message-ID, so that who receives it twice counts it once, and a From where the script gave none. Undefined
 * where it has no recipients, too many, or one that is no address, and where a line would be more than one.
 */
export function mailText(
  { to, subject, headers, body }: MailRequest,
  key: string,
  { from, dateMs }: { readonly from: string; readonly dateMs: number },
): MailText | undefined {
  const listed = [to, ...headers.filter(([name]) => ['cc', 'bcc'].includes(name.toLowerCase())).map(([, value]) => value)]
  const recipients = [...new Set(listed.flatMap(addressesIn))]
  if (recipients.length === 0 || recipients.length > RECIPIENTS_MAX || recipients.includes('')) return undefined
  const written = [to, subject, ...headers.flat()]
  if (written.some((text) => /\p{Cc}/u.test(text.replaceAll('\t', ' '))) || headers.some(([name]) => !/^[!-9;-~]+$/.test(name)))
    return undefined
  const has = (name: string): boolean => headers.some(([one]) => one.toLowerCase() === name)
  const lines = [`Message-ID: <${key}@interpeer>`, `Date: ${new Date(dateMs).toUTCString().replace('GMT', '+0000')}`]
  lines.push(`To: ${wordsOf(to)}`, `Subject: ${wordsOf(subject)}`)
  if (!has('from')) lines.push(`From: ${from}`)
  for (const [name, value] of headers) if (!OWN.has(name.toLowerCase())) lines.push(`${name}: ${wordsOf(value)}`)
  const text = Buffer.from(body)
  let content = text.toString('latin1').replaceAll(/\r\n|\r|\n/g, '\r\n')
  if (!has('mime-version')) lines.push('MIME-Version: 1.0')
  if (!has('content-type')) lines.push('Content-Type: text/plain; charset=utf-8')
  if (!has('content-transfer-encoding') && !isSevenBit(content)) {
    lines.push('Content-Transfer-Encoding: base64')
    content = (
      Buffer.from(content, 'latin1')
        .toString('base64')
        .match(/.{1,76}/g) ?? []
    ).join('\r\n')
  }
  return { recipients, raw: Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), Buffer.from(content, 'latin1')]) }
}

/** The addresses of a list as mail headers have it; '' for what is none. */
function addressesIn(list: string): readonly string[] {
  const parts = list.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').split(',')
  return parts
    .filter((part) => part.trim() !== '')
    .map(
      (part) =>
        /^[^<>]*<([^<>\s]+@[^<>\s]+)>\s*$|^\s*([^<>\s]+@[^<>\s]+)\s*$/
          .exec(part)
          ?.slice(1)
          .find((one) => one !== undefined) ?? '',
    )
}

const isSevenBit = (text: string): boolean => !/[^\t\r\n -~]/.test(text) && text.split('\r\n').every((line) => line.length <= 998)

/** Text beyond ASCII as RFC 2047 has it, in words of at most 75 characters. */
function wordsOf(text: string): string {
  if (/^[\t -~]*$/.test(text)) return text
  const words: string[] = []
  let word = ''
  for (const letter of text) {
    if (Buffer.byteLength(word + letter) > 45) {
      words.push(word)
      word = ''
    }
    word += letter
  }
  return [...words, word].map((one) => `=?UTF-8?B?${Buffer.from(one).toString('base64')}?=`).join('\r\n ')
}
