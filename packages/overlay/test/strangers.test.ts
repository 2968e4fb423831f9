import { expect, test } from 'vitest'
import type { CoreEffect } from '../src/core-events.js'
import { cellPing, FRAME_PART_BYTES } from '../src/messages.js'
import { signerOf } from './keys.js'
import { Liar } from './liar.js'
import { type Node, World } from './world.js'

const targetOf = (): Node => new World(1, 1).nodes[0] as Node
const ticketsOf = (effects: readonly CoreEffect[]): number[] =>
  effects.flatMap((effect) => (effect.type === 'request' ? [effect.ticket] : []))

test('strangers do not take all places where requests are served', () => {
  const target = targetOf()
  for (let number = 101; number <= 112; number++) {
    const say = new Liar(target, { number }).dial().openStream()
    for (let id = 1; id <= 64; id++) say('request', id, true, 1)
  }
  expect(target.core.counters().requestsServed).toBe(768)
  const [stranger, ours] = [new Liar(target, { number: 113 }), new Liar(target, { number: 114 })]
  target.core.step({ type: 'set-address', peer: ours.peerId, address: ours.address }, 0)
  expect(ticketsOf(stranger.dial().openStream()('request', 1, true, 1)).length).toBe(0)
  expect(ticketsOf(ours.dial().openStream()('request', 1, true, 1)).length).toBe(1)
})

test('a body that was begun and of which nothing more comes is given up, with its stream', () => {
  const target = targetOf()
  const liar = new Liar(target).dial()
  const say = liar.openStream()
  say('request', 1, false, FRAME_PART_BYTES)
  const waitAndPing = (untilMs: number): CoreEffect[] => {
    const effects: CoreEffect[] = []
    for (; liar.nowMs < untilMs; liar.nowMs += 1_000) {
      liar.cell(cellPing.encode({ echo: 1 }))
      effects.push(...target.core.step({ type: 'time' }, liar.nowMs))
    }
    return effects
  }
  waitAndPing(25_000)
  say('request', 2, false, FRAME_PART_BYTES) // one of them goes on: a slow way has them in turns
  waitAndPing(54_000)
  expect(target.core.counters().incomingBytes).toBe(2 * FRAME_PART_BYTES)
  expect(waitAndPing(60_000).map(({ type }) => type)).toContain('close-stream')
  expect(target.core.counters()).toMatchObject({ incomingBytes: 0, streams: 0, sessions: 1, BULK_STALLED: 1 })
})

test('all sessions of one peer hold together what one peer may', () => {
  const target = targetOf()
  const liar = new Liar(target)
  const parts = Math.floor((48 * 1024 * 1024) / FRAME_PART_BYTES)
  for (let session = 0; session < 2; session++) {
    const say = liar.dial().openStream()
    for (let i = 0; i < 400; i++) say('request', 1 + (i % 4), false, FRAME_PART_BYTES)
  }
  expect(target.core.counters()).toMatchObject({ sessions: 2, REQUEST_REFUSED: expect.any(Number) })
  expect(target.core.counters().incomingBytes).toBeLessThanOrEqual(parts * FRAME_PART_BYTES)
})

test('of a long message that there was no room for, the rest is not taken for a message', () => {
  const target = targetOf()
  const say = new Liar(target).dial().openStream()
  const arrived: number[] = []
  const part = (id: number, last: boolean): void => {
    for (const effect of say('message', id, last, FRAME_PART_BYTES)) if (effect.type === 'message') arrived.push(effect.bytes.length)
  }
  for (let id = 1; id <= 17; id++) part(id, false)
  for (let id = 1; id <= 17; id++) part(id, false)
  for (let id = 1; id <= 17; id++) part(id, true)
  expect(arrived).toEqual(new Array(16).fill(3 * FRAME_PART_BYTES))
  expect(target.core.counters()).toMatchObject({ MESSAGE_REFUSED: 1, incomingBytes: 0 })
  say('message', 17, true, 10) // and it is over with its last part
  expect(target.core.counters().MESSAGE_REFUSED).toBe(1)
})

test('of strangers the one not heard for longest is forgotten first, whether or not we had something for it', () => {
  const target = targetOf()
  const [heard, silent] = [new Liar(target, { number: 67 }), new Liar(target, { number: 68 })]
  for (const liar of [heard, silent]) {
    liar.nowMs = liar === heard ? 0 : 1_000
    liar.dial().cell(cellPing.encode({ echo: 1 }))
  }
  heard.nowMs = 2_000
  heard.cell(cellPing.encode({ echo: 2 }))
  for (let number = 0; number < 4_095; number++) {
    const peer = `${signerOf(1).peerId} ${number}` as Node['peerId'] // only a name here: nobody is dialled
    target.core.step({ type: 'set-address', peer, address: { host: '10.0.0.1', port: 9 } }, 3_000)
  }
  expect(target.core.counters()).toMatchObject({ links: 4_096, LINK_FORGOTTEN: 1, sessions: 1 })
  expect(target.core.addressOf(heard.peerId)).toEqual(heard.address)
  expect(target.core.addressOf(silent.peerId)).toBeUndefined()
})
