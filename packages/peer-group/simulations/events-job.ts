import { bytesOfContentId, type ContentId, contentIdOf, peerIdOfKey, sha256 } from '@interpeer/crypto-ids'
import type { Random } from '@interpeer/simulator'
import { encodeCbor, hexOf } from '@interpeer/wire-codec'
import {
  type Agenda,
  agendaIn,
  type ExecutionResult,
  firstStateBlock,
  type GroupEffect,
  isPlanned,
  OUTBOX_HEARD_MS,
  type OutboxDuty,
  type OutboxTask,
  type OutboxWord,
  outboxDue,
  outboxReport,
  readBatch,
  reportOn,
  type Schedule,
  type Wish,
  withCron,
  withoutEvent,
  withWishes,
} from '../src/index.js'
import { itemsOf } from '../src/request-index.js'
import type { SimulatedJob } from './group.sim.js'
import { emptyFiles, job, logs } from './jobs.js'
import type { Member } from './member.js'

const EVERY_MINUTE: Schedule = {
  ...{ minutes: new Uint8Array(8).fill(255), hours: 2 ** 24 - 1, days: 2 ** 32 - 2, months: 2 ** 13 - 2, weekdays: 127, either: false },
}
const GIVE_AGAIN_MS = 3_000
/** Where nobody hears of a report before the next member's turn, a mail goes out again: seldom. */
const AGAIN_MAX = 1
/** Of a thousand members that are drawn, so many can't send just then. */
const DECLINE_PER_MILLE = 300

/** What a member's shell remembers within one life. */
interface Sending {
  readonly life: number
  readonly duty: OutboxDuty
  readonly state: ContentId
  /** Of the batch that made it. */
  readonly timeMs: number
  /** Keys whose reports were handed in. */
  readonly given: Set<string>
}

/**
 * A job whose writes set timers and ask for mail, by the first byte of their ids, and whose members send it, with what the package says is to be sent. It has
 * one line of cron. The world counts what was sent, and by whom.
 */
export class EventsJob implements SimulatedJob {
  readonly start = firstStateBlock(emptyFiles, true)
  readonly #random: Random
  readonly #reports = new Map<ContentId, Uint8Array>()
  readonly #sending = new Map<number, Sending>()
  /** By key in hexadecimal: how often it was sent, by anyone. */
  readonly #mails = new Map<string, number>()
  /** What each member has on its disk: the turn in which it sent what, by its index and the key. */
  readonly #out = new Map<string, number>()
  readonly #agendas = new Map<number, Agenda>()
  #declined = 0
  /** A minute begins 40 s after the start; where members can't run the line of cron then, it is tried again after pauses. */
  #hasRunCron = false

  constructor(random: Random) {
    this.#random = random
  }

  execute(member: Member, effect: GroupEffect & { type: 'execute' }): ExecutionResult & { type: 'ran' } {
    const { from, requests, events, timeMs, seed, isFirst } = effect
    const lines = [{ schedule: EVERY_MINUTE, target: '/cron' }]
    let agenda = isFirst ? withCron(effect.agenda, lines, timeMs) : effect.agenda
    const ran: string[] = []
    for (const event of events) {
      if (!isPlanned(agenda, event)) continue
      agenda = withoutEvent(agenda, event, timeMs)
      ran.push(event.type === 'timer' ? `timer ${event.timer.name}` : event.type)
    }
    for (const { id, cid } of requests) {
      const report = this.#reports.get(cid)
      if (report === undefined) {
        agenda = withWishes(agenda, wishesOf(id), timeMs) ?? agenda
        ran.push(hexOf(id))
        continue
      }
      const word = wordIn(report)
      const { key } = word
      const came = reportOn(agenda, word, timeMs, member.setup.members)
      ran.push(`${came.type === 'ended' ? 'sent' : came.type} ${hexOf(key)}`)
      if (came.type !== 'ignored') agenda = came.agenda
    }
    const names = [requests.map(({ id }) => id), events.map(({ id }) => id)]
    const block = encodeCbor([from, timeMs, seed, ...names])
    const files = ran.length === 0 ? from : contentIdOf(block, 'dag-cbor')
    const before = logs.get(from)
    if (before !== undefined) logs.set(files, [...before, ...ran])
    const responses = requests.map(({ id }) => contentIdOf(sha256(id, seed), 'raw'))
    return { type: 'ran', files, responses, fuel: 1_000 * ran.length, transcript: sha256(block), effects: sha256(block, seed), agenda }
  }

  onFinal(member: Member, { state, files, batch, isLast }: GroupEffect & { type: 'final' }): void {
    if (!isLast) return
    const log = logs.get(files) ?? []
    const once = log.filter((line) => /^(timer|sent) /.test(line))
    if (new Set(once).size < once.length) member.around.watcher.violate('a timer ran, or a mail counted as sent, more than once')
    if (log.includes('cron')) this.#hasRunCron = true
    this.#sending.set(member.index, { ...this.#lifeOf(member), state, timeMs: readBatch(batch).value.timeMs })
    this.#look(member)
  }

  /** What the shell does: looks when a step is final, and when a turn is over. */
  #look(member: Member): void {
    const sending = this.#lifeOf(member)
    const agenda = agendaIn(sending.state, (cid) => member.block(cid))
    if (agenda === undefined) return
    this.#agendas.set(member.index, agenda)
    const { members, startTimeMs: sinceMs = 0 } = member.setup
    const view = { agenda, members, timeMs: sending.timeMs, sinceMs, closesMs: undefined, heard: this.#heardBy(member) }
    const { duty, begin, wakeAtMs } = outboxDue(sending.duty, view, member.peer, member.nowMs)
    this.#sending.set(member.index, { ...sending, duty })
    for (const { key } of agenda.outbox) {
      const turn = this.#out.get(`${member.index} ${hexOf(key)}`)
      if (turn !== undefined && !sending.given.has(hexOf(key))) this.#report(member, key, turn, 'sent')
    }
    for (const task of begin) member.machine.later(this.#random.between(1, 800), () => this.#send(member, task))
    if (wakeAtMs !== undefined) member.machine.later(Math.max(1, wakeAtMs - member.nowMs), () => this.#look(member))
  }

  /** The reports that wait in its queue, or were certified and are not final yet. */
  #heardBy({ group, nowMs }: Member): readonly OutboxWord[] {
    if (group === undefined) return []
    const waiting = [...itemsOf(group.pool.index)].map(({ ref }) => ref)
    const open = group.steps.filter(({ step }) => step > group.final.step)
    const certified = open.flatMap(({ certified: { batch } }) => batch.requests)
    return [...waiting, ...certified].flatMap(({ cid }) => {
      const report = this.#reports.get(cid)
      return report === undefined || outboxReport.decode(report).ms + OUTBOX_HEARD_MS < nowMs ? [] : [wordIn(report)]
    })
  }

  #lifeOf(member: Member): Sending {
    const known = this.#sending.get(member.index)
    return known?.life === member.crashes
      ? known
      : { life: member.crashes, duty: new Map(), state: known?.state ?? this.start.cid, timeMs: known?.timeMs ?? 0, given: new Set() }
  }

  #send(member: Member, { entry: { key }, turn }: OutboxTask): void {
    const name = hexOf(key)
    if (this.#out.has(`${member.index} ${name}`)) return
    if (this.#random.chance(DECLINE_PER_MILLE)) {
      this.#declined++
      this.#report(member, key, turn, 'declined')
    } else {
      this.#mails.set(name, (this.#mails.get(name) ?? 0) + 1)
      this.#out.set(`${member.index} ${name}`, turn)
      this.#report(member, key, turn, 'sent')
    }
  }

  #report(member: Member, key: Uint8Array, turn: number, outcome: 'sent' | 'declined'): void {
    if (outcome === 'sent') this.#lifeOf(member).given.add(hexOf(key))
    const ms = member.nowMs
    const id = sha256(key, encodeCbor([member.index, ms])).slice(0, 16)
    const answer = outcome === 'sent' ? { status: 250, headers: [], body: new Uint8Array() } : null
    const bytes = outboxReport.encode({ from: member.signer.publicKey, job: bytesOfContentId(job), id, ms, key, turn, outcome, answer })
    const cid = contentIdOf(bytes, 'raw')
    this.#reports.set(cid, bytes)
    const give = (left: number): void => {
      const isWaiting =
        agendaIn(this.#lifeOf(member).state, (one) => member.block(one))?.outbox.some((one) => hexOf(one.key) === hexOf(key)) !== false
      if (!isWaiting || left === 0) return
      member.tell({ type: 'write', id, ms, cid, bytes })
      member.machine.later(GIVE_AGAIN_MS, () => give(left - 1))
    }
    give(20)
  }

  isSettled(): boolean {
    const planned = [...this.#agendas.values()]
    return this.#hasRunCron && planned.length > 0 && planned.every(({ timers, outbox }) => timers.length + outbox.length === 0)
  }

  problems(log: readonly string[]): readonly string[] {
    const problems: string[] = []
    const times = (line: string): number => log.filter((one) => one === line).length
    for (const line of log.filter((one) => /^[0-9a-f]{32}$/.test(one))) {
      for (const wish of wishesOf(idOf(line))) {
        if (wish.type === 'pay') continue
        const name = wish.type === 'timer' ? `timer ${wish.name}` : `sent ${hexOf(wish.key)}`
        if (times(name) !== 1) problems.push(`${name} is there ${times(name)} times`)
        if (wish.type === 'outbox' && !this.#mails.has(hexOf(wish.key))) problems.push('a mail that counts as sent was not')
      }
    }
    const wanted = new Set(
      log
        .flatMap((line) => (/^[0-9a-f]{32}$/.test(line) ? wishesOf(idOf(line)) : []))
        .flatMap((one) => (one.type === 'outbox' ? hexOf(one.key) : [])),
    )
    const again = [...this.#mails.values()].reduce((sum, times) => sum + times - 1, 0)
    if (again > AGAIN_MAX) problems.push(`${again} mails went out again`)
    for (const key of this.#mails.keys()) if (!wanted.has(key)) problems.push('a mail went out that no final step asked for')
    if (times('cron') < 1) problems.push('a line of cron did not run')
    if (times('unsent') > 0) problems.push('a request was given up')
    return problems
  }

  figures(): Readonly<Record<string, number>> {
    const counts = [...this.#mails.values()]
    return { mails: counts.length, mailsAgain: counts.reduce((sum, one) => sum + one - 1, 0), declined: this.#declined }
  }
}

const idOf = (hex: string): Uint8Array => Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))
function wishesOf(id: Uint8Array): readonly Wish[] {
  const [kind = 0, seconds = 0] = id
  const block = contentIdOf(id, 'raw')
  if (kind % 3 === 0) return [{ type: 'timer', name: hexOf(id), seconds: 1 + (seconds % 8), script: 'later.php', args: block }]
  return kind % 3 === 1 ? [{ type: 'outbox', key: sha256(id), request: block, bytes: 16, answerTo: null }] : []
}

function wordIn(report: Uint8Array): OutboxWord {
  const { key, from, turn, outcome } = outboxReport.decode(report)
  return { key, turn, outcome, from: peerIdOfKey(from) }
}
