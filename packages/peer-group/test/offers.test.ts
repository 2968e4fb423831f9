import { peekMessageNumber } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { signerAt } from '../simulations/jobs.js'
import { type GroupEffect, nextSeedAlpha } from '../src/index.js'
import { offerMessage } from '../src/messages.js'
import { Desk } from './desk.js'
import { DISSENT, dissenting, settle } from './dissenting.js'

const isOffer = ({ number }: { number: number }) => number === offerMessage.number
const kindsOf = (effects: readonly GroupEffect[]) =>
  effects.flatMap((effect) => {
    if (effect.type === 'store') return [effect.lazy ? 'store lazily' : 'store']
    if (effect.type === 'persist') return [effect.bodies ? 'persist with bodies' : 'persist']
    return effect.type === 'send' ? [effect.early ? 'send early' : 'send'] : []
  })

describe('what need not wait for the disk', () => {
  test('an offer with its bodies leaves at once, and the bodies are written before their batch is sealed', () => {
    const desk = new Desk(4)
    const [collator, other] = desk.order(1) as [number, number]
    expect(kindsOf(desk.write(other, 1).effects)).toEqual(['store lazily', 'send early'])
    desk.deliver(isOffer)
    const proposed = desk.effects.filter(({ member }) => member === collator).map(({ effect }) => effect)
    expect(kindsOf(proposed).slice(0, 3)).toEqual(['store lazily', 'persist', 'send'])
    desk.deliver()
    const sealed = desk.effects.filter(({ member }) => member === other).map(({ effect }) => effect)
    expect(kindsOf(sealed).slice(2, 6)).toEqual(['store lazily', 'store', 'persist with bodies', 'send'])
    expect(kindsOf(sealed).slice(6)).not.toContain('persist with bodies')
  })

  test('nor is a dissent signed before the bodies of what it is about are written: a jury may have them from nobody else', () => {
    const { desk, dissenter } = dissenting(4)
    settle(desk, 1)
    const effects = desk.effects.filter(({ member }) => member === dissenter).map(({ effect }) => effect)
    const at = effects.findIndex((effect) => effect.type === 'send' && peekMessageNumber(effect.envelope) === DISSENT)
    expect(kindsOf(effects.slice(0, at)).at(-1)).toBe('persist with bodies')
  })

  test('a block that does not travel with its offer is on the disk before it', () => {
    const desk = new Desk(4)
    const id = new Uint8Array(16).fill(7)
    const { cid, bytes } = { cid: desk.setup.start, bytes: desk.blocks.get(desk.setup.start) as Uint8Array } // dag-cbor: it has pieces
    expect(kindsOf(desk.tell(0, { type: 'write', id, ms: desk.nowMs, cid, bytes }))).toEqual(['store', 'send'])
  })
})

describe('the seed of the next step', () => {
  test('is known ahead to the member that collates it first, and is the one it then proves', () => {
    const desk = new Desk(4)
    const first = desk.order(2)[0] as number
    const alphas = desk.setup.members.map((_, member) => nextSeedAlpha(desk.group(member)))
    expect(alphas.map((alpha) => alpha !== undefined)).toEqual(desk.setup.members.map((_, member) => member === first))
    desk.write(0, 1)
    desk.deliver()
    desk.write(0, 2)
    desk.deliver()
    expect(desk.group(0).base.step).toBe(2)
    const known = desk.group(0).steps.find(({ step }) => step === 2)
    const proof = signerAt(first).vrfProve(alphas[first] as Uint8Array)
    expect(hexOf(known?.certified.batch.value.proof as Uint8Array)).toBe(hexOf(proof))
  })
})
