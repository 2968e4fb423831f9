import { bytesOfContentId, contentIdOf, sha256, signMessage } from '@interpeer/crypto-ids'
import { encodeCbor, type Infer } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { network, signerAt } from '../simulations/jobs.js'
import { writeCertificate } from '../src/certificate.js'
import { beginTurn } from '../src/group-state.js'
import { GROUP_DEFAULTS, openingOf, readBatch, recoverFrom, verifyCertificate } from '../src/index.js'
import { type boundSetSchema, revealMessage, sealMessage, showMessage } from '../src/messages.js'
import { FREEZE_RANKS } from '../src/settings.js'
import { mayName } from '../src/steps.js'
import { Desk, type Letter } from './desk.js'
import { DISSENT, FINAL, known } from './dissenting.js'

const [PROPOSAL, REVEAL, TIMEOUT, ASK] = [49, 52, 53, 56] as const

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

describe('more batches that are run again than a record or a show holds', () => {
  const COUNT = 12
  /** A second epoch that had to run so many again, all certified, and its next batch not proposed yet. One member answers the first otherwise. */
  function rerunning() {
    const before = new Desk(4)
    const rerun = Array.from({ length: COUNT }, (_, i) => {
      before.write(0, i + 1)
      before.deliver()
      return before.group(0).steps.at(-1)?.certified.batch.bytes as Uint8Array
    })
    const desk = new Desk(4, { epoch: 2, rerun, jurors: 4, startTimeMs: before.nowMs })
    for (const [cid, block] of before.blocks) desk.blocks.set(cid, block)
    const [dissenter] = [0, 1, 2, 3].filter((member) => member !== desk.order(1)[0] && member !== desk.order(COUNT + 1)[0]) as [number]
    const rest = [0, 1, 2, 3].filter((member) => member !== dissenter)
    const { run } = desk
    desk.run = (member, effect) => {
      const ran = run(member, effect)
      return member === dissenter && ran?.type === 'ran' ? { ...ran, files: ran.responses[0] as never } : ran
    }
    const isNext = ({ from, number }: Letter) => number === PROPOSAL && desk.group(from).open.step > COUNT
    const apart = (letter: Letter) => {
      const { from, to, number } = letter
      return (from !== dissenter || number === DISSENT) && (to !== dissenter || number === FINAL) && !isNext(letter)
    }
    for (let i = 0; i < 60 && rest.some((member) => desk.group(member).base.step < COUNT); i++) {
      desk.pass(700)
      desk.deliver(apart)
    }
    return { desk, rerun, dissenter, rest }
  }

  test('what is signed against the first is remembered: who handed it on must not call it clear after a restart', () => {
    const { desk, dissenter, rest } = rerunning()
    const [restarted] = rest as [number]
    expect(known(desk, restarted).dissents.has(dissenter)).toBe(true)
    desk.drop()
    desk.open(restarted)
    desk.deliver(({ number, to, from }) => to !== dissenter && from !== dissenter && (number === ASK || number === FINAL))
    const { steps } = desk.group(restarted)
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: COUNT }, (_, i) => i + 1))
    desk.nowMs += GROUP_DEFAULTS.dissentWindowMs
    expect(mayName(beginTurn(desk.group(restarted), desk.nowMs), 1, new Set())).toBe('no')
  })

  test('all are run again once more, and what is bound after them too', () => {
    const { desk, rerun, dissenter, rest } = rerunning()
    const live = ({ from, to, number }: Letter) => from !== dissenter && to !== dissenter && number !== REVEAL
    for (let i = 0; i < 12 && rest.some((member) => desk.group(member).open.revealed === undefined); i++) {
      desk.pass(700, rest)
      desk.deliver(live)
    }
    for (const member of rest) desk.tell(member, { type: 'show' })
    const recovery = recoverFrom(
      desk.of('show').map(({ envelope }) => envelope),
      desk.context,
    )
    const bound = desk.group(rest[0] as number).open.sealed?.batch.bytes
    const old = { start: desk.setup.start, startTimeMs: desk.setup.startTimeMs as number, members: desk.setup.members, rerun }
    expect(openingOf(recovery, old)).toMatchObject({ state: old.start, rerun: [...rerun, bound] })
    expect(readBatch(bound as Uint8Array).value).toMatchObject({ epoch: 2, step: COUNT + 1 })
  })
})
const rootsOf = (steps: Desk['groups'][number]['steps']) => steps.map(({ certified }) => certified.answer.root)

/** Shows, signed by members of a group that has certified nothing. */
function shown(desk: Desk, member: number, fields: { bound?: BoundSet; boundBatch?: Uint8Array; steps?: ShownSteps }): Uint8Array {
  const { job: of, epoch } = desk.setup
  const signer = signerAt(member)
  const place = { job: bytesOfContentId(of), epoch, from: signer.publicKey }
  return signMessage(showMessage, { ...place, steps: [], bound: null, boundBatch: null, reveal: null, seen: 0, ...fields }, signer, network)
}
type BoundSet = Infer<typeof boundSetSchema>
type ShownSteps = readonly { readonly certificate: Uint8Array; readonly batch: Uint8Array; readonly dissents: readonly Uint8Array[] }[]

describe('shows of traitors', () => {
  test('seals of what is no batch bind nothing, whoever shows the bytes', () => {
    const desk = new Desk(4)
    const { job: of, epoch } = desk.setup
    const garbage = Uint8Array.of(1, 2, 3)
    const batch = sha256(garbage)
    const seals = [0, 1, 2].map((member) => {
      const signer = signerAt(member)
      const fields = { job: bytesOfContentId(of), epoch, step: 1, rank: 0, batch, from: signer.publicKey, seal: new Uint8Array(32) }
      return signMessage(sealMessage, fields, signer, network)
    })
    const shows = [shown(desk, 0, { bound: { rank: 0, batch, seals } }), shown(desk, 1, { boundBatch: garbage }), shown(desk, 2, {})]
    for (const show of shows) expect(recoverFrom([show], desk.context).rerun).toEqual([]) // each alone is one that the chain takes
    expect(recoverFrom(shows, desk.context)).toMatchObject({ complete: true, rerun: [], through: 0 })
  })

  test('a second, differing reveal of a member does not hide that all agreed', () => {
    const desk = new Desk(4)
    desk.write(0, 1)
    desk.deliver()
    const { certified, step } = desk.group(0).steps[0] as Desk['groups'][number]['steps'][number]
    const reveals = [...certified.reveals.values()]
    expect(reveals).toHaveLength(4)
    const { envelope: _, value } = reveals[3] as (typeof reveals)[number]
    const other = signMessage(revealMessage, { ...value, answer: { ...value.answer, fuel: 7 } }, signerAt(3), network)
    const differing = writeCertificate([...reveals.slice(0, 3), { ...(reveals[3] as (typeof reveals)[number]), envelope: other }])
    const one = { batch: certified.batch.bytes, dissents: [] }
    const honest = shown(desk, 0, { steps: [{ ...one, certificate: certified.certificate }] })
    const lying = shown(desk, 3, { steps: [{ ...one, certificate: differing }] })
    expect(recoverFrom([lying], desk.context).last).toBeUndefined()
    for (const shows of [
      [lying, honest],
      [honest, lying],
    ])
      expect(recoverFrom(shows, desk.context)).toMatchObject({ last: { step }, rerun: [] })
  })
})

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
