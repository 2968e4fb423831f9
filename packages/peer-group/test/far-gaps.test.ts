import { peekPayload } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { signerAt, verification } from '../simulations/jobs.js'
import { disputeOf, GROUP_DEFAULTS, openGroup, verifyDispute } from '../src/index.js'
import { withheldMessage } from '../src/messages.js'
import { ASK_CYCLES, LACKED_TRIES_MAX } from '../src/settings.js'
import { known, sent, WITHHELD } from './dissenting.js'
import { HALF_MS, keptOut } from './kept-out.js'

const LAST = 140
const NAMED = Array.from({ length: LAST - 2 }, (_, i) => i + 2)
const [FIRST, SECOND, THIRD] = [
  { after: 1, through: 65 },
  { after: 65, through: 129 },
  { after: 129, through: LAST },
]
/** Three of four went on to step 140 without the last one, which knows step 1. */
const away140 = () => keptOut(LAST, NAMED)
type Given = ReturnType<typeof keptOut>
const stretchesOf = ({ desk, away }: Given) => desk.of('audit', away).map(({ dispute }) => dispute.stretch)
const askedBy = ({ desk, away }: Given) =>
  sent(desk, away, WITHHELD).map(({ envelope }) => withheldMessage.decode(peekPayload(envelope) as Uint8Array).stretch)
const end = ({ desk, away, batchOf }: Given, holds: boolean, changes: { isOver?: boolean; lacks?: boolean } = {}) =>
  desk.tell(away, { type: 'audited', batch: batchOf(LAST), holds, ...changes })
/** It was given the last step, and has had so much of what is before it run. */
function looking(ran = 0): Given {
  const given = away140()
  given.give(LAST)
  given.wait(HALF_MS)
  for (let i = 0; i < ran; i++) end(given, true)
  return given
}

describe('a member that was kept out of more steps than jurors run', () => {
  test('has them run, a stretch at a time, from its own last step on', () => {
    const given = looking()
    const { desk, away, batchOf } = given
    expect(stretchesOf(given)).toEqual([FIRST])
    expect(desk.of('audit', away)[0]?.dispute).toMatchObject({
      step: LAST,
      batch: batchOf(LAST),
      gap: LAST - 2,
      base: { step: 1 },
      path: [],
    })
    end(given, true)
    end(given, true)
    expect(stretchesOf(given)).toEqual([FIRST, SECOND, THIRD])
    end(given, true)
    expect([stretchesOf(given).length, desk.group(away).skips]).toEqual([3, []])
    expect([desk.of('dispute', away), desk.group(away).objectedFrom]).toEqual([[], Number.POSITIVE_INFINITY])
  })
  test('a stretch that does not end in its time says nothing, not of what comes after it either: that is run by itself', () => {
    const given = looking(1)
    end(given, true, { isOver: false })
    expect([stretchesOf(given), askedBy(given)]).toEqual([[FIRST, SECOND, THIRD], []])
    end(given, false)
    expect(askedBy(given)).toEqual([THIRD])
  })
  test('asks for the stretch that comes to something else, and signs for which', () => {
    const given = looking(1)
    const { desk, away } = given
    end(given, false)
    expect(askedBy(given)).toEqual([SECOND])
    const [dispute, ...more] = desk.of('dispute', away)
    if (dispute === undefined) throw new Error('no dispute')
    const bytes = disputeOf(desk.group(away), dispute, 300_000) as Uint8Array
    const read = verifyDispute(bytes, desk.setup, verification)
    expect(read).toMatchObject({
      step: LAST,
      gap: LAST - 2,
      stretch: SECOND,
      path: [],
      base: { step: 1, batch: known(desk, away, 1).certified.batch.hash },
    })
    expect(hexOf(read.id)).toBe(hexOf(desk.of('audit', away)[1]?.dispute.id ?? new Uint8Array()))
    given.wait(10 * HALF_MS)
    expect([more, stretchesOf(given)]).toEqual([[], [FIRST, SECOND]])
    expect(desk.group(away).objectedFrom).toBe(2)
  })
  test('and says it again after a restart, for the same stretch', () => {
    const given = looking(1)
    const { desk, away } = given
    end(given, false)
    const record = desk.group(away).unseen
    expect(record).toHaveLength(1)
    const durable = desk.of('persist', away).at(-1)?.bytes
    const { effects, state } = openGroup(desk.setup, signerAt(away), desk.nowMs, durable, verification)
    const again = effects.flatMap((effect) => (effect.type === 'dispute' ? [effect] : []))
    const reads = again.map((effect) => verifyDispute(disputeOf(state, effect, 300_000) as Uint8Array, desk.setup, verification))
    expect(reads.map(({ stretch, step }) => [stretch, step])).toEqual([[SECOND, LAST]])
  })
})

describe('what it can not get jurors may get', () => {
  test('so it looks again after half a window, and says no more of that stretch', () => {
    const given = looking()
    end(given, false, { lacks: true })
    expect([askedBy(given), stretchesOf(given)]).toEqual([[FIRST], [FIRST]])
    given.wait(HALF_MS - 1)
    expect(stretchesOf(given)).toEqual([FIRST])
    given.wait(1)
    expect(stretchesOf(given)).toEqual([FIRST, FIRST])
    end(given, false, { lacks: true })
    given.wait(HALF_MS)
    expect([askedBy(given), stretchesOf(given)]).toEqual([[FIRST], [FIRST, FIRST, FIRST]])
  })
  test('and goes on once it has it: the next that is wrong, or that it lacks, it asks for as well', () => {
    for (const lacks of [true, false]) {
      const given = looking()
      end(given, false, { lacks: true })
      given.wait(HALF_MS)
      end(given, true)
      expect(stretchesOf(given)).toEqual([FIRST, FIRST, SECOND])
      end(given, false, { lacks })
      expect(askedBy(given)).toEqual([FIRST, SECOND])
      expect(given.desk.of('dispute', given.away)).toHaveLength(2)
    }
  })
  test('but not for ever', () => {
    const given = looking()
    for (let i = 0; i < LACKED_TRIES_MAX + 5; i++) {
      end(given, false, { lacks: true })
      given.wait(HALF_MS)
    }
    expect(stretchesOf(given)).toHaveLength(LACKED_TRIES_MAX + 1)
    expect([askedBy(given), given.desk.group(given.away).skips]).toEqual([[FIRST], []])
  })
})

describe('who is given nothing but a certificate', () => {
  /** The chain keeps it as the epoch's closing, say. */
  function shown(): Given {
    const given = away140()
    const { desk, away, teller } = given
    desk.given = () => false
    const { certificate } = known(desk, teller, LAST).certified
    desk.tell(away, { type: 'shown', from: desk.peer(teller), certificate, by: 'closing' })
    given.wait(HALF_MS)
    return given
  }
  test('asks for the beginning of what leads there', () => {
    const given = shown()
    const { desk, away } = given
    expect(askedBy(given)).toEqual([FIRST])
    const [dispute] = desk.of('dispute', away)
    if (dispute === undefined) throw new Error('no dispute')
    const bytes = disputeOf(desk.group(away), dispute, 300_000) as Uint8Array
    expect(verifyDispute(bytes, desk.setup, verification)).toMatchObject({ step: LAST, stretch: FIRST, base: { step: 1 } })
  })
  test('and for the batch, for some minutes: with that it looks on', () => {
    const given = shown()
    const { desk, away, teller } = given
    const asked = () => desk.of('fetch-batch', away).length
    const before = asked()
    given.wait(10_000)
    expect(asked()).toBeGreaterThan(before)
    desk.tell(away, { type: 'batch', bytes: known(desk, teller, LAST).certified.batch.bytes })
    expect(desk.group(away).base.step).toBe(LAST)
    given.wait(HALF_MS)
    expect(stretchesOf(given)).toEqual([FIRST])
    const later = asked()
    given.wait(10_000)
    expect(asked()).toBe(later)
  })
  test('not longer', () => {
    const given = shown()
    const { desk, away } = given
    given.wait(300_000)
    const later = desk.of('fetch-batch', away).length
    given.wait(10_000)
    expect(desk.of('fetch-batch', away).length).toBe(later)
  })
})

describe('once its epoch is over', () => {
  const CYCLE_MS = GROUP_DEFAULTS.idleEveryMs
  /** It was given the epoch's closing step, a far way from its own last one. */
  function closed(): Given {
    const given = away140()
    const { desk, away } = given
    given.give(LAST)
    const group = desk.group(away)
    desk.groups[away] = { ...group, phase: 'closed' }
    return given
  }
  test('it asks for the stretch that it is at in time for the chain, and goes on looking', () => {
    const given = closed()
    given.wait(ASK_CYCLES * CYCLE_MS - 1)
    expect([stretchesOf(given), askedBy(given)]).toEqual([[FIRST], []])
    expect(given.desk.group(given.away).wakeAtMs).toBeLessThanOrEqual(given.desk.nowMs + 1)
    given.wait(1)
    expect(askedBy(given)).toEqual([FIRST])
    expect(given.desk.of('dispute', given.away)).toHaveLength(1)
    end(given, true)
    expect(stretchesOf(given)).toEqual([FIRST, SECOND])
    given.wait(2 * ASK_CYCLES * CYCLE_MS - 1)
    expect(askedBy(given)).toEqual([FIRST])
    given.wait(1)
    expect(askedBy(given)).toEqual([FIRST, SECOND])
    end(given, false) // that is asked for already
    expect(askedBy(given)).toEqual([FIRST, SECOND])
  })
  test('but not where it is done by then', () => {
    const given = closed()
    given.wait(HALF_MS)
    for (let i = 0; i < 3; i++) end(given, true)
    given.wait(10 * CYCLE_MS)
    expect([askedBy(given), given.desk.group(given.away).skips]).toEqual([[], []])
  })
})
