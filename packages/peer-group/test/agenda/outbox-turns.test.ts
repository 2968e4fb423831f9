import { contentIdOf, type PeerId } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { signerAt } from '../../simulations/jobs.js'
import { type Agenda, NO_AGENDA } from '../../src/agenda/agenda.js'
import { outboxDue } from '../../src/agenda/outbox-duty.js'
import {
  type entryOf,
  OUTBOX_PAUSE_MS,
  OUTBOX_ROUNDS_MAX,
  OUTBOX_TURN_MS,
  type Reported,
  reportOn,
  senderOf,
} from '../../src/agenda/outbox-turns.js'
import { withWishes } from '../../src/agenda/plan.js'

const members = [0, 1, 2, 3, 4].map((i) => signerAt(i).peerId)
const key = new Uint8Array(32).fill(9)
const T = 1_000_000
const mail = { type: 'outbox', key, request: contentIdOf(Uint8Array.of(1), 'raw'), bytes: 1, answerTo: null } as const
const queued = withWishes(NO_AGENDA, [mail], T) as Agenda
const entryIn = (agenda: Agenda) => agenda.outbox[0] as NonNullable<ReturnType<typeof entryOf>>
const drawn = (agenda: Agenda, atMs: number) => senderOf(entryIn(agenda), members, atMs)
const agendaOf = (reported: Reported): Agenda => (reported.type === 'ignored' ? NO_AGENDA : reported.agenda)
const say = (agenda: Agenda, from: PeerId | undefined, didSend: boolean, atMs: number) =>
  reportOn(agenda, key, from as PeerId, didSend, atMs, members)

test('one member after another is drawn, each for its turn, in an order that the key decides', () => {
  const first = members.map((_, i) => drawn(queued, T + i * OUTBOX_TURN_MS))
  expect(new Set(first).size).toBe(5)
  expect(members.map((_, i) => drawn(queued, T + (i + 1) * OUTBOX_TURN_MS - 1))).toEqual(first)
  expect(drawn(queued, T + 5 * OUTBOX_TURN_MS)).toBe(first[0])
  expect(drawn(queued, T - 1)).toBeUndefined()
  const others = Array.from({ length: 40 }, (_, i) => senderOf({ ...entryIn(queued), key: new Uint8Array(32).fill(i) }, members, T))
  expect(new Set(others).size).toBe(5)
})

test('who was drawn is heard, also late; nobody else is', () => {
  const [first, second] = [drawn(queued, T), drawn(queued, T + OUTBOX_TURN_MS)]
  expect(say(queued, first, true, T).type).toBe('sent')
  expect(say(queued, second, true, T).type).toBe('ignored')
  expect(say(queued, first, true, T + OUTBOX_TURN_MS).type).toBe('sent')
  expect(say(queued, first, false, T + OUTBOX_TURN_MS).type).toBe('ignored')
  expect(say(queued, signerAt(9).peerId, true, T + 9 * OUTBOX_TURN_MS).type).toBe('ignored')
  expect(agendaOf(say(queued, first, true, T)).outbox).toEqual([])
  expect(reportOn(agendaOf(say(queued, first, true, T)), key, first as PeerId, true, T + 1, members).type).toBe('ignored') // once
})

test('who declines is followed by the next at once; when all have, there is a pause that doubles, and an end', () => {
  let [agenda, atMs] = [queued, T]
  const seen: number[] = []
  for (let round = 0; round < OUTBOX_ROUNDS_MAX; round++) {
    for (let i = 0; i < 5; i++) {
      expect(drawn(agenda, atMs)).toBe(drawn(queued, T + i * OUTBOX_TURN_MS))
      agenda = agendaOf(say(agenda, drawn(agenda, atMs), false, atMs))
    }
    expect(drawn(agenda, atMs)).toBeUndefined()
    expect(say(agenda, drawn(queued, T), true, atMs).type).toBe('sent') // it was sent after all
    seen.push(entryIn(agenda).turnMs - atMs)
    if (round < OUTBOX_ROUNDS_MAX - 1) atMs = entryIn(agenda).turnMs
  }
  expect(seen).toEqual(seen.map((_, i) => OUTBOX_PAUSE_MS * 2 ** i))
  expect([entryIn(agenda).untilMs, agenda.nextMs]).toEqual([atMs, atMs])
  expect(drawn(agenda, entryIn(agenda).turnMs)).toBeUndefined()
})

test('a member that says nothing changes neither pause nor end', () => {
  let [agenda, atMs] = [queued, T]
  const silent = drawn(queued, T + 4 * OUTBOX_TURN_MS)
  let declines = 0
  while (drawn(agenda, atMs) !== undefined && declines < 1000) {
    const from = drawn(agenda, atMs)
    if (from === silent) atMs += OUTBOX_TURN_MS
    else {
      agenda = agendaOf(say(agenda, from, false, atMs))
      declines++
      const { turnMs, untilMs } = entryIn(agenda)
      if (atMs < turnMs && turnMs < untilMs) atMs = turnMs
    }
  }
  expect(declines).toBeLessThanOrEqual(OUTBOX_ROUNDS_MAX * 5)
  expect(entryIn(agenda).turnMs - T).toBeLessThan(2 * OUTBOX_PAUSE_MS * 2 ** OUTBOX_ROUNDS_MAX)
})

test('a member begins what it is drawn for once in a turn, and again in its next one', () => {
  const first = drawn(queued, T) as PeerId
  const other = drawn(queued, T + OUTBOX_TURN_MS) as PeerId
  const begun = outboxDue(new Map(), queued, first, members, T)
  expect([begun.begin.length, begun.wakeAtMs]).toEqual([1, T + OUTBOX_TURN_MS])
  expect(outboxDue(begun.duty, queued, first, members, T + 1).begin).toEqual([])
  expect(outboxDue(new Map(), queued, other, members, T + 1).begin).toEqual([])
  expect(outboxDue(new Map(), queued, other, members, T + OUTBOX_TURN_MS).begin).toHaveLength(1)
  expect(outboxDue(begun.duty, queued, first, members, T + 5 * OUTBOX_TURN_MS).begin).toHaveLength(1)
  expect(outboxDue(begun.duty, NO_AGENDA, first, members, T)).toEqual({ duty: new Map(), begin: [], wakeAtMs: undefined })
})
