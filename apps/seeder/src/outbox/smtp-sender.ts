import { Readable } from 'node:stream'
import type { OutboxResult } from '@interpeer/peer/node'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { MailText } from './mail-text.js'

/** The mail server of this seeder's operator. */
export interface SmtpServer {
  readonly host: string
  readonly port: number
  /** Who mail is from, to that server. */
  readonly from: string
  readonly auth?: { readonly user: string; readonly pass: string } | undefined
}
/** A server that says nothing for so long is given up, if the signal does not come before. */
const TIMEOUT_MS = 10_000
/** What is said of the mail itself: of greeting, TLS and password a server complains to this seeder, and another one's may take the mail. */
const OF_THE_MAIL = new Set(['MAIL FROM', 'RCPT TO', 'DATA'])

interface SmtpFailure extends Error {
  readonly command?: string
  readonly response?: string
  readonly responseCode?: number
}

/**
 * Hands one mail to a server, once. `unknown` where the connection ended, or the time, after the whole mail was written and before the server said a word: it may
 * have taken it. Of receivers that the server refused, while it took the mail for others, the answer has a header `rejected` each. Never rejects.
 */
export function sendMail(
  { recipients, raw }: MailText,
  { from, auth, host, port }: SmtpServer,
  signal: AbortSignal,
): Promise<OutboxResult> {
  const timeouts = { connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS, dnsTimeout: TIMEOUT_MS }
  const connection = new SMTPConnection({ host, port, secure: port === 465, ...timeouts })
  return new Promise((resolve) => {
    const message = Readable.from([raw])
    const end = (result: OutboxResult): void => {
      signal.removeEventListener('abort', onAbort)
      connection.close()
      message.destroy()
      resolve(result)
    }
    // read to its end only after the server said that it may come
    const silent = (): OutboxResult => ({ outcome: message.readableEnded ? 'unknown' : 'declined' })
    const onAbort = (): void => end(silent())
    const onError = ({ command = '', response = '', responseCode }: SmtpFailure): void => {
      if (responseCode === undefined) end(silent())
      else if (responseCode < 500 || !OF_THE_MAIL.has(command)) end({ outcome: 'declined' })
      else end({ outcome: 'refused', answer: answerOf(responseCode, response) })
    }
    const send = (): void =>
      connection.send({ from, to: [...recipients], size: raw.length }, message, (error, sent) => {
        if (error) onError(error as SmtpFailure)
        else end({ outcome: 'sent', answer: answerOf(250, sent.response, sent.rejected) })
      })
    connection.on('error', onError)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    else
      connection.connect((error) => {
        if (error) onError(error as SmtpFailure)
        else if (auth === undefined || !connection.allowsAuth) send()
        else connection.login({ credentials: auth }, (refused) => (refused ? onError(refused as SmtpFailure) : send()))
      })
  })
}

const answerOf = (otherwise: number, response: string, rejected: readonly string[] = []) => ({
  status: Number(/^\d{3}/.exec(response)?.[0] ?? otherwise),
  headers: rejected.map((receiver) => ['rejected', receiver] as const),
  body: new TextEncoder().encode(response),
})
