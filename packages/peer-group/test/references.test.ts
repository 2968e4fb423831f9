import { type ContentId, contentIdOf } from '@interpeer/crypto-ids'
import { encodeCbor } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { job } from '../simulations/jobs.js'
import {
  batchReferences,
  finalMessage,
  type GroupEffect,
  groupReferences,
  openShadow,
  PeerGroupError,
  recordReferences,
  shadowReferences,
  stepShadow,
} from '../src/index.js'
import { Desk, type Letter } from './desk.js'

const sealNumber = 50
const bodyOf = (id: Uint8Array): ContentId => contentIdOf(encodeCbor([id, 'a request']), 'raw')
const record = (desk: Desk, member: number) => recordReferences(desk.records[member] as Uint8Array, job, 1)
const final = (desk: Desk, member: number) => desk.of('final', member).at(-1) as GroupEffect & { type: 'final' }

describe('what an epoch needs', () => {
  test('a body is needed from the moment it is offered, through its run, and while others may still ask for it', () => {
    const desk = new Desk(3)
    const { id } = desk.write(0, 1)
    expect(groupReferences(desk.group(0))).toContain(bodyOf(id))
    desk.deliver()
    desk.pass(1_000)
    desk.deliver()
    expect(desk.of('final', 0).length).toBeGreaterThan(0)
    for (const member of [0, 1, 2]) expect(groupReferences(desk.group(member))).toContain(bodyOf(id))
    for (let i = 0; i < 20; i++) {
      desk.write(0, 2 + i)
      desk.deliver()
      desk.pass(1_000)
      desk.deliver()
    }
    for (const member of [0, 1, 2]) expect(groupReferences(desk.group(member))).not.toContain(bodyOf(id))
  })

  test('a state is needed once it was run, before anybody certified it, and what the record names brings it back after a crash', () => {
    const desk = new Desk(3)
    const { id } = desk.write(0, 1)
    desk.deliver(({ number }) => number < sealNumber) // offers, proposals: everyone seals, nobody reveals
    desk.pass(1_000)
    desk.deliver(({ number }) => number < sealNumber)
    const sealed = [0, 1, 2].filter((member) => desk.group(member).open.sealed !== undefined)
    expect(sealed.length).toBeGreaterThan(0)
    for (const member of sealed) {
      const { open, base } = desk.group(member)
      const ran = [...open.runs.values()].flatMap((run) => (run.type === 'ran' ? [run.state.root] : []))
      expect(ran.length).toBe(1)
      const needed = [base.root, bodyOf(id), ...ran]
      for (const cid of needed) expect(groupReferences(desk.group(member))).toContain(cid)
      for (const cid of [bodyOf(id), ...ran]) expect(record(desk, member)).toContain(cid)
      desk.open(member)
      for (const cid of needed) expect(groupReferences(desk.group(member))).toContain(cid)
    }
  })

  test('the states of provisional steps, the last final one, and what they run on, until they are named', () => {
    const desk = new Desk(4)
    const away = desk.order(1)[3] as number
    const rest = desk.order(1).slice(0, 3)
    const living = ({ from, to }: Letter) => from !== away && to !== away
    desk.write(rest[0] as number, 1)
    desk.deliver(living)
    desk.endGrace(living, rest)
    for (const member of rest) {
      const { base, final, steps } = desk.group(member)
      expect([base.step, final.step, steps.length]).toEqual([1, 0, 1])
      for (const root of [base.root, final.root]) expect(groupReferences(desk.group(member))).toContain(root)
      expect(record(desk, member)).toContain(base.root)
      desk.open(member)
      for (const root of [base.root, final.root]) expect(groupReferences(desk.group(member))).toContain(root)
    }
    desk.endWindow(living, rest)
    for (const member of rest) {
      const { state } = final(desk, member)
      expect(desk.group(member).final.root).toBe(state)
      expect(groupReferences(desk.group(member))).toContain(state)
      expect(groupReferences(desk.group(member))).not.toContain(desk.setup.start)
      expect(record(desk, member)).toContain(state)
    }
  })

  test('a shadow needs what it holds and what it is told of; a bound batch needs its bodies', () => {
    const desk = new Desk(3)
    const { id } = desk.write(0, 1)
    desk.deliver(({ number }) => number !== finalMessage.number)
    desk.pass(1_000)
    desk.deliver(({ number }) => number !== finalMessage.number)
    const envelope = desk.letters.find(({ number }) => number === finalMessage.number)?.envelope as Uint8Array
    const { state, effects } = stepShadow(openShadow(desk.context), { type: 'message', envelope })
    const fetched = effects.find((effect) => effect.type === 'fetch-state') as GroupEffect & { type: 'fetch-state' }
    expect(shadowReferences(state)).toContain(fetched.root)
    expect(shadowReferences(openShadow(desk.context))).toEqual(new Set())
    const { batch } = desk.of('final').at(-1) as GroupEffect & { type: 'final' }
    expect(batchReferences([batch])).toEqual(new Set([bodyOf(id)]))
  })

  test('a record of another job or epoch, or a spoiled one, is told apart', () => {
    const desk = new Desk(1)
    desk.write(0, 1)
    const bytes = desk.records[0] as Uint8Array
    expect(() => recordReferences(bytes, job, 2)).toThrow(PeerGroupError)
    expect(() => recordReferences(bytes.subarray(1), job, 1)).toThrow(PeerGroupError)
  })
})
