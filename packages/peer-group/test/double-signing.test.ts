import { bytesOfContentId, signMessage } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { network, signerAt, verification } from '../simulations/jobs.js'
import { verifyFault } from '../src/fault.js'
import { revealMessage, sealMessage } from '../src/messages.js'
import { createVerifier } from '../src/verifier.js'
import { Desk, NOW } from './desk.js'
import { proposalTo } from './forge.js'
import { FINAL, revealed } from './revealed.js'

describe('faults', () => {
  const place = (desk: Desk, member: number) => ({
    job: bytesOfContentId(desk.setup.job),
    epoch: 1,
    step: 1,
    rank: 0,
    from: signerAt(member).publicKey,
  })

  test('two different seals of one rank are a fault that anyone can check; the same one twice is none', () => {
    const desk = new Desk(4)
    const collator = desk.order(1)[0] as number
    const liar = desk.order(1)[1] as number
    const seal = (n: number) =>
      signMessage(
        sealMessage,
        { ...place(desk, liar), batch: new Uint8Array(32).fill(n), seal: new Uint8Array(32) },
        signerAt(liar),
        network,
      )
    for (const n of [1, 1, 2, 3]) desk.tell(collator, { type: 'message', from: desk.peer(liar), envelope: seal(n) })
    const faults = desk.of('fault', collator)
    expect(faults.map(({ peer, kind }) => [peer, kind])).toEqual([[desk.peer(liar), 'two-seals']])
    expect(verifyFault(faults[0]?.evidence ?? [], desk.context)).toEqual({ peer: desk.peer(liar), kind: 'two-seals' })
    expect(verifyFault([seal(1), seal(1)], desk.context)).toBeUndefined()
    expect(verifyFault([seal(1)], desk.context)).toBeUndefined()
  })

  test('a reveal that does not open its seal, and two answers to one batch from one root', () => {
    const { desk, others } = revealed()
    const [one, other] = others as [number, number]
    const verifier = createVerifier(desk.context, verification)
    const reveal = desk
      .of('send', one)
      .map(({ envelope }) => verifier.open(revealMessage, envelope))
      .find((opened) => typeof opened !== 'string')
    if (reveal === undefined || typeof reveal === 'string') throw new Error('no reveal')
    const { value } = reveal
    const wrong = { ...value, answer: { ...value.answer, fuel: 7 } }
    const broken = signMessage(revealMessage, wrong, signerAt(one), network)
    desk.tell(other, { type: 'message', from: desk.peer(one), envelope: broken })
    const seal = desk.group(one).open.sealed?.envelope as Uint8Array
    expect(desk.of('fault', other).map(({ kind }) => kind)).toEqual(['broken-seal'])
    expect(verifyFault([seal, broken], desk.context)).toEqual({ peer: desk.peer(one), kind: 'broken-seal' })
    expect(verifyFault([seal, reveal.envelope], desk.context)).toBeUndefined()
    expect(verifyFault([reveal.envelope, broken], desk.context)?.kind).toBe('two-reveals')
    const later = signMessage(revealMessage, { ...wrong, rank: 1 }, signerAt(one), network)
    expect(verifyFault([reveal.envelope, later], desk.context)?.kind).toBe('two-answers')
    expect(
      verifyFault([reveal.envelope, signMessage(revealMessage, { ...value, rank: 1 }, signerAt(one), network)], desk.context),
    ).toBeUndefined()
  })

  test('two proposals that only a jury could take do not keep back two that a block takes', () => {
    const desk = new Desk(4)
    desk.write(0, 1)
    desk.deliver()
    const member = desk.order(2)[1] as number
    const long = Array.from({ length: 4 }, () => new Uint8Array(24_000))
    for (const [n, unanimous] of [[], long, long, [], []].entries())
      desk.tell(member, { type: 'message', ...proposalTo(desk, member, { timeMs: NOW + n + 1 }, { unanimous }) })
    const told = desk.of('fault', member).map(({ evidence }) => evidence.reduce((sum, { length }) => sum + length, 0))
    expect(told).toHaveLength(2)
    expect(told[0]).toBeGreaterThan(96_000)
    expect(told[1]).toBeLessThan(3_000)
  })

  test.each([
    ['time-outs at the first rank', { timeouts: [new Uint8Array(16_000)] }],
    ['tallies and no closing batch', { tallies: [new Uint8Array(8_000)] }],
  ])('a proposal with %s is refused', (_, beside) => {
    const desk = new Desk(4)
    desk.write(0, 1)
    desk.deliver()
    const member = desk.order(2)[1] as number
    desk.tell(member, { type: 'message', ...proposalTo(desk, member, {}, beside) })
    expect(desk.counted(member)).toEqual(['PROPOSAL_PADDED'])
    expect(desk.group(member).open.proposals.size).toBe(0)
  })

  test('certificates of one step never differ, whoever puts them together', () => {
    const { desk, others } = revealed(5)
    desk.pass(400, others)
    desk.deliver(({ number }) => number !== FINAL)
    const told = [...desk.of('provisional'), ...desk.of('final')].filter(({ step }) => step === 1)
    expect(new Set(told.map(({ state, batch }) => `${state} ${hexOf(batch)}`)).size).toBe(1)
    expect(told.length).toBeGreaterThanOrEqual(4)
  })
})
