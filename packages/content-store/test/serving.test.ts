import { bytesOfContentId, type PeerId } from '@interpeer/crypto-ids'
import { describe, expect, test } from 'vitest'
import {
  type Block,
  blockOf,
  blocksReply,
  contentBusy,
  memoryBlockStore,
  openBlockServer,
  openExchange,
  REPLY_MAX_BYTES,
  ServingCore,
  wantBlocks,
} from '../src/index.js'
import { honest, idleClock, peerAt, serve } from './exchanges.js'
import { coded, holding, noise } from './trees.js'

const big = Array.from({ length: 6 }, (_, i) => blockOf(noise(1024 * 1024, i + 1), 'raw'))
const want = (blocks: readonly Block[]): Uint8Array => wantBlocks.encode({ cids: blocks.map(({ cid }) => bytesOfContentId(cid)) })
const [greedy, modest] = [peerAt(0), peerAt(1)]

describe('serving', () => {
  test('at most 64 ids in, about 4 MiB out', async () => {
    const store = await holding({ blocks: big })
    const reply = await serve(store.get, want(big))
    expect(reply.length).toBeLessThanOrEqual(REPLY_MAX_BYTES)
    expect(blocksReply.decode(reply).blocks).toHaveLength(4)
    const { get, put } = memoryBlockStore()
    const exchange = openExchange({ get, put, ask: async (_, request) => honest(store)(request), clock: idleClock() })
    const cids = big.map(({ cid }) => cid)
    expect(await exchange.fetchBlocks(cids, { from: [greedy] })).toMatchObject({ fetchedBlocks: 6 })
    const tooMany = Array.from({ length: 65 }, () => bytesOfContentId(cids[0] as never))
    expect(() => wantBlocks.encode({ cids: tooMany })).toThrow(coded('WIRE_SHAPE'))
  })

  test('bad requests are coded errors of their askers, and cost the others nothing', async () => {
    const { answer } = openBlockServer({ get: () => undefined, now: () => 0 })
    for (let again = 0; again < 20; again++) {
      await expect(answer(greedy, noise(100))).rejects.toMatchObject({ name: 'WireError' })
      await expect(answer(greedy, wantBlocks.encode({ cids: [new Uint8Array(36)] }))).rejects.toThrow(coded('CONTENT_ID_BYTES'))
    }
    expect(blocksReply.decode(await answer(greedy, want(big))).blocks).toHaveLength(6)
  })

  test('an unreadable store fails the one request, and the next is served', async () => {
    let isBroken = true
    const get = () => {
      if (isBroken) throw new Error('the disk is gone')
      return undefined
    }
    const { answer } = openBlockServer({ get, now: () => 0 })
    await expect(answer(greedy, want(big))).rejects.toThrow('the disk is gone')
    isBroken = false
    expect(blocksReply.decode(await answer(greedy, want(big))).blocks).toHaveLength(6)
  })

  test.each(['pause', 'now'] as const)('a `%s` that throws ends what waits, and the next is served', async (broken) => {
    const fault = new Error('a fault of the caller')
    let isBroken = false
    const check = (name: string): void => {
      if (isBroken && name === broken) throw fault
    }
    const now = (): number => {
      check('now')
      return 0
    }
    const pause = async (): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve))
      check('pause')
    }
    const { answer } = openBlockServer({ get: () => undefined, now, pause })
    const [first, second] = [answer(greedy, want(big)), answer(modest, want(big))]
    isBroken = true // while the second waits
    expect(blocksReply.decode(await first).blocks).toHaveLength(6)
    await expect(second).rejects.toBe(fault)
    isBroken = false
    expect(blocksReply.decode(await answer(greedy, want(big))).blocks).toHaveLength(6)
  })

  test('who asks for megabytes again and again is served after whoever asks for little, and is told when it asks too often', async () => {
    const store = await holding({ blocks: big })
    const pauses: (() => void)[] = []
    const busy: string[] = []
    const { answer } = openBlockServer({
      get: store.get,
      now: () => 0,
      pause: () => new Promise((resolve) => pauses.push(resolve)),
      onBusy: (peer) => busy.push(peer),
    })
    const order: string[] = []
    const replies: Promise<Uint8Array>[] = []
    const ask = (name: string, peer = greedy, blocks: readonly Block[] = big): void => {
      const reply = answer(peer, want(blocks))
      replies.push(reply)
      void reply.then((bytes) => order.push(bytes.length < 100 ? `${name} refused` : name))
    }
    for (let i = 0; i < 12; i++) ask('greedy')
    for (let i = 0; i < 3; i++) ask('modest', modest, big.slice(0, 1))
    while (order.length < 15) {
      await new Promise((resolve) => setImmediate(resolve))
      pauses.shift()?.()
    }
    expect(order.filter((one) => one === 'greedy refused')).toHaveLength(3) // one was served at once, eight wait
    const served = order.filter((one) => one !== 'greedy refused')
    expect(served.slice(0, 4)).toEqual(['greedy', 'modest', 'modest', 'modest'])
    expect(served.filter((one) => one === 'greedy')).toHaveLength(9)
    const refusal = (await Promise.all(replies)).find((bytes) => bytes.length < 100) as Uint8Array
    expect(contentBusy.decode(refusal).reason).toBe('queue')
    expect(busy).toEqual([greedy, greedy, greedy])
  })

  test('a hundred askers share 256 places, and what was served is forgotten in time', () => {
    const core = new ServingCore()
    const request = want(big)
    const waiting = new Map<number, PeerId>()
    for (let i = 0; i < 100; i++) {
      for (let again = 0; again < 8; again++) {
        const ticket = i * 8 + again
        waiting.set(ticket, peerAt(i))
        for (const effect of core.step({ type: 'want', ticket, from: peerAt(i), request }, 0)) {
          if (effect.type !== 'refuse') continue
          expect(waiting.get(effect.ticket)).toBe(effect.from)
          waiting.delete(effect.ticket)
        }
        expect([core.waiting, waiting.size]).toEqual([Math.min(core.waiting, 256), core.waiting])
      }
    }
    expect(core.waiting).toBe(256)
    const places = Array.from({ length: 100 }, (_, i) => [...waiting.values()].filter((peer) => peer === peerAt(i)).length)
    expect([Math.min(...places), Math.max(...places)]).toEqual([2, 3])
    const turns = Array.from({ length: 300 }, () => core.step({ type: 'turn' }, 0)).flat()
    const served = turns.flatMap((effect) => (effect.type === 'serve' ? [effect.ticket] : []))
    expect(served.toSorted((a, b) => a - b)).toEqual([...waiting.keys()].toSorted((a, b) => a - b))
    // had much a while ago: after 20 s nobody remembers
    core.step({ type: 'want', ticket: 1, from: greedy, request }, 0)
    core.step({ type: 'served', from: greedy, bytes: 2 ** 22 }, 0)
    core.step({ type: 'want', ticket: 2, from: modest, request }, 20_000)
    core.step({ type: 'served', from: modest, bytes: 2 ** 22 }, 20_000)
    expect(core.step({ type: 'turn' }, 20_001)).toMatchObject([{ from: greedy }])
  })

  test.each([
    [32, 8],
    [200, 8],
    [250, 2],
  ])('%i names that keep %i requests waiting each shut nobody else out', (names, each) => {
    const core = new ServingCore()
    const request = want(big)
    const honestOne = peerAt(0)
    const name = (i: number): PeerId => `name ${i}` as PeerId
    let [ticket, nowMs, refused, served] = [0, 0, 0, 0]
    const ask = (from: PeerId): void => {
      const effects = core.step({ type: 'want', ticket: ticket++, from, request }, nowMs)
      for (const effect of effects) if (effect.type === 'refuse' && effect.from === honestOne) refused++
    }
    const fill = (): void => {
      for (let i = 0; i < names; i++) for (let again = 0; again < each; again++) ask(name(i))
    }
    for (let asked = 0; asked < 5; asked++) {
      fill()
      ask(honestOne)
      for (let turns = 0; turns < 1.5 * names; turns++) {
        nowMs += 20
        for (const effect of core.step({ type: 'turn' }, nowMs)) {
          if (effect.type !== 'serve') continue
          if (effect.from === honestOne) served++
          else for (let again = 0; again < each; again++) ask(effect.from)
          core.step({ type: 'served', from: effect.from, bytes: 4e6 }, nowMs)
        }
      }
    }
    expect([refused, served]).toEqual([0, 5])
  })

  test('who has to make room is told so, and a bad request takes nobody’s place', async () => {
    const pauses: (() => void)[] = []
    const busy: string[] = []
    const { answer } = openBlockServer({
      get: () => undefined,
      now: () => 0,
      pause: () => new Promise((resolve) => pauses.push(resolve)),
      onBusy: (peer) => busy.push(peer),
    })
    const waiting = Array.from({ length: 33 }, (_, i) => Array.from({ length: 8 }, () => answer(peerAt(i), want(big)))).flat()
    busy.length = 0 // one of the first was served at once: 256 wait, after some made room
    await expect(answer(peerAt(100), noise(100))).rejects.toMatchObject({ name: 'WireError' })
    expect(busy).toEqual([])
    const newcomer = answer(peerAt(100), want(big))
    expect(busy).toHaveLength(1)
    expect(busy).not.toContain(peerAt(100))
    const isOver = { waiting: 0 }
    for (const reply of [...waiting, newcomer]) void reply.then(() => isOver.waiting++)
    while (isOver.waiting < waiting.length + 1) {
      await new Promise((resolve) => setImmediate(resolve))
      pauses.shift()?.()
    }
    expect(blocksReply.decode(await newcomer).blocks).toHaveLength(6)
    const { length: served } = await newcomer
    const refusals = (await Promise.all(waiting)).filter(({ length }) => length !== served)
    expect(refusals.map((reply) => contentBusy.decode(reply).reason)).toEqual(Array(264 - 256).fill('queue'))
  })
})
