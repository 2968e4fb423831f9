import { bytesOfContentId } from '@interpeer/crypto-ids'
import { describe, expect, test } from 'vitest'
import { GROUP_DEFAULTS, provesFinal, readBatch, recoverFrom, verifyClosing, verifyReveals } from '../src/index.js'
import { Desk, type Letter } from './desk.js'
import { DISSENT, dissenting, dissentOf, FINAL, known, sent, settle, tell } from './dissenting.js'
import { refusals } from './forge.js'

const { rankTimerMs } = GROUP_DEFAULTS

describe('a frozen group', () => {
  test('a dissent freezes its step: nothing is ordered any more, and the group renews its last final one', () => {
    const { desk, dissenter, rest, collator } = dissenting(4)
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
    // who waits for the write in that step is not left to wait for the verdict
    expect(desk.of('refused', collator).map(({ code }) => code)).toEqual(['GROUP_FROZEN'])
    expect(desk.of('refused')).toHaveLength(1)
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
})
