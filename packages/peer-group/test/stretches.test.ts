import { bytesOfContentId, peekMessageNumber } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import type { Case, CaseStep } from '../simulations/case.js'
import { verification } from '../simulations/jobs.js'
import { readDissent } from '../src/dissent.js'
import { disputeId, verifyDispute } from '../src/index.js'
import { type Stretch, stretchIn } from '../src/jury/stretch.js'
import { withheldMessage } from '../src/messages.js'
import { createVerifier } from '../src/verifier.js'
import { asking, far, range, type Shown } from './far.js'

/** A hundred steps, of which nothing is wrong; each from the fourth on names the first three final. */
const finals = Object.fromEntries(range(4, 100).map((step) => [step, { changes: { final: Math.min(step - 1, 50) } }]))
const MADE = far(100, finals)
const MIDDLE = { after: 20, through: 84 }
const reasonOf = (stretch: Stretch | undefined, shown: Shown = {}, made: Case = MADE): string | undefined => {
  try {
    asking(made, stretch, shown)
    return undefined
  } catch (error) {
    return (error as { failure: { reason: string } }).failure.reason
  }
}
const OTHER_STEPS = 'a stretch of other steps'

describe('a dispute of a step that more lead to than jurors run', () => {
  test('says which of them they run', () => {
    const dispute = asking(MADE, MIDDLE)
    expect(dispute).toMatchObject({ kind: 'objection', step: 100, gap: 99, stretch: MIDDLE, base: { step: 0 }, path: [] })
    expect(dispute.start).toBe(MADE.step(100).before.root)
    expect(dispute.statements.map(({ peer, answer }) => [peer, answer])).toEqual([[MADE.peer(4), undefined]])
  })
  test('holds from the beginning of the epoch, from a step that is final, and with what is certified after that', () => {
    expect(asking(MADE, MIDDLE, { path: [1, 2, 3] })).toMatchObject({ gap: 96, base: { step: 0 } })
    expect(asking(MADE, MIDDLE, { base: 3 })).toMatchObject({ gap: 96, base: { step: 3, state: MADE.step(3).after.root }, path: [] })
    const led = asking(MADE, MIDDLE, { base: 3, path: range(4, 20) })
    expect([led.gap, led.path.map(({ step }) => step)]).toEqual([79, range(4, 20)])
    const later = asking(MADE, { after: 20, through: 84 }, { of: 97, later: [98, 99, 100] })
    expect([later.gap, later.later.map(({ step }) => step)]).toEqual([96, [98, 99, 100]])
  })
  test.each<[string, Stretch]>([
    ['one step', { after: 40, through: 41 }],
    ['as many as jurors run', { after: 36, through: 100 }],
    ['the first', { after: 0, through: 64 }],
    ['the last', { after: 99, through: 100 }],
  ])('may be of %s', (_, stretch) => {
    expect(asking(MADE, stretch).stretch).toEqual(stretch)
  })
  test.each<[string, Stretch]>([
    ['none', { after: 40, through: 40 }],
    ['none, the other way round', { after: 41, through: 40 }],
    ['more than jurors run', { after: 20, through: 85 }],
    ['what comes after the disputed step', { after: 40, through: 101 }],
    ['nothing before it', { after: 100, through: 100 }],
  ])('may not be of %s', (_, stretch) => {
    expect(reasonOf(stretch)).toBe(OTHER_STEPS)
  })
  test('may not begin before the last step that is certified: of that all is known', () => {
    const path = range(1, 20)
    expect(reasonOf({ after: 19, through: 83 }, { path })).toBe(OTHER_STEPS)
    expect(reasonOf({ after: 20, through: 84 }, { path })).toBeUndefined()
    expect(reasonOf({ after: 2, through: 66 }, { base: 3 })).toBe(OTHER_STEPS)
    expect(reasonOf({ after: 3, through: 67 }, { base: 3 })).toBeUndefined()
  })
  test('is none without that', () => {
    expect(reasonOf(undefined)).toBe('more steps than jurors run')
    expect(reasonOf(undefined, { base: 35 })).toBe('more steps than jurors run')
    expect(reasonOf(undefined, { path: range(1, 40) })).toBe('more steps than jurors run')
  })
})

describe('a dispute of a step that no more lead to', () => {
  const NEAR = 'a stretch of steps that jurors run all'
  test('is of all of them', () => {
    expect(asking(MADE, undefined, { base: 36 })).toMatchObject({ gap: 63, stretch: undefined })
    expect(asking(MADE, undefined, { of: 64 })).toMatchObject({ gap: 63, stretch: undefined })
    expect(asking(MADE, undefined, { base: 50, path: range(51, 99) })).toMatchObject({ gap: 0, stretch: undefined })
  })
  test.each<[string, Shown]>([
    ['the base is not far', { base: 36 }],
    ['nothing is missing', { base: 50, path: range(51, 99) }],
    ['the epoch is not older', { of: 64 }],
  ])('may not ask for some of them: %s', (_, shown) => {
    expect(reasonOf({ after: 50, through: 60 }, shown)).toBe(NEAR)
  })
  test('the first that is too far', () => {
    expect(reasonOf({ after: 35, through: 99 }, { base: 35 })).toBeUndefined()
    expect(reasonOf({ after: 0, through: 64 }, { of: 65 })).toBeUndefined()
  })
})

describe('what is asked for is signed', () => {
  const said = (seat: number, stretch: Stretch | null) => (made: Case, one: CaseStep) => [made.withheld(seat, one, { stretch })]
  const both = (a: Stretch | null, b: Stretch | null) => (made: Case, one: CaseStep) => [...said(3, a)(made, one), ...said(4, b)(made, one)]
  test('of one member alone: what others say of the step is another dispute', () => {
    const OTHERS = 'a stretch, and what others say'
    const shown = (a: Stretch | null, b: Stretch | null): Shown => ({ statements: both(a, b) })
    for (const other of [{ after: 21, through: 84 }, { after: 20, through: 83 }, null, MIDDLE]) {
      expect(reasonOf(undefined, shown(MIDDLE, other))).toBe(OTHERS)
      expect(reasonOf(undefined, shown(other, MIDDLE))).toBe(OTHERS)
    }
  })
  test('and nobody can ask for another, or for none, in its name', () => {
    const one = MADE.step(100)
    const envelope = MADE.withheld(4, one, { stretch: MIDDLE })
    const at = hexOf(envelope).indexOf('82' + '14' + '1854') // [20, 84]
    expect(at).toBeGreaterThan(0)
    for (const other of ['82' + '15' + '1854', '82' + '14' + '1853', '82' + '13' + '1853']) {
      const forged = Uint8Array.from(Buffer.from(hexOf(envelope).replace('82141854', other), 'hex'))
      expect(reasonOf(undefined, { statements: () => [forged] })).toBe('SIGNATURE_WRONG')
    }
    expect(createVerifier(MADE.context, verification).open(withheldMessage, envelope)).toMatchObject({ value: { stretch: MIDDLE } })
  })
  test('a member that agreed, or that was given it and came to something else, is not heard so', () => {
    expect(reasonOf(undefined, { statements: said(3, MIDDLE) })).toBe('a statement of a member that agreed')
    const one = MADE.step(100)
    const differs = MADE.dissent(4, one, MADE.lie(4, one))
    expect(reasonOf(undefined, { statements: () => [differs] })).toBe('a step that does not follow')
    expect(reasonOf(undefined, { statements: () => [differs, MADE.withheld(4, one, { stretch: MIDDLE })] })).toBe(
      'a step that does not follow',
    )
  })
  test('what is no message asks for nothing', () => {
    for (const bytes of [new Uint8Array(), Uint8Array.of(1, 2, 3)]) {
      expect(reasonOf(undefined, { statements: () => [bytes] })).toBe('a step that does not follow')
      expect(reasonOf(undefined, { statements: (made, one) => [bytes, made.withheld(4, one, { stretch: MIDDLE })] })).toBe(
        'a step that does not follow',
      )
    }
    expect([new Uint8Array(), Uint8Array.of(1, 2, 3), MADE.reveal(4, MADE.step(100))].map(stretchIn)).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
  test('nor does one that can not be read', () => {
    const envelope = hexOf(MADE.withheld(4, MADE.step(100), { stretch: MIDDLE }))
    const broken = Uint8Array.from(Buffer.from(envelope.replace('82141854', '83141854'), 'hex'))
    expect(peekMessageNumber(broken)).toBe(withheldMessage.number)
    expect(stretchIn(broken)).toBeUndefined()
    expect(reasonOf(undefined, { statements: () => [broken] })).toBe('more steps than jurors run')
  })
})

describe('the id of a dispute', () => {
  const ids = (...disputes: readonly { readonly id: Uint8Array }[]) => new Set(disputes.map(({ id }) => hexOf(id)))
  test('is another for each stretch', () => {
    const all = [
      { after: 20, through: 84 },
      { after: 20, through: 83 },
      { after: 21, through: 84 },
      { after: 84, through: 100 },
    ]
    expect(ids(...all.map((stretch) => asking(MADE, stretch))).size).toBe(4)
  })
  test('is another for each member that asks: one may ask when the state that it begins from is not to be had', () => {
    const seats = [0, 1, 2, 4]
    const certificate = MADE.certified(MADE.step(100), seats)
    const statements = [MADE.withheld(3, MADE.step(100), { stretch: MIDDLE })]
    const bytes = MADE.dispute(MADE.step(100), { steps: [certificate], evidence: { type: 'objection', statements } })
    expect(ids(verifyDispute(bytes, MADE.context, verification), asking(MADE, MIDDLE)).size).toBe(2)
  })
  test('is made of its step, of who asks, and of what is run, wherever that is shown to go back to', () => {
    const { id, step, batch, start } = asking(MADE, MIDDLE, { base: 3 })
    const [asker, state] = [MADE.member(4).publicKey, bytesOfContentId(start)]
    const of = (...begun: (number | Uint8Array)[]) => disputeId(MADE.context, { step, batch, start, begun })
    expect(of(20, 84, asker)).toEqual(id)
    expect(ids({ id }, asking(MADE, MIDDLE), asking(MADE, MIDDLE, { path: [1, 2, 3] })).size).toBe(1)
    const others = [of(), of(3, state), of(20, 83, asker), of(20, 84, MADE.member(3).publicKey), of(20, 84, asker, state)]
    expect(ids({ id }, ...others.map((other) => ({ id: other }))).size).toBe(1 + others.length)
  })
  test('is another where certificates show what the stretch begins from: what leads there is not the same question', () => {
    const path = range(1, 20)
    expect(ids(asking(MADE, MIDDLE), asking(MADE, MIDDLE, { path })).size).toBe(2)
  })
})

describe('a statement of a member', () => {
  const verifier = createVerifier(MADE.context, verification)
  const read = (step: number, stretch: Stretch | null) => readDissent(verifier, MADE.withheld(4, MADE.step(step), { stretch }))
  test('counts in its group where jurors can be asked for what it asks for', () => {
    const { hash } = MADE.step(100).batch
    for (const stretch of [null, MIDDLE, { after: 36, through: 100 }, { after: 0, through: 1 }]) {
      expect(read(100, stretch)).toEqual({ seat: 4, step: 100, batch: hash })
    }
    expect(read(65, { after: 1, through: 65 })).toMatchObject({ step: 65 })
    expect(read(3, null)).toMatchObject({ step: 3 })
  })
  test('and counts for nothing where no jury could be: it must freeze nothing', () => {
    for (const stretch of [
      { after: 40, through: 40 },
      { after: 41, through: 40 },
      { after: 20, through: 85 },
      { after: 40, through: 101 },
    ]) {
      expect(read(100, stretch)).toBeUndefined()
    }
    expect(read(64, { after: 0, through: 64 })).toBeUndefined()
    expect(read(64, { after: 1, through: 2 })).toBeUndefined()
  })
})
