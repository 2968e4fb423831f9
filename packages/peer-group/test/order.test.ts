import { bytesOfContentId, contentIdOf, keyOfPeerId, signMessage } from '@interpeer/crypto-ids'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { logs, network, signerAt } from '../simulations/jobs.js'
import { readBatch } from '../src/index.js'
import { offerMessage } from '../src/messages.js'
import { pendingIn } from '../src/pool.js'
import { Desk, NOW } from './desk.js'

const PROPOSAL = 49

describe('order', () => {
  test('a batch names what came before, its time grows, and its seed does not depend on the rank', () => {
    const desk = new Desk(3)
    for (const n of [1, 2]) {
      desk.write(0, n)
      desk.deliver()
    }
    const [first, second] = [readBatch(desk.of('final', 0)[0]?.batch as never), readBatch(desk.of('final', 0)[1]?.batch as never)]
    expect(second.value.ancestors).toEqual([first.hash])
    expect(second.value.timeMs).toBeGreaterThan(first.value.timeMs)
    expect(first.value.collator).toEqual(keyOfPeerId(desk.peer(desk.order(1)[0] as number)))
  })

  test('a batch whose time is more than 2 s off is not sealed', () => {
    const desk = new Desk(3)
    const collator = desk.order(1)[0] as number
    desk.write(collator, 1)
    desk.nowMs += 2_001
    desk.deliver(({ number }) => number === PROPOSAL)
    for (const member of desk.order(1).slice(1)) expect(desk.counted(member)).toContain('BATCH_TIME')
  })

  test('a write runs once however often it is sent, to whom ever', () => {
    const desk = new Desk(3)
    const { id } = desk.write(0, 1)
    desk.write(1, 1)
    desk.write(0, 1)
    desk.deliver()
    desk.write(2, 1)
    expect(desk.of('repeated', 2)).toHaveLength(1)
    desk.pass(5_000)
    desk.deliver()
    desk.write(1, 2)
    desk.deliver()
    const last = desk.of('final').at(-1)
    expect(logs.get(last?.files as never)?.filter((one) => one === hexOf(id))).toHaveLength(1)
  })

  test('ids more than ten minutes older or one minute newer are refused; so is what does not fit its name', () => {
    const desk = new Desk(1)
    desk.write(0, 1, NOW - 600_001)
    desk.write(0, 2, NOW + 60_001)
    expect(desk.of('refused').map(({ code }) => code)).toEqual(['REQUEST_TOO_OLD', 'REQUEST_TOO_NEW'])
    desk.tell(0, { type: 'write', id: new Uint8Array(16), ms: NOW, cid: desk.setup.start, bytes: new Uint8Array(3) })
    expect(desk.of('refused').at(-1)?.code).toBe('REQUEST_MISMATCH')
    desk.write(0, 3, NOW - 600_000)
    expect(desk.of('final')).toHaveLength(1)
  })

  test('request ids leave the state ten minutes after their own ms', () => {
    const desk = new Desk(1)
    desk.write(0, 1)
    expect(desk.group(0).base.state?.index.size).toBe(1)
    desk.pass(600_000)
    expect(desk.group(0).base.state?.index.size).toBe(1)
    desk.pass(5_000)
    expect(desk.group(0).base.state?.index.size).toBe(0)
  })

  test('requests that wait go into one batch, within its bounds', () => {
    const desk = new Desk(3, { settings: { batchRequestsMax: 3 } })
    desk.write(0, 1)
    for (const n of [2, 3, 4, 5]) desk.write(0, n)
    desk.deliver()
    const sizes = desk.of('final', 0).map(({ requests }) => requests.length)
    expect(sizes.reduce((sum, one) => sum + one, 0)).toBe(5)
    expect(Math.max(...sizes)).toBe(3)
  })

  test('offers of one member fill its own share of the pool, not that of others or of own visitors', () => {
    const desk = new Desk(5, { settings: { poolRequestsMax: 8, poolBytesMax: 400 } })
    const [, me, flooder, other] = desk.order(1) as [number, number, number, number]
    const offer = (member: number, n: number, body: Uint8Array | null) => {
      const bytes = body ?? Uint8Array.of(member, n)
      const fields = {
        job: bytesOfContentId(desk.setup.job),
        epoch: 1,
        from: signerAt(member).publicKey,
        requests: [
          {
            id: Uint8Array.from({ length: 16 }, (_, i) => [member, n][i] ?? 9),
            ms: NOW,
            cid: bytesOfContentId(contentIdOf(bytes, 'raw')),
            body,
          },
        ],
      }
      const envelope = signMessage(offerMessage, fields, signerAt(member), network)
      desk.tell(me, { type: 'message', from: desk.peer(member), envelope })
    }
    for (let n = 0; n < 40; n++) offer(flooder, n, null)
    expect(pendingIn(desk.group(me).pool)).toHaveLength(2)
    for (let n = 0; n < 40; n++) offer(flooder, n, new Uint8Array(90).fill(n)) // nor with bodies for what it announced
    expect(pendingIn(desk.group(me).pool).reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(100)
    for (let n = 0; n < 8; n++) desk.write(me, n)
    expect(desk.of('refused', me)).toEqual([])
    offer(other, 1, new Uint8Array(50))
    expect(pendingIn(desk.group(me).pool).filter(({ held }) => held)).toHaveLength(8 + 1 + 1)
    desk.write(me, 8)
    expect(desk.of('refused', me).map(({ code }) => code)).toEqual(['GROUP_BUSY'])
  })

  test('a write that a member offers under two ids is held under its own only: else it would run twice', () => {
    const bytes = Uint8Array.from({ length: 16 }, () => 7)
    const desk = new Desk(5, { checkRequest: (ref) => sameBytes(ref.id, bytes) && ref.ms === NOW })
    const [collator, liar, third] = desk.order(1) as [number, number, number]
    const cid = contentIdOf(bytes, 'raw')
    desk.blocks.set(cid, bytes)
    const of = (id: Uint8Array, ms = NOW) => ({ id, ms, cid: bytesOfContentId(cid), body: null })
    const forged = [of(new Uint8Array(16).fill(8)), of(bytes, NOW - 1), of(bytes), of(new Uint8Array(16).fill(9))]
    for (const member of [collator, third]) {
      for (const requests of [forged, forged.toReversed()]) {
        const fields = { job: bytesOfContentId(desk.setup.job), epoch: 1, from: signerAt(liar).publicKey, requests }
        const envelope = signMessage(offerMessage, fields, signerAt(liar), network)
        desk.tell(member, { type: 'message', from: desk.peer(liar), envelope })
      }
      const held = pendingIn(desk.group(member).pool).filter((one) => one.held)
      expect(held.map(({ ref }) => ref)).toEqual([{ id: bytes, ms: NOW, cid }])
    }
    desk.pass(1)
    const ran = desk.of('execute', collator).flatMap(({ requests }) => requests.map(({ id }) => id))
    expect(ran).toEqual([bytes])
  })

  test('the pool is bounded', () => {
    const desk = new Desk(3, { settings: { poolRequestsMax: 2 } })
    const waiting = desk.order(1)[1] as number
    for (const n of [1, 2, 3]) desk.write(waiting, n)
    expect(desk.of('refused').map(({ code }) => code)).toEqual(['GROUP_BUSY'])
  })
})
