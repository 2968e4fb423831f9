import { peekMessageNumber } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { signerAt, verification } from '../simulations/jobs.js'
import { batchBlockId, disputeOf, GROUP_DEFAULTS, type ShownBy, verifyDispute } from '../src/index.js'
import { askMessage, withheldMessage } from '../src/messages.js'
import { WAITING_MAX } from '../src/settings.js'
import { createVerifier } from '../src/verifier.js'
import { Desk, type Letter } from './desk.js'
import { DISSENT, dissenting, FINAL, known, REVEAL, sendStep, sent, settle, WITHHELD } from './dissenting.js'

const { dissentWindowMs, resendMs } = GROUP_DEFAULTS
const ASK = askMessage.number

describe('what the chain is told, where a jury can be drawn', () => {
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
    desk.open(dissenter) // it crashed before a block had it
    expect(desk.of('dispute', dissenter)).toEqual([dispute, dispute])
  })
  test('withheld: a certificate whose batch nobody gives is answered within half the window too, and told to the chain', () => {
    const { desk, collator, dissenter } = dissenting(4)
    const { certificate, batch } = known(desk, collator).certified
    const visitor = signerAt(30).peerId
    desk.drop()
    desk.given = (to) => to !== dissenter
    const show = () => desk.tell(dissenter, { type: 'shown', from: visitor, certificate })
    show()
    // an answer may be lost: it asks again before it says that there is none
    for (const asked of [1, 2, 3]) {
      expect(sent(desk, dissenter, ASK)).toHaveLength(asked)
      desk.pass(resendMs, [dissenter])
    }
    desk.pass(dissentWindowMs / 2 - 1 - 3 * resendMs, [dissenter])
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
    const [dispute] = desk.of('dispute', dissenter)
    desk.open(dissenter)
    expect(desk.of('dispute', dissenter)).toEqual([dispute, dispute])
    expect(show()).toContainEqual({ type: 'send', to: [visitor], envelope })
  })
  /** The others certify two steps, and one of them gets nothing. */
  function hidden() {
    const desk = new Desk(4, { jurors: 4 })
    const [collator, last] = [
      desk.order(1)[0] as number,
      [0, 1, 2, 3].find((one) => one !== desk.order(1)[0] && one !== desk.order(2)[0]) as number,
    ]
    const rest = [0, 1, 2, 3].filter((one) => one !== last)
    const apart = ({ from, to }: Letter) => from !== last && to !== last
    for (const n of [1, 2]) {
      desk.write(collator, n)
      for (let i = 0; i < 40 && known(desk, collator, n) === undefined; i++) {
        desk.deliver(apart)
        desk.pass(250, rest)
      }
    }
    desk.drop()
    desk.given = (to) => to !== last
    const show = (step: number) =>
      desk.tell(last, { type: 'shown', from: signerAt(30).peerId, certificate: known(desk, collator, step).certified.certificate })
    const sayWithheld = (step: number): void => {
      show(step)
      for (let i = 0; i < 2; i++) desk.pass(dissentWindowMs / 4, [last])
    }
    return { desk, last, collator, show, sayWithheld }
  }
  /** What a member that others certified without comes to is another answer than theirs. */
  function differing(desk: Desk, member: number): void {
    const honest = desk.run
    desk.run = (who, effect) => {
      const ran = honest(who, effect)
      return who === member && ran?.type === 'ran' ? { ...ran, files: ran.responses[0] as never } : ran
    }
  }
  const give = (desk: Desk, from: number, to: number, step: number) => {
    sendStep(desk, from, step)
    desk.deliver((letter) => letter.from === from && letter.to === to && letter.number === FINAL)
  }
  test('withheld of a step that is hidden, though its liars hand out the next one with all that it makes', () => {
    const { desk, last, collator, show } = hidden()
    show(1)
    give(desk, collator, last, 2)
    expect(desk.group(last).base.step).toBe(2)
    for (let i = 0; i < 2; i++) desk.pass(dissentWindowMs / 4, [last])
    expect(desk.of('dispute', last)).toMatchObject([{ step: 1, batch: null }])
    // nor does it help them to hand that out before the certificate of the hidden one is shown
    const later = hidden()
    give(later.desk, later.collator, later.last, 2)
    later.sayWithheld(1)
    expect(later.desk.of('dispute', later.last)).toMatchObject([{ step: 1, batch: null }])
  })
  test.each(['open', 'shown'] as const)('what it finds by its hash in a store it runs, and objects to: %s', (phase) => {
    const { desk, last, show } = hidden()
    if (phase === 'shown') desk.tell(last, { type: 'show' })
    expect(desk.group(last).phase).toBe(phase)
    differing(desk, last)
    desk.given = () => true
    show(1)
    expect(known(desk, last, 1).own).toBe('differs')
    expect(desk.of('dispute', last)).toMatchObject([{ step: 1 }])
    expect(sent(desk, last, DISSENT).length).toBeGreaterThan(0)
    expect(sent(desk, last, REVEAL)).toEqual([])
  })
  test('who has shown still says what is withheld from it: it is no vote, and colluders could else certify a lie after that', () => {
    const { desk, last, sayWithheld } = hidden()
    desk.tell(last, { type: 'show' })
    const show = desk.group(last).show
    for (const step of [1, 2]) sayWithheld(step)
    expect(desk.of('dispute', last)).toMatchObject([{ step: 1 }, { step: 2 }])
    desk.open(last)
    expect(desk.group(last).show).toEqual(show)
    expect(desk.of('dispute', last).map(({ step }) => step)).toEqual([1, 2, 1, 2])
  })
  test('who could not ask for a batch does not say that nobody gives it, and at last waits for it no more', () => {
    const { desk, last, show } = hidden()
    show(1)
    const { hash } = desk.of('fetch-batch', last)[0] as { hash: Uint8Array }
    const windows = 5
    for (let i = 0; i < 4 * windows; i++) {
      desk.pass(dissentWindowMs / 4, [last])
      desk.tell(last, { type: 'unasked', hash })
    }
    expect(desk.group(last).unseen).toHaveLength(1)
    desk.pass(1, [last])
    desk.tell(last, { type: 'unasked', hash })
    expect(desk.group(last).unseen).toEqual([])
    desk.pass(2 * dissentWindowMs, [last])
    expect(desk.of('dispute', last)).toEqual([])
  })
  test('what the chain was shown it waits for too, where visitors show it as many as it takes', () => {
    const desk = new Desk(4, { jurors: 4 })
    const [collator, last] = [desk.order(1)[0] as number, [0, 1, 2, 3].find((one) => one !== desk.order(1)[0]) as number]
    const apart = ({ from, to }: Letter) => from !== last && to !== last
    const rest = [0, 1, 2, 3].filter((one) => one !== last)
    for (let n = 1; n <= WAITING_MAX + 1; n++) {
      desk.write(collator, n)
      for (let i = 0; i < 60 && known(desk, collator, n) === undefined; i++) {
        desk.deliver(apart)
        desk.pass(250, rest)
      }
    }
    desk.drop()
    desk.given = () => false
    const shown = (step: number, by: ShownBy) =>
      desk.tell(last, {
        type: 'shown',
        from: signerAt(30).peerId,
        certificate: known(desk, collator, step).certified.certificate,
        by,
      })
    for (let step = 1; step <= WAITING_MAX + 1; step++) shown(step, 'anyone')
    expect(desk.group(last).unseen).toHaveLength(WAITING_MAX)
    shown(WAITING_MAX + 1, 'chain')
    expect(desk.group(last).unseen.map(({ step }) => step)).toContain(WAITING_MAX + 1)
  })
  test('of what was final long ago, and forgotten here, nothing is said', () => {
    const desk = new Desk(4, { jurors: 4 })
    const first = desk.order(1)[0] as number
    desk.write(first, 1)
    desk.deliver()
    settle(desk)
    const { certificate } = known(desk, first).certified
    for (let n = 2; n < 24; n++) {
      desk.write(first, n)
      desk.deliver()
      settle(desk)
    }
    expect(known(desk, first)).toBeUndefined()
    expect(desk.tell(first, { type: 'shown', from: signerAt(30).peerId, certificate })).toEqual([])
  })
  test('withheld of one step after another: each can be judged, by the certificates that it was shown, also after a restart', () => {
    const { desk, last, sayWithheld } = hidden()
    for (const step of [1, 2]) sayWithheld(step)
    const told = desk.of('dispute', last)
    expect(told.map(({ step }) => step)).toEqual([1, 2])
    desk.open(last)
    expect(desk.of('dispute', last)).toEqual([...told, ...told])
    for (const effect of told) {
      const bytes = disputeOf(desk.group(last), effect, 300_000) as Uint8Array
      expect(verifyDispute(bytes, desk.setup, verification)).toMatchObject({ kind: 'objection', step: effect.step, base: { step: 0 } })
    }
  })
  test('who was just shown what nobody gave it shows nothing yet: it could object no more', () => {
    const { desk, last, show } = hidden()
    show(1)
    desk.tell(last, { type: 'show' })
    desk.pass(dissentWindowMs / 2 - 1, [last])
    expect(desk.of('show', last)).toEqual([])
    desk.pass(1, [last])
    expect([desk.of('dispute', last), desk.of('show', last)].map(({ length }) => length)).toEqual([1, 1])
    expect(desk.group(last).phase).toBe('shown')
  })
  test('who has shown still gives certificates to who asks: another may wait for them before it shows', () => {
    const { desk, last, show } = hidden()
    const others = [0, 1, 2, 3].filter((member) => member !== last)
    for (const member of others) desk.tell(member, { type: 'show' })
    const batch = batchBlockId(known(desk, others[0] as number, 2).certified.batch.hash)
    desk.given = (_, cid) => cid !== batch
    show(2)
    desk.tell(last, { type: 'show' })
    desk.deliver()
    desk.pass(dissentWindowMs / 2, [last])
    expect(desk.group(last).base.step).toBeGreaterThanOrEqual(2)
    expect([desk.of('dispute', last), desk.of('show', last)].map(({ length }) => length)).toEqual([0, 1])
  })
  test('a certificate is verified once, however often it is shown while its batch is waited for, and not at all of a step that is known', () => {
    const { desk, collator, dissenter } = dissenting(4)
    const { certificate } = known(desk, collator).certified
    desk.drop()
    const group = desk.group(dissenter)
    let opened = 0
    const counting = {
      ...verification,
      opener: {
        ...verification.opener,
        open: (...given: Parameters<typeof verification.opener.open>) => ++opened && verification.opener.open(...given),
      },
    }
    Object.assign(group.verifier, { verification: counting })
    const show = (member: number) => desk.tell(member, { type: 'shown', from: signerAt(30).peerId, certificate })
    for (let i = 0; i < 20; i++) show(dissenter)
    expect(opened).toBe(3) // one for each of its reveals
    Object.assign(desk.group(collator).verifier, { verification: counting })
    show(collator)
    expect(opened).toBe(3)
  })
  test('all of them tell it again after a restart: what each signed, and what the group froze', () => {
    const { desk, dissenter, rest } = dissenting(4)
    desk.deliver()
    settle(desk)
    for (const member of [0, 1, 2, 3]) expect(desk.group(member).frozen).toBe(1)
    for (const member of [...rest, dissenter]) {
      const told = desk.of('dispute', member)
      desk.open(member)
      const again = desk.of('dispute', member).slice(told.length)
      expect(again.length).toBeGreaterThan(0)
      for (const { step, dissents } of again) {
        expect([step, dissents.map(hexOf)]).toEqual([1, told[0]?.dissents.map(hexOf)])
      }
      desk.open(member) // as often as it restarts
      expect(desk.of('dispute', member).slice(told.length + again.length)).toEqual(again)
    }
  })
  test('no dispute is told where nothing is signed, or nobody can judge', () => {
    for (const desk of [new Desk(4, { jurors: 4 }), dissenting(0).desk]) {
      desk.write(0, 9)
      desk.deliver()
      settle(desk)
      for (const member of [0, 1, 2, 3]) desk.open(member)
      expect(desk.of('dispute')).toEqual([])
    }
  })
})
