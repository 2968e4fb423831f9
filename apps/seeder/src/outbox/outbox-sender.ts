import type { OutboxAnswer, OutboxRequest } from '@interpeer/peer'
import type { OutboxSender, PeerLog } from '@interpeer/peer/node'
import { createTransport } from 'nodemailer'
import { sendHttp } from './http-sender.js'
import { mailText } from './mail-text.js'

/** What this seeder's operator lets sites send through it. */
export interface OutboxOptions {
  /** The mail server that takes its mail. */
  readonly smtp?: { readonly host: string; readonly port: number } | undefined
  /** Who mail is from, to that server. */
  readonly from: string
  readonly auth?: { readonly user: string; readonly pass: string } | undefined
  readonly http: boolean
  readonly allowPrivate: boolean
}
/** Less than a turn (`OUTBOX_TURN_MS`), so that this member has said what it did before the next one is drawn. */
const TIMEOUT_MS = 10_000
const ANSWER_BYTES_MAX = 256 * 1024
/** Of all sites together; what is beyond is declined, and another member is drawn. */
const PER_MINUTE_MAX = 120
const MINUTE_MS = 60_000

/** Undefined where the operator allows nothing: then the peer declines all. */
export function outboxSender(options: OutboxOptions, log: PeerLog): OutboxSender | undefined {
  const { smtp, from, auth, http, allowPrivate } = options
  if (smtp === undefined && !http) return undefined
  const timeouts = { connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS, dnsTimeout: TIMEOUT_MS }
  const transport =
    smtp &&
    createTransport({ ...smtp, ...(auth === undefined ? {} : { auth }), ...timeouts, disableFileAccess: true, disableUrlAccess: true })
  let [minute, count] = [0, 0]
  const send = async (request: OutboxRequest, key: string): Promise<OutboxAnswer | null> => {
    if (request.type === 'http') {
      return http ? sendHttp(request, key, { allowPrivate, timeoutMs: TIMEOUT_MS, answerBytesMax: ANSWER_BYTES_MAX }) : null
    }
    const mail = mailText(request, key, { from, dateMs: Date.now() })
    if (transport === undefined || mail === undefined) return null
    const { response } = await transport.sendMail({ envelope: { from, to: [...mail.recipients] }, raw: mail.raw })
    return { status: Number(/^\d{3}/.exec(response)?.[0] ?? 250), headers: [], body: new TextEncoder().encode(response) }
  }
  return async (request, key) => {
    const now = Math.floor(Date.now() / MINUTE_MS)
    if (now !== minute) [minute, count] = [now, 0]
    if (++count > PER_MINUTE_MAX) return null
    try {
      return await send(request, key)
    } catch (error) {
      log.info({ err: error, key, kind: request.type }, 'a request of the outbox could not be sent here: another member is drawn')
      return null
    }
  }
}
