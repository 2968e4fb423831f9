import { bytesOfContentId, type ContentId, contentIdOf, contentIdOfBytes, signMessage } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { network, signerAt } from '../simulations/jobs.js'
import { writeBatch } from '../src/batch.js'
import { recoverFrom } from '../src/index.js'
import { sealMessage, showMessage } from '../src/messages.js'
import { signedBy } from './branched.js'
import { Desk } from './desk.js'
import { known } from './dissenting.js'

/** Shows of a group that certified step 1, or nothing, and sealed a closing batch after it that leaves this state: its certificate is in nobody's show. */
function sealed(steps: 0 | 1, leaves: (tip: ContentId) => ContentId) {
  const desk = new Desk(4)
  desk.write(0, 1)
  desk.deliver()
  const first = known(desk, 0, 1).certified
  const tip = steps === 0 ? desk.setup.start : contentIdOfBytes(first.answer.root)
  const step = steps + 1
  const from = bytesOfContentId(leaves(tip))
  const none = { late: 0, absent: 0, contradicted: 0, unresolved: 0 }
  const outcomes = desk.setup.members.map(() => ({ agreed: steps, ...none }))
  const ancestors = steps === 0 ? [] : [first.batch.hash]
  const batch = writeBatch({ ...first.batch.value, step, ancestors, from, requests: [], events: [], closing: true, final: steps, outcomes })
  const place = { job: bytesOfContentId(desk.setup.job), epoch: 1 }
  const seals = [0, 1, 2].map((seat) => {
    const value = { ...place, step, rank: 0, batch: batch.hash, from: signerAt(seat).publicKey, seal: new Uint8Array(32) }
    return signMessage(sealMessage, value, signerAt(seat), network)
  })
  const { certificate } = first
  const held = steps === 0 ? [] : [{ certificate, batch: first.batch.bytes, dissents: [] }]
  const shows = [0, 1, 2].map((seat) => {
    const what = { steps: held, bound: { rank: 0, batch: batch.hash, seals }, boundBatch: batch.bytes, reveal: null, seen: 1 }
    return signMessage(showMessage, { ...place, from: signerAt(seat).publicKey, ...what }, signerAt(seat), network)
  })
  return { recovery: recoverFrom(shows, desk.setup), tip }
}

test('a certified first step that begins from something else than the epoch is none, where that is known', () => {
  const desk = new Desk(4)
  desk.write(0, 1)
  desk.deliver()
  const { answer, batch: mine } = known(desk, 0, 1).certified
  const start = bytesOfContentId(contentIdOf(new Uint8Array([7]), 'dag-cbor'))
  const none = { agreed: 0, late: 0, absent: 0, contradicted: 0, unresolved: 0 }
  const outcomes = desk.setup.members.map(() => none)
  const batch = writeBatch({ ...mine.value, from: start, requests: [], events: [], closing: true, final: 0, outcomes })
  const certificate = signedBy(desk, [0, 1, 2], { step: 1, rank: 0, batch: batch.hash, start }, () => ({ ...answer, root: start }))
  const found = [{ certificate, batch: batch.bytes }]
  expect(recoverFrom([], desk.setup, found)).toMatchObject({ closed: false, through: 0 })
  const { start: _, ...context } = desk.setup
  expect(recoverFrom([], context, found).closed).toBe(true)
})
test.each([0, 1] as const)('a closing batch that is bound after step %i ends the epoch where that ended', (steps) => {
  const { recovery, tip } = sealed(steps, (state) => state)
  expect(recovery.closing).toMatchObject({ state: tip })
})
test.each([0, 1] as const)('and one that leaves another state after step %i closes nothing, and is not run again', (steps) => {
  const { recovery, tip } = sealed(steps, () => contentIdOf(new Uint8Array([7]), 'dag-cbor'))
  expect(recovery).toMatchObject({ rerun: [], through: steps })
  expect(recovery.closing).toBeUndefined()
  if (steps === 1) expect(recovery.last).toMatchObject({ step: 1, state: tip })
})
