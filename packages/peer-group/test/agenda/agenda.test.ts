import { contentIdOf } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { type Agenda, agendaBlock, NO_AGENDA, OUTBOX_BYTES_MAX, OUTBOX_MAX, readAgenda, TIMERS_MAX } from '../../src/agenda/agenda.js'
import { areDue, dueEvents, eventsNamed, withoutEvent } from '../../src/agenda/due.js'
import { type Wish, withCron, withWishes } from '../../src/agenda/plan.js'

const block = contentIdOf(Uint8Array.of(1), 'raw')
const timer = (name: string, seconds: number): Wish => ({ type: 'timer', name, seconds, script: `${name}.php`, args: block })
const mail = (n: number, bytes = 10, key = new Uint8Array(32).fill(n)): Wish => ({
  type: 'outbox',
  key,
  request: block,
  bytes,
  answerTo: null,
})
const plan = (wishes: readonly Wish[], timeMs = 0, agenda: Agenda = NO_AGENDA): Agenda => withWishes(agenda, wishes, timeMs) as Agenda
const EVERY_MINUTE = {
  ...{ minutes: new Uint8Array(8).fill(255), hours: 2 ** 24 - 1, days: 2 ** 32 - 2, months: 2 ** 13 - 2, weekdays: 127, either: false },
}
const names = (agenda: Agenda, timeMs: number) =>
  dueEvents(agenda, timeMs).map((event) => (event.type === 'timer' ? event.timer.name : event.type))

test('a timer is due at its time, not before, and first what was due first', () => {
  const agenda = plan([timer('b', 20), timer('a', 10)], 1_000)
  expect([10_999, 11_000, 20_999, 21_000].map((timeMs) => names(agenda, timeMs))).toEqual([[], ['a'], ['a'], ['a', 'b']])
  const [first] = dueEvents(agenda, 21_000)
  expect(names(withoutEvent(agenda, first as never, 21_000), 21_000)).toEqual(['b'])
})

test('a new timer takes the place of an earlier one of its name, and is another event', () => {
  const once = plan([timer('a', 10)])
  const again = plan([timer('a', 20)], 0, once)
  expect(again.timers).toHaveLength(1)
  expect(names(again, 10_000)).toEqual([])
  expect(hexOf(dueEvents(again, 20_000)[0]?.id as Uint8Array)).not.toBe(hexOf(dueEvents(once, 10_000)[0]?.id as Uint8Array))
})

test('a cron line that was missed many times runs once, and then at its next minute', () => {
  const agenda = withCron(NO_AGENDA, [{ schedule: EVERY_MINUTE, target: '/cron.php' }], 30_000)
  expect(agenda.nextMs).toBe(60_000)
  const [event] = dueEvents(agenda, 600_500)
  expect(event).toMatchObject({ type: 'cron', dueMs: 60_000 })
  const after = withoutEvent(agenda, event as never, 600_500)
  expect([names(after, 600_501), after.nextMs]).toEqual([[], 660_000])
})

test('a request that nobody sent for a day is an event, in which it is given up', () => {
  const agenda = plan([mail(1)], 5_000)
  expect([names(agenda, 86_404_999), names(agenda, 86_405_000)]).toEqual([[], ['unsent']])
})

test('a run that wants more than the state holds gets nothing of it', () => {
  const timers = Array.from({ length: TIMERS_MAX }, (_, i) => timer(`${i}`, 1))
  expect(plan(timers).timers).toHaveLength(TIMERS_MAX)
  expect(withWishes(plan(timers), [timer('more', 1)], 0)).toBeUndefined()
  expect(withWishes(plan(timers), [timer('7', 2)], 0)?.timers).toHaveLength(TIMERS_MAX)
  const mails = Array.from({ length: OUTBOX_MAX + 1 }, (_, i): Wish => mail(0, 10, new Uint8Array(32).fill(i & 255).fill(i >> 8, 1, 2)))
  expect(withWishes(NO_AGENDA, mails, 0)).toBeUndefined()
  expect(withWishes(NO_AGENDA, [mail(1, OUTBOX_BYTES_MAX)], 0)).toBeDefined()
  expect(withWishes(NO_AGENDA, [mail(1, OUTBOX_BYTES_MAX), mail(2, 1)], 0)).toBeUndefined()
})

test('the fullest agenda fits into its block, and is read as it was written', () => {
  const script = 'é'.repeat(512)
  const schedule = EVERY_MINUTE
  const cron = withCron(
    NO_AGENDA,
    Array.from({ length: 32 }, () => ({ schedule, target: `/${'a'.repeat(2047)}` })),
    Number.MAX_SAFE_INTEGER - 1e12,
  )
  const timers = Array.from({ length: TIMERS_MAX }, (_, i): Wish => ({ ...timer('', 1), name: `${i}`.padStart(255, 'x'), script }) as Wish)
  const mails = Array.from({ length: OUTBOX_MAX }, (_, i): Wish => ({ ...mail(i, 65_536), answerTo: script }) as Wish)
  const agenda = plan([...timers, ...mails], 1_700_000_000_000, cron)
  const { bytes } = agendaBlock(agenda)
  expect(readAgenda(bytes)).toEqual(agenda)
  expect(hexOf(agendaBlock(readAgenda(bytes)).bytes)).toBe(hexOf(bytes))
})

test('no block is an agenda that no group makes', () => {
  const invalid = expect.objectContaining({ code: 'STATE_INVALID' })
  const twice = { ...NO_AGENDA, timers: [...plan([timer('a', 1)]).timers, ...plan([timer('a', 2)]).timers] }
  const huge = { ...NO_AGENDA, outbox: plan([mail(1, OUTBOX_BYTES_MAX)]).outbox.map((one) => ({ ...one, bytes: OUTBOX_BYTES_MAX + 1 })) }
  for (const agenda of [NO_AGENDA, twice, huge]) expect(() => readAgenda(agendaBlock(agenda).bytes)).toThrow(invalid)
})

test('a batch names events that are due, each once, in their order; what is not due any more is not run', () => {
  const agenda = plan([timer('a', 1), timer('b', 2), timer('c', 9)])
  const [a, b, c] = dueEvents(agenda, 9_000).map(({ id }) => id) as [Uint8Array, Uint8Array, Uint8Array]
  expect([[], [a], [b], [a, b]].map((ids) => areDue(agenda, 3_000, ids))).toEqual([true, true, true, true])
  expect([[b, a], [a, a], [c], [new Uint8Array(16)]].map((ids) => areDue(agenda, 3_000, ids))).toEqual([false, false, false, false])
  expect(eventsNamed(agenda, 3_000, [c, b]).map(({ id }) => id)).toEqual([b])
})
