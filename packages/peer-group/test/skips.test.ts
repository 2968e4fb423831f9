import { peekPayload } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { verification } from '../simulations/jobs.js'
import { disputeOf, type GroupEffect, verifyDispute } from '../src/index.js'
import { revealMessage } from '../src/messages.js'
import { SKIPS_MAX } from '../src/settings.js'
import { known, REVEAL, sent, WITHHELD } from './dissenting.js'
import { HALF_MS, keptOut } from './kept-out.js'

/** What of it a member tells of: in order. */
const told = (effects: readonly GroupEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'final' || effect.type === 'provisional' ? [`${effect.type} ${effect.step}`] : []))
const toldBy = ({ desk, away }: ReturnType<typeof keptOut>) =>
  told(desk.effects.flatMap(({ member, effect }) => (member === away ? [effect] : [])))
const stepOf = (envelope: Uint8Array) => revealMessage.decode(peekPayload(envelope) as Uint8Array).step
const auditsOf = ({ desk, away }: ReturnType<typeof keptOut>) => desk.of('audit', away).map(({ dispute }) => dispute.step)

describe('a member that was kept out of steps has them run', () => {
  test('half a dissent window after it took a later one up, and not before', () => {
    const given = keptOut()
    const { desk, away, teller, give, wait, batchOf } = given
    give(3)
    expect(desk.group(away).base.step).toBe(3)
    wait(HALF_MS - 1)
    expect(auditsOf(given)).toEqual([])
    wait(1)
    const [audit, ...more] = desk.of('audit', away)
    expect(more).toEqual([])
    const [first, third] = [known(desk, teller, 1), known(desk, teller, 3)]
    expect(audit?.dispute).toMatchObject({
      ...{
        kind: 'objection',
        epoch: 1,
        step: 3,
        batch: batchOf(3),
        start: third.certified.start,
        path: [],
        gap: 1,
        later: [],
        statements: [],
      },
      base: { step: 1, batch: batchOf(1), state: first.state?.root },
      certified: { step: 3, certificate: third.certified.certificate },
    })
    wait(10 * HALF_MS)
    expect(auditsOf(given)).toEqual([3])
  })
  test('it wants to be told the time then', () => {
    const { desk, away, give } = keptOut()
    give(3)
    const dueMs = desk.nowMs + HALF_MS
    for (let i = 0; i < 20 && desk.of('audit', away).length === 0; i++) {
      const atMs = desk.group(away).wakeAtMs as number
      expect(atMs).toBeLessThanOrEqual(dueMs)
      desk.pass(atMs - desk.nowMs, [away])
      desk.drop()
    }
    expect([desk.of('audit', away).length, desk.nowMs]).toEqual([1, dueMs])
  })
  test('meanwhile it goes on with what the others certified, and tells nobody of it', () => {
    const given = keptOut()
    const { desk, away, give, wait } = given
    const before = toldBy(given)
    for (const step of [3, 4]) give(step)
    wait(2 * HALF_MS)
    const { base, final } = desk.group(away)
    expect([base.step, base.state?.root, final.step]).toEqual([4, base.root, 4])
    expect(sent(desk, away, REVEAL).map(({ envelope }) => stepOf(envelope))).toEqual([1, 4])
    expect(toldBy(given)).toEqual(before)
  })
  test('not where nobody can judge', () => {
    const given = keptOut(4, [3], { jurors: 0 })
    for (const step of [3, 4]) given.give(step)
    given.wait(2 * HALF_MS)
    expect([auditsOf(given), given.desk.group(given.away).skips]).toEqual([[], []])
    expect(toldBy(given)).toContain('final 3')
  })
  test('not where it was down: but what it is kept out of after that it has run', () => {
    const given = keptOut(5)
    const { desk, away, give, wait } = given
    desk.open(away)
    desk.drop()
    give(3)
    wait(2 * HALF_MS)
    expect(auditsOf(given)).toEqual([])
    expect(toldBy(given)).toContain('provisional 3')
    give(5)
    wait(HALF_MS)
    expect(auditsOf(given)).toEqual([5])
  })
  test('not where no step lies between', () => {
    const given = keptOut()
    for (const step of [2, 3, 4]) given.give(step)
    given.wait(2 * HALF_MS)
    expect([auditsOf(given), toldBy(given).at(-1)]).toEqual([[], 'final 4'])
  })
  test('not where what it skipped still came, and it ran that and the later one itself', () => {
    const given = keptOut()
    const { desk, away, give, wait } = given
    give(3)
    expect(known(desk, away, 3).own).toBe('missed')
    for (const step of [2, 4]) give(step)
    expect([2, 3, 4].map((step) => known(desk, away, step).own)).toEqual(['agrees', 'agrees', 'agrees'])
    const before = toldBy(given)
    wait(HALF_MS - 1)
    expect(toldBy(given)).toEqual(before)
    wait(1)
    expect([auditsOf(given), desk.group(away).skips]).toEqual([[], []])
    expect(toldBy(given).slice(before.length)).toEqual(['final 2', 'final 3', 'final 4'])
  })
  test('nor where it has all of it, and still runs the last', () => {
    const given = keptOut()
    const { desk, away, give, wait } = given
    const honest = desk.run
    desk.run = (member, effect) => (member === away && effect.step === 3 ? undefined : honest(member, effect))
    for (const step of [3, 2]) give(step)
    wait(HALF_MS)
    expect([2, 3].map((step) => known(desk, away, step).own)).toEqual(['agrees', 'running'])
    expect([auditsOf(given), desk.group(away).skips]).toEqual([[], []])
  })
  test('but where it came, and could not be run in time', () => {
    const given = keptOut()
    const { desk, away, give, wait } = given
    give(3)
    const honest = desk.run
    desk.run = (member, effect) => (member === away ? undefined : honest(member, effect))
    give(2)
    wait(HALF_MS)
    expect(auditsOf(given)).toEqual([3])
  })
  test('of more gaps than a few at once the last is one with those after it', () => {
    const last = 2 * SKIPS_MAX + 3
    const given = keptOut(
      last,
      Array.from({ length: last }, (_, i) => i + 2),
    )
    const { desk, away, give, wait } = given
    for (let step = 3; step <= last; step += 2) give(step)
    const skips = desk.group(away).skips.map(({ after, step }) => [after.step, step])
    expect(skips).toEqual(Array.from({ length: SKIPS_MAX }, (_, i) => [2 * i + 1, i < SKIPS_MAX - 1 ? 2 * i + 3 : last]))
    wait(HALF_MS)
    expect(auditsOf(given)).toEqual([3])
  })
})

describe('what it came to', () => {
  /** It took up steps 3 and 4, and asked for step 2 to be run. */
  function asking() {
    const given = keptOut()
    for (const step of [3, 4]) given.give(step)
    given.wait(HALF_MS)
    expect(auditsOf(given)).toEqual([3])
    return given
  }
  test('all holds: it tells what it held back, and nothing else', () => {
    const given = asking()
    const { desk, away, audited, batchOf } = given
    const effects = audited(batchOf(3), true)
    expect(told(effects)).toEqual(['final 3', 'final 4'])
    expect(effects.filter(({ type }) => !['final', 'provisional', 'wake'].includes(type))).toEqual([])
    expect(desk.group(away).skips).toEqual([])
  })
  test('it does not: it says that it was kept out of it, and the chain is told what leads to it', () => {
    const { desk, away, rest, audited, batchOf, teller } = asking()
    audited(batchOf(3), false)
    const [said, ...more] = sent(desk, away, WITHHELD)
    expect([said?.to, more]).toEqual([rest.map((member) => desk.peer(member)), []])
    const [dispute, ...others] = desk.of('dispute', away)
    expect(others).toEqual([])
    expect(dispute).toMatchObject({ step: 3, batch: null, dissents: [said?.envelope] })
    if (dispute === undefined) throw new Error('no dispute')
    const bytes = disputeOf(desk.group(away), dispute, 300_000) as Uint8Array
    const read = verifyDispute(bytes, desk.setup, verification)
    expect(read).toMatchObject({ kind: 'objection', step: 3, gap: 1, path: [], base: { step: 1, batch: batchOf(1) } })
    expect(read.start).toBe(known(desk, teller, 2).state?.root)
    expect(read.statements.map(({ peer }) => peer)).toEqual([desk.peer(away)])
    const [audit] = desk.of('audit', away)
    expect(hexOf(read.id)).toBe(hexOf(audit?.dispute.id ?? new Uint8Array()))
  })
  test('and it tells nobody what the others call final from then on', () => {
    const given = asking()
    const { desk, away, audited, batchOf } = given
    const before = toldBy(given)
    audited(batchOf(3), false)
    given.give(2)
    given.wait(10 * HALF_MS)
    expect(toldBy(given)).toEqual(before)
    expect(desk.group(away).objectedFrom).toBe(2)
  })
  test('one gap after another: the next is run when what is before it is known', () => {
    for (const holds of [true, false]) {
      const given = keptOut(6, [4, 5])
      const { desk, away, give, wait, audited, batchOf } = given
      for (const step of [3, 5, 6]) give(step)
      wait(2 * HALF_MS)
      expect(auditsOf(given)).toEqual([3])
      audited(batchOf(3), holds)
      expect(auditsOf(given)).toEqual([3, 5])
      expect(desk.of('audit', away)[1]?.dispute).toMatchObject({ gap: 1, base: { step: 3, batch: batchOf(3) } })
      const effects = audited(batchOf(5), true)
      expect(told(effects).includes('final 5')).toBe(holds)
      expect(desk.of('dispute', away).map(({ step }) => step)).toEqual(holds ? [] : [3])
    }
  })
  test('of the first gap of two, it tells what comes before the second', () => {
    const given = keptOut(6, [4, 5])
    for (const step of [3, 5, 6]) given.give(step)
    given.wait(HALF_MS)
    const effects = given.audited(given.batchOf(3), true)
    expect(told(effects).map((one) => one.split(' ')[1])).toEqual(['3'])
  })
  test('a word that comes late, or about what it did not ask for, changes nothing', () => {
    const given = keptOut()
    const { desk, away, give, wait, audited, batchOf } = given
    give(3)
    for (const holds of [true, false]) expect(audited(batchOf(3), holds)).toEqual([]) // it has not asked yet
    wait(HALF_MS)
    for (const batch of [new Uint8Array(32), batchOf(2)]) for (const holds of [true, false]) expect(audited(batch, holds)).toEqual([])
    expect([desk.group(away).skips.length, desk.group(away).objectedFrom]).toEqual([1, Number.POSITIVE_INFINITY])
    audited(batchOf(3), true)
    expect(audited(batchOf(3), false)).toEqual([])
    expect(desk.of('dispute', away)).toEqual([])
    expect(sent(desk, away, WITHHELD)).toEqual([])
  })
  test('nothing, where all of it came while it was run', () => {
    const { desk, away, give, wait, audited, batchOf } = keptOut()
    give(3)
    wait(HALF_MS)
    for (const step of [2, 4]) give(step)
    audited(batchOf(3), false)
    expect(desk.of('dispute', away)).toEqual([])
  })
  test('after a restart it tells the chain again, and nobody of what the others call final', () => {
    const { desk, away, audited, batchOf } = asking()
    audited(batchOf(3), false)
    const finals = desk.of('final', away).length
    desk.open(away)
    expect(desk.of('dispute', away).length).toBe(2)
    expect(desk.of('final', away).length).toBe(finals)
  })
  test('a second gap is run too where the first later step is not final yet', () => {
    const given = keptOut(6, [5])
    for (const step of [3, 5, 6]) given.give(step)
    given.wait(HALF_MS)
    given.audited(given.batchOf(3), true)
    expect(auditsOf(given)).toEqual([3, 5])
  })
  test('a gap after one that held is run from before both, where it is not final yet what lies between', () => {
    const given = keptOut(6, [5])
    given.give(3)
    given.wait(HALF_MS)
    given.audited(given.batchOf(3), true)
    given.give(5)
    given.wait(HALF_MS)
    const [, second] = given.desk.of('audit', given.away)
    expect(second?.dispute).toMatchObject({ step: 5, base: { step: 1 }, gap: 3 })
  })
})
