import { bytesOfContentId, peekMessageNumber, signMessage } from '@interpeer/crypto-ids'
import { describe, expect, test } from 'vitest'
import { network, signerAt, verification } from '../simulations/jobs.js'
import { verifyFault } from '../src/fault.js'
import { GROUP_DEFAULTS } from '../src/index.js'
import { dissentHeldMessage, revealMessage, withheldMessage } from '../src/messages.js'
import { createVerifier } from '../src/verifier.js'
import { Desk, type Letter } from './desk.js'
import { DISSENT, dissenting, dissentOf, FINAL, HELD, known, REVEAL, sent, tell } from './dissenting.js'
import { refusals } from './forge.js'

const { dissentWindowMs, rankTimerMs } = GROUP_DEFAULTS

describe('a step that is called clear over a dissent', () => {
  test('who has handed a dissent on gives no late reveal of what calls that step final: at rank 0 it would look like a lie', () => {
    const desk = new Desk(4, { jurors: 4 })
    const [collator] = desk.order(1) as [number]
    const [second, , signer, holder] = desk.order(2) as [number, number, number, number]
    desk.write(collator, 1)
    desk.deliver()
    const { certified } = known(desk, holder)
    const { job, epoch } = desk.setup
    const place = {
      job: bytesOfContentId(job),
      epoch,
      step: 1,
      rank: 0,
      batch: certified.batch.hash,
      from: signerAt(signer).publicKey,
      stretch: null,
    }
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
