import { expect, test } from 'vitest'
import { cellPing, cellPong } from '../src/messages.js'
import { Liar } from './liar.js'
import { type Node, World } from './world.js'

const LAST = 0xffff_ffff

/** One core, and someone whose session with it is of the last generation. */
function afterTheLast(by: 'dialling' | 'answering'): { target: Node; liar: Liar } {
  const target = new World(1, 1).nodes[0] as Node
  const liar = new Liar(target, { generation: LAST })
  if (by === 'dialling') liar.dial()
  else {
    target.core.step({ type: 'set-address', peer: liar.peerId, address: liar.address }, 0)
    const [initiation] = target.core.step({ type: 'send', to: liar.peerId, bytes: Uint8Array.of(1) }, 0)
    liar.tell(liar.answer(initiation?.type === 'send' ? initiation.bytes : new Uint8Array()))
  }
  liar.cell(cellPing.encode({ echo: 1 }))
  return { target, liar }
}

test.each(['dialling', 'answering'] as const)('after a session of the last generation (by %s) a silent peer is dialled', (by) => {
  const { target, liar } = afterTheLast(by)
  target.core.step({ type: 'request', to: liar.peerId, token: 1, body: new Uint8Array(1), maxReplyBytes: 1 }, 1)
  const sent: number[] = []
  const failed: unknown[] = []
  while (target.core.wakeAtMs < 60_000) {
    const { wakeAtMs } = target.core
    for (const effect of target.core.step({ type: 'time' }, wakeAtMs)) {
      if (effect.type === 'send') sent.push(effect.bytes[0] === 0 ? 1 : 0)
      if (effect.type === 'failed') failed.push(effect.failure)
    }
  }
  expect(sent).toContain(1) // initiations
  expect(failed).toEqual([{ code: 'PEER_UNREACHABLE', peer: liar.peerId }])
  expect(target.core.counters()).toMatchObject({ sessions: 0, streams: 0 })
})

test.each(['dialling', 'answering'] as const)('after a session of the last generation (by %s) a new one is made and used', (by) => {
  const { target, liar } = afterTheLast(by)
  liar.nowMs = 31 * 60_000 // old enough to be renewed with what is said next
  const renewal = () => target.core.step({ type: 'send', to: liar.peerId, bytes: Uint8Array.of(2) }, liar.nowMs)
  const initiation = renewal().find((one) => one.type === 'send' && one.bytes[0] === 0)
  const heard = liar.heard(liar.tell(liar.answer(initiation?.type === 'send' ? initiation.bytes : new Uint8Array())))
  expect(heard.map(([, number]) => number)).toEqual([cellPing.number])
  liar.cell(cellPong.encode({ echo: 1 }))
  expect(target.core.counters()).toMatchObject({ sessions: 2 })
})
