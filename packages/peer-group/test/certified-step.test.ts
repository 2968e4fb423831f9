import { contentIdOf, peekMessageNumber, signMessage } from '@interpeer/crypto-ids'
import { encodeCbor } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { network, signerAt, verification } from '../simulations/jobs.js'
import { verifyFault } from '../src/fault.js'
import { GROUP_DEFAULTS } from '../src/index.js'
import { type Dissent, dissentMessage, lateMessage, revealMessage, withheldMessage } from '../src/messages.js'
import { emptyPool } from '../src/pool.js'
import { ASK_EVERY_MS } from '../src/settings.js'
import { createVerifier } from '../src/verifier.js'
import { Desk, type Letter } from './desk.js'
import { DISSENT, dissenting, dissentOf, FINAL, known, LATE, REVEAL, sent, tell, WITHHELD } from './dissenting.js'

const { dissentWindowMs, rankTimerMs } = GROUP_DEFAULTS

describe('what is said of a certified step', () => {
  test('bodies that come one by one are enough, and are asked for again: nothing is said to be withheld', () => {
    const desk = new Desk(4, { jurors: 4 })
    const [collator, , , behind] = desk.order(1) as [number, number, number, number]
    const rest = [0, 1, 2, 3].filter((member) => member !== behind)
    const apart = ({ from, to }: Letter) => from !== behind && to !== behind
    const writes = [1, 2].map((n) => {
      const id = Uint8Array.from({ length: 16 }, () => n)
      const bytes = encodeCbor([id, 'a request'])
      return { id, ms: desk.nowMs, cid: contentIdOf(bytes, 'raw'), bytes }
    })
    desk.tell(collator, { type: 'writes', writes })
    desk.deliver(apart)
    desk.endGrace(apart, rest)
    const step = desk.group(collator).steps.find(({ certified }) => certified.batch.requests.length === 2)
    if (step === undefined) throw new Error('no batch of two')
    const cids = step.certified.batch.requests.map(({ cid }) => cid)
    const bodies = cids.map((cid) => desk.blocks.get(cid))
    for (const cid of cids) desk.blocks.delete(cid)
    desk.deliver(({ number, to }) => number === FINAL && to === behind)
    expect(known(desk, behind, step.step)).toMatchObject({ own: 'pending', bodies: 'asked' })
    const asked = () => desk.of('fetch-bodies', behind).length
    const before = asked()
    desk.pass(GROUP_DEFAULTS.resendMs, [behind])
    expect(asked()).toBe(before + 1)
    for (const [i, ref] of step.certified.batch.requests.entries()) {
      desk.blocks.set(ref.cid, bodies[i] as Uint8Array)
      desk.tell(behind, { type: 'bodies', requests: [{ ...ref, size: 1 }] })
    }
    expect(known(desk, behind, step.step).own).toBe('agrees')
    expect(sent(desk, behind, WITHHELD)).toEqual([])
  })
  test('withheld: a certificate without the bodies is answered within half the window, also to who asks', () => {
    const { desk, dissenter, rest } = dissenting(4)
    const body = known(desk, rest[0] as number).certified.batch.requests[0]?.cid
    desk.blocks.delete(body as never)
    desk.groups[dissenter] = { ...desk.group(dissenter), pool: emptyPool } // it never got the write
    desk.deliver(({ number, to }) => number === FINAL && to === dissenter)
    expect(known(desk, dissenter).own).toBe('pending')
    desk.pass(dissentWindowMs / 2 - 1, [dissenter])
    expect(sent(desk, dissenter, WITHHELD)).toEqual([])
    desk.pass(1, [dissenter])
    const [said] = sent(desk, dissenter, WITHHELD)
    expect(said?.to).toHaveLength(3)
    expect(known(desk, dissenter).own).toBe('withheld')
    expect(createVerifier(desk.context, verification).open(withheldMessage, said?.envelope as Uint8Array)).toMatchObject({
      seat: dissenter,
    })
    expect(desk.of('dispute', dissenter)).toHaveLength(1)
    desk.deliver()
    for (const member of rest) {
      expect([...known(desk, member).dissents.keys()]).toEqual([dissenter])
      expect(desk.of('mark', member)).toEqual([]) // it said nothing false
    }
    const visitor = signerAt(20).peerId
    const { certificate } = known(desk, rest[0] as number).certified
    const effects = desk.tell(dissenter, { type: 'shown', from: visitor, certificate })
    expect(effects).toContainEqual({ type: 'send', to: [visitor], envelope: said?.envelope })
  })

  test('bodies are asked for at once, also while an earlier step still runs: a slow run makes nothing withheld', () => {
    const desk = new Desk(4, { jurors: 4 })
    const firsts = [desk.order(1)[0], desk.order(2)[0]]
    const behind = desk.order(1).find((member) => !firsts.includes(member)) as number
    const rest = [0, 1, 2, 3].filter((member) => member !== behind)
    const apart = ({ from, to, number }: Letter) => from !== behind && (to !== behind || number === FINAL)
    const { run } = desk
    desk.run = (member, effect) => (member === behind ? undefined : run(member, effect))
    for (const n of [1, 2]) {
      desk.write(rest[0] as number, n)
      desk.deliver(apart)
      desk.given = (member) => member !== behind || n === 1
      desk.endGrace(apart, rest)
    }
    expect([1, 2].map((step) => known(desk, behind, step).own)).toEqual(['running', 'pending'])
    desk.given = () => true
    desk.pass(dissentWindowMs / 2, [behind]) // what was asked for has come
    const [effect] = desk.of('execute', behind)
    if (effect === undefined) throw new Error('nothing runs')
    desk.run = run
    desk.tell(behind, { type: 'executed', batch: effect.batch, from: effect.from, result: run(behind, effect) ?? { type: 'abstained' } })
    expect(sent(desk, behind, WITHHELD)).toEqual([])
    expect(known(desk, behind, 2).own).toBe('agrees')
  })

  test('late: its own word, which is no dissent', () => {
    const { desk, dissenter, rest } = dissenting(4)
    desk.run = () => undefined // its run does not end
    desk.deliver(({ number, to }) => number === FINAL && to === dissenter)
    desk.pass(0)
    expect(known(desk, dissenter).own).toBe('running')
    const batch = known(desk, dissenter).certified.batch
    const from = known(desk, dissenter).before?.files as never
    desk.tell(dissenter, { type: 'executed', batch: batch.hash, from, result: { type: 'abstained' } })
    expect(known(desk, dissenter).own).toBe('late')
    desk.deliver(({ number }) => number === LATE)
    for (const member of rest) {
      expect(desk.group(member).tally.members[dissenter]).toMatchObject({ absent: [], late: [{ first: 1, last: 1 }] })
      expect(known(desk, member).dissents.size).toBe(0)
    }
    const effects = desk.tell(dissenter, {
      type: 'shown',
      from: desk.peer(rest[0] as number),
      certificate: known(desk, rest[0] as number).certified.certificate,
    })
    expect(effects.some((effect) => effect.type === 'send' && peekMessageNumber(effect.envelope) === lateMessage.number)).toBe(true)
  })

  test('a member that gave the certified rank up may not reveal there; it dissents all the same', () => {
    const { desk, dissenter } = dissenting(4)
    desk.group(dissenter)
    desk.pass(rankTimerMs, [dissenter]) // it knows of the write, and gives rank 0 up
    expect(desk.group(dissenter).open.givenUp).toBe(0)
    desk.deliver(({ number, to }) => number === FINAL && to === dissenter)
    expect(sent(desk, dissenter, DISSENT)).toHaveLength(1)
    expect(sent(desk, dissenter, REVEAL)).toEqual([])
  })

  test('a visitor that shows a certificate gets the member’s reveal; one unknown here makes it ask', () => {
    const { desk, dissenter, rest } = dissenting(4)
    const [member] = rest as [number]
    const visitor = signerAt(20).peerId
    const { certificate, reveals } = known(desk, member).certified
    const envelope = reveals.get(member)?.envelope
    desk.given = (to) => to !== dissenter
    expect(desk.tell(member, { type: 'shown', from: visitor, certificate })).toContainEqual({ type: 'send', to: [visitor], envelope })
    desk.drop()
    desk.tell(dissenter, { type: 'shown', from: visitor, certificate })
    expect(desk.letters.map(({ number }) => number)).toEqual([56, 56, 56])
    for (let i = 0; i < 9; i++) desk.tell(dissenter, { type: 'shown', from: visitor, certificate })
    expect(desk.letters).toHaveLength(3) // whoever shows it often makes it ask no more often
    desk.nowMs += ASK_EVERY_MS
    desk.tell(dissenter, { type: 'shown', from: visitor, certificate })
    expect(desk.letters).toHaveLength(6)
    expect(desk.tell(member, { type: 'shown', from: visitor, certificate: new Uint8Array(9) })).toContainEqual({
      type: 'count',
      code: 'CERTIFICATE_INVALID',
    })
  })

  test('two answers of one member are a fault, in whatever order and form they come', () => {
    const { desk, dissenter, rest } = dissenting(4)
    const [a, b, c] = rest as [number, number, number]
    const [one, other] = [7, 8].map((fuel) => dissentOf(desk, dissenter, a, { answer: { ...known(desk, a).certified.answer, fuel } })) as [
      Uint8Array,
      Uint8Array,
    ]
    for (const envelope of [one, one, other]) tell(desk, a, dissenter, envelope)
    // a dissent of one that revealed otherwise
    tell(desk, b, a, dissentOf(desk, a, b))
    // a reveal that comes after a dissent
    tell(desk, c, dissenter, one)
    const { step, rank, batch, start, from, job, epoch, answer } = {
      ...(createVerifier(desk.context, verification).open(dissentMessage, one) as { value: Dissent }).value,
    }
    const matching = { job, epoch, step, rank, batch, from, start, salt: new Uint8Array(32), answer: { ...answer, fuel: 0 } }
    tell(desk, c, dissenter, signMessage(revealMessage, matching, signerAt(dissenter), network))
    for (const [member, peer] of [
      [a, dissenter],
      [b, a],
      [c, dissenter],
    ] as const) {
      const faults = desk.of('fault', member)
      expect(faults.map(({ kind }) => kind)).toEqual(['two-answers'])
      expect(verifyFault(faults[0]?.evidence ?? [], desk.context)).toEqual({ peer: desk.peer(peer), kind: 'two-answers' })
    }
  })
})
