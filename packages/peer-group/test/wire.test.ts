import { peekMessageNumber } from '@interpeer/crypto-ids'
import type { Message } from '@interpeer/wire-codec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { batchMessage, MEMBERS_MAX, PAYMENTS_MAX, siteReply, stepGroup } from '../src/index.js'
import * as messages from '../src/messages.js'
import { ANCESTORS_MAX, BATCH_EVENTS_MAX, BATCH_MAX_BYTES, BATCH_REQUESTS_LIMIT, DISSENT_MAX_BYTES, DISSENTS_MAX } from '../src/settings.js'
import { Desk } from './desk.js'

const largestRef = { id: new Uint8Array(16), ms: Number.MAX_SAFE_INTEGER, cid: new Uint8Array(36) }
const largestBatch = {
  job: new Uint8Array(36),
  epoch: 0xffff_ffff,
  step: 0xffff_ffff,
  ancestors: Array.from({ length: ANCESTORS_MAX }, () => new Uint8Array(32)),
  from: new Uint8Array(36),
  collator: new Uint8Array(32),
  timeMs: Number.MAX_SAFE_INTEGER,
  proof: new Uint8Array(80),
  closing: true,
  settled: 2n ** 64n - 1n,
  mayPay: 2n ** 64n - 1n,
  payments: [],
  events: Array.from({ length: BATCH_EVENTS_MAX }, () => new Uint8Array(16)),
  final: 0xffff_ffff,
  disputed: 0xffff_ffff,
  outcomes: Array.from({ length: MEMBERS_MAX }, () => ({
    ...{ agreed: 0xffff_ffff, late: 0xffff_ffff, absent: 0xffff_ffff },
    ...{ contradicted: 0xffff_ffff, unresolved: 0xffff_ffff },
  })),
}
const _declared = [batchMessage, ...Object.values(messages)].filter(
  (one): one is typeof messages.sealMessage => typeof one === 'object' && 'encode' in one && 'number' in one,
) as unknown as Message<never>[]

test('a reply has no field for a batch: its proof leads to the seed, and so to the tokens of others', () => {
  expect(siteReply.cddl()).not.toContain('batch')
})
test('the largest time-outs, tallies and certificates of the largest group fit into one proposal', () => {
  const quorum = Math.floor((2 * MEMBERS_MAX) / 3) + 1
  const certificates = messages.UNANIMOUS_SHOWN_MAX * messages.CERTIFICATE_MAX_BYTES
  const shown = quorum * (messages.TIMEOUT_MAX_BYTES + messages.TALLY_MAX_BYTES) + certificates
  expect(shown + BATCH_MAX_BYTES).toBeLessThan(messages.proposalMessage.maxBytes - 1_000)
})
test('the largest batch fits into its message; commit sets and dissents into time-outs; what a chain of open steps comes to into shows', () => {
  const dissents = Array.from({ length: DISSENTS_MAX }, () => new Uint8Array(DISSENT_MAX_BYTES))
  const named = dissents.map((envelope) => ({ step: 0xffff_ffff, envelope }))
  const batchOf = (count: number) =>
    batchMessage.encode({ ...largestBatch, dissents: named, requests: Array.from({ length: count }, () => largestRef) })
  const batch = batchOf(BATCH_REQUESTS_LIMIT)
  // only a closing one has payments, and that has no requests; it goes to the chain
  const payments = Array.from({ length: PAYMENTS_MAX }, () => ({ account: new Uint8Array(32), amount: 2n ** 64n - 1n }))
  expect(batchMessage.encode({ ...largestBatch, dissents: named, requests: [], payments }).length).toBeLessThan(32_768)
  const seals = Array.from({ length: MEMBERS_MAX }, () => new Uint8Array(messages.SEAL_MAX_BYTES))
  const hash = new Uint8Array(32)
  const bound = { rank: 65_535, batch: hash, seals }
  const { job } = largestBatch
  const place = { job, epoch: 0xffff_ffff, step: 0xffff_ffff, rank: 65_535, from: hash }
  const timeout = messages.timeoutMessage.encode({ ...place, previous: hash, bound, dissents, abstained: true })
  expect(timeout.length).toBeLessThan(messages.TIMEOUT_MAX_BYTES - 128)
  // a certificate holds a reveal of each member; open steps have as many requests together as one batch may have
  const certificate = new Uint8Array(MEMBERS_MAX * (messages.REVEAL_MAX_BYTES + 3) + 128)
  const steps = Array.from({ length: messages.SHOWN_STEPS_MAX }, (_, i) => ({ certificate, batch: i < 2 ? batch : batchOf(0), dissents }))
  const reveal = new Uint8Array(messages.REVEAL_MAX_BYTES)
  // and the bound one as many again, where it names all of those final
  const show = messages.showMessage.encode({
    job,
    epoch: 0xffff_ffff,
    from: hash,
    steps,
    bound,
    boundBatch: batch,
    reveal,
    seen: 0xffff_ffff,
  })
  expect(show.length).toBeLessThan(messages.SHOW_MAX_BYTES)
})

describe('bad input never throws', () => {
  const desk = new Desk(4)
  desk.write(0, 1)
  desk.deliver()
  desk.write(1, 2)
  const sent = desk.of('send').map(({ envelope }) => envelope)
  const group = desk.group(2)
  const tell = (envelope: Uint8Array) => stepGroup(group, { type: 'message', from: desk.peer(1), envelope, nowMs: desk.nowMs })

  test('random bytes, cut messages, and messages with one byte bent are counted', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(tell(bytes).effects.some(({ type }) => type === 'count')).toBe(true)
      }),
    )
    fc.assert(
      fc.property(fc.constantFrom(...sent), fc.nat(), fc.integer({ min: 1, max: 255 }), (envelope, at, bit) => {
        const bent = envelope.slice()
        bent[at % bent.length] = (bent[at % bent.length] as number) ^ bit
        tell(bent)
        tell(envelope.subarray(0, at % envelope.length))
      }),
      { numRuns: 300 },
    )
  })

  test('another epoch, another job, strangers: each has its code', () => {
    const at = sent.find((one) => peekMessageNumber(one) === messages.sealMessage.number) as Uint8Array
    for (const [changes, code] of [
      [{ epoch: 2 }, 'OTHER_EPOCH'],
      [{ job: desk.setup.start as never }, 'OTHER_JOB'],
    ] as const) {
      const other = new Desk(4, changes)
      other.tell(2, { type: 'message', from: desk.peer(1), envelope: at })
      expect(other.counted(2)).toEqual([code])
    }
    const larger = new Desk(7)
    larger.write(0, 1)
    larger.deliver()
    const outside = larger.order(1)[0] === 6 ? 5 : 6
    const stranger = larger
      .of('send', outside)
      .map(({ envelope }) => envelope)
      .find((one) => peekMessageNumber(one) === messages.sealMessage.number)
    desk.tell(2, { type: 'message', from: desk.peer(1), envelope: stranger as Uint8Array })
    expect(desk.counted(2).at(-1)).toBe('NOT_A_MEMBER')
  })
})
