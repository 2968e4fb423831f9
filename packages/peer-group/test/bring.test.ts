import { bytesOfContentId, type ContentId, contentIdOf } from '@interpeer/crypto-ids'
import { encodeCbor, hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { execute, verification } from '../simulations/jobs.js'
import { type DisputeEffect, disputeMessage, disputeOf, heldBatches, readBatch, verifyDispute } from '../src/index.js'
import { Desk } from './desk.js'

const other = contentIdOf(encodeCbor(['another tree']), 'dag-cbor')
/** A desk where these members run the last of so many writes to another end than it has, until that is told. */
function deskWhere(differ: readonly number[], writes: number): { desk: Desk; effects: readonly DisputeEffect[] } {
  const desk = new Desk(5, { jurors: 11 })
  let isLast = false
  desk.run = (member, effect) => (isLast && differ.includes(member) ? { ...execute(effect), files: other } : execute(effect))
  for (let n = 1; n <= writes; n++) {
    isLast = n === writes
    desk.write(0, n)
    for (let i = 0; i < 60 && !(n === writes ? told(desk).length > 0 : desk.of('final', 0).length >= n); i++) {
      desk.deliver()
      desk.pass(250)
    }
  }
  return { desk, effects: told(desk) }
}
const told = (desk: Desk): readonly DisputeEffect[] => [...desk.of('dispute'), ...desk.of('stuck')]
const MOST = 300_000

describe('what a member brings to the chain (jury.md, 3 and 4)', () => {
  test.each([1, 3])('a dissent after %i writes holds by itself: from the last step that certificates prove final', (writes) => {
    const { desk, effects } = deskWhere([4], writes)
    const [effect] = effects
    const bytes = disputeOf(desk.group(0), effect as DisputeEffect, MOST)
    const dispute = verifyDispute(bytes as Uint8Array, desk.setup, verification)
    expect(dispute).toMatchObject({ kind: 'objection', step: effect?.step, statements: [{ peer: desk.peer(4) }] })
    expect(disputeMessage.decode(bytes as Uint8Array).base === null).toBe(writes === 1)
    expect(dispute.base.step).toBe((effect?.step ?? 0) - 1)
  })
  test.each([1, 3])('what can not be certified after %i writes does too', (writes) => {
    const { desk, effects } = deskWhere([3, 4], writes)
    const [effect] = effects
    const dispute = verifyDispute(disputeOf(desk.group(0), effect as DisputeEffect, MOST) as Uint8Array, desk.setup, verification)
    expect(dispute).toMatchObject({ kind: 'split', step: effect?.step, certified: undefined })
  })
  test('the batches that jurors will ask for are at hand, by their hashes', () => {
    const { desk, effects } = deskWhere([4], 2)
    const dispute = verifyDispute(disputeOf(desk.group(0), effects[0] as DisputeEffect, MOST) as Uint8Array, desk.setup, verification)
    const held = heldBatches(desk.group(0)).map((bytes) => hexOf(readBatch(bytes).hash))
    expect(held).toContain(hexOf(dispute.batch))
    expect(bytesOfContentId(dispute.base.state as ContentId)).toHaveLength(36)
  })
  test('who lacks a certificate in between brings nothing; nor does what is too long', () => {
    const { desk, effects } = deskWhere([4], 3)
    const [effect] = effects
    if (effect === undefined) throw new Error('nothing told')
    const group = desk.group(0)
    expect(disputeOf({ ...group, steps: group.steps.filter(({ step }) => step !== effect.step - 1) }, effect, MOST)).toBeUndefined()
    expect(disputeOf(group, effect, 100)).toBeUndefined()
  })
})
