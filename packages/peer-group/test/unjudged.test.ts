import { describe, expect, test } from 'vitest'
import type { KnownStep } from '../src/group-state.js'
import { Desk } from './desk.js'
import { dissenting, dissentOf, HELD, known, sent, settle, tell } from './dissenting.js'

describe('where no jury can be drawn', () => {
  test('the group names the dissent and goes on: q matching answers stand, the outcome is unresolved', () => {
    const { desk, dissenter, rest } = dissenting(0)
    desk.deliver()
    settle(desk)
    for (const member of [0, 1, 2, 3]) {
      expect(desk.group(member).frozen).toBe(0)
      expect(desk.of('final', member)[0]).toMatchObject({ step: 1, requests: [{}] })
      expect(desk.of('dispute', member)).toEqual([])
    }
    const naming = desk.group(rest[0] as number).steps.find(({ certified }) => certified.batch.value.dissents.length > 0)
    expect(naming?.certified.answer).toMatchObject({ disputed: 1 })
    expect(naming?.certified.batch.value.dissents.map(({ step }) => step)).toEqual([1])
    desk.write(rest[0] as number, 2)
    desk.deliver()
    settle(desk)
    expect(desk.of('final', rest[0]).some(({ requests, step }) => step > 1 && requests.length > 0)).toBe(true)
    for (const i of [0, 1, 2, 3]) desk.tell(i, { type: 'close-at', atMs: desk.nowMs + 10, next: [] })
    desk.pass(10)
    desk.deliver()
    settle(desk)
    const [closed] = desk.of('closed', rest[0])
    expect(closed?.outcomes[dissenter]).toMatchObject({ contradicted: 0, unresolved: 2 })
    for (const member of [0, 1, 2, 3]) expect(sent(desk, member, HELD)).toEqual([]) // nobody promises what the group will not keep
    expect(desk.of('fault')).toEqual([])
  })

  test('what a batch of an earlier epoch carries names no step of this one, also after a restart', () => {
    const { desk, rest } = dissenting(0)
    desk.deliver()
    settle(desk)
    const carrying = desk.group(rest[0] as number).steps.find(({ certified }) => certified.batch.value.dissents.length > 0)
    const batch = carrying?.certified.batch as KnownStep['certified']['batch']
    expect(batch.value.dissents.map(({ step }) => step)).toEqual([1])
    const next = new Desk(4, { epoch: 2, rerun: [batch.bytes] })
    for (const [cid, block] of desk.blocks) next.blocks.set(cid, block)
    for (const member of [0, 1, 2, 3]) next.open(member)
    for (let i = 0; i < 3; i++) {
      next.pass(700)
      next.deliver()
    }
    expect(known(next, 0).certified.batch.bytes).toEqual(batch.bytes)
    expect(known(next, 0).named).toBe(false)
    next.open(0)
    expect(known(next, 0).named).toBe(false)
  })

  test('a dissent told after the epoch is due to close does not keep it open', () => {
    const { desk, dissenter, rest } = dissenting(0)
    for (const i of [0, 1, 2, 3]) desk.tell(i, { type: 'close-at', atMs: desk.nowMs, next: [] })
    desk.drop()
    const envelope = dissentOf(desk, dissenter, rest[0] as number)
    for (const member of rest) tell(desk, member, dissenter, envelope)
    settle(desk, 6, ({ from, to }) => from !== dissenter && to !== dissenter)
    const [closed] = desk.of('closed', rest[0])
    expect(closed).toBeDefined()
    expect(closed?.outcomes[dissenter]?.unresolved).toBe(1)
  })
})
