import { memoryStore } from '@interpeer/content-store'
import { bytesOfContentId, type ContentId, contentIdOf, createSigner, jobIdOf, networkIdOf, peekPayload } from '@interpeer/crypto-ids'
import {
  agendaBlock,
  NO_AGENDA,
  OUTBOX_SEND_MS,
  OUTBOX_TURN_MS,
  type OutboxReport,
  outboxReport,
  type Write,
  withWishes,
} from '@interpeer/peer-group'
import { encodeCbor, hexOf, Link } from '@interpeer/wire-codec'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type OutboxResult, type OutboxSender, OutboxShell } from '../src/node/outbox-shell.js'
import { blocksOfOutbox } from '../src/outbox-block.js'

const network = networkIdOf(new Uint8Array([1]))
const signer = createSigner(new Uint8Array(32).fill(1))
const job = jobIdOf(contentIdOf(new Uint8Array([0x80]), 'dag-cbor'))
const T = 1_000_000
const KEY = new Uint8Array(32).fill(9)
const SENT: OutboxResult = { outcome: 'sent', answer: { status: 250, headers: [['a', 'b']], body: Uint8Array.of(1) } }
const stateWith = (agenda: Uint8Array | null): Uint8Array =>
  encodeCbor([new Link(bytesOfContentId(contentIdOf(Uint8Array.of(2), 'dag-cbor'))), false, agenda === null ? null : new Link(agenda), []])

beforeEach(() => void vi.useFakeTimers({ now: T }))
afterEach(() => void vi.useRealTimers())

/** The outbox of a group of one, and a request that waits in it since T. `sent`: how often this member sent it. */
async function outboxOf(
  sender: OutboxSender,
  { store = memoryStore(), kind = 'mail' as 'mail' | 'http', closesMs = undefined as number | undefined } = {},
) {
  const rest = { headers: [], body: new Uint8Array() }
  const request =
    kind === 'mail' ? { ...rest, type: kind, to: 'a@a.test', subject: 's' } : { ...rest, type: kind, method: 'GET', url: 'http://a.test/' }
  const made = blocksOfOutbox(request)
  if (made === undefined) throw new Error('no request')
  const wish = { type: 'outbox', key: KEY, request: made.cid, bytes: 1, answerTo: null } as const
  const agenda = agendaBlock(withWishes(NO_AGENDA, [wish], T) ?? NO_AGENDA)
  const [waiting, none] = [stateWith(bytesOfContentId(agenda.cid)), stateWith(null)].map((bytes) => ({
    cid: contentIdOf(bytes, 'dag-cbor'),
    bytes,
  }))
  if (waiting === undefined || none === undefined) throw new Error('no states')
  await store.blocks.put([...made.blocks, agenda, waiting, none])
  const written: Write[] = []
  let sent = 0
  const shell = new OutboxShell({
    ...{ signer, network, job, store: store.blocks, outboxRecords: store.records('outbox'), now: () => Date.now(), count: () => {} },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    sender: (...given) => {
      sent++
      return sender(...given)
    },
    give: (write) => void written.push(write),
    closesMs: () => closesMs,
  })
  const show = async (state: ContentId, timeMs: number, sinceMs = 0) => {
    shell.onState(state, { members: [signer.peerId], timeMs, sinceMs })
    await vi.advanceTimersByTimeAsync(0)
  }
  return {
    ...{ shell, store, written, show },
    waiting: waiting.cid,
    none: none.cid,
    sent: () => sent,
    /** What was reported, once each. */
    said: () =>
      [...new Map(written.map(({ id, bytes }) => [hexOf(id), outboxReport.decode(peekPayload(bytes) as Uint8Array)])).values()].map(
        ({ turn, outcome }: OutboxReport) => `${turn} ${outcome}`,
      ),
  }
}

test('a request is sent once a state of the turn is final, and not on an older one', async () => {
  const box = await outboxOf(async () => SENT)
  await box.show(box.waiting, T - 1)
  expect([box.sent(), box.written]).toEqual([0, []])
  await box.show(box.waiting, T)
  expect([box.sent(), box.said()]).toEqual([1, ['0 sent']])
  await box.show(box.waiting, T)
  expect(box.sent()).toBe(1)
})

test('nothing is begun where the epoch is over, where it closes too soon to report, or in a turn that began before it', async () => {
  const closing = await outboxOf(async () => SENT, { closesMs: T + 1_000 })
  await closing.show(closing.waiting, T)
  const later = await outboxOf(async () => SENT)
  await later.show(later.waiting, T + 1, T + 1)
  const paused = await outboxOf(async () => ({ outcome: 'declined' }))
  await paused.show(paused.waiting, T)
  paused.shell.pause()
  await vi.advanceTimersByTimeAsync(10 * OUTBOX_TURN_MS)
  expect([closing.sent(), later.sent(), paused.sent()]).toEqual([0, 0, 1])
})

test.each([
  ['mail', '0 unknown'],
  ['http', '0 declined'],
] as const)('a sender that does not stop when the turn is over is not waited for: %s', async (kind, said) => {
  let isTold = false
  const box = await outboxOf(
    (_, __, signal) => {
      signal.addEventListener('abort', () => {
        isTold = true
      })
      return new Promise(() => {})
    },
    { kind },
  )
  await box.show(box.waiting, T)
  await vi.advanceTimersByTimeAsync(OUTBOX_SEND_MS)
  expect([isTold, box.said()]).toEqual([true, []])
  await vi.advanceTimersByTimeAsync(1_000)
  expect(box.said()).toEqual([said])
})

test('a sender that breaks, or says half of it, may have sent it', async () => {
  for (const sender of [() => Promise.reject(new Error('broken')), async () => ({ outcome: 'sent' }) as const]) {
    const box = await outboxOf(sender)
    await box.show(box.waiting, T)
    expect(box.said()).toEqual(['0 unknown'])
  }
})

test('who sent it does not send it again after a restart, but says so again', async () => {
  const before = await outboxOf(async () => SENT)
  await before.show(before.waiting, T)
  await before.shell.close()
  const after = await outboxOf(async () => SENT, { store: before.store })
  await after.show(after.waiting, T)
  expect([after.sent(), after.said()]).toEqual([0, ['0 sent']])
  expect(after.written[0]?.bytes).toEqual(before.written[0]?.bytes)
  vi.setSystemTime(T + OUTBOX_TURN_MS)
  await after.show(after.waiting, T + OUTBOX_TURN_MS) // of no use in its own turn: under another id
  expect([after.sent(), new Set(after.written.map(({ id }) => hexOf(id))).size]).toEqual([0, 2])
})

test('what was out when the peer stopped is said after its restart', async () => {
  const before = await outboxOf(
    (_, __, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve({ outcome: 'unknown' }))),
  )
  await before.show(before.waiting, T)
  await before.shell.close()
  expect(before.said()).toEqual([])
  const after = await outboxOf(async () => SENT, { store: before.store })
  await after.show(after.waiting, T)
  expect([after.sent(), after.said()]).toEqual([0, ['0 unknown']])
})

test('a report that a recovery undid is given again, and nothing is sent again', async () => {
  const box = await outboxOf(async () => SENT)
  await box.show(box.waiting, T)
  await box.show(box.none, T + 1)
  const before = box.written.length
  await vi.advanceTimersByTimeAsync(OUTBOX_TURN_MS)
  expect(box.written).toHaveLength(before)
  await box.show(box.waiting, T + OUTBOX_TURN_MS)
  expect(box.written.length).toBeGreaterThan(before)
  expect(box.sent()).toBe(1)
})

test('that a member can’t send is not said any more when its turn is over', async () => {
  const box = await outboxOf(async () => ({ outcome: 'declined' }))
  await box.show(box.waiting, T)
  expect(box.said()).toEqual(['0 declined'])
  const before = box.written.length
  vi.setSystemTime(T + OUTBOX_TURN_MS)
  await box.show(box.waiting, T) // the new turn has no state yet
  expect(box.written).toHaveLength(before)
  await box.show(box.waiting, T + OUTBOX_TURN_MS)
  expect(box.said()).toEqual(['0 declined', '1 declined'])
})

test('reports are forgotten with their entries, but for the newest', async () => {
  const box = await outboxOf(async () => SENT)
  await box.show(box.waiting, T)
  const kept = () => [...box.store.records('outbox').list('')].length
  expect(kept()).toBe(1)
  await box.show(box.none, T + 1)
  expect(kept()).toBe(1)
  vi.setSystemTime(T + 86_400_000)
  await box.show(box.none, T + 86_400_000)
  expect(kept()).toBe(0)
})

test('what another member reported is not sent while that may still be ordered, and for no longer than three turns', async () => {
  const box = await outboxOf(async () => SENT)
  const report = {
    from: signer.publicKey,
    job: bytesOfContentId(job),
    id: new Uint8Array(16),
    ms: T + 86_400_000,
    key: KEY,
    turn: 0,
    answer: null,
  }
  box.shell.hear({ ...report, outcome: 'sent' }) // before the state that it is about, and by a clock that is ahead
  await box.show(box.waiting, T)
  expect(box.sent()).toBe(0)
  vi.setSystemTime(T + 3 * OUTBOX_TURN_MS)
  await box.show(box.waiting, T + 3 * OUTBOX_TURN_MS)
  expect(box.sent()).toBe(0)
  vi.setSystemTime(T + 4 * OUTBOX_TURN_MS)
  await box.show(box.waiting, T + 4 * OUTBOX_TURN_MS)
  expect(box.sent()).toBe(1)
})
test('one member’s words keep nobody else’s from being heard, and are bounded', async () => {
  const other = createSigner(new Uint8Array(32).fill(2))
  const heardBy = async (count: number) => {
    const box = await outboxOf(async () => SENT)
    const report = { job: bytesOfContentId(job), id: new Uint8Array(16), ms: T, turn: 0, answer: null, outcome: 'sent' } as const
    box.shell.hear({ ...report, from: signer.publicKey, key: KEY })
    for (const from of [other.publicKey, signer.publicKey].slice(0, count > 100 ? 1 : 2))
      for (let i = 0; i < count; i++) box.shell.hear({ ...report, from, key: new Uint8Array(32).fill(i % 256).fill(99, 0, 1) })
    await box.show(box.waiting, T)
    return box.sent()
  }
  expect([await heardBy(200), await heardBy(64)]).toEqual([0, 1])
})
