import { bytesOfContentId, contentIdOf, peekMessageNumber, signMessage } from '@interpeer/crypto-ids'
import { encodeCbor, hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { network, signerAt, verification } from '../simulations/jobs.js'
import { verifyFault } from '../src/fault.js'
import type { KnownStep } from '../src/group-state.js'
import { GROUP_DEFAULTS, type GroupSetup, provesFinal, readBatch, recoverFrom, verifyClosing, verifyReveals } from '../src/index.js'
import { type Dissent, dissentHeldMessage, dissentMessage, lateMessage, revealMessage, withheldMessage } from '../src/messages.js'
import { emptyPool } from '../src/pool.js'
import { ASK_EVERY_MS } from '../src/settings.js'
import { createVerifier } from '../src/verifier.js'
import { Desk, type Letter } from './desk.js'
import { refusals } from './forge.js'

const { dissentWindowMs, rankTimerMs } = GROUP_DEFAULTS
const [REVEAL, FINAL, DISSENT, WITHHELD, HELD, LATE] = [52, 55, 60, 61, 62, 63] as const

/** All but one answer alike; that one comes to another root, and only by a run of what the others certified: it never sealed. */
function dissenting(jurors: number, changes: Partial<GroupSetup> = {}) {
  const desk = new Desk(4, { jurors, ...changes })
  const [collator] = desk.order(1) as [number]
  const dissenter = desk.order(1).find((member) => member !== collator && member !== desk.order(2)[0]) as number
  const rest = [0, 1, 2, 3].filter((member) => member !== dissenter)
  const honest = desk.run
  desk.run = (member, effect) => {
    const ran = honest(member, effect)
    return member === dissenter && ran?.type === 'ran' ? { ...ran, files: ran.responses[0] as never } : ran
  }
  desk.write(collator, 1)
  const apart = ({ from, to, number }: Letter) => from !== dissenter && (to !== dissenter || number === 48)
  desk.deliver(apart)
  desk.endGrace(apart, rest)
  desk.drop(({ number }) => number !== FINAL)
  return { desk, collator, dissenter, rest }
}
const known = (desk: Desk, member: number, step = 1) => desk.group(member).steps.find((one) => one.step === step) as KnownStep
const sent = (desk: Desk, member: number, number: number) =>
  desk.of('send', member).filter(({ envelope }) => peekMessageNumber(envelope) === number)
const settle = (desk: Desk, rounds = 3, fits?: (letter: Letter) => boolean) => {
  for (let i = 0; i < rounds; i++) {
    for (const ms of [200, rankTimerMs]) {
      desk.pass(ms)
      desk.deliver(fits)
    }
  }
}
/** What a member would say against step 1, or another in its name. */
function dissentOf(desk: Desk, member: number, told: number, changes: Partial<Dissent> = {}): Uint8Array {
  const { certified, step } = known(desk, told)
  const { job, epoch } = desk.setup
  const fields = {
    job: bytesOfContentId(job),
    epoch,
    step,
    rank: certified.rank,
    batch: certified.batch.hash,
    from: signerAt(member).publicKey,
    start: bytesOfContentId(certified.start),
    answer: { ...certified.answer, fuel: 7, own: new Uint8Array(32) },
    ...changes,
  }
  return signMessage(dissentMessage, fields, signerAt(member), network)
}
const tell = (desk: Desk, member: number, from: number, envelope: Uint8Array) =>
  desk.tell(member, { type: 'message', from: desk.peer(from), envelope })

describe('where a jury can be drawn', () => {
  test('who has handed a dissent on gives no late reveal of what calls that step final: at rank 0 it would look like a lie', () => {
    const desk = new Desk(4, { jurors: 4 })
    const [collator] = desk.order(1) as [number]
    const [second, , signer, holder] = desk.order(2) as [number, number, number, number]
    desk.write(collator, 1)
    desk.deliver()
    const { certified } = known(desk, holder)
    const { job, epoch } = desk.setup
    const place = { job: bytesOfContentId(job), epoch, step: 1, rank: 0, batch: certified.batch.hash, from: signerAt(signer).publicKey }
    tell(desk, holder, signer, signMessage(withheldMessage, place, signerAt(signer), network))
    expect(sent(desk, holder, HELD)).toHaveLength(1)
    desk.drop()
    const apart = ({ from, to, number }: Letter) => from !== holder && (to !== holder || number === 48)
    desk.write(second, 2)
    desk.deliver(apart)
    desk.endGrace(
      apart,
      [0, 1, 2, 3].filter((member) => member !== holder),
    )
    const reveals = () => sent(desk, holder, REVEAL).length
    const before = reveals()
    desk.deliver(({ number }) => number === FINAL)
    expect(known(desk, holder, 2)).toMatchObject({ own: 'agrees', certified: { answer: { final: 1 } } })
    expect(reveals()).toBe(before)
  })
  test('who revealed otherwise than the others tells the chain at once, before anybody names the step', () => {
    const desk = new Desk(4, { jurors: 4 })
    const [collator] = desk.order(1) as [number]
    const dissenter = desk.order(1).find((member) => member !== collator && member !== desk.order(2)[0]) as number
    const honest = desk.run
    desk.run = (member, effect) => {
      const ran = honest(member, effect)
      return member === dissenter && ran?.type === 'ran' ? { ...ran, files: ran.responses[0] as never } : ran
    }
    desk.write(collator, 1)
    // its reveal comes to nobody
    const fits = ({ from, number }: Letter) => from !== dissenter || number !== REVEAL
    desk.deliver(fits)
    desk.endGrace(fits, [collator])
    expect(known(desk, dissenter).own).toBe('differs')
    const [dispute] = desk.of('dispute', dissenter)
    expect(dispute?.dissents.map((envelope) => peekMessageNumber(envelope))).toEqual([REVEAL])
    expect(desk.of('dispute', collator)).toEqual([])
  })
  test('withheld: a certificate whose batch nobody gives is answered within half the window too, and told to the chain', () => {
    const { desk, collator, dissenter } = dissenting(4)
    const { certificate, batch } = known(desk, collator).certified
    const visitor = signerAt(30).peerId
    desk.drop()
    const show = () => desk.tell(dissenter, { type: 'shown', from: visitor, certificate })
    show()
    desk.pass(dissentWindowMs / 2 - 1, [dissenter])
    expect(sent(desk, dissenter, WITHHELD)).toEqual([])
    desk.pass(1, [dissenter])
    const [said] = sent(desk, dissenter, WITHHELD)
    const envelope = said?.envelope as Uint8Array
    expect(createVerifier(desk.context, verification).open(withheldMessage, envelope)).toMatchObject({
      value: { step: 1, batch: batch.hash },
    })
    expect(desk.of('dispute', dissenter)).toMatchObject([{ step: 1, certificate, batch: null, dissents: [envelope] }])
    expect(show()).toContainEqual({ type: 'send', to: [visitor], envelope })
    desk.pass(dissentWindowMs, [dissenter])
    expect(sent(desk, dissenter, WITHHELD).filter(({ to }) => to.length > 1)).toHaveLength(1)
  })
  test('a member that restarts does not seal its own proposal that names a step, once it has handed a dissent on', () => {
    const { desk, dissenter } = dissenting(4)
    const [second] = desk.order(2) as [number]
    const run = desk.run
    desk.run = (member, effect) => (member === second ? undefined : run(member, effect))
    desk.nowMs += dissentWindowMs
    desk.write(second, 2)
    expect(desk.group(second).open.proposals.get(0)?.batch.value).toMatchObject({ final: 1, step: 2 })
    tell(desk, second, dissenter, dissentOf(desk, dissenter, second))
    expect(sent(desk, second, HELD)).toHaveLength(1)
    desk.run = run
    const earlier = sent(desk, second, 50).length
    desk.open(second)
    desk.pass(1, [second])
    expect([sent(desk, second, 50).length - earlier, desk.counted(second)]).toEqual([0, expect.arrayContaining(['BATCH_OVER_DISSENT'])])
  })
  test('a dissent freezes its step: nothing is ordered any more, and the group renews its last final one', () => {
    const { desk, dissenter, rest } = dissenting(4)
    desk.deliver(({ number, to }) => number === FINAL && to === dissenter)
    expect(sent(desk, dissenter, DISSENT)).toHaveLength(1)
    expect(desk.of('dispute', dissenter)).toMatchObject([{ step: 1, dissents: [{}] }])
    desk.deliver()
    settle(desk)
    for (const member of [0, 1, 2, 3]) {
      const { frozen, final, base } = desk.group(member)
      expect([frozen, final.step, base.root]).toEqual([1, 0, desk.setup.start])
      expect(desk.of('final', member)).toEqual([])
      expect(desk.of('dispute', member).map(({ step }) => step)).toContain(1)
    }
    for (const { certificate, dissents } of desk.of('dispute', rest[0])) {
      expect(provesFinal(verifyReveals(certificate, desk.context))).toBe(false)
      expect(dissents).toHaveLength(1)
    }
    const said = desk.write(rest[0] as number, 2)
    expect(said.effects).toContainEqual({ type: 'refused', id: said.id, code: 'GROUP_FROZEN' })
    const before = desk.of('renewed').length
    const stepBefore = desk.group(rest[0] as number).base.step
    desk.pass(5_000)
    desk.deliver()
    settle(desk, 1)
    const renewed = desk.of('renewed')
    expect(renewed.length).toBeGreaterThan(before)
    expect(renewed.at(-1)).toMatchObject({ step: 0 })
    expect(desk.group(rest[0] as number).base.step).toBeGreaterThan(stepBefore)
    expect(desk.of('fault')).toEqual([])
    // certificates alone say the same to a visitor: nothing that came later names the frozen step
    const certificates = desk.groups.flatMap(({ steps }) =>
      steps.map(({ certified }) => verifyReveals(certified.certificate, desk.context)),
    )
    const disputed = certificates.find(({ step }) => step === 1)
    if (disputed === undefined) throw new Error('step 1 is gone')
    expect(certificates.some((later) => provesFinal(disputed, later))).toBe(false)
  })

  test('dissents from ever lower steps leave record and show room for all that is provisional', () => {
    const desk = new Desk(4, { jurors: 4, settings: { dissentWindowMs: 60_000 } })
    desk.write(0, 1)
    desk.deliver()
    const away = 3
    const rest = [0, 1, 2]
    const living = ({ from, to }: Letter) => from !== away && to !== away
    const goOn = (until: () => boolean) => {
      for (let i = 0; i < 40 && !until(); i++) {
        desk.deliver(living)
        desk.pass(rankTimerMs / 2, rest)
      }
      desk.deliver(living)
      desk.drop((letter) => !living(letter))
    }
    const all = (test: (group: Desk['groups'][number]) => boolean) => () => rest.every((member) => test(desk.group(member)))
    for (const step of [2, 3, 4, 5, 6]) {
      desk.write(rest[step % 3] as number, step)
      goOn(all(({ base }) => base.step >= step))
    }
    expect(rest.map((member) => [desk.group(member).base.step, desk.group(member).final.step])).toEqual(Array(3).fill([6, 1]))
    for (const step of [6, 5, 4, 3, 2]) {
      const { certified } = known(desk, 0, step)
      const place = { step, rank: certified.rank, batch: certified.batch.hash, start: bytesOfContentId(certified.start) }
      tell(desk, 0, away, dissentOf(desk, away, 0, { ...place, answer: { ...certified.answer, fuel: 7, own: new Uint8Array(32) } }))
      goOn(all(({ frozen }) => frozen === step))
    }
    for (const member of rest) {
      const { frozen, final } = desk.group(member)
      expect([frozen, final.step]).toEqual([2, 1])
      desk.open(member)
      expect(desk.group(member)).toMatchObject({ frozen: 2, final: { step: 1, root: final.root } })
      desk.tell(member, { type: 'show' })
    }
    const shows = desk.of('show').map(({ envelope }) => envelope)
    const recovery = recoverFrom(shows, desk.context)
    expect(recovery).toMatchObject({ last: { step: 1 }, disputed: { step: 2 } })
    expect(recovery.rerun.map((batch) => readBatch(batch).value.step)).toEqual([2, 3, 4, 5, 6])
  })

  test('what a frozen group may not certify', () => {
    const { desk, rest } = dissenting(4)
    desk.deliver()
    settle(desk)
    const [member] = rest as [number]
    expect(desk.group(member).frozen).toBe(1)
    const requests = [{ id: new Uint8Array(16).fill(9), ms: desk.nowMs, cid: bytesOfContentId(desk.setup.start) }]
    const from = bytesOfContentId(desk.setup.start)
    const [given] = known(desk, member).dissents.values()
    expect(refusals(desk, rest, { final: 0, disputed: 1, dissents: [], from })).toEqual(['sealed'])
    expect(refusals(desk, rest, { final: 1, disputed: 1, dissents: [], from })).toEqual(['BATCH_FROZEN'])
    expect(refusals(desk, rest, { final: 0, disputed: 1, dissents: [], from, requests })).toEqual(['BATCH_FROZEN'])
    expect(refusals(desk, rest, { final: 0, disputed: 0, dissents: [], from })).toEqual(['BATCH_DISPUTED'])
    expect(refusals(desk, rest, { final: 0, disputed: 2, dissents: [], from })).toEqual(['BATCH_DISPUTED'])
    const onTheFrozen = known(desk, member).certified.answer.root
    expect(refusals(desk, rest, { final: 0, disputed: 1, dissents: [], from: onTheFrozen })).toEqual(['BATCH_OTHER_PAST'])
    const again = [{ step: 1, envelope: given as Uint8Array }]
    expect(refusals(desk, rest, { final: 0, disputed: 1, dissents: again, from })).toEqual(['BATCH_DISSENT'])
  })

  test('its epoch closes over the frozen step: the receipt leaves the state before it', () => {
    const { desk, dissenter, rest } = dissenting(4)
    desk.deliver()
    settle(desk)
    for (const i of [0, 1, 2, 3]) desk.tell(i, { type: 'close-at', atMs: desk.nowMs + 10, next: desk.setup.members })
    desk.pass(10)
    desk.deliver()
    settle(desk)
    const [closed] = desk.of('closed', rest[0])
    if (closed === undefined) throw new Error('not closed')
    const receipt = verifyClosing(closed.certificate, closed.batch, desk.context)
    expect([closed.state, receipt.answer.final, receipt.answer.disputed]).toEqual([desk.setup.start, 0, 1])
    expect(receipt.outcomes[dissenter]).toMatchObject({ contradicted: 1, unresolved: 0 })
    expect(provesFinal(verifyReveals(known(desk, rest[0] as number).certified.certificate, desk.context), receipt)).toBe(false)
    // the chain has to open the next epoch from shows, and those keep the frozen step
    const frozen = known(desk, rest[0] as number).certified.batch.bytes
    for (const member of rest) desk.tell(member, { type: 'show' })
    const shows = desk.of('show').map(({ envelope }) => envelope)
    const recovery = recoverFrom(shows, desk.context)
    expect(recovery).toMatchObject({ closed: false, rerun: [frozen], disputed: { step: 1 } })
    expect(recovery.closing).toBeUndefined()
  })

  test('a member that holds a dissent keeps it on disk before it hands it on, and seals nothing free that is clear', () => {
    const { desk, dissenter, rest } = dissenting(4)
    desk.deliver(({ number, to }) => number === FINAL && to === dissenter)
    const [hearer] = rest.filter((member) => desk.order(2)[0] !== member) as [number]
    const [own] = sent(desk, dissenter, DISSENT)
    const effects = tell(desk, hearer, dissenter, own?.envelope as Uint8Array)
    const kinds = effects.map(({ type }) => type)
    expect(kinds.indexOf('persist')).toBeGreaterThanOrEqual(0)
    const held = effects.find((effect) => effect.type === 'send' && peekMessageNumber(effect.envelope) === HELD)
    expect(held).toMatchObject({ to: expect.arrayContaining([desk.peer(dissenter)]) })
    expect(kinds.indexOf('persist')).toBeLessThan(kinds.indexOf('send'))
    desk.drop()
    desk.nowMs += dissentWindowMs
    expect(refusals(desk, [hearer], { final: 1 })).toEqual(['BATCH_OVER_DISSENT'])
    desk.open(hearer) // also after a restart
    expect([...known(desk, hearer).dissents.keys()]).toEqual([dissenter])
    desk.nowMs += dissentWindowMs
    expect(refusals(desk, [hearer], { final: 1 })).toEqual(['BATCH_OVER_DISSENT'])
    expect(refusals(desk, [hearer], { final: 0 })).toEqual(['sealed'])
  })

  test('a batch that time-outs bind is sealed whatever it names, and that convicts nobody', () => {
    const given = dissenting(4)
    const { desk, dissenter, rest } = given
    const collator = desk.order(2)[0] as number
    const others = rest.filter((member) => member !== collator)
    const among = ({ from, to }: Letter) => from !== dissenter && to !== dissenter
    desk.pass(dissentWindowMs, rest)
    desk.deliver((letter) => among(letter) && letter.number !== REVEAL)
    const bound = desk.group(others[0] as number).open.bound
    expect(bound?.rank).toBe(0)
    const first = desk.group(others[0] as number).open.sealed?.batch
    expect(first?.value.final).toBe(1)
    const dissentEnvelope = dissentOf(desk, dissenter, collator)
    for (const member of rest) tell(desk, member, dissenter, dissentEnvelope)
    desk.drop(({ number }) => number === REVEAL || number === FINAL)
    for (let i = 0; i < 5; i++) {
      desk.pass(rankTimerMs, rest)
      desk.deliver(among)
    }
    for (const member of rest) {
      expect(known(desk, member, 2).certified.batch.hash).toEqual(first?.hash) // bound: certified clear all the same
      expect(desk.group(member).final.step).toBeGreaterThanOrEqual(1)
    }
    expect(desk.of('fault')).toEqual([])
    // whatever they seal afterwards names the step too: that is no lie of those who handed the dissent on before
    for (let i = 0; i < 3; i++) {
      desk.pass(5_000, rest)
      desk.deliver(among)
      desk.endGrace(among, rest)
    }
    const all = rest.flatMap((member) => desk.group(member).steps)
    const helds = rest.flatMap((member) => sent(desk, member, HELD))
    expect(helds.length).toBeGreaterThan(0)
    expect(Math.max(...all.map(({ step }) => step))).toBeGreaterThan(3)
    for (const { envelope } of helds) {
      for (const { step, certified } of all) {
        const before = all.find((one) => one.step === step - 1)?.certified.batch.bytes ?? new Uint8Array()
        for (const reveal of certified.reveals.values()) {
          expect(verifyFault([envelope, reveal.envelope, certified.batch.bytes, before], desk.context)).toBeUndefined()
        }
      }
    }
  })

  test('a member that holds a dissent does not reveal on a certificate that calls the step clear, and is not convicted', () => {
    for (const runs of [true, false]) {
      const desk = new Desk(5, { jurors: 5 })
      const second = desk.order(2)[0] as number
      const [holder, silent] = [0, 1, 2, 3, 4].filter((member) => member !== second && member !== desk.order(1)[0]) as [number, number]
      const rest = [0, 1, 2, 3, 4].filter((member) => member !== silent)
      const living = ({ from, to }: Letter) => from !== silent && to !== silent
      desk.write(desk.order(1)[0] as number, 1)
      desk.deliver(living)
      desk.endGrace(living, rest)
      desk.deliver(({ number, to }) => number === FINAL && to === silent)
      tell(desk, holder, silent, dissentOf(desk, silent, holder))
      expect(sent(desk, holder, HELD)).toHaveLength(1)
      const held = sent(desk, holder, HELD)[0]?.envelope as Uint8Array
      desk.drop()
      desk.nowMs += dissentWindowMs + 1
      desk.write(second, 2)
      const others = ({ from, to, number }: Letter) => from !== holder && (to !== holder || (runs && number === 49)) && number !== HELD
      desk.deliver(others)
      desk.endGrace(others, [second])
      expect(desk.group(second).steps.map(({ certified }) => certified.answer.final)).toEqual([0, 1])
      desk.deliver(({ number, to }) => to === holder && number === FINAL)
      const { steps } = desk.group(holder)
      expect(steps.map(({ own }) => own)).toEqual(['agrees', 'agrees'])
      const verifier = createVerifier(desk.context, verification)
      const reveals = sent(desk, holder, REVEAL).map(({ envelope }) => verifier.open(revealMessage, envelope))
      expect(reveals.map((one) => typeof one !== 'string' && one.value.step)).not.toContain(2)
      const [before, batch] = steps.map(({ certified }) => certified.batch.bytes) as [Uint8Array, Uint8Array]
      for (const { certified } of desk.groups.flatMap((group) => group.steps)) {
        const own = certified.reveals.get(holder)?.envelope
        if (own !== undefined) expect(verifyFault([held, own, batch, before], desk.context, verification)).toBeUndefined()
      }
    }
  })

  test('whoever says clear at rank 0 of a later step than it had sealed when it held a dissent is convicted', () => {
    const { desk, dissenter, rest } = dissenting(4)
    const [liar, hearer] = rest.filter((member) => member !== desk.order(2)[0]) as [number, number]
    const dissentEnvelope = dissentOf(desk, dissenter, liar)
    const place = { job: bytesOfContentId(desk.setup.job), epoch: 1, step: 1, from: signerAt(liar).publicKey, sealedStep: 1, sealedRank: 0 }
    const held = signMessage(dissentHeldMessage, { ...place, dissent: dissentEnvelope }, signerAt(liar), network)
    // all but the hearer lie: they hold the dissent, and call the step clear
    const among = ({ from, to }: Letter) => from !== dissenter && to !== dissenter
    desk.pass(dissentWindowMs, rest)
    tell(desk, hearer, liar, held)
    expect(known(desk, hearer).holders.get(liar)?.envelope).toEqual(held)
    desk.deliver((letter) => among(letter) && letter.from !== hearer)
    const others = rest.filter((member) => member !== hearer)
    const seals = others.map((member) => desk.group(member).open.sealed)
    expect(seals.map((one) => one?.batch.value.final)).toEqual([1, 1])
    expect(desk.group(hearer).open.sealed?.batch.value.final ?? 0).toBe(0) // the honest one was shown it
    const [sealed] = seals
    const batch = sealed?.batch as NonNullable<typeof sealed>['batch']
    const fields = { job: place.job, epoch: 1, step: 2, rank: 0, batch: batch.hash, from: signerAt(liar).publicKey }
    const said = {
      ...fields,
      start: bytesOfContentId(batch.from),
      salt: new Uint8Array(32),
      answer: (sealed as NonNullable<typeof sealed>).answer,
    }
    const reveal = signMessage(revealMessage, said, signerAt(liar), network)
    const before = known(desk, liar).certified.batch.bytes
    expect(verifyFault([held, reveal, batch.bytes], desk.context)).toBeUndefined() // the batch before shows that this one named it first
    expect(verifyFault([held, reveal, batch.bytes, batch.bytes], desk.context)).toBeUndefined()
    expect(verifyFault([held, reveal, batch.bytes, before], desk.context)).toEqual({ peer: desk.peer(liar), kind: 'clear-over-dissent' })
  })
})

describe('where no jury can be drawn', () => {
  test('the group names the dissent and goes on: q matching answers stand, the outcome is unresolved', () => {
    const { desk, dissenter, rest } = dissenting(0)
    desk.deliver()
    settle(desk)
    for (const member of [0, 1, 2, 3]) {
      expect(desk.group(member).frozen).toBe(0)
      expect(desk.of('final', member)[0]).toMatchObject({ step: 1, requests: [{}] })
      expect(desk.of('dispute', member)).toEqual([])
    }
    const naming = desk.group(rest[0] as number).steps.find(({ certified }) => certified.batch.value.dissents.length > 0)
    expect(naming?.certified.answer).toMatchObject({ disputed: 1 })
    expect(naming?.certified.batch.value.dissents.map(({ step }) => step)).toEqual([1])
    desk.write(rest[0] as number, 2)
    desk.deliver()
    settle(desk)
    expect(desk.of('final', rest[0]).some(({ requests, step }) => step > 1 && requests.length > 0)).toBe(true)
    for (const i of [0, 1, 2, 3]) desk.tell(i, { type: 'close-at', atMs: desk.nowMs + 10, next: [] })
    desk.pass(10)
    desk.deliver()
    settle(desk)
    const [closed] = desk.of('closed', rest[0])
    expect(closed?.outcomes[dissenter]).toMatchObject({ contradicted: 0, unresolved: 2 })
    for (const member of [0, 1, 2, 3]) expect(sent(desk, member, HELD)).toEqual([]) // nobody promises what the group will not keep
    expect(desk.of('fault')).toEqual([])
  })

  test('what a batch of an earlier epoch carries names no step of this one, also after a restart', () => {
    const { desk, rest } = dissenting(0)
    desk.deliver()
    settle(desk)
    const carrying = desk.group(rest[0] as number).steps.find(({ certified }) => certified.batch.value.dissents.length > 0)
    const batch = carrying?.certified.batch as KnownStep['certified']['batch']
    expect(batch.value.dissents.map(({ step }) => step)).toEqual([1])
    const next = new Desk(4, { epoch: 2, rerun: [batch.bytes] })
    for (const [cid, block] of desk.blocks) next.blocks.set(cid, block)
    for (const member of [0, 1, 2, 3]) next.open(member)
    for (let i = 0; i < 3; i++) {
      next.pass(700)
      next.deliver()
    }
    expect(known(next, 0).certified.batch.bytes).toEqual(batch.bytes)
    expect(known(next, 0).named).toBe(false)
    next.open(0)
    expect(known(next, 0).named).toBe(false)
  })

  test('a dissent told after the epoch is due to close does not keep it open', () => {
    const { desk, dissenter, rest } = dissenting(0)
    for (const i of [0, 1, 2, 3]) desk.tell(i, { type: 'close-at', atMs: desk.nowMs, next: [] })
    desk.drop()
    const envelope = dissentOf(desk, dissenter, rest[0] as number)
    for (const member of rest) tell(desk, member, dissenter, envelope)
    settle(desk, 6, ({ from, to }) => from !== dissenter && to !== dissenter)
    const [closed] = desk.of('closed', rest[0])
    expect(closed).toBeDefined()
    expect(closed?.outcomes[dissenter]?.unresolved).toBe(1)
  })
})

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
    for (const [i, cid] of cids.entries()) {
      desk.blocks.set(cid, bodies[i] as Uint8Array)
      desk.tell(behind, { type: 'bodies', cids: [cid] })
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

describe('hostile dissents', () => {
  test.each<[string, string, (given: ReturnType<typeof dissenting>, told: number) => Uint8Array]>([
    ['of another epoch', 'OTHER_EPOCH', ({ desk, dissenter }, told) => dissentOf(desk, dissenter, told, { epoch: 2 })],
    ['of a stranger', 'NOT_A_MEMBER', ({ desk }, told) => dissentOf(desk, 9, told)],
    [
      'signed by another',
      'SIGNATURE_WRONG',
      ({ desk, dissenter }, told) => dissentOf(desk, dissenter, told, { from: signerAt(told).publicKey }),
    ],
    [
      'against another batch',
      'DISSENT_INVALID',
      ({ desk, dissenter }, told) => dissentOf(desk, dissenter, told, { batch: new Uint8Array(32) }),
    ],
    [
      'from another state',
      'DISSENT_INVALID',
      ({ desk, dissenter }, told) => dissentOf(desk, dissenter, told, { start: new Uint8Array(36) }),
    ],
    [
      'that agrees',
      'DISSENT_INVALID',
      ({ desk, dissenter }, told) => dissentOf(desk, dissenter, told, { answer: known(desk, told).certified.answer }),
    ],
    [
      'with a root that names nothing',
      'DISSENT_UNKNOWN',
      ({ desk, dissenter }, told) =>
        dissentOf(desk, dissenter, told, { answer: { ...known(desk, told).certified.answer, root: new Uint8Array(36) } }),
    ],
    ['of a step that is not certified', 'DISSENT_UNKNOWN', ({ desk, dissenter }, told) => dissentOf(desk, dissenter, told, { step: 2 })],
  ])('%s: %s', (_, code, make) => {
    const given = dissenting(4)
    const { desk, dissenter, rest } = given
    const [hearer] = rest as [number]
    const record = desk.records[hearer]
    expect(tell(desk, hearer, dissenter, make(given, hearer))).toContainEqual({ type: 'count', code })
    expect(known(desk, hearer).dissents.size).toBe(0)
    expect(desk.records[hearer]).toBe(record)
  })

  test('one member fills no more than its own place', () => {
    const { desk, dissenter, rest } = dissenting(4)
    const [hearer] = rest as [number]
    for (let fuel = 1; fuel < 40; fuel++) {
      tell(desk, hearer, dissenter, dissentOf(desk, dissenter, hearer, { answer: { ...known(desk, hearer).certified.answer, fuel } }))
    }
    expect(known(desk, hearer).dissents.size).toBe(1)
    expect(hexOf(known(desk, hearer).dissents.get(dissenter) as Uint8Array)).toBe(
      hexOf(dissentOf(desk, dissenter, hearer, { answer: { ...known(desk, hearer).certified.answer, fuel: 1 } })),
    )
  })
})
