import { contentIdOf } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { execute } from '../../simulations/jobs.js'
import type { ExecutionResult } from '../../src/api.js'
import { type Agenda, dueEvents, type GroupEffect, withoutEvent, withWishes } from '../../src/index.js'
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
