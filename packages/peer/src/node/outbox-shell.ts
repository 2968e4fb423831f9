import { randomBytes } from 'node:crypto'
import type { RecordStore } from '@interpeer/content-store'
import {
  bytesOfContentId,
  type ContentId,
  contentIdOf,
  type JobId,
  type NetworkId,
  peerIdOfKey,
  type Signer,
  signMessage,
} from '@interpeer/crypto-ids'
import {
  agendaIn,
  isWhole,
  OUTBOX_ANSWER_BODY_MAX_BYTES,
  OUTBOX_HEARD_MS,
  OUTBOX_KEPT_MS,
  type OutboxDuty,
  type OutboxEntry,
  type OutboxOutcome,
  type OutboxReport,
  type OutboxTask,
  type OutboxView,
  type OutboxWord,
  outboxDue,
  outboxReport,
  turnAt,
  type Write,
  writeIdOf,
} from '@interpeer/peer-group'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { readOutbox } from '../outbox-block.js'
import type { OutboxAnswer, OutboxRequest } from '../script-runtime.js'
import type { Surroundings } from './group-shell.js'
import { OutboxRecords } from './outbox-records.js'
import { Waker } from './waker.js'

/** How it went with one request. `answer`: with `sent` what came back; with `refused` what was said, if anything; else none. */
export interface OutboxResult {
  readonly outcome: OutboxOutcome
  readonly answer?: OutboxAnswer
}
/**
 * What sends requests for the jobs that this peer hosts: mail, HTTP. Its operator decides what it may. `key` goes along (as Message-ID, as Idempotency-Key), so that
 * who receives a request twice counts it once. When `signal` aborts, the turn is over: it stops, and says within a second whether the request may be out. `unknown` of
 * HTTP is tried again by the next member, with the same key; of mail it ends there. Must not reject.
 */
export type OutboxSender = (request: OutboxRequest, key: string, signal: AbortSignal) => Promise<OutboxResult>

interface OutboxSurroundings extends Pick<Surroundings, 'store' | 'log' | 'count' | 'now'> {
  readonly signer: Signer
  readonly network: NetworkId
  readonly job: JobId
  readonly sender: OutboxSender | undefined
  readonly outboxRecords: RecordStore
  /** Hands a report to the group as a write. */
  readonly give: (write: Write) => void
  /** When the open epoch closes, where that is known. */
  readonly closesMs: () => number | undefined
}
type Said = Pick<OutboxReport, 'key' | 'turn' | 'outcome' | 'answer'>
type Heard = OutboxWord & Pick<OutboxReport, 'ms'>
interface Report {
  readonly said: Said
  readonly untilMs: number
  readonly write: Write
  /** The turn that it was when the write was made: one that was of no use then is refused for ever, by its id. */
  readonly writtenIn: number
}
/** A report is handed in again until the agenda shows it; one of this age is made anew, since requests that old are refused. */
const GIVE_AGAIN_MS = 5_000
const REPORT_AGE_MAX_MS = 300_000
/** A sender that goes on when it was told to stop is not waited for any longer. */
const STOP_MS = 1_000
/** Reports that are kept though the group has ordered them: each with up to 256 KiB of an answer. */
const TOLD_KEPT = 32
/** Words that are kept of one member. */
const HEARD_OF_MEMBER_MAX = 64
const HEADERS_MAX = 100
const DECLINED: OutboxResult = { outcome: 'declined' }
const UNKNOWN: OutboxResult = { outcome: 'unknown' }
/** Whether the request is out, or may be: nobody who knows that sends it again. */
const isOut = ({ outcome }: Pick<Said, 'outcome'>): boolean => outcome === 'sent' || outcome === 'unknown'

/** One member's part in the outbox of one site: sends what it is drawn for once that is final, and has the group order how it went. */
export class OutboxShell {
  readonly #around: OutboxSurroundings
  readonly #waker: Waker
  readonly #stop = new AbortController()
  readonly #records: OutboxRecords
  #duty: OutboxDuty = new Map()
  /**
   * By key in hexadecimal, oldest first. What is out is on the disk too, and kept also when the agenda has the entry no more: a recovery from fewer members than a quorum
   * may bring it back, and who sent it then says so again.
   */
  readonly #reports = new Map<string, Report>()
  readonly #sending = new Set<Promise<void>>()
  /** What members say is out, while the group may not have ordered that yet: oldest first. */
  #heard: readonly Heard[] = []
  #view: Omit<OutboxView, 'closesMs'> | undefined

  constructor(around: OutboxSurroundings) {
    this.#around = around
    this.#waker = new Waker(around.now, () => this.#look())
    this.#records = new OutboxRecords({ ...around, records: around.outboxRecords })
    for (const [name, { report, bytes }] of this.#records.read()) {
      const { ms, turn } = report
      const write = { id: writeIdOf(report), ms, cid: contentIdOf(bytes, 'raw'), bytes }
      this.#reports.set(name, { said: report, untilMs: ms + OUTBOX_KEPT_MS, write, writtenIn: turn })
    }
  }

  /** The last final state of the epoch that is open here. */
  onState(state: ContentId, of: Omit<OutboxView, 'agenda' | 'closesMs'>): void {
    const agenda = agendaIn(state, this.#around.store.get)
    if (agenda === undefined) return // what of it is missing comes with a later one
    this.#view = { ...of, agenda }
    this.#look()
  }

  /** A member's signed report came, for the group to order: so long as it may wait for that, this member does not send the same. The state that it is about may be final here only later. */
  hear({ key, from, turn, outcome, ms: saidMs }: OutboxReport): void {
    const nowMs = this.#around.now()
    const ms = Math.min(saidMs, nowMs)
    if (!isOut({ outcome }) || ms + OUTBOX_HEARD_MS < nowMs) return
    const by = peerIdOfKey(from)
    const own = this.#heard.filter((one) => one.from === by)
    const old = own.find((one) => sameBytes(one.key, key)) ?? (own.length >= HEARD_OF_MEMBER_MAX ? own[0] : undefined)
    this.#heard = [...this.#heard.filter((one) => one !== old), { key, turn, outcome, from: by, ms }]
  }

  /** The epoch is over, or members show what they hold: nothing is sent until another one is open here. */
  pause(): void {
    this.#view = undefined
  }

  /** What is being sent is stopped; what is out by then is on the disk when it resolves. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.#waker.stop()
    await Promise.all(this.#sending)
  }

  #look(): void {
    const { signer, now, closesMs } = this.#around
    this.#forget()
    if (this.#stop.signal.aborted || this.#view === undefined || this.#view.agenda.outbox.length === 0) return
    const { duty, begin, wakeAtMs } = outboxDue(
      this.#duty,
      { ...this.#view, closesMs: closesMs(), heard: this.#heard },
      signer.peerId,
      now(),
    )
    this.#duty = duty
    for (const task of begin) {
      const known = this.#reports.get(hexOf(task.entry.key))
      if (known !== undefined && isOut(known.said)) continue // what is missing is that the group knows
      const sending = this.#send(task).finally(() => this.#sending.delete(sending))
      this.#sending.add(sending)
    }
    const againMs = this.#giveAgain()
    const times = [wakeAtMs, againMs].filter((atMs) => atMs !== undefined)
    if (times.length > 0) this.#waker.at(Math.min(...times))
  }

  async #send({ entry, turn, endsMs }: OutboxTask): Promise<void> {
    const name = hexOf(entry.key)
    const { outcome, answer } = await this.#sendWithin(entry, name, endsMs)
    this.#around.count(`OUTBOX_${outcome.toUpperCase()}`)
    const said: Said = { key: entry.key, turn, outcome, answer: answer === undefined ? null : told(answer) }
    const { write } = this.#note(entry, said)
    if (isOut(said)) await this.#records.keep(name, write.bytes)
    if (this.#stop.signal.aborted) return
    this.#around.give(write)
    this.#waker.at(this.#around.now() + GIVE_AGAIN_MS)
  }

  async #sendWithin(entry: OutboxEntry, name: string, endsMs: number): Promise<OutboxResult> {
    const { sender, log, store, job, now } = this.#around
    if (sender === undefined) return DECLINED
    const ending = new AbortController()
    const timers: NodeJS.Timeout[] = []
    try {
      const request = readOutbox(store.get, entry.request)
      if ('missing' in request) return DECLINED
      const inMs = Math.max(0, endsMs - now())
      timers.push(setTimeout(() => ending.abort(), inMs))
      const tooLong = new Promise<OutboxResult>((resolve) => timers.push(setTimeout(() => resolve(UNKNOWN), inMs + STOP_MS)))
      const sending = sender(request, name, AbortSignal.any([ending.signal, this.#stop.signal])).catch((error: unknown) => {
        log.error({ err: error, job, key: name }, 'what sends requests of the outbox broke: whether this one is out is not known')
        return UNKNOWN
      })
      const said = await Promise.race([sending, tooLong])
      const result = isWhole({ outcome: said.outcome, answer: said.answer === undefined ? null : told(said.answer) }) ? said : UNKNOWN
      return result.outcome === 'unknown' && request.type === 'http' ? DECLINED : result
    } catch (error) {
      log.warn({ err: error, job, key: name }, 'a request of the outbox can not be read')
      return DECLINED
    } finally {
      for (const timer of timers) clearTimeout(timer)
    }
  }

  #note(entry: OutboxEntry, said: Said): Report {
    const { signer, network, job, now } = this.#around
    const at = { from: signer.publicKey, job: bytesOfContentId(job), id: new Uint8Array(randomBytes(16)), ms: now() }
    const bytes = signMessage(outboxReport, { ...at, ...said }, signer, network)
    const write = { id: writeIdOf(at), ms: at.ms, cid: contentIdOf(bytes, 'raw'), bytes }
    const name = hexOf(said.key)
    const report = { said, untilMs: entry.untilMs, write, writtenIn: turnAt(entry, at.ms) }
    this.#reports.delete(name)
    this.#reports.set(name, report)
    return report
  }

  /** What the group may have lost. That this member can't send something is of no consequence once its turn is over. */
  #giveAgain(): number | undefined {
    const nowMs = this.#around.now()
    let waiting = 0
    for (const entry of this.#view?.agenda.outbox ?? []) {
      const name = hexOf(entry.key)
      const report = this.#reports.get(name)
      if (report === undefined) continue
      const turn = turnAt(entry, nowMs)
      if (!isOut(report.said) && turn !== report.said.turn) {
        this.#reports.delete(name)
        continue
      }
      waiting++
      const isOld = turn !== report.writtenIn || nowMs - report.write.ms > REPORT_AGE_MAX_MS
      this.#around.give((isOld ? this.#note(entry, report.said) : report).write)
    }
    return waiting === 0 ? undefined : nowMs + GIVE_AGAIN_MS
  }

  /** What no agenda can have any more, and of what the last one does not have all but the newest. */
  #forget(): void {
    const nowMs = this.#around.now()
    const waiting = new Set(this.#view?.agenda.outbox.map(({ key }) => hexOf(key)))
    this.#heard = this.#heard.filter(({ ms }) => ms + OUTBOX_HEARD_MS >= nowMs)
    const told = [...this.#reports.keys()].filter((name) => !waiting.has(name))
    const gone = [...this.#reports].filter(([, { untilMs }]) => nowMs >= untilMs).map(([name]) => name)
    const names = [...new Set([...gone, ...(this.#view === undefined ? [] : told.slice(0, -TOLD_KEPT))])]
    for (const name of names) this.#reports.delete(name)
    if (names.length > 0) void this.#records.forget(names)
  }
}

/** An answer as it fits into a report: what is beyond is cut off. */
function told({ status, headers, body }: OutboxAnswer): NonNullable<OutboxReport['answer']> {
  const fits = headers.filter(([name, value]) => name.length <= 256 && value.length <= 2048 && value.isWellFormed() && name.isWellFormed())
  return {
    status,
    headers: fits.slice(0, HEADERS_MAX).map(([name, value]) => ({ name: name.slice(0, 256), value })),
    body: body.slice(0, OUTBOX_ANSWER_BODY_MAX_BYTES),
  }
}
