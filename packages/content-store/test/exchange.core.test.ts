import { type ContentId, contentIdOfBytes, type PeerId } from '@interpeer/crypto-ids'
import { describe, expect, test } from 'vitest'
import { blockOf, blocksReply, ExchangeCore, type ExchangeEffect, type ExchangeEvent, wantBlocks } from '../src/index.js'
import { peerAt } from './exchanges.js'
import { noise } from './trees.js'

const blocks = new Map(
  Array.from({ length: 3_000 }, (_, i) => {
    const block = blockOf(noise(40, i + 1), 'raw')
    return [block.cid, block.bytes] as const
  }),
)
const all = [...blocks.keys()]

/** Nothing is in the store; every put is kept at once. Asks are the test's to answer. */
function exchanging() {
  const core = new ExchangeCore()
  const asks: (ExchangeEffect & { type: 'ask' })[] = []
  const ended: (ExchangeEffect & { type: 'fetched' | 'failed' })[] = []
  const step = (event: ExchangeEvent, nowMs = 0): void => {
    for (const effect of core.step(event, nowMs)) {
      if (effect.type === 'read') step({ type: 'found', fetch: effect.fetch, found: effect.cids.map(() => undefined) }, nowMs)
      else if (effect.type === 'put') step({ type: 'kept', put: effect.put }, nowMs)
      else if (effect.type === 'ask') asks.push(effect)
      else if (effect.type === 'fetched' || effect.type === 'failed') ended.push(effect)
    }
  }
  const fetch = (id: number, cids = all, sources = [peerAt(0)]): void =>
    step({ type: 'fetch', order: { fetch: id, cids, follow: false, sources, maxBlocks: 10_000, maxBytes: 1e9 } })
  const answer = ({ ask, request }: ExchangeEffect & { type: 'ask' }, nowMs = 0): void => {
    const given = wantBlocks.decode(request).cids.map((cid) => blocks.get(contentIdOfBytes(cid)) ?? null)
    step({ type: 'reply', ask, bytes: blocksReply.encode({ blocks: given }) }, nowMs)
  }
  return { core, asks, ended, step, fetch, answer }
}

test('ten fetches share one peer in turn, four requests at a time', () => {
  const { core, asks, ended, fetch, answer } = exchanging()
  for (let id = 0; id < 10; id++) fetch(id, all.slice(id * 300, (id + 1) * 300))
  expect(core.sizes.asks).toBe(4)
  const order: number[] = []
  for (let ask = asks.shift(); ask !== undefined; ask = asks.shift()) {
    expect(core.sizes.asks).toBeLessThanOrEqual(4)
    order.push(ask.fetch)
    answer(ask)
  }
  expect(ended.map(({ type }) => type)).toEqual(Array(10).fill('fetched'))
  const whenAllWereThere = order.slice(4)
  for (let round = 0; round < 3; round++) {
    expect(whenAllWereThere.slice(round * 10, (round + 1) * 10).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  }
})

test('replies on their way are bounded over all peers and fetches', () => {
  const { core, asks, fetch } = exchanging()
  for (let id = 0; id < 10; id++)
    fetch(
      id,
      all,
      Array.from({ length: 50 }, (_, i) => peerAt(i)),
    )
  expect(core.sizes.heldBytes).toBeLessThanOrEqual(64 * 1024 * 1024)
  expect(core.sizes.heldBytes).toBeGreaterThan(60 * 1024 * 1024)
  expect(asks.length).toBeLessThanOrEqual(64)
})

test('a fetch that is cancelled leaves nothing behind, and a peer is not asked for more while it still owes a reply', () => {
  const { core, asks, ended, step, fetch, answer } = exchanging()
  for (let id = 0; id < 20; id++) {
    fetch(id)
    step({ type: 'cancel', fetch: id })
  }
  expect(asks.length).toBe(4)
  expect(core.sizes).toMatchObject({ fetches: 0, sources: 1, asks: 4 })
  for (const ask of asks.splice(0)) answer(ask)
  expect(core.sizes).toEqual({ fetches: 0, sources: 0, asks: 0, heldBytes: 0 })
  expect(ended).toEqual([])
})

test('what nobody knows of changes nothing: replies, puts and lookups that were not asked for, or come twice', () => {
  const { core, asks, ended, step, fetch, answer } = exchanging()
  fetch(0, all.slice(0, 1))
  const [ask] = asks.splice(0)
  const strays: ExchangeEvent[] = [
    { type: 'reply', ask: 999, bytes: noise(9) },
    { type: 'unanswered', ask: 999 },
    { type: 'kept', put: 999 },
    { type: 'not-kept', put: 999 },
    { type: 'found', fetch: 0, found: [] },
    { type: 'found', fetch: 9, found: [undefined] },
    { type: 'cancel', fetch: 9 },
    { type: 'time' },
  ]
  for (const stray of strays) step(stray)
  if (ask !== undefined) answer(ask)
  if (ask !== undefined) answer(ask)
  expect(ended).toMatchObject([{ type: 'fetched', fetched: { fetchedBlocks: 1 } }])
  expect(core.sizes).toEqual({ fetches: 0, sources: 0, asks: 0, heldBytes: 0 })
})

test.each(['is late', 'fails', 'is not kept'] as const)(
  'a fetch that waits for what another asked for asks for it itself when that %s',
  (how) => {
    const core = new ExchangeCore()
    const [first] = all as [ContentId]
    const asks: (ExchangeEffect & { type: 'ask' })[] = []
    const puts: number[] = []
    const step = (event: ExchangeEvent, nowMs = 0): void => {
      for (const effect of core.step(event, nowMs)) {
        if (effect.type === 'read') step({ type: 'found', fetch: effect.fetch, found: effect.cids.map(() => undefined) }, nowMs)
        else if (effect.type === 'ask') asks.push(effect)
        else if (effect.type === 'put') puts.push(effect.put)
      }
    }
    for (const fetch of [0, 1]) {
      step({ type: 'fetch', order: { fetch, cids: [first], follow: false, sources: [peerAt(fetch)], maxBlocks: 9, maxBytes: 1e6 } })
    }
    expect(asks).toMatchObject([{ fetch: 0, peer: peerAt(0) }])
    const { ask } = asks[0] as { ask: number }
    if (how === 'is late') step({ type: 'time' }, core.wakeAtMs)
    else if (how === 'fails') step({ type: 'unanswered', ask })
    else {
      step({ type: 'reply', ask, bytes: blocksReply.encode({ blocks: [blocks.get(first) as Uint8Array] }) })
      expect(asks).toHaveLength(1)
      step({ type: 'not-kept', put: puts[0] as number })
    }
    expect(asks[1]).toMatchObject({ fetch: 1, peer: peerAt(1) })
  },
)

test('when nothing else is left, what one peer is slow with is asked of those that had nothing to do', () => {
  const { core, asks, step, fetch } = exchanging()
  fetch(0, all.slice(0, 1), [peerAt(0), peerAt(1)])
  expect([core.wakeAtMs, asks.length]).toEqual([1_000, 1])
  step({ type: 'time' }, 999)
  expect(asks).toHaveLength(1)
  step({ type: 'time' }, core.wakeAtMs)
  expect(asks).toMatchObject([{ peer: peerAt(0) }, { peer: peerAt(1) }])
})

describe('an urgent fetch', () => {
  const [silent, ...honest] = Array.from({ length: 5 }, (_, i) => peerAt(i)) as [PeerId, ...PeerId[]]
  const urgently = (id: number, cids: readonly ContentId[], sources: readonly PeerId[]): ExchangeEvent => {
    return { type: 'fetch', order: { fetch: id, cids, follow: false, sources, maxBlocks: 100, maxBytes: 1e6, stragglerMs: 150 } }
  }

  test('one that is silent holds up none of eight blocks for longer than its straggler time', () => {
    const { core, asks, ended, step, answer } = exchanging()
    const answerAll = (nowMs: number): void => {
      for (let ask = asks.shift(); ask !== undefined; ask = asks.shift()) if (ask.peer !== silent) answer(ask, nowMs)
    }
    step(urgently(0, all.slice(0, 8), [silent, ...honest]))
    expect(asks.map(({ peer }) => peer)).toContain(silent)
    answerAll(100)
    expect([ended, core.wakeAtMs]).toEqual([[], 150])
    step({ type: 'time' }, 149)
    expect(asks).toEqual([])
    step({ type: 'time' }, 150)
    answerAll(250)
    expect(ended).toMatchObject([{ type: 'fetched', fetched: { fetchedBlocks: 8 } }])
  })
  test('where many are silent, twice as many are asked at each straggler time, up to all', () => {
    const { core, asks, step } = exchanging()
    const peers = Array.from({ length: 11 }, (_, i) => peerAt(i))
    step(urgently(0, all.slice(0, 1), peers))
    const askedAt = [0, 150, 300, 450, 600].map((nowMs) => {
      if (nowMs > 0) expect(core.wakeAtMs).toBe(nowMs)
      step({ type: 'time' }, nowMs)
      return new Set(asks.map(({ peer }) => peer)).size
    })
    expect(askedAt).toEqual([1, 2, 4, 8, 11])
    expect(asks).toHaveLength(11)
  })
  test('who says late that it lacks a block wins no more time than who is silent', () => {
    const { core, asks, step } = exchanging()
    step(urgently(0, all.slice(0, 1), [silent, ...honest]))
    const [first] = asks.splice(0) as [(typeof asks)[number]]
    step({ type: 'time' }, 150)
    expect(asks).toHaveLength(1)
    step({ type: 'reply', ask: first.ask, bytes: blocksReply.encode({ blocks: [null] }) }, 290)
    expect(asks.splice(0)).toHaveLength(2)
    expect(core.wakeAtMs).toBe(300)
  })
  test('waits no longer than that for what another fetch was promised', () => {
    const { asks, ended, step, fetch, answer } = exchanging()
    fetch(0, all.slice(0, 1), [silent])
    step(urgently(1, all.slice(0, 1), honest), 10)
    step({ type: 'time' }, 159)
    expect(asks.map(({ peer }) => peer)).toEqual([silent])
    step({ type: 'time' }, 160)
    const [, second] = asks
    expect(second).toMatchObject({ fetch: 1 })
    answer(second as (typeof asks)[number], 200)
    expect(ended).toMatchObject([{ type: 'fetched', fetch: 1 }])
  })
})
