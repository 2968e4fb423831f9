import { contentIdOf } from '@interpeer/crypto-ids'
import { encodeCbor } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { readBatch, recoverFrom, verifyCertificate } from '../src/index.js'
import { FREEZE_RANKS } from '../src/settings.js'
import { Desk, type Letter } from './desk.js'

const [REVEAL, TIMEOUT] = [52, 53] as const

/** A first step that all agree on, then two that one member never hears of. */
function withProvisional() {
  const desk = new Desk(4)
  desk.write(0, 1)
  desk.deliver()
  const [away] = [0, 1, 2, 3].filter((member) => member !== desk.order(2)[0] && member !== desk.order(3)[0]) as [number]
  const rest = [0, 1, 2, 3].filter((member) => member !== away)
  const living = ({ from, to }: Letter) => from !== away && to !== away
  for (const n of [2, 3]) {
    desk.write(desk.order(n)[0] as number, n)
    desk.deliver(living)
    desk.endGrace(living, rest)
  }
  return { desk, away, rest, living }
}

describe('an epoch that is recovered', () => {
  test('provisional steps are run again, unchanged and in order; as batches of an earlier epoch they name nothing', () => {
    const { desk, rest } = withProvisional()
    for (const member of rest) {
      const { base, final } = desk.group(member)
      expect([base.step, final.step]).toEqual([3, 1])
      desk.open(member) // what the record keeps is enough
      expect(desk.group(member).base).toMatchObject({ step: 3, root: base.root })
      desk.tell(member, { type: 'show' })
    }
    const shows = desk.of('show').map(({ envelope }) => envelope)
    const recovery = recoverFrom(shows, desk.context)
    expect(recovery).toMatchObject({ complete: true, closed: false, last: { step: 1 } })
    expect(recovery.disputed).toBeUndefined()
    expect(recovery.rerun.map((batch) => readBatch(batch).value)).toMatchObject([
      { step: 2, final: 1 },
      { step: 3, final: 1 },
    ])
    const { state, timeMs } = recovery.last as NonNullable<typeof recovery.last>
    const next = new Desk(4, { epoch: 2, start: state, rerun: recovery.rerun, startTimeMs: timeMs })
    for (const [cid, block] of desk.blocks) next.blocks.set(cid, block)
    next.nowMs = desk.nowMs + 60_000
    for (const member of [0, 1, 2, 3]) next.open(member)
    for (let i = 0; i < 6; i++) {
      next.pass(700)
      next.deliver()
    }
    const { steps } = next.group(0)
    expect(steps.slice(0, 2).map(({ step, certified }) => [step, certified.batch.bytes, certified.answer.final])).toEqual([
      [1, recovery.rerun[0], 0],
      [2, recovery.rerun[1], 0],
    ])
    const before = desk.group(rest[0] as number).steps.filter(({ step }) => step > 1)
    expect(rootsOf(steps.slice(0, 2))).toEqual(rootsOf(before))
    expect(next.group(0).final.step).toBeGreaterThanOrEqual(2) // a batch of this epoch has named them
  })

  test('a rerun batch may start from another state than it names: the one that stands', () => {
    const { desk, rest } = withProvisional()
    const third = desk.group(rest[0] as number).steps.find(({ step }) => step === 3)?.certified.batch
    const next = new Desk(4, { epoch: 2, rerun: [third?.bytes as Uint8Array] })
    for (const [cid, block] of desk.blocks) next.blocks.set(cid, block)
    for (const member of [0, 1, 2, 3]) next.open(member)
    for (let i = 0; i < 3; i++) {
      next.pass(700)
      next.deliver()
    }
    const [final] = next.of('final', 0)
    if (final === undefined) throw new Error('not final')
    const certified = verifyCertificate(final.certificate, final.batch, next.context)
    expect([certified.start, certified.unanimous, final.named]).toEqual([desk.setup.start, true, null])
    expect(certified.start).not.toBe(third?.from)
  })
})
const rootsOf = (steps: Desk['groups'][number]['steps']) => steps.map(({ certified }) => certified.answer.root)

describe('an open step that may never be certified', () => {
  test('reveals that can no longer reach q alike are reported once, and the step stays bound', () => {
    const desk = new Desk(4, { jurors: 4 })
    const honest = desk.run
    desk.run = (member, effect) => {
      const ran = honest(member, effect)
      return ran?.type === 'ran' && member < 2 ? { ...ran, files: contentIdOf(encodeCbor([member]), 'dag-cbor') } : ran
    }
    const [collator] = desk.order(1) as [number]
    desk.write(collator, 1)
    desk.deliver()
    const [stuck, ...more] = desk.of('stuck', collator)
    expect(more).toEqual([])
    expect(stuck).toMatchObject({ step: 1, seals: [], timeouts: [] })
    expect(stuck?.reveals.length).toBeGreaterThanOrEqual(3) // three that all differ are enough
    expect(stuck?.batch).toEqual(desk.group(collator).open.sealed?.batch.bytes)
    for (let i = 0; i < 4; i++) {
      desk.pass(1_000 * 2 ** i)
      desk.deliver()
    }
    for (const member of [0, 1, 2, 3]) {
      expect(desk.group(member).base.step).toBe(0)
      expect(desk.group(member).open.sealed?.batch.bytes).toEqual(stuck?.batch)
      expect(desk.of('stuck', member).length).toBeLessThanOrEqual(1)
    }
  })

  test('so is a commit set without a certificate at time-outs of the fourth rank after it', () => {
    const desk = new Desk(4)
    const [collator] = desk.order(1) as [number]
    desk.write(collator, 1)
    desk.deliver(({ number }) => number !== REVEAL)
    for (let rank = 0; rank <= FREEZE_RANKS; rank++) {
      desk.drop()
      expect(desk.of('stuck')).toEqual([])
      desk.pass(1_000 * 2 ** rank)
      desk.deliver(({ number }) => number === TIMEOUT)
    }
    for (const member of [0, 1, 2, 3]) {
      const [stuck] = desk.of('stuck', member)
      expect(stuck).toMatchObject({ step: 1, reveals: [] })
      expect(stuck?.seals.length).toBeGreaterThanOrEqual(3)
      expect(stuck?.timeouts.length).toBeGreaterThanOrEqual(3)
    }
  })
})
