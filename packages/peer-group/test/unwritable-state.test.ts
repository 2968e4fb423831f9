import { contentIdOf } from '@interpeer/crypto-ids'
import { describe, expect, test } from 'vitest'
import { execute } from '../simulations/jobs.js'
import { OUTBOX_BYTES_MAX } from '../src/agenda/agenda.js'
import { type Agenda, type ExecutionResult, type GroupEffect, NO_AGENDA, type OutboxEntry, type Timer } from '../src/index.js'
import { Desk } from './desk.js'
import { dissenting, FINAL, known, LATE, sent } from './dissenting.js'

const block = contentIdOf(Uint8Array.of(1), 'raw')
const timer = (name: string): Timer => ({ name, dueMs: Number.MAX_SAFE_INTEGER, script: 'a.php', args: block })
const entry: OutboxEntry = {
  key: new Uint8Array(32),
  request: block,
  bytes: OUTBOX_BYTES_MAX + 1,
  answerTo: null,
  turn: 0,
  turnMs: 0,
  untilMs: 1,
}
/** What a faulty runtime, or a shell that checks less than this package, may say that a run came to. */
const unwritable: readonly (readonly [string, { readonly agenda: Agenda }])[] = [
  ['more timers than a state holds', { agenda: { ...NO_AGENDA, timers: Array.from({ length: 257 }, (_, i) => timer(`${i}`)) } }],
  ['an agenda that nobody could read again', { agenda: { ...NO_AGENDA, outbox: [entry] } }],
  ['a text that has no bytes', { agenda: { ...NO_AGENDA, timers: [timer('\ud800')] } }],
  ['a time that is none', { agenda: { ...NO_AGENDA, timers: [{ ...timer('a'), dueMs: 0.5 }] } }],
]
const ranTo =
  (more: object) =>
  (_: number, effect: GroupEffect & { type: 'execute' }): ExecutionResult => ({ ...execute(effect), ...more })

describe.each(unwritable)('a run that comes to %s', (_, more) => {
  test('makes a member abstain, and the group goes on', () => {
    const desk = new Desk(4)
    desk.run = ranTo(more)
    desk.write(0, 1)
    expect(() => desk.deliver()).not.toThrow()
    expect([0, 1, 2, 3].map((member) => desk.counted(member).filter((code) => /UNWRITABLE|ABSTAINED/.test(code)))).toEqual(
      Array.from({ length: 4 }, () => ['STATE_UNWRITABLE', 'ABSTAINED']),
    )
    for (let i = 0; i < 8; i++) {
      desk.pass(1_100)
      desk.deliver()
    }
    expect(desk.of('refused', 0).map(({ code }) => code)).toEqual(['JOB_TOO_SLOW'])
    desk.run = (_, effect) => execute(effect)
    const step = desk.group(0).base.step
    desk.write(0, 2)
    desk.deliver()
    expect(desk.group(0).base.step).toBeGreaterThan(step)
  })

  test('against what others certified is no dissent: that member was late', () => {
    const { desk, dissenter } = dissenting(4)
    desk.run = ranTo(more)
    expect(() => desk.deliver(({ number, to }) => number === FINAL && to === dissenter)).not.toThrow()
    expect(known(desk, dissenter).own).toBe('late')
    expect(sent(desk, dissenter, LATE)).toHaveLength(1)
    expect(desk.counted(dissenter)).toContain('STATE_UNWRITABLE')
  })
})
