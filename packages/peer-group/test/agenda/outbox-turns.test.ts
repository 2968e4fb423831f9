import { contentIdOf, type PeerId } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { signerAt } from '../../simulations/jobs.js'
import { type Agenda, NO_AGENDA } from '../../src/agenda/agenda.js'
import { OUTBOX_CLOSING_MS, type OutboxView, outboxDue } from '../../src/agenda/outbox-duty.js'
import { isWhole, type OutboxOutcome } from '../../src/agenda/outbox-messages.js'
import {
  type entryOf,
  OUTBOX_BEGIN_MS,
  OUTBOX_PAUSE_MS,
  OUTBOX_ROUNDS_MAX,
  OUTBOX_SEND_MS,
  OUTBOX_TURN_MS,
  type Reported,
  reportOn,
  senderOf,
  turnAt,
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
/** `turn`: left out, the one that it is. */
const say = (agenda: Agenda, from: PeerId | undefined, outcome: OutboxOutcome, atMs: number, turn?: number) =>
  reportOn(agenda, { key, from: from as PeerId, outcome, turn: turn ?? turnAt(agenda.outbox[0] ?? entryIn(queued), atMs) }, atMs, members)

test('one member after another is drawn, each for its turn, in an order that the key decides', () => {
  const first = members.map((_, i) => drawn(queued, T + i * OUTBOX_TURN_MS))
  expect(new Set(first).size).toBe(5)
  expect(members.map((_, i) => drawn(queued, T + (i + 1) * OUTBOX_TURN_MS - 1))).toEqual(first)
  expect(drawn(queued, T + 5 * OUTBOX_TURN_MS)).toBe(first[0])
  expect(drawn(queued, T - 1)).toBeUndefined()
  const others = Array.from({ length: 40 }, (_, i) => senderOf({ ...entryIn(queued), key: new Uint8Array(32).fill(i) }, members, T))
  expect(new Set(others).size).toBe(5)
})

test('who was drawn is heard that it is out, also late; nobody else is', () => {
  const [first, second] = [drawn(queued, T), drawn(queued, T + OUTBOX_TURN_MS)]
  for (const outcome of ['sent', 'unknown'] as const) {
    expect(say(queued, first, outcome, T).type).toBe('ended')
    expect(say(queued, second, outcome, T).type).toBe('ignored')
    expect(say(queued, first, outcome, T + OUTBOX_TURN_MS, 0).type).toBe('ended')
    expect(say(queued, first, outcome, T, 1).type).toBe('ignored') // a turn that has not come
    expect(say(queued, signerAt(9).peerId, outcome, T + 9 * OUTBOX_TURN_MS).type).toBe('ignored')
    expect(agendaOf(say(queued, first, outcome, T)).outbox).toEqual([])
    expect(say(agendaOf(say(queued, first, outcome, T)), first, outcome, T + 1).type).toBe('ignored') // once
  }
})

test('that nobody can send it ends it at once, in the very turn that it is said of, and in no other', () => {
  const first = drawn(queued, T)
  for (const outcome of ['refused', 'malformed', 'target'] as const) {
    expect(say(queued, first, outcome, T).type).toBe('ended')
    expect(agendaOf(say(queued, first, outcome, T)).outbox).toEqual([])
    expect(say(queued, first, outcome, T + OUTBOX_TURN_MS, 0).type).toBe('ignored')
    expect(say(queued, drawn(queued, T + OUTBOX_TURN_MS), outcome, T).type).toBe('ignored')
  }
})

test('a name that one member does not find is looked for by each of the others before that ends it', () => {
  let [agenda, atMs] = [queued, T]
  for (let turn = 0; turn < 5; turn++) {
    const reported = say(agenda, drawn(agenda, atMs), 'name', atMs)
    expect(reported.type).toBe('declined')
    agenda = agendaOf(reported)
    if (turn < 4) expect(say(agenda, drawn(agenda, atMs), 'sent', atMs).type).toBe('ended') // the next one found it
  }
  atMs = entryIn(agenda).turnMs
  expect(say(agenda, drawn(agenda, atMs), 'name', atMs).type).toBe('ended')
})

test('a report of an old turn is not taken for one of a new one, though its sender is drawn again', () => {
  const first = drawn(queued, T)
  const nextMs = T + 5 * OUTBOX_TURN_MS
  expect(drawn(queued, nextMs)).toBe(first)
  expect(say(queued, first, 'declined', nextMs, 0).type).toBe('ignored')
  expect(say(queued, first, 'refused', nextMs, 0).type).toBe('ignored')
  expect(say(queued, first, 'declined', nextMs, 5).type).toBe('declined')
  expect(say(queued, first, 'declined', T + OUTBOX_TURN_MS, 0).type).toBe('ignored')
})

test('an answer belongs to what was sent or refused, and to nothing else', () => {
  const answer = { status: 250, headers: [], body: new Uint8Array() }
  const outcomes: OutboxOutcome[] = ['sent', 'declined', 'refused', 'malformed', 'target', 'name', 'unknown']
  expect(outcomes.filter((outcome) => isWhole({ outcome, answer }))).toEqual(['sent', 'refused'])
  expect(outcomes.filter((outcome) => isWhole({ outcome, answer: null }))).toEqual(outcomes.slice(1))
})

test('who declines is followed by the next at once; when all have, there is a pause that doubles, and an end', () => {
  let [agenda, atMs] = [queued, T]
  const seen: number[] = []
  for (let round = 0; round < OUTBOX_ROUNDS_MAX; round++) {
    for (let i = 0; i < 5; i++) {
      expect(drawn(agenda, atMs)).toBe(drawn(queued, T + i * OUTBOX_TURN_MS))
      agenda = agendaOf(say(agenda, drawn(agenda, atMs), 'declined', atMs))
    }
    expect(drawn(agenda, atMs)).toBeUndefined()
    expect(say(agenda, drawn(queued, T), 'sent', atMs, 0).type).toBe('ended') // it was sent after all
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
      agenda = agendaOf(say(agenda, from, 'declined', atMs))
      declines++
      const { turnMs, untilMs } = entryIn(agenda)
      if (atMs < turnMs && turnMs < untilMs) atMs = turnMs
    }
  }
  expect(declines).toBeLessThanOrEqual(OUTBOX_ROUNDS_MAX * 5)
  expect(entryIn(agenda).turnMs - T).toBeLessThan(2 * OUTBOX_PAUSE_MS * 2 ** OUTBOX_ROUNDS_MAX)
})

const seen = (timeMs: number, more: Partial<OutboxView> = {}): OutboxView => ({
  ...{ agenda: queued, members, timeMs, sinceMs: 0, closesMs: undefined },
  ...more,
})
const begins = (view: OutboxView, self: PeerId | undefined, nowMs: number) => outboxDue(new Map(), view, self as PeerId, nowMs).begin

test('a member begins what it is drawn for once in a turn, and again in its next one', () => {
  const first = drawn(queued, T) as PeerId
  const other = drawn(queued, T + OUTBOX_TURN_MS)
  const begun = outboxDue(new Map(), seen(T), first, T)
  expect([begun.begin.map(({ turn, endsMs }) => [turn, endsMs]), begun.wakeAtMs]).toEqual([[[0, T + OUTBOX_SEND_MS]], T + OUTBOX_TURN_MS])
  expect(outboxDue(begun.duty, seen(T), first, T + 1).begin).toEqual([])
  expect(begins(seen(T), other, T + 1)).toEqual([])
  expect(begins(seen(T + OUTBOX_TURN_MS), other, T + OUTBOX_TURN_MS)).toHaveLength(1)
  const againMs = T + 5 * OUTBOX_TURN_MS
  expect(outboxDue(begun.duty, seen(againMs), first, againMs).begin.map(({ turn }) => turn)).toEqual([5])
  expect(outboxDue(begun.duty, seen(T, { agenda: NO_AGENDA }), first, T)).toEqual({ duty: new Map(), begin: [], wakeAtMs: undefined })
})

test('who has no state of its own turn sends nothing: it would not know that others have', () => {
  const second = drawn(queued, T + OUTBOX_TURN_MS)
  const startsMs = T + OUTBOX_TURN_MS
  expect(begins(seen(startsMs - 1), second, startsMs)).toEqual([]) // cut off since the turn before
  expect(begins(seen(startsMs - 1), second, startsMs + OUTBOX_BEGIN_MS - 1)).toEqual([])
  expect(begins(seen(startsMs), second, startsMs)).toHaveLength(1)
})

test('a turn is begun only as long as what it sends can be reported in it, and in its epoch', () => {
  const first = drawn(queued, T)
  expect(begins(seen(T), first, T + OUTBOX_BEGIN_MS - 1)).toHaveLength(1)
  expect(begins(seen(T), first, T + OUTBOX_BEGIN_MS)).toEqual([])
  expect(OUTBOX_BEGIN_MS + OUTBOX_SEND_MS).toBeLessThan(OUTBOX_TURN_MS)
  expect(begins(seen(T, { closesMs: T + OUTBOX_CLOSING_MS }), first, T)).toHaveLength(1)
  expect(begins(seen(T, { closesMs: T + OUTBOX_CLOSING_MS - 1 }), first, T)).toEqual([])
  expect(begins(seen(T, { sinceMs: T }), first, T)).toHaveLength(1)
  expect(begins(seen(T + 1, { sinceMs: T + 1 }), first, T + 1)).toEqual([]) // the turn of a member of the epoch before
})

test('who heard that it is out sends nothing, though the group has not ordered that yet; but for what no order would take', () => {
  const [first, second] = [drawn(queued, T), drawn(queued, T + OUTBOX_TURN_MS)] as [PeerId, PeerId]
  const { key } = entryIn(queued)
  const startsMs = T + OUTBOX_TURN_MS
  const after = (outcome: OutboxOutcome, from: PeerId, turn = 0, of = key) =>
    begins(seen(startsMs, { heard: [{ key: of, from, turn, outcome }] }), second, startsMs).length
  expect([after('sent', first), after('unknown', first)]).toEqual([0, 0])
  // that one can't send it is no reason not to; nor what of a member that was not drawn yet, of a turn to come, or of another request
  expect([after('declined', first), after('refused', first)]).toEqual([1, 1])
  const later = members.find((peer) => peer !== first && peer !== second) as PeerId
  expect([after('sent', later), after('sent', first, 2), after('sent', first, 0, new Uint8Array(32))]).toEqual([1, 1, 1])
})
