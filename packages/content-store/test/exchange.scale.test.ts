import { bytesOfContentId, type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { encodeCbor, Link } from '@interpeer/wire-codec'
import { expect, test, vi } from 'vitest'
import { RunningFetch } from '../src/exchange/running-fetch.js'
import { WantList } from '../src/exchange/want-list.js'
import { type Block, blockOf, blocksReply, ExchangeCore, type ExchangeEffect, type ExchangeEvent, wantBlocks } from '../src/index.js'
import { peerAt } from './exchanges.js'

const LEAVES = 50_000
const FAN_OUT = 1_000

/** A DAG whose leaves are made when asked for: number i is a block of those four bytes. */
function endlessDag() {
  const leaf = (i: number): Block => blockOf(Uint8Array.of(i >> 24, i >> 16, i >> 8, i), 'raw')
  const inner = new Map<ContentId, Uint8Array>()
  const leaves = new Map<ContentId, number>()
  const node = (links: readonly ContentId[]): ContentId => {
    const block = blockOf(encodeCbor(links.map((cid) => new Link(bytesOfContentId(cid)))), 'dag-cbor')
    inner.set(block.cid, block.bytes)
    return block.cid
  }
  const nodes = Array.from({ length: LEAVES / FAN_OUT }, (_, n) => {
    const cids = Array.from({ length: FAN_OUT }, (_, i) => leaf(n * FAN_OUT + i).cid)
    for (const [i, cid] of cids.entries()) leaves.set(cid, n * FAN_OUT + i)
    return node(cids)
  })
  const get = (cid: ContentId): Uint8Array | null => inner.get(cid) ?? leaf(leaves.get(cid) as number).bytes
  return { root: node(nodes), get, size: LEAVES + nodes.length + 1 }
}

test('a large DAG is wanted a few thousand blocks at a time, whatever its nodes link to, and nothing is kept of it afterwards', () => {
  const { root, get, size } = endlessDag()
  const core = new ExchangeCore()
  const sources = [peerAt(0), peerAt(1), peerAt(2)]
  const order = { fetch: 1, cids: [root], follow: true, sources, maxBlocks: 1_000_000, maxBytes: 1e9 }
  let [fetched, wantedMax, heldMax, end] = [0, 0, 0, '']
  const queue: ExchangeEffect[] = [...core.step({ type: 'fetch', order }, 0)]
  for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
    heldMax = Math.max(heldMax, core.sizes.heldBytes)
    if (effect.type === 'read') queue.push(...core.step({ type: 'found', fetch: 1, found: effect.cids.map(() => undefined) }, 0))
    else if (effect.type === 'put') queue.push(...core.step({ type: 'kept', put: effect.put }, 0))
    else if (effect.type === 'progress') wantedMax = Math.max(wantedMax, effect.progress.wantedBlocks)
    else if (effect.type === 'ask') {
      const blocks = wantBlocks.decode(effect.request).cids.map((cid) => get(contentIdOfBytes(cid)))
      queue.push(...core.step({ type: 'reply', ask: effect.ask, bytes: blocksReply.encode({ blocks }) }, 0))
    } else {
      end = effect.type
      if (effect.type === 'fetched') fetched = effect.fetched.fetchedBlocks
    }
  }
  expect([end, fetched]).toEqual(['fetched', size])
  expect(wantedMax).toBeLessThanOrEqual(4_096)
  expect(heldMax).toBeLessThanOrEqual(64 * 1024 * 1024)
  expect(core.sizes).toEqual({ fetches: 0, sources: 0, asks: 0, heldBytes: 0 })
})

/** How many fetches, sources and wants are looked at for each event, when so many fetches bring `each` blocks of their own from all sources. */
function looksPerEvent(fetches: number, peers: number, each: number): number {
  const core = new ExchangeCore()
  const sources = Array.from({ length: peers }, (_, i) => peerAt(i))
  const blocks = new Map<ContentId, Uint8Array>()
  const looks = [
    vi.spyOn(WantList.prototype, 'take'),
    vi.spyOn(WantList.prototype, 'takeUnread'),
    vi.spyOn(WantList.prototype, 'cameElsewhere'),
    vi.spyOn(RunningFetch.prototype, 'asks'),
    vi.spyOn(RunningFetch.prototype, 'end', 'get'),
  ]
  let [events, ended] = [0, 0]
  const queue: ExchangeEffect[] = []
  const step = (event: ExchangeEvent): void => {
    events++
    queue.push(...core.step(event, 0))
  }
  for (let fetch = 0; fetch < fetches; fetch++) {
    const own = Array.from({ length: each }, (_, i) => blockOf(Uint8Array.of(fetch >> 8, fetch, i), 'raw'))
    for (const { cid, bytes } of own) blocks.set(cid, bytes)
    const cids = own.map(({ cid }) => cid)
    step({ type: 'fetch', order: { fetch, cids, follow: false, sources, maxBlocks: 1_000, maxBytes: 1e6 } })
  }
  expect(core.sizes).toMatchObject({ fetches, sources: peers })
  // all are looked up before anything is answered: then every fetch wants all of its blocks
  const isRead = ({ type }: ExchangeEffect): boolean => type === 'read'
  for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
    if (effect.type === 'ask' && queue.some(isRead)) queue.push(effect)
    else if (effect.type === 'read') step({ type: 'found', fetch: effect.fetch, found: effect.cids.map(() => undefined) })
    else if (effect.type === 'put') step({ type: 'kept', put: effect.put })
    else if (effect.type === 'ask') {
      const given = wantBlocks.decode(effect.request).cids.map((cid) => blocks.get(contentIdOfBytes(cid)) ?? null)
      step({ type: 'reply', ask: effect.ask, bytes: blocksReply.encode({ blocks: given }) })
    } else if (effect.type === 'fetched') ended++
  }
  const total = looks.reduce((sum, { mock }) => sum + mock.calls.length, 0)
  vi.restoreAllMocks()
  expect(ended).toBe(fetches)
  expect(core.sizes).toEqual({ fetches: 0, sources: 0, asks: 0, heldBytes: 0 })
  return total / events
}

test('what an event costs does not grow with the other fetches, and with the sources no faster than they', () => {
  const few = looksPerEvent(30, 16, 8)
  const many = looksPerEvent(120, 16, 8)
  expect(many).toBeLessThan(1.5 * few)
  const wide = looksPerEvent(120, 64, 8)
  expect(wide).toBeLessThan(4 * many)
  console.log(`exchange: ${few.toFixed(1)}, ${many.toFixed(1)}, ${wide.toFixed(1)} looks for each event`)
})
