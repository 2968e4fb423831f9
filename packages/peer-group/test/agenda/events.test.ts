import { contentIdOf } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { execute } from '../../simulations/jobs.js'
import { OUTBOX_BEGIN_MS, OUTBOX_TURN_MS } from '../../src/agenda/outbox-turns.js'
import type { ExecutionResult } from '../../src/api.js'
import { type Agenda, dueEvents, type GroupEffect, readBatch, withoutEvent, withWishes } from '../../src/index.js'
import { EVENT_PAUSE_MS } from '../../src/settings.js'
import { Desk } from '../desk.js'
import { refusals } from '../forge.js'

const block = contentIdOf(Uint8Array.of(1), 'raw')
type Execute = GroupEffect & { type: 'execute' }

/** A job whose write n sets a timer of n seconds; `ran`: the timers that ran, in each member's runs. */
function deskOf(members: number, abstains: (effect: Execute) => boolean = () => false) {
  const desk = new Desk(members)
  const ran: string[] = []
  desk.run = (member, effect): ExecutionResult => {
    if (abstains(effect)) return { type: 'abstained' }
    let agenda: Agenda = effect.agenda
    for (const event of effect.events) {
      agenda = withoutEvent(agenda, event, effect.timeMs)
      if (event.type === 'timer') ran.push(`${member}: ${event.timer.name}`)
    }
    for (const { id } of effect.requests) {
      const seconds = id[15] as number
      agenda = withWishes(agenda, [{ type: 'timer', name: `t${seconds}`, seconds, script: 'a.php', args: block }], effect.timeMs) as Agenda
    }
    return { ...execute(effect), agenda }
  }
  return { desk, ran }
}
const agendaAt = (desk: Desk, member: number): Agenda => desk.group(member).base.state?.agenda as Agenda
const wakeOf = (desk: Desk, member: number): number | undefined => desk.of('wake', member).at(-1)?.atMs

test('an idle group wakes when a timer is due, runs it once at each member, and sleeps again', () => {
  const { desk, ran } = deskOf(4)
  desk.write(0, 2)
  desk.deliver()
  const [timer] = agendaAt(desk, 0).timers
  expect([0, 1, 2, 3].every((member) => (wakeOf(desk, member) ?? 0) <= (timer?.dueMs ?? 0))).toBe(true)
  desk.pass((timer?.dueMs ?? 0) - desk.nowMs - 1)
  desk.deliver()
  expect(ran).toEqual([])
  desk.pass(1)
  desk.deliver()
  expect([...ran].sort()).toEqual(['0: t2', '1: t2', '2: t2', '3: t2'])
  expect([0, 1, 2, 3].map((member) => agendaAt(desk, member).timers)).toEqual([[], [], [], []])
  desk.pass(60_000)
  desk.deliver()
  expect(ran).toHaveLength(4)
})

test('a step that ran an event is named final soon, though nobody wrote', () => {
  const { desk } = deskOf(4)
  desk.write(0, 1)
  desk.deliver()
  desk.pass(1_000)
  desk.deliver()
  const step = desk.group(0).base.step
  desk.endWindow()
  expect(desk.group(0).final.step).toBeGreaterThanOrEqual(step - 1)
})

test('a batch that names what is not due, twice, out of order or too late for it is sealed by nobody', () => {
  const { desk } = deskOf(4)
  desk.write(0, 1)
  desk.write(0, 2)
  desk.write(0, 200)
  desk.deliver()
  desk.drop()
  desk.nowMs += 2_500
  const due = agendaAt(desk, 0).timers.map(({ name }) => name)
  expect(due).toEqual(['t1', 't2', 't200'])
  const [a, b] = dueEvents(agendaAt(desk, 0), desk.nowMs).map(({ id }) => id) as [Uint8Array, Uint8Array]
  const [later] = dueEvents(agendaAt(desk, 0), desk.nowMs + 200_000)
    .map(({ id }) => id)
    .slice(2) as [Uint8Array]
  const listener = desk.order(desk.group(0).open.step)[1] as number
  for (const events of [[new Uint8Array(16)], [a, a], [b, a], [later], [a, b, later]])
    expect(refusals(desk, [listener], { events })).toEqual(['BATCH_EVENTS'])
  for (const events of [[], [a], [b], [a, b]]) expect(refusals(desk, [listener], { events })).not.toEqual(['BATCH_EVENTS'])
})

test('an event that members can’t run takes nothing down with it: it waits, goes alone, and runs when it can', () => {
  let isBroken = true
  const { desk, ran } = deskOf(4, ({ events }) => isBroken && events.length > 0)
  desk.write(0, 1)
  desk.deliver()
  desk.pass(1_000)
  desk.deliver()
  for (let i = 0; i < 3; i++) {
    desk.pass(1_100)
    desk.deliver()
  }
  expect(desk.of('count').some(({ code }) => code === 'ABSTAINED')).toBe(true)
  const { id } = desk.write(1, 100)
  desk.deliver()
  desk.pass(2_500)
  desk.deliver()
  const answered = desk.of('execute').some(({ requests }) => requests.some((ref) => hexOf(ref.id) === hexOf(id)))
  expect(answered).toBe(true)
  expect(agendaAt(desk, 0).timers.map(({ name }) => name)).toEqual(['t1', 't100'])
  expect(ran).toEqual([])
  isBroken = false
  for (let i = 0; i < 12; i++) {
    desk.pass(EVENT_PAUSE_MS / 2)
    desk.deliver()
  }
  expect(new Set(ran)).toEqual(new Set(['0: t1', '1: t1', '2: t1', '3: t1']))
  const alone = desk.of('execute').filter(({ events }) => events.length > 0)
  expect(alone.slice(-4).every(({ requests }) => requests.length === 0)).toBe(true)
})

test('events that members can’t run leave visitors the time: tried again while nobody waits, and else seldom', () => {
  let isBroken = true
  const { desk } = deskOf(4, ({ events }) => isBroken && events.length > 0)
  for (let n = 1; n <= 20; n++) desk.write(0, n)
  desk.deliver()
  const tries = () => desk.of('execute', 0).filter(({ events }) => events.length > 0).length
  desk.pass(21_000)
  desk.deliver()
  // somebody always waits: a write that comes in each second
  const answered: number[] = []
  const before = tries()
  for (let second = 0; second < 60; second++) {
    const { id } = desk.write(second % 4, 100 + second)
    desk.deliver()
    for (let i = 0; i < 4; i++) {
      desk.pass(250)
      desk.deliver()
    }
    const ran = desk.of('execute', 0).some(({ requests }) => requests.some((ref) => hexOf(ref.id) === hexOf(id)))
    if (ran) answered.push(second)
  }
  expect(tries() - before).toBeLessThanOrEqual(12)
  expect(answered.length).toBeGreaterThanOrEqual(54)
  isBroken = false
  for (let i = 0; i < 100; i++) {
    desk.pass(1_000)
    desk.deliver()
  }
  expect(agendaAt(desk, 0).timers.filter(({ name }) => Number(name.slice(1)) <= 20)).toEqual([])
})

test('an event whose runs fail late leaves visitors ten times as long as it took', () => {
  const { desk } = deskOf(4)
  desk.write(0, 1)
  desk.deliver()
  const { run } = desk
  const slow: (() => void)[] = []
  desk.run = (member, effect) => {
    if (effect.events.length === 0) return run(member, effect)
    slow.push(() => desk.tell(member, { type: 'executed', batch: effect.batch, from: effect.from, result: { type: 'abstained' } }))
    return undefined
  }
  desk.pass(21_000)
  desk.deliver()
  expect(slow.length).toBe(4)
  const beganMs = desk.nowMs
  desk.pass(8_000)
  for (const end of slow.splice(0)) end()
  desk.deliver()
  const tookMs = desk.nowMs - beganMs
  expect(tookMs).toBe(8_000)
  for (const member of [0, 1, 2, 3]) expect(desk.group(member).eventsRest.untilMs).toBeGreaterThanOrEqual(desk.nowMs + 10 * tookMs)
})

test('as many failures are remembered as an agenda can have events: none is tried anew at once', () => {
  const { desk } = deskOf(1, ({ events }) => events.length > 0)
  for (let n = 1; n <= 80; n++) desk.write(0, n)
  desk.pass(200_000)
  for (let i = 0; i < 160; i++) desk.pass(1_000)
  expect(desk.group(0).failedEvents.size).toBe(80)
})

test('each turn of a request that waits to be sent gets a final state of its own, though the group is idle and a member is missing', () => {
  const desk = new Desk(4, { settings: { idleEveryMs: 600_000 } })
  desk.run = (_, effect): ExecutionResult => {
    const wish = { type: 'outbox', key: new Uint8Array(32), request: block, bytes: 1, answerTo: null } as const
    const agenda = effect.requests.length === 0 ? effect.agenda : (withWishes(effect.agenda, [wish], effect.timeMs) as Agenda)
    return { ...execute(effect), agenda }
  }
  const here = [0, 1, 2, 3].filter((member) => member !== desk.order(1)[3])
  const missing = desk.order(1)[3] as number
  const apart = ({ from, to }: { from: number; to: number }) => from !== missing && to !== missing
  desk.write(here[0] as number, 1)
  const passes = (seconds: number): void => {
    for (let i = 0; i < 4 * seconds; i++) {
      desk.deliver(apart)
      desk.drop()
      desk.pass(250, here)
    }
  }
  passes(10)
  const [entry] = agendaAt(desk, here[0] as number).outbox
  if (entry === undefined) throw new Error('nothing waits')
  const finalMs = () => Math.max(...desk.of('final', here[0]).map(({ batch }) => readBatch(batch).value.timeMs))
  expect(finalMs()).toBe(entry.turnMs)
  for (const turn of [1, 2, 3]) {
    const startsMs = entry.turnMs + turn * OUTBOX_TURN_MS
    passes((startsMs - desk.nowMs) / 1000 + OUTBOX_BEGIN_MS / 1000)
    expect([turn, finalMs() >= startsMs && finalMs() < startsMs + OUTBOX_BEGIN_MS]).toEqual([turn, true])
  }
  const steps = desk.group(here[0] as number).base.step
  passes(12)
  expect(desk.group(here[0] as number).base.step - steps).toBeLessThanOrEqual(1) // and none beside it
})
