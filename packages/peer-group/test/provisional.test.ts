import { bytesOfContentId, signMessage } from '@interpeer/crypto-ids'
import { describe, expect, test } from 'vitest'
import { network, signerAt, verification } from '../simulations/jobs.js'
import { type Batch, readBatch, writeBatch } from '../src/batch.js'
import { GROUP_DEFAULTS, type GroupSetup, provesFinal, verifyCertificate, verifyReveals } from '../src/index.js'
import {
  askMessage,
  certificateMessage,
  commitSetMessage,
  finalMessage,
  proposalMessage,
  revealMessage,
  sealMessage,
} from '../src/messages.js'
import { PROVISIONAL_MAX } from '../src/settings.js'
import { createVerifier } from '../src/verifier.js'
import { Desk, type Letter } from './desk.js'
import { refusals } from './forge.js'

const { graceMs, dissentWindowMs, rankTimerMs } = GROUP_DEFAULTS
const [PROPOSAL, SEAL, REVEAL] = [proposalMessage.number, sealMessage.number, revealMessage.number]
const [COMMIT_SET, FINAL, ASK] = [commitSetMessage.number, finalMessage.number, askMessage.number]

/** Four members, the last in the order of step 1 away: step 1 is certified by three. The first collator of step 2 is among them. */
function withoutOne(changes: Partial<GroupSetup> = {}) {
  const desk = new Desk(4, changes)
  const away = desk.order(1).find((member) => member !== desk.order(1)[0] && member !== desk.order(2)[0]) as number
  const rest = [0, 1, 2, 3].filter((member) => member !== away)
  const living = ({ from, to }: Letter) => from !== away && to !== away
  desk.write(desk.order(1)[0] as number, 1)
  desk.deliver(living)
  desk.endGrace(living, rest)
  return { desk, away, rest, living }
}
/** The proposal of step 2's first collator, with other naming; the other members that are there hear it. */
function proposing({ desk, rest }: ReturnType<typeof withoutOne>, changes: Partial<Batch>, unanimous: readonly Uint8Array[] = []) {
  const collator = desk.order(2)[0] as number
  const signer = signerAt(collator)
  const { base } = desk.group(collator)
  desk.write(collator, 99)
  const [own] = desk.letters.filter(({ number, from }) => number === PROPOSAL && from === collator)
  const opened = createVerifier(desk.context, verification).open(proposalMessage, own?.envelope as Uint8Array)
  if (typeof opened === 'string') throw new Error(opened)
  const { value } = readBatch(opened.value.batch)
  expect(value.step).toBe(base.step + 1)
  const batch = writeBatch({ ...value, ...changes })
  desk.drop(({ number }) => number === PROPOSAL)
  const envelope = signMessage(proposalMessage, { ...opened.value, batch: batch.bytes, unanimous }, signer, network)
  const others = rest.filter((member) => member !== collator)
  for (const member of others) desk.tell(member, { type: 'message', from: desk.peer(collator), envelope })
  return { others, collator, batch, envelope }
}

describe('a step that not all revealed', () => {
  test('is provisional, until a batch names it once the dissent window is over', () => {
    const { desk, rest, living } = withoutOne()
    for (const member of rest) {
      const told = desk.of('provisional', member)
      expect(told.map(({ step, requests }) => [step, requests.length])).toEqual([[1, 1]])
      expect(desk.of('final', member)).toEqual([])
      expect(desk.group(member).final.step).toBe(0)
    }
    desk.pass(dissentWindowMs - 1, rest)
    desk.deliver(living)
    expect(desk.of('final')).toEqual([])
    expect(desk.groups.map(({ base }) => base.step).filter((step) => step > 1)).toEqual([]) // nothing is named yet
    desk.pass(1, rest)
    desk.deliver(living)
    desk.endGrace(living, rest)
    for (const member of rest) {
      const [final] = desk.of('final', member)
      const [provisional] = desk.of('provisional', member)
      if (final === undefined || provisional === undefined) throw new Error('not told')
      expect([final.step, final.state, final.requests]).toEqual([1, provisional.state, provisional.requests])
      const naming = desk.group(member).steps.find(({ step }) => step === 2)
      expect(final.named).toEqual(naming?.certified.certificate)
      expect(final.timeMs).toBe(naming?.certified.batch.value.timeMs)
      // a visitor, who has no batches, is shown both certificates
      const [one, later] = [final.certificate, final.named as Uint8Array].map((each) => verifyReveals(each, desk.context))
      if (one === undefined || later === undefined) throw new Error('no certificates')
      expect([provesFinal(one), provesFinal(one, later), provesFinal(later), provesFinal(later, one)]).toEqual([false, true, false, false])
      expect(provesFinal(one, { ...later, epoch: 2 })).toBe(false)
    }
  })

  test('is final at once when the last reveal comes, and a batch may name it within the window', () => {
    const { desk, away, rest } = withoutOne()
    desk.deliver() // what was under way to and from the last member
    desk.pass(rankTimerMs / 2)
    desk.deliver()
    for (const member of [0, 1, 2, 3]) {
      const final = desk.of('final', member)[0]
      expect(final).toMatchObject({ step: 1, named: null })
      const certified = verifyCertificate(final?.certificate as Uint8Array, final?.batch as Uint8Array, desk.context)
      expect([certified.unanimous, provesFinal(certified)]).toEqual([true, true])
    }
    expect(rest).not.toContain(away)
    desk.write(desk.order(2)[0] as number, 2)
    desk.deliver()
    expect(desk.group(0).steps.find(({ step }) => step === 2)?.certified.answer.final).toBe(1)
    expect(desk.nowMs).toBeLessThan((desk.setup.startTimeMs as number) + dissentWindowMs)
  })

  test('a reveal that was lost is sent again to whoever shows a certificate without it', () => {
    const { desk, away, rest } = withoutOne()
    desk.deliver(({ to }) => to === away)
    const said = desk.letters.filter(({ from, number }) => from === away && number === REVEAL)
    expect(new Set(said.map(({ to }) => to))).toEqual(new Set(rest))
    desk.drop()
    desk.pass(rankTimerMs / 2, rest)
    desk.deliver(({ number }) => number === finalMessage.number)
    const again = desk.letters.filter(({ from, number }) => from === away && number === REVEAL)
    expect(again.map(({ to }) => to).sort()).toEqual([...rest].sort())
    for (const { envelope } of again) expect(envelope).toEqual(said[0]?.envelope)
    desk.deliver()
    expect(desk.of('final').filter(({ step }) => step === 1)).toHaveLength(4)
  })

  test('a member that ran and sealed it, but was not shown the commit set, reveals on the certificate', () => {
    for (const restarts of [false, true]) {
      const desk = new Desk(4)
      const [collator] = desk.order(1) as [number]
      const late = desk.order(1)[3] as number
      const apart = ({ to, number }: Letter) => to !== late || (number !== COMMIT_SET && number !== REVEAL && number !== FINAL)
      desk.write(collator, 1)
      desk.deliver(apart)
      desk.endGrace(apart)
      expect(desk.group(late).open.sealed?.rank).toBe(0)
      expect(desk.group(collator).steps[0]?.certified.reveals.size).toBe(3)
      const [certificate] = desk.letters.filter(({ to, number }) => to === late && number === FINAL)
      desk.drop()
      if (restarts) desk.open(late)
      desk.tell(late, { type: 'message', from: desk.peer(collator), envelope: certificate?.envelope as Uint8Array })
      expect(desk.letters.filter(({ from, number }) => from === late && number === REVEAL)).toHaveLength(3)
      desk.deliver()
      expect(desk.of('final').filter(({ step }) => step === 1)).toHaveLength(4)
      expect(desk.of('fault')).toEqual([])
      expect(desk.group(collator).tally.members[late]).toEqual({ absent: [], late: [], contradicted: [] })
    }
  })

  test('of certificates that a proposal shows, only what may still complete a step is looked at', () => {
    const given = withoutOne({ settings: { rankTimerMs: 10_000 } })
    const { desk, rest } = given
    const { certified } = desk.group(rest[0] as number).steps[0] as Desk['groups'][number]['steps'][number]
    const value = certificateMessage.decode(certified.certificate)
    const forged = value.reveals.map((envelope) => envelope.map((byte, i) => (i === envelope.length - 1 ? byte ^ 1 : byte)))
    const unanimous = [{ step: 1, batch: new Uint8Array(32) }, { step: 9 }].map((changes) =>
      certificateMessage.encode({ ...value, reveals: forged, ...changes }),
    )
    const { others } = proposing(given, { final: 0 }, unanimous)
    for (const member of others) expect(desk.counted(member)).not.toContain('CERTIFICATE_INVALID')
    const again = withoutOne({ settings: { rankTimerMs: 10_000 } })
    const open = proposing(again, { final: 0 }, [certificateMessage.encode({ ...value, reveals: forged })])
    for (const member of open.others) expect(again.desk.counted(member)).toContain('CERTIFICATE_INVALID')
  })

  test('so many wait at most: the group certifies no more before some are named', () => {
    const { desk, rest, living } = withoutOne({ settings: { dissentWindowMs: 60_000 } })
    for (let i = 0; i < 60; i++) {
      desk.write(rest[i % 3] as number, 2 + i)
      desk.deliver(living)
      desk.endGrace(living, rest)
      desk.drop(({ to, from }) => !living({ to, from } as Letter))
    }
    for (const member of rest) {
      const { base, final } = desk.group(member)
      expect([base.step, final.step]).toEqual([PROVISIONAL_MAX + 1, 0])
    }
    desk.pass(60_000, rest)
    for (let i = 0; i < 8; i++) {
      desk.deliver(living)
      desk.pass(rankTimerMs, rest)
    }
    for (const member of rest) expect(desk.group(member).final.step).toBeGreaterThan(PROVISIONAL_MAX)
  })

  test('nobody is slow while nothing more may be ordered: no rank is given up before a window ends', () => {
    const { desk, rest, living } = withoutOne()
    for (let i = 0; i < 12; i++) {
      desk.write(rest[i % 3] as number, 2 + i)
      desk.deliver(living)
    }
    const openOf = (member: number) => desk.group(member).open
    expect(rest.map((member) => [openOf(member).step, openOf(member).rank])).toEqual(Array(3).fill([PROVISIONAL_MAX + 2, 0]))
    expect(desk.group(rest[0] as number).pool.waiting).toBeGreaterThan(0)
    desk.pass(dissentWindowMs - graceMs - 1, rest)
    desk.deliver(living)
    expect(rest.map((member) => [openOf(member).step, openOf(member).givenUp])).toEqual(Array(3).fill([PROVISIONAL_MAX + 2, -1]))
  })
})

describe('a member that skipped certified steps', () => {
  test('seals nothing that names them before it has them, and asks for them', () => {
    const { desk, away, rest, living } = withoutOne()
    for (const n of [2, 3]) {
      desk.write(desk.order(n)[0] as number, n)
      desk.deliver(living)
      desk.endGrace(living, rest)
    }
    const last = desk.letters.findLast(({ to, number }) => to === away && number === FINAL)
    desk.drop()
    desk.tell(away, { type: 'message', from: desk.peer(last?.from as number), envelope: last?.envelope as Uint8Array })
    const stepsOf = (member: number) => desk.group(member).steps.map(({ step }) => step)
    expect([stepsOf(away), stepsOf(rest[0] as number)]).toEqual([[3], [1, 2, 3]])
    desk.nowMs += dissentWindowMs
    expect(desk.order(4)[0]).not.toBe(away)
    expect(refusals(desk, [away], { final: 2 })).toEqual(['waits'])
    desk.pass(0, [away])
    desk.deliver(({ from, to, number }) => (from === away && number === ASK) || (to === away && number === FINAL))
    expect(stepsOf(away)).toEqual([1, 2, 3])
    expect(desk.group(away).steps.map(({ own }) => own)).toEqual(['agrees', 'agrees', 'agrees']) // what it came to itself it could go on from
    desk.nowMs += dissentWindowMs
    expect(refusals(desk, [away], { final: 2 })).toEqual(['sealed'])
    desk.open(away)
    expect(stepsOf(away)).toEqual([1, 2, 3])
  })
})

describe('who may name a step', () => {
  test('a member whose own window is open holds its seal back, and seals at the same rank when it is over', () => {
    const given = withoutOne({ settings: { rankTimerMs: 10_000 } })
    const { desk, rest } = given
    const { others } = proposing(given, { final: 1 })
    desk.pass(dissentWindowMs - graceMs, rest)
    const before = desk.letters.filter(({ number, from }) => number === SEAL && others.includes(from))
    desk.pass(graceMs, rest)
    const after = desk.letters.filter(({ number, from }) => number === SEAL && others.includes(from))
    expect([before.length, new Set(after.map(({ from }) => from)).size]).toEqual([0, 2])
  })

  test.each<[string, (given: ReturnType<typeof withoutOne>) => Partial<Batch>]>([
    ['BATCH_FINAL', () => ({ final: 2 })],
    ['BATCH_DISPUTED', () => ({ disputed: 1 })],
    ['BATCH_DISSENT', () => ({ disputed: 1, dissents: [{ step: 1, envelope: new Uint8Array(3) }] })],
    [
      'BATCH_DISSENT', // a reveal that agrees is none
      ({ desk, rest }) => {
        const { certified } = desk.group(rest[0] as number).steps[0] as {
          certified: { reveals: ReadonlyMap<number, { envelope: Uint8Array }> }
        }
        return { disputed: 1, dissents: [{ step: 1, envelope: [...certified.reveals.values()][0]?.envelope as Uint8Array }] }
      },
    ],
    ['BATCH_OTHER_PAST', ({ desk }) => ({ from: bytesOfContentId(desk.setup.start) })],
    ['BATCH_CLOSING', () => ({ closing: true })],
  ])('%s', (code, changesOf) => {
    const given = withoutOne()
    const { others } = proposing(given, changesOf(given))
    for (const member of others) expect(given.desk.counted(member)).toEqual([code])
  })

  test('BATCH_FINAL: what was named stays named', () => {
    const { desk, rest, living } = withoutOne()
    desk.endWindow(living, rest)
    expect(refusals(desk, rest, { final: 0 })).toEqual(['BATCH_FINAL'])
  })

  test('BATCH_TOO_EARLY: a batch that leaves too many steps unnamed', () => {
    const { desk, rest, living } = withoutOne({ settings: { dissentWindowMs: 60_000, rankTimerMs: 30_000 } })
    for (let i = 0; i < 40 && desk.group(rest[0] as number).base.step < PROVISIONAL_MAX + 1; i++) {
      desk.write(rest[i % 3] as number, 2 + i)
      desk.deliver(living)
      desk.endGrace(living, rest)
      desk.pass(30_000 / 8, rest)
      desk.deliver(living)
    }
    for (const member of rest) expect(desk.group(member).base.step).toBe(PROVISIONAL_MAX + 1)
    expect(refusals(desk, rest, { final: 0 })).toEqual(['BATCH_TOO_EARLY'])
  })
})

describe('certificates of liars', () => {
  test('a certificate may not name its own step final, whoever signed it', () => {
    const { desk, rest } = withoutOne()
    const [final] = desk.of('provisional', rest[0])
    const decoded = certificateMessage.decode(final?.certificate as Uint8Array)
    const verifier = createVerifier(desk.context, verification)
    const reveals = decoded.reveals.map((envelope) => {
      const opened = verifier.open(revealMessage, envelope)
      if (typeof opened === 'string') throw new Error(opened)
      const { value } = opened
      return signMessage(revealMessage, { ...value, answer: { ...value.answer, final: 1 } }, signerAt(opened.seat), network)
    })
    const invalid = expect.objectContaining({ failure: { code: 'CERTIFICATE_INVALID', reason: 'it names itself final' } })
    expect(() => verifyReveals(certificateMessage.encode({ ...decoded, reveals }), desk.context)).toThrow(invalid)
  })

  test('reveals whose numbers are not the batch’s certify nothing', () => {
    const desk = new Desk(4)
    const [collator, ...others] = desk.order(1) as [number, number, number, number]
    desk.write(collator, 1)
    desk.deliver(({ number, to }) => number !== REVEAL || to !== collator)
    const verifier = createVerifier(desk.context, verification)
    for (const member of others) {
      const said = desk.letters.find(({ from, number }) => from === member && number === REVEAL)
      const opened = verifier.open(revealMessage, said?.envelope as Uint8Array)
      if (typeof opened === 'string') throw new Error(opened)
      const { value } = opened
      const answer = { ...value.answer, disputed: 1 }
      const envelope = signMessage(revealMessage, { ...value, answer }, signerAt(member), network)
      desk.group(collator).open.seals.get(0)?.delete(member) // as if its seal had never come
      desk.tell(collator, { type: 'message', from: desk.peer(member), envelope })
    }
    desk.endGrace(() => false)
    expect(desk.group(collator).base.step).toBe(0)
  })

  test('a start that names nothing is no certificate, for members, visitors and the chain', () => {
    const { desk, rest } = withoutOne()
    const [final] = desk.of('provisional', rest[0])
    const { certificate, batch } = final as { certificate: Uint8Array; batch: Uint8Array }
    const decoded = certificateMessage.decode(certificate)
    const verifier = createVerifier(desk.context, verification)
    const reveals = decoded.reveals.map((envelope) => {
      const opened = verifier.open(revealMessage, envelope)
      if (typeof opened === 'string') throw new Error(opened)
      return signMessage(revealMessage, { ...opened.value, start: new Uint8Array(36) }, signerAt(opened.seat), network)
    })
    const bent = certificateMessage.encode({ ...decoded, reveals })
    const invalid = expect.objectContaining({ code: 'CERTIFICATE_INVALID' })
    expect(() => verifyCertificate(bent, batch, desk.context)).toThrow(invalid)
    const [teller, hearer] = rest as [number, number]
    const fresh = new Desk(4)
    for (const envelope of reveals) fresh.tell(hearer, { type: 'message', from: fresh.peer(teller), envelope })
    const said = { job: decoded.job, epoch: 1, step: 1, from: signerAt(teller).publicKey, certificate: bent, batch }
    fresh.tell(hearer, { type: 'message', from: fresh.peer(teller), envelope: signMessage(finalMessage, said, signerAt(teller), network) })
    expect(fresh.group(hearer).base.step).toBe(0)
    expect(fresh.counted(hearer).at(-1)).toBe('CERTIFICATE_INVALID')
  })
})
