import { randomBytes } from 'node:crypto'
import {
  bytesOfContentId,
  type ContentId,
  contentIdOf,
  type JobId,
  type NetworkId,
  type PeerId,
  type Signer,
  signMessage,
} from '@interpeer/crypto-ids'
import {
  type Agenda,
  agendaIn,
  NO_AGENDA,
  OUTBOX_ANSWER_BODY_MAX_BYTES,
  type OutboxDuty,
  type OutboxEntry,
  type OutboxReport,
  outboxDue,
  outboxReport,
  type Write,
} from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'
import { readOutbox } from '../outbox-block.js'
import type { OutboxAnswer, OutboxRequest } from '../script-runtime.js'
import type { Surroundings } from './group-shell.js'
import { Waker } from './waker.js'

/**
 * What sends requests for the jobs that this peer hosts: mail, HTTP. Its operator decides what it may. `key` goes along (as Message-ID, as Idempotency-Key), so that
 * who receives a request twice counts it once. Resolves to null where it can't or won't send it: the next member is drawn then. It should take no longer than
 * `OUTBOX_TURN_MS`, and must not reject.
 */
export type OutboxSender = (request: OutboxRequest, key: string) => Promise<OutboxAnswer | null>

interface OutboxSurroundings extends Pick<Surroundings, 'store' | 'log' | 'count' | 'now'> {
  readonly signer: Signer
  readonly network: NetworkId
  readonly job: JobId
  readonly sender: OutboxSender | undefined
  /** Hands a report to the group as a write. */
  readonly give: (write: Write) => void
}
interface Report {
  readonly entry: OutboxEntry
  readonly sent: OutboxReport['sent']
  readonly write: Write
}
/** A report is handed in again until the agenda shows it; one of this age is made anew, since requests that old are refused. */
const GIVE_AGAIN_MS = 5_000
const REPORT_AGE_MAX_MS = 300_000
const HEADERS_MAX = 100

/** One member's part in the outbox of one site: sends what it is drawn for once that is final, and has the group order that it did. */
export class OutboxShell {
  readonly #around: OutboxSurroundings
  readonly #waker: Waker
  #duty: OutboxDuty = new Map()
  /** By key in hexadecimal; none for what the agenda does not have. */
  readonly #reports = new Map<string, Report>()
  #agenda: Agenda = NO_AGENDA
  #members: readonly PeerId[] = []
  #isClosed = false

  constructor(around: OutboxSurroundings) {
    this.#around = around
    this.#waker = new Waker(around.now, () => this.#look())
  }

  /** The last final state, and who runs the job now. */
  onState(state: ContentId, members: readonly PeerId[]): void {
    this.#members = members
    const agenda = agendaIn(state, this.#around.store.get)
    if (agenda !== undefined) this.#agenda = agenda
    for (const name of this.#reports.keys()) if (this.#agenda.outbox.every(({ key }) => hexOf(key) !== name)) this.#reports.delete(name)
    this.#look()
  }

  close(): void {
    this.#isClosed = true
    this.#waker.stop()
  }

  #look(): void {
    const { signer, now } = this.#around
    if (this.#isClosed || this.#agenda.outbox.length === 0) return
    const { duty, begin, wakeAtMs } = outboxDue(this.#duty, this.#agenda, signer.peerId, this.#members, now())
    this.#duty = duty
    for (const entry of begin) void this.#send(entry)
    const againMs = this.#giveAgain()
    const times = [wakeAtMs, againMs].filter((atMs) => atMs !== undefined)
    if (times.length > 0) this.#waker.at(Math.min(...times))
  }

  async #send(entry: OutboxEntry): Promise<void> {
    const { sender, log, count, store, job } = this.#around
    let answer: OutboxAnswer | null = null
    try {
      const known = this.#reports.get(hexOf(entry.key))
      if (known?.sent) return // it is out; what is missing is that the group knows
      const request = sender === undefined ? undefined : readOutbox(store.get, entry.request)
      answer = sender === undefined || request === undefined || 'missing' in request ? null : await sender(request, hexOf(entry.key))
    } catch (error) {
      log.warn({ err: error, job }, 'a request of the outbox could not be sent')
    }
    count(answer === null ? 'OUTBOX_DECLINED' : 'OUTBOX_SENT')
    if (this.#isClosed) return
    const sent = answer === null ? null : told(answer)
    this.#give({ entry, sent, write: this.#writeOf(entry.key, sent) })
    this.#waker.at(this.#around.now() + GIVE_AGAIN_MS)
  }

  #writeOf(key: Uint8Array, sent: OutboxReport['sent']): Write {
    const { signer, network, job, now } = this.#around
    const at = { from: signer.publicKey, job: bytesOfContentId(job), id: new Uint8Array(randomBytes(16)), ms: now() }
    const bytes = signMessage(outboxReport, { ...at, key, sent }, signer, network)
    return { id: at.id, ms: at.ms, cid: contentIdOf(bytes, 'raw'), bytes }
  }

  #give(report: Report): void {
    this.#reports.set(hexOf(report.entry.key), report)
    this.#around.give(report.write)
  }

  /** What the group may have lost. That this member can't send something is of no consequence once its turn is over. */
  #giveAgain(): number | undefined {
    const nowMs = this.#around.now()
    for (const [name, { entry, sent, write }] of [...this.#reports]) {
      const isOver = this.#duty.get(name) === undefined
      if (sent === null && isOver) this.#reports.delete(name)
      else this.#give({ entry, sent, write: nowMs - write.ms > REPORT_AGE_MAX_MS ? this.#writeOf(entry.key, sent) : write })
    }
    return this.#reports.size === 0 ? undefined : nowMs + GIVE_AGAIN_MS
  }
}

/** An answer as it fits into a report: what is beyond is cut off. */
function told({ status, headers, body }: OutboxAnswer): OutboxReport['sent'] {
  const fits = headers.filter(([name, value]) => name.length <= 256 && value.length <= 2048 && value.isWellFormed() && name.isWellFormed())
  return {
    status,
    headers: fits.slice(0, HEADERS_MAX).map(([name, value]) => ({ name: name.slice(0, 256), value })),
    body: body.slice(0, OUTBOX_ANSWER_BODY_MAX_BYTES),
  }
}
