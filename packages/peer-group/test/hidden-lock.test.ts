import { bytesOfContentId, signMessage } from '@interpeer/crypto-ids'
import { describe, expect, test } from 'vitest'
import { network, signerAt, verification } from '../simulations/jobs.js'
import { verifyFault } from '../src/fault.js'
import { revealMessage, type Timeout, timeoutMessage } from '../src/messages.js'
import { createVerifier } from '../src/verifier.js'
import type { Desk } from './desk.js'
import { known, sendStep, tell } from './dissenting.js'
import { FINAL, revealed, timeoutsOf } from './revealed.js'

/** Five members revealed at rank 0. One of them then says that it saw no commit set. */
function hiding() {
  const { desk, collator, others } = revealed(5)
  const [liar, hearer] = others as [number, number]
  return { desk, collator, others, liar, hearer, reveal: revealOf(desk, liar) }
}
function timeoutOf(desk: Desk, member: number, changes: Partial<Timeout> = {}): Uint8Array {
  const { base, open } = desk.group(member)
  const place = { job: bytesOfContentId(desk.setup.job), epoch: 1, step: open.step, rank: 0, from: signerAt(member).publicKey }
  const fields = { ...place, previous: base.batchHash, bound: null, dissents: [], abstained: false, ...changes }
  return signMessage(timeoutMessage, fields, signerAt(member), network)
}
const faultsOf = (desk: Desk, member: number) => desk.of('fault', member).map(({ peer, kind }) => [peer, kind])
const seen = ({ envelope }: { readonly envelope: Uint8Array }) => envelope

describe('a time-out that hides what its sender revealed on', () => {
  test('is a fault, whichever comes first', () => {
    for (const order of ['reveal first', 'time-out first']) {
      const { desk, liar, hearer, reveal } = hiding()
      const said = [seen(reveal), timeoutOf(desk, liar)]
      for (const envelope of order === 'reveal first' ? said : said.reverse()) tell(desk, hearer, liar, envelope)
      expect(faultsOf(desk, hearer)).toEqual([[desk.peer(liar), 'hidden-lock']])
      const [fault] = desk.of('fault', hearer)
      expect(verifyFault(fault?.evidence ?? [], desk.context)).toEqual({ peer: desk.peer(liar), kind: 'hidden-lock' })
    }
  })
  test('also of a later rank', () => {
    const { desk, liar, hearer, reveal } = hiding()
    tell(desk, hearer, liar, seen(reveal))
    tell(desk, hearer, liar, timeoutOf(desk, liar, { rank: 3 }))
    expect(faultsOf(desk, hearer)).toEqual([[desk.peer(liar), 'hidden-lock']])
  })
  test('and where the reveal comes in a certificate only', () => {
    const { desk, collator, liar, hearer, others } = hiding()
    tell(desk, hearer, liar, timeoutOf(desk, liar))
    desk.drop()
    for (const member of others.filter((one) => one !== hearer)) tell(desk, collator, member, seen(revealOf(desk, member)))
    desk.pass(400, [collator])
    expect(known(desk, collator, 1)).toBeDefined()
    sendStep(desk, collator, 1)
    desk.deliver(({ to, number }) => to === hearer && number === FINAL)
    expect(faultsOf(desk, hearer)).toEqual([[desk.peer(liar), 'hidden-lock']])
  })
  test('what honest members say is none: their time-outs name what they revealed on', () => {
    const { desk, others, hearer } = hiding()
    desk.pass(10_000, others)
    for (const member of others) {
      expect(timeoutsOf(desk, member).map(({ bound }) => bound?.rank)).toEqual([0])
      tell(desk, hearer, member, seen(revealOf(desk, member)))
    }
    desk.deliver(({ to }) => to === hearer)
    expect(faultsOf(desk, hearer)).toEqual([])
  })
  test('nor is one of a lower rank, of another step, or of another member', () => {
    const { desk, liar, hearer, reveal } = hiding()
    const later = signMessage(revealMessage, { ...reveal.value, rank: 1 }, signerAt(liar), network)
    expect(verifyFault([later, timeoutOf(desk, liar)], desk.context)).toBeUndefined()
    expect(verifyFault([seen(reveal), timeoutOf(desk, liar, { step: 2 })], desk.context)).toBeUndefined()
    expect(verifyFault([seen(reveal), timeoutOf(desk, hearer)], desk.context)).toBeUndefined()
  })
})

function revealOf(desk: Desk, member: number) {
  const verifier = createVerifier(desk.context, verification)
  const opened = desk
    .of('send', member)
    .map(({ envelope }) => verifier.open(revealMessage, envelope))
    .find((one) => typeof one !== 'string')
  if (opened === undefined || typeof opened === 'string') throw new Error('it revealed nothing')
  return opened
}
