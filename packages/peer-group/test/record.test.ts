import { decodeWith, encodeWith } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { signerAt, verification } from '../simulations/jobs.js'
import { recordSchema } from '../src/durable.js'
import { openGroup } from '../src/index.js'
import { Desk, NOW } from './desk.js'

/** The record of a member that has sealed and given up a rank, with something else in one place. */
function opened(changes: Partial<ReturnType<typeof decoded>>): () => unknown {
  const desk = new Desk(4)
  desk.write(0, 1)
  desk.deliver()
  const record = encodeWith(recordSchema, { ...decoded(desk.records[0] as Uint8Array), ...changes })
  return () => openGroup(desk.setup, signerAt(0), NOW, record, verification)
}
const decoded = (record: Uint8Array) => decodeWith(recordSchema, record, 4 * 1024 * 1024)
const bad = Uint8Array.of(0x40)

test('a member goes on from its record', () => {
  expect(opened({})).not.toThrow()
})
test.each<[string, Partial<ReturnType<typeof decoded>>]>([
  ['another version', { version: 1 }],
  ['another epoch', { epoch: 2 }],
  ['a last certificate that is none', { steps: [{ certificate: bad, batch: bad, dissents: [] }] }],
  ['a bound batch that is none', { bound: { rank: 0, batch: new Uint8Array(32), seals: [] }, boundBatch: bad }],
])('a record with %s is unreadable', (_, changes) => {
  expect(opened(changes)).toThrow(expect.objectContaining({ code: 'RECORD_UNREADABLE' }))
})
