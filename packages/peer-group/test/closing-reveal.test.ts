import { bytesOfContentId, peekPayload, peerIdOfKey, signMessage } from '@interpeer/crypto-ids'
import { describe, expect, test } from 'vitest'
import { execute, network, signerAt, verification } from '../simulations/jobs.js'
import { writeBatch } from '../src/batch.js'
import { certificateMessage, disputeOf, type GroupEffect, readBatch, verifyClosing, verifyDispute } from '../src/index.js'
import { finalMessage, revealMessage } from '../src/messages.js'
import { Desk, type Letter } from './desk.js'
import { known, REVEAL, sent, settle, WITHHELD } from './dissenting.js'
import { HALF_MS, keptOut } from './kept-out.js'

/** All close the epoch; the one that was kept out of step 2 is there for that. */
function closing({ desk, rest }: Pick<ReturnType<typeof keptOut>, 'desk' | 'rest'>, members = [0, 1, 2, 3]) {
  for (const member of members) desk.tell(member, { type: 'close-at', atMs: desk.nowMs, next: desk.setup.members })
  const among = ({ from, to }: Letter) => members.includes(from) && members.includes(to)
  for (let i = 0; i < 4; i++) desk.endWindow(among, members)
  const told = desk.of('closed', rest[0])
  return { told, certified: told.map(({ certificate, batch }) => verifyClosing(certificate, batch, desk.context, verification)) }
}
/** It takes up what follows the hidden step, with its state. */
function back() {
  const given = keptOut()
  for (const step of [3, 4]) given.give(step)
  given.wait(HALF_MS)
  expect(given.desk.of('audit', given.away)).toHaveLength(1)
  expect(given.desk.group(given.away).base.state).toBeDefined()
  return given
}

describe('a closing batch', () => {
  test('is not revealed by who still looks at what it was kept out of; once that is seen it is, and all tell the whole certificate', () => {
    const given = back()
    const { desk, away, rest, audited, batchOf } = given
    const { certified } = closing(given)
    const [first] = certified
    expect([certified.length, first?.agreed.length, first?.agreed.includes(desk.peer(away))]).toEqual([1, 3, false])
    expect(desk.group(away)).toMatchObject({ phase: 'closed', base: { step: first?.step } })
    audited(batchOf(3), true)
    desk.deliver()
    const [, whole] = desk.of('closed', rest[0])
    expect(verifyClosing(whole?.certificate as Uint8Array, whole?.batch as Uint8Array, desk.context, verification).unanimous).toBe(true)
    expect(desk.of('closed', away)).toHaveLength(2)
  })
  test('is never revealed by who objects to what it closes', () => {
    const given = back()
    const { desk, away, audited, batchOf } = given
    const [closed] = closing(given).certified
    audited(batchOf(3), false)
    desk.deliver()
    settle(desk)
    expect(sent(desk, away, WITHHELD).length).toBeGreaterThan(0)
    const revealed = sent(desk, away, REVEAL).map(({ envelope }) => revealMessage.decode(peekPayload(envelope) as Uint8Array).step)
    expect(revealed).not.toContain(closed?.step)
  })
  test('is not revealed by whose own run of a step before it has not ended; once it has, it is, and all tell the whole certificate', () => {
    const desk = new Desk(4, { jurors: 4 })
    const teller = desk.order(1)[0] as number
    const slow = [0, 1, 2, 3].find((member) => member !== teller && member !== desk.order(2)[0]) as number
    const runs: (GroupEffect & { type: 'execute' })[] = []
    desk.run = (member, effect) => (member === slow ? void runs.push(effect) : execute(effect))
    desk.write(teller, 1)
    desk.deliver()
    desk.endGrace()
    const rest = [0, 1, 2, 3].filter((member) => member !== slow)
    const [closed] = closing({ desk, rest }).certified
    expect([closed?.agreed.length, closed?.agreed.includes(desk.peer(slow))]).toEqual([3, false])
    expect([known(desk, slow).own, desk.group(slow).base.state !== undefined, sent(desk, slow, REVEAL)]).toEqual(['running', true, []])
    const [run] = runs as [(typeof runs)[0]]
    desk.tell(slow, { type: 'executed', batch: run.batch, from: run.from, result: execute(run) })
    desk.deliver()
    const last = desk.of('closed', rest[0]).at(-1)
    expect(verifyClosing(last?.certificate as Uint8Array, last?.batch as Uint8Array, desk.context, verification).unanimous).toBe(true)
  })
  test('is revealed at once by who has seen it all, and in a group that no jury judges by all', () => {
    for (const changes of [{}, { jurors: 0 }]) {
      const given = keptOut(4, [3], changes)
      for (const step of 'jurors' in changes ? [3, 4] : [2, 3, 4]) given.give(step)
      given.wait(HALF_MS)
      expect(closing(given).certified.at(-1)?.unanimous).toBe(true)
    }
  })
})

test('a member that is kept out of all steps to the end brings what it learns of them from the chain, back to what it knows', () => {
  const given = keptOut()
  const { desk, away, rest } = given
  desk.given = (member) => member !== away
  const { told, certified } = closing(given, rest)
  const [{ certificate }, { step }] = [told[0], certified[0]] as [(typeof told)[0], (typeof certified)[0]]
  desk.drop()
  desk.tell(away, { type: 'shown', from: desk.peer(rest[0] as number), certificate, by: 'closing' })
  desk.drop()
  expect(desk.of('dispute', away)).toEqual([])
  given.wait(HALF_MS)
  const [dispute] = desk.of('dispute', away)
  expect(dispute).toMatchObject({ step, certificate, batch: null })
  const bytes = disputeOf(desk.group(away), dispute as NonNullable<typeof dispute>, 65_536) as Uint8Array
  const read = verifyDispute(bytes, { ...desk.context, start: desk.setup.start }, verification)
  expect(read).toMatchObject({ step, base: { step: 1, batch: known(desk, away, 1).certified.batch.hash }, gap: step - 2 })
  expect(read.statements.map(({ peer }) => peer)).toEqual([desk.peer(away)])
})

test('a closing batch that pays what nobody owes is not revealed by who gets it certified: it says that it was given nothing, and has it disputed', () => {
  const given = keptOut()
  const { desk, away, rest } = given
  for (const step of [2, 3, 4]) given.give(step)
  given.wait(HALF_MS)
  const { told } = closing(given, rest)
  desk.drop()
  const { certificate, batch } = told[0] as (typeof told)[0]
  const paying = writeBatch({ ...readBatch(batch).value, payments: [{ account: new Uint8Array(32), amount: 5n }] })
  const { reveals, ...place } = certificateMessage.decode(certificate)
  const signed = reveals.map((envelope) => {
    const value = revealMessage.decode(peekPayload(envelope) as Uint8Array)
    const signer = signerAt(desk.setup.members.indexOf(peerIdOfKey(value.from)))
    return signMessage(revealMessage, { ...value, batch: paying.hash }, signer, network)
  })
  const forged = certificateMessage.encode({ ...place, batch: paying.hash, reveals: signed })
  const teller = rest[0] as number
  const { job, epoch } = desk.setup
  // the steps that led to it, which the others made to name all that is final
  const before = known(desk, away, 4).step
  for (let step = before + 1; step < place.step; step++) given.give(step)
  const fields = { job: bytesOfContentId(job), epoch, from: signerAt(teller).publicKey, step: place.step }
  const envelope = signMessage(finalMessage, { ...fields, certificate: forged, batch: paying.bytes }, signerAt(teller), network)
  desk.tell(away, { type: 'message', from: desk.peer(teller), envelope })
  expect(known(desk, away, place.step)).toMatchObject({ own: 'withheld' })
  expect(sent(desk, away, WITHHELD)).toHaveLength(1)
  const revealed = sent(desk, away, REVEAL).map((one) => revealMessage.decode(peekPayload(one.envelope) as Uint8Array).step)
  expect(revealed).not.toContain(place.step)
  expect(desk.of('dispute', away).map(({ step }) => step)).toEqual([place.step])
})
