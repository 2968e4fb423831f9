import type { OutboxResult, OutboxSender, PeerLog } from '@interpeer/peer/node'
import { sendHttp } from './http-sender.js'
import { mailText } from './mail-text.js'
import { sendMail } from './smtp-sender.js'

/** What this seeder's operator lets sites send through it. */
export interface OutboxOptions {
  /** The mail server that takes its mail. */
  readonly smtp?: { readonly host: string; readonly port: number } | undefined
  /** Who mail is from, to that server. */
  readonly from: string
  readonly auth?: { readonly user: string; readonly pass: string } | undefined
  readonly http: boolean
  readonly allowPrivate: boolean
  /** Addresses that lead to this host, beside those of its interfaces. */
  readonly ownAddresses?: readonly string[]
}
const ANSWER_BYTES_MAX = 256 * 1024
/** Of all sites together; what is beyond is declined, and another member is drawn. */
const PER_MINUTE_MAX = 120
const MINUTE_MS = 60_000
const DECLINED: OutboxResult = { outcome: 'declined' }

/** Undefined where the operator allows nothing: then the peer declines all. */
export function outboxSender(options: OutboxOptions, log: PeerLog): OutboxSender | undefined {
  const { smtp, from, auth, http, allowPrivate, ownAddresses = [] } = options
  if (smtp === undefined && !http) return undefined
  let [minute, count] = [0, 0]
  return async (request, key, signal) => {
    const now = Math.floor(Date.now() / MINUTE_MS)
    if (now !== minute) [minute, count] = [now, 0]
    if (++count > PER_MINUTE_MAX) return DECLINED
    if (request.type === 'http') {
      return http ? sendHttp(request, key, { allowPrivate, ownAddresses, answerBytesMax: ANSWER_BYTES_MAX, signal }, log) : DECLINED
    }
    if (smtp === undefined) return DECLINED
    const mail = mailText(request, key, { from, dateMs: Date.now() })
    return mail === undefined ? { outcome: 'malformed' } : sendMail(mail, { ...smtp, from, auth }, signal)
  }
}
