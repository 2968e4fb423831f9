import { aeadSeal } from '@interpeer/crypto-ids'
import { concatBytes, encodeCbor } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { bulkKeysOf, RecordWriter } from '../src/bulk-records.js'
import type { CoreEffect } from '../src/core-events.js'
import { bulkOpen, bulkOpened, bulkWanted, cellPart, cellPing, FRAME_PART_BYTES } from '../src/messages.js'
import { nonceOf } from '../src/noise.js'
import { Liar } from './liar.js'
import { diceOf, type Node, World } from './world.js'

test('authentic nonsense in cells is dropped and counted; its memory is bounded and given back', () => {
  const world = new World(1, 1)
  const target = world.nodes[0] as Node
  const liar = new Liar(target).dial()
  const dice = diceOf(4)
  const below = (limit: number): number => Math.floor(dice() * limit)
  const samples = [
    cellPing.encode({ echo: 1 }),
    bulkOpened.encode({ stream: 1, answer: 2 }),
    bulkWanted.encode({ after: 3 }),
    cellPart.encode({ id: 1, index: 0, count: 8, part: new Uint8Array(1_180) }),
    cellPart.encode({ id: 1, index: 9, count: 8, part: new Uint8Array(3) }),
    cellPart.encode({ id: 1, index: 0, count: 255, part: new Uint8Array(1_180) }),
    encodeCbor([18]),
    encodeCbor([]),
    encodeCbor('text'),
    new Uint8Array(),
  ]
  for (let i = 0; i < 3_000; i++) {
    const message = (samples[below(samples.length)] as Uint8Array).slice()
    if (message.length > 0 && below(2) === 0) message[below(message.length)] = below(256)
    liar.cell(message, below(4) === 0 ? below(65_536) : message.length)
  }
  for (let id = 0; id < 500; id++) liar.cell(cellPart.encode({ id, index: 0, count: 8, part: new Uint8Array(1_180) }))
  expect(target.core.counters().CELL_MALFORMED).toBeGreaterThan(500)
  expect(target.core.counters().incomingBytes).toBeLessThan(64 * 8 * 1_180)
  target.core.step({ type: 'time' }, 10_000)
  expect(target.core.counters()).toMatchObject({ incomingBytes: 0, sessions: 1 })
  expect(target.core.counters().PARTS_LOST).toBeGreaterThan(400)
  liar.nowMs = 10_001
  expect(liar.heard(liar.cell(cellPing.encode({ echo: 5 }))).length).toBe(1)
})

test('opening streams over and over is refused past a rate, and each answer names the stream it is for', () => {
  const world = new World(1, 1)
  const target = world.nodes[0] as Node
  const liar = new Liar(target).dial()
  let opened = 0
  for (let stream = 1; stream <= 200; stream++) {
    const effects = liar.cell(bulkOpen.encode({ stream }))
    opened += effects.filter(({ type }) => type === 'open-stream').length
    const answers = liar.heard(effects).filter((message) => message[1] === bulkOpened.number)
    for (const answer of answers) expect(bulkOpened.decode(answer).stream).toBe(stream)
  }
  expect(opened).toBe(8)
  expect(target.core.counters()).toMatchObject({ streams: 1, BULK_REFUSED: 192 })
})

test('authentic nonsense on the bulk stream: bounded, and whoever is served counts until served', () => {
  const world = new World(1, 1)
  const target = world.nodes[0] as Node
  const liar = new Liar(target).dial()
  const open = liar.cell(bulkOpen.encode({ stream: 5 })).find(({ type }) => type === 'open-stream')
  if (open?.type !== 'open-stream') throw new Error('no stream')
  const writer = new RecordWriter(bulkKeysOf(liar.keys, 5, open.stream, true).sendKey)
  const served: number[] = []
  const frame = (kind: 'message' | 'request' | 'reply' | 'error' | 'cancel' | 'hello', id: number, last: boolean, bytes: number): void => {
    const record = writer.write({ kind, id, last, part: new Uint8Array(bytes) })
    for (const effect of target.core.step({ type: 'stream-bytes', stream: open.stream, bytes: record }, 0)) {
      if (effect.type === 'request') served.push(effect.ticket)
    }
  }
  for (let id = 1; id <= 300; id++) {
    frame('reply', id, true, 100)
    frame('error', id, true, 20)
    frame('message', id, false, FRAME_PART_BYTES)
    frame('hello', id, true, 5)
  }
  expect(target.core.counters().incomingBytes).toBeLessThanOrEqual(16 * FRAME_PART_BYTES)
  for (let id = 301; id <= 600; id++) {
    frame('request', id, true, 5)
    frame('cancel', id, true, 0) // makes no room
  }
  expect(served.length).toBe(64)
  expect(target.core.counters().requestsServed).toBe(64)
  for (const ticket of served) target.core.step({ type: 'reply', ticket, body: new Uint8Array(1) }, 0)
  while (target.core.nextRecord(open.stream) !== undefined); // 236 times BUSY
  expect(target.core.counters()).toMatchObject({ requestsServed: 0, REPLY_ABANDONED: 64, outgoingBytes: 0 })
  // a sealed record that holds no frame ends the stream, and only that
  const { sendKey } = bulkKeysOf(liar.keys, 5, open.stream, true)
  const bad = aeadSeal(sendKey, nonceOf(1_800), Uint8Array.of(0, 0, 0, 20), new Uint8Array(4))
  target.core.step({ type: 'stream-bytes', stream: open.stream, bytes: concatBytes(Uint8Array.of(0, 0, 0, 20), bad) }, 0)
  expect(target.core.counters()).toMatchObject({ streams: 0, sessions: 1, BULK_BROKEN: 1, incomingBytes: 0 })
})

test.each([0, 1, FRAME_PART_BYTES - 1])('a body in parts of %i bytes is not held: small ones would pile up', (bytes) => {
  const world = new World(1, 1)
  const target = world.nodes[0] as Node
  const liar = new Liar(target).dial()
  const open = liar.cell(bulkOpen.encode({ stream: 5 })).find(({ type }) => type === 'open-stream')
  if (open?.type !== 'open-stream') throw new Error('no stream')
  const writer = new RecordWriter(bulkKeysOf(liar.keys, 5, open.stream, true).sendKey)
  const part = (last: boolean, length: number): CoreEffect[] => {
    const record = writer.write({ kind: 'request', id: 1, last, part: new Uint8Array(length) })
    return target.core.step({ type: 'stream-bytes', stream: open.stream, bytes: record }, 0)
  }
  part(false, FRAME_PART_BYTES)
  expect(target.core.counters().incomingBytes).toBe(FRAME_PART_BYTES)
  expect(part(false, bytes)).toEqual([{ type: 'close-stream', stream: open.stream }])
  expect(target.core.counters()).toMatchObject({ streams: 0, sessions: 1, incomingBytes: 0, BULK_BROKEN: 1 })
})
