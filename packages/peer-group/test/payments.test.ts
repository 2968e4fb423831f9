import { peekMessageNumber } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { execute } from '../simulations/jobs.js'
import {
  type ExecutionResult,
  type GroupEffect,
  NO_AGENDA,
  type Payment,
  readBatch,
  sumOfPayments,
  verifyClosing,
  withWishes,
} from '../src/index.js'
import { proposalMessage, sealMessage } from '../src/messages.js'
import { Desk } from './desk.js'

const FUNDS = { settled: 70n, mayPay: 1_000n }
const [PROPOSAL, SEAL] = [proposalMessage.number, sealMessage.number]
const payee = (n: number): Uint8Array => new Uint8Array(32).fill(n)
/** Each request pays as much as its last byte says to an account that it names. */
function paying(_: number, effect: GroupEffect & { type: 'execute' }): ExecutionResult {
  const wishes = effect.requests.map(({ id }) => ({ type: 'pay' as const, account: payee((id[15] ?? 0) % 2), amount: BigInt(id[15] ?? 0) }))
  const agenda = withWishes(effect.agenda, wishes, effect.timeMs) ?? effect.agenda
  return { ...(execute(effect) as ExecutionResult & { type: 'ran' }), agenda }
}
function paid(desk: Desk, writes: readonly number[]): void {
  desk.run = paying
  for (const n of writes) {
    desk.write(0, n)
    desk.deliver()
  }
}
/** Lets the epoch end, and tells what was certified. */
function closed(desk: Desk): { readonly payments: readonly Payment[]; readonly certificate: Uint8Array; readonly batch: Uint8Array } {
  const atMs = desk.nowMs + 100
  for (const member of desk.groups.keys()) desk.tell(member, { type: 'close-at', atMs, next: desk.setup.members })
  for (let left = 20; left > 0 && desk.of('closed', 0).length === 0; left--) {
    desk.pass(700)
    desk.deliver()
  }
  const [closing] = desk.of('closed', 0)
  if (closing === undefined) throw new Error('it did not close')
  return { ...closing, payments: verifyClosing(closing.certificate, closing.batch, desk.context).batch.value.payments }
}

test('what scripts paid is certified by the closing batch, one sum for each account; all batches name the funds of their epoch', () => {
  const desk = new Desk(4, { funds: FUNDS })
  paid(desk, [5, 2, 3])
  const { payments, batch } = closed(desk)
  expect(payments).toEqual([
    { account: payee(1), amount: 8n },
    { account: payee(0), amount: 2n },
  ])
  expect(readBatch(batch).value).toMatchObject(FUNDS)
  for (const { batch: bytes } of desk.of('final', 0)) expect(readBatch(bytes).value).toMatchObject(FUNDS)
})

test('the epoch that a closing opens owes nothing of it; one that a recovery opens owes it still', () => {
  const desk = new Desk(4, { funds: FUNDS })
  paid(desk, [5])
  const state = desk.group(0).base.root
  const after = (funds: typeof FUNDS): readonly Payment[] => {
    const next = new Desk(4, { epoch: 2, start: state, startTimeMs: desk.nowMs, funds })
    for (const [cid, block] of desk.blocks) next.blocks.set(cid, block)
    next.nowMs = desk.nowMs + 10_000
    for (const member of [0, 1, 2, 3]) next.open(member)
    paid(next, [3])
    return closed(next).payments
  }
  const { payments } = closed(desk)
  expect(after({ settled: FUNDS.settled + sumOfPayments(payments), mayPay: 1_000n })).toEqual([{ account: payee(1), amount: 3n }])
  expect(after(FUNDS)).toEqual([{ account: payee(1), amount: 8n }])
})

test('what a run would pay beyond the funds is not paid', () => {
  const desk = new Desk(4, { funds: { settled: 70n, mayPay: 75n } })
  paid(desk, [5, 2])
  expect(closed(desk).payments).toEqual([{ account: payee(1), amount: 5n }])
})

test('a member seals no batch that names other funds than its chain, nor one that pays and does not close', () => {
  const desk = new Desk(4, { funds: FUNDS })
  const [collator] = desk.order(1)
  const other = new Desk(4, { funds: { ...FUNDS, mayPay: 2_000n } })
  other.write(collator as number, 7)
  const proposals = other.letters.filter(({ from, number }) => from === collator && number === PROPOSAL)
  expect(proposals.length).toBe(3)
  for (const { to, envelope } of proposals) {
    desk.tell(to, { type: 'message', from: desk.peer(collator as number), envelope })
    expect(desk.counted(to)).toContain('BATCH_FUNDS')
  }
  expect(desk.of('send').every(({ envelope }) => peekMessageNumber(envelope) !== SEAL)).toBe(true)
})

test('a closing batch that pays otherwise than the state owes is sealed by nobody but who is alone with that state', () => {
  const desk = new Desk(4, { funds: FUNDS })
  paid(desk, [5])
  // the next collator's own state says that nothing was paid: a liar's program, or a spoiled disk
  const liar = desk.order(desk.group(0).base.step + 1)[0] as number
  const { base } = desk.group(liar)
  if (base.state === undefined) throw new Error('no state')
  desk.groups[liar] = { ...desk.group(liar), base: { ...base, state: { ...base.state, agenda: NO_AGENDA } } }
  const atMs = desk.nowMs + 100
  for (const member of desk.groups.keys()) desk.tell(member, { type: 'close-at', atMs, next: desk.setup.members })
  for (let left = 6; left > 0 && desk.counted((liar + 1) % 4).includes('BATCH_PAYMENTS') === false; left--) {
    desk.pass(700)
    desk.deliver()
  }
  expect(desk.counted((liar + 1) % 4)).toContain('BATCH_PAYMENTS')
  for (let left = 20; left > 0 && desk.of('closed', (liar + 1) % 4).length === 0; left--) {
    desk.pass(700)
    desk.deliver()
  }
  const [closing] = desk.of('closed', (liar + 1) % 4)
  expect(readBatch(closing?.batch as Uint8Array).value.payments).toEqual([{ account: payee(1), amount: 5n }])
})
