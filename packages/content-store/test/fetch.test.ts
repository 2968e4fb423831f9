import { bytesOfContentId, type ContentId, type PeerId } from '@interpeer/crypto-ids'
import { encodeCbor, Link } from '@interpeer/wire-codec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Block,
  type BlockStore,
  blockOf,
  buildTree,
  type Clock,
  contentBusy,
  type Exchange,
  type ExchangeOptions,
  linksOf,
  memoryBlockStore,
  missingBlocks,
  openExchange,
  wantBlocks,
} from '../src/index.js'
import { type Ask, babbler, chatty, cidsIn, empty, honest, idleClock, liar, peerAt, poor, serve, shouter, silent } from './exchanges.js'
import { bytesOf, coded, fileAt, holding, noise } from './trees.js'

const tree = buildTree([fileAt('data/wiki.sqlite', noise(5_000_000)), ...Array.from({ length: 400 }, (_, i) => fileAt(`pages/${i}`))])

interface Fetching extends Exchange {
  readonly store: BlockStore
  /** All sources there are. */
  readonly from: readonly PeerId[]
  readonly lies: [peer: PeerId, lie: string][]
}
function from(asks: readonly Ask[], store = memoryBlockStore(), more: Partial<ExchangeOptions> = {}): Fetching {
  const peers = asks.map((_, i) => peerAt(i))
  const lies: [PeerId, string][] = []
  const ask = async (peer: PeerId, request: Uint8Array): Promise<Uint8Array> => (asks[peers.indexOf(peer)] as Ask)(request)
  const onLie = (peer: PeerId, lie: string): void => void lies.push([peer, lie])
  const exchange = openExchange({ get: store.get, put: store.put, ask, clock: idleClock(), onLie, ...more })
  return { ...exchange, store, from: peers, lies }
}
const conducts = (sources: readonly { readonly conduct: string }[]): string[] => sources.map(({ conduct }) => conduct)

describe('fetching', () => {
  test('nothing is looked for before the block that links to it is stored: what only that refers to could be gone again', async () => {
    const peer = honest(await holding(tree))
    const store = memoryBlockStore()
    const parents = new Map<ContentId, ContentId[]>()
    for (const { cid, bytes } of tree.blocks) for (const link of linksOf(cid, bytes)) parents.set(link, [...(parents.get(link) ?? []), cid])
    const early: ContentId[] = []
    const at = from([peer, peer], store, {
      get: (cid) => {
        if (parents.has(cid) && !parents.get(cid)?.some((parent) => store.has(parent))) early.push(cid)
        return store.get(cid)
      },
      put: async (blocks) => {
        for (let i = 0; i < 20; i++) await new Promise(setImmediate) // a disk takes its time
        await store.put(blocks)
      },
    })
    await at.fetchDag(tree.root, { from: at.from })
    expect(missingBlocks(store.get, tree.root)).toEqual([])
    expect(early).toEqual([])
  })

  test('a whole tree from one peer, and from three', async () => {
    const peer = honest(await holding(tree))
    for (const peers of [[peer], [peer, peer, peer]]) {
      const at = from(peers)
      const progress: number[] = []
      const fetched = await at.fetchDag(tree.root, { from: at.from, onProgress: ({ fetchedBlocks }) => progress.push(fetchedBlocks) })
      expect(missingBlocks(at.store.get, tree.root)).toEqual([])
      expect(fetched.fetchedBlocks).toBe(tree.blocks.length)
      expect(conducts(fetched.sources)).toEqual(peers.map(() => 'answered'))
      expect(fetched.sources.reduce((sum, { blocks }) => sum + blocks, 0)).toBe(tree.blocks.length)
      expect(progress.at(-1)).toBe(tree.blocks.length)
    }
  })

  test('through a record that links to the tree; nothing if all is there; only what is missing', async () => {
    const state = blockOf(encodeCbor(['state', new Link(bytesOfContentId(tree.root)), []]), 'dag-cbor')
    const at = from([honest(await holding(tree, { blocks: [state] }))])
    await at.store.put(tree.blocks.slice(5))
    expect(await at.fetchDag(state.cid, at)).toMatchObject({ fetchedBlocks: 6 })
    const again = from([silent], at.store)
    const source = { peer: peerAt(0), conduct: 'unasked', lie: null, blocks: 0 }
    expect(await again.fetchDag(state.cid, again)).toEqual({ fetchedBlocks: 0, fetchedBytes: 0, sources: [source] })
    const alone = from([], at.store)
    expect(await alone.fetchDag(state.cid, alone)).toMatchObject({ fetchedBlocks: 0, sources: [] })
  })

  test('loose blocks, without what they link to; none at all', async () => {
    const at = from([honest(await holding(tree))])
    expect(await at.fetchBlocks([tree.root, tree.root], at)).toMatchObject({ fetchedBlocks: 1 })
    expect(await at.fetchBlocks([], at)).toMatchObject({ fetchedBlocks: 0 })
    expect([...at.store.list()]).toEqual([tree.root])
  })

  test.each([
    ['peer that sends other bytes', liar, 'lied', 'BLOCK_FALSE'],
    ['babbler', babbler, 'lied', 'REPLY_MALFORMED'],
    ['peer that sends more than a reply may be', shouter, 'lied', 'REPLY_MALFORMED'],
    ['peer that answers nothing', empty, 'lied', 'REPLY_EMPTY'],
    ['peer that answers too much', chatty, 'lied', 'REPLY_TOO_LONG'],
    ['silent peer', silent, 'failed', null],
    ['peer that has none', poor, 'answered', null],
  ] as const)('a %s is got round, and reported', async (_name, other, conduct, lie) => {
    const at = from([other, honest(await holding(tree)), other])
    const { sources } = await at.fetchDag(tree.root, at)
    expect(missingBlocks(at.store.get, tree.root)).toEqual([])
    expect(sources).toContainEqual({ peer: peerAt(0), conduct, lie, blocks: 0 })
    expect(sources[1]).toEqual({ peer: peerAt(1), conduct: 'answered', lie: null, blocks: tree.blocks.length })
    const lied = at.lies.every(([peer, code]) => peer !== peerAt(1) && code === lie)
    expect([lied, at.lies.length > 0]).toEqual([true, lie !== null])
  })

  test('what came before a lie in the same reply is kept', async () => {
    const half: Ask = async (request) => {
      const bytes = Uint8Array.from(await serve((await holding(tree)).get, request))
      if (cidsIn(request).length > 1) bytes.fill(1, -1) // the last byte of the last block
      return bytes
    }
    const at = from([half])
    await expect(at.fetchDag(tree.root, at)).rejects.toThrow(coded('FETCH_FAILED'))
    expect(at.lies).toEqual([[peerAt(0), 'BLOCK_FALSE']])
    expect([...at.store.list()].length).toBeGreaterThan(1) // the root, and one of its two directories
  })

  test('two peers that hold half each', async () => {
    const [even, odd] = [memoryBlockStore(), memoryBlockStore()]
    await even.put(tree.blocks.filter((_, i) => i % 2 === 0))
    await odd.put(tree.blocks.filter((_, i) => i % 2 === 1))
    const at = from([honest(even), honest(odd)])
    await at.fetchDag(tree.root, at)
    expect(missingBlocks(at.store.get, tree.root)).toEqual([])
  })

  test('a peer that fails once, or is busy for a while, is asked again; one that is busy for ever is given up', async () => {
    const peer = honest(await holding(tree))
    let calls = 0
    const failing = from([(request) => (calls++ % 2 === 0 ? silent(request) : peer(request))])
    await failing.fetchDag(tree.root, failing)
    const reply = contentBusy.encode({ reason: 'queue', retryMs: 2 ** 32 - 1 }) // it can't put us off for as long as it likes
    const busy = from([(request) => (calls++ % 10 === 0 ? peer(request) : reply)])
    expect(await busy.fetchDag(tree.root, busy)).toMatchObject({ sources: [{ conduct: 'answered' }] })
    for (const { store } of [failing, busy]) expect(missingBlocks(store.get, tree.root)).toEqual([])
    const never = from([() => reply])
    await expect(never.fetchDag(tree.root, never)).rejects.toMatchObject({ failure: { sources: [{ conduct: 'failed' }] } })
  })

  test('what a peer is slow with is asked of another beside it, and once more only', async () => {
    const peer = honest(await holding(tree))
    const asked = new Map<ContentId, number>()
    const counting =
      (ask: Ask): Ask =>
      (request) => {
        for (const cid of cidsIn(request)) asked.set(cid, (asked.get(cid) ?? 0) + 1)
        return ask(request)
      }
    const stuck = counting(() => new Promise(() => {})) // not even its transport gives up
    const at = from([stuck, counting(peer), stuck])
    const clock = idleClock()
    const timed = from([stuck, counting(peer), stuck], memoryBlockStore(), { clock })
    await timed.fetchDag(tree.root, timed)
    expect(clock.now()).toBeLessThan(5_000) // sooner than the request itself is given up
    expect(Math.max(...asked.values())).toBe(2)
    asked.clear()
    const { sources } = await at.fetchDag(tree.root, at)
    expect(conducts(sources)[1]).toBe('answered')
  })

  test('what nobody has is FETCH_FAILED with its ids; the rest is kept', async () => {
    const lost = tree.blocks[3] as Block
    const incomplete = memoryBlockStore()
    await incomplete.put(tree.blocks.filter(({ cid }) => cid !== lost.cid))
    const at = from([honest(incomplete), liar])
    const failure = { code: 'FETCH_FAILED', missing: [lost.cid], missingCount: 1, sources: [{ conduct: 'answered' }, {}] }
    await expect(at.fetchDag(tree.root, at)).rejects.toMatchObject({ failure })
    expect(missingBlocks(at.store.get, tree.root)).toEqual([lost.cid])
    const alone = from([])
    await expect(alone.fetchDag(tree.root, alone)).rejects.toMatchObject({ failure: { missing: [tree.root], missingCount: 1 } })
  })

  test('aborts at once, also before it starts, and keeps nothing that comes later', async () => {
    const control = new AbortController()
    let answer: (bytes: Uint8Array) => void = () => undefined
    const at = from([() => new Promise((resolve) => (answer = resolve))])
    const fetching = at.fetchDag(tree.root, { from: at.from, signal: control.signal })
    control.abort()
    await expect(fetching).rejects.toThrow(coded('FETCH_ABORTED'))
    answer(await serve((await holding(tree)).get, wantBlocks.encode({ cids: [bytesOfContentId(tree.root)] })))
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect([...at.store.list()]).toEqual([])
    await expect(at.fetchDag(tree.root, { from: at.from, signal: control.signal })).rejects.toThrow(coded('FETCH_ABORTED'))
  })

  test('stops at its limits', async () => {
    const at = from([honest(await holding(tree))])
    await expect(at.fetchDag(tree.root, { from: at.from, maxBytes: 1_000_000 })).rejects.toThrow(coded('FETCH_TOO_LARGE'))
    const little = from([honest(await holding(tree))])
    await expect(little.fetchDag(tree.root, { from: little.from, maxBlocks: 20 })).rejects.toThrow(coded('FETCH_TOO_LARGE'))
    const many = Array.from({ length: 257 }, (_, i) => `peer ${i}` as PeerId)
    await expect(at.fetchBlocks([tree.root], { from: many })).rejects.toThrow(coded('FETCH_CROWDED'))
    const stuck = from([() => new Promise(() => {})])
    const open = Array.from({ length: 1_024 }, () => stuck.fetchBlocks([tree.root], stuck))
    await expect(stuck.fetchBlocks([tree.root], stuck)).rejects.toThrow(coded('FETCH_CROWDED'))
    await Promise.allSettled(open)
  })

  test('a full or broken store ends the fetch; a malformed block is nobody’s lie and is not kept', async () => {
    const small = memoryBlockStore({ maxBytes: 100_000 })
    const full = from([honest(await holding(tree))], small)
    await expect(full.fetchDag(tree.root, full)).rejects.toThrow(coded('STORE_FULL'))
    const get = (): never => {
      throw new Error('the disk is gone')
    }
    const broken = from([poor], memoryBlockStore(), { get })
    await expect(broken.fetchDag(tree.root, broken)).rejects.toThrow('the disk is gone')
    const nonsense = blockOf(bytesOf('nonsense'), 'dag-cbor')
    const at = from([honest(await holding({ blocks: [nonsense] }))])
    await expect(at.fetchDag(nonsense.cid, at)).rejects.toThrow(coded('BLOCK_MALFORMED'))
    expect([at.store.has(nonsense.cid), at.lies]).toEqual([false, []])
  })

  test('what a callback throws ends the fetch it was called for; others go on, and so do later ones', async () => {
    const peer = honest(await holding(tree))
    const other = blockOf(noise(40), 'raw')
    const fault = new Error('a fault of the caller')
    const at = from([honest(await holding(tree, { blocks: [other] }))])
    const onProgress = (): void => {
      throw fault
    }
    const [failing, going] = [at.fetchDag(tree.root, { from: at.from, onProgress }), at.fetchBlocks([other.cid], at)]
    await expect(failing).rejects.toBe(fault)
    expect(await going).toMatchObject({ fetchedBlocks: 1 })
    expect(await at.fetchDag(tree.root, at)).toMatchObject({ sources: [{ conduct: 'answered' }] })
    const lied = from([liar, peer], memoryBlockStore(), { onLie: onProgress })
    await expect(lied.fetchDag(tree.root, lied)).rejects.toBe(fault)
    const [, second] = lied.from as [PeerId, PeerId]
    await lied.fetchDag(tree.root, { from: [second] })
    expect(missingBlocks(lied.store.get, tree.root)).toEqual([])
  })

  test.each(['now', 'after'] as const)('a clock whose `%s` throws ends what waits for it, and nothing that comes later', async (broken) => {
    const clock = idleClock()
    const fault = new Error('no clock')
    let isBroken = false
    const checked = <T>(name: string, use: () => T): T => {
      if (isBroken && name === broken) throw fault
      return use()
    }
    const now = (): number => checked('now', clock.now)
    const after: Clock['after'] = (ms, act) => checked('after', () => clock.after(ms, act))
    const peer = honest(await holding(tree))
    const at = from([peer], memoryBlockStore(), { clock: { now, after } })
    const fetching = Promise.all([at.fetchDag(tree.root, at), at.fetchDag(tree.root, at)])
    isBroken = true // before the first reply
    await expect(fetching).rejects.toBe(fault)
    isBroken = false
    await at.fetchDag(tree.root, at)
    expect(missingBlocks(at.store.get, tree.root)).toEqual([])
  })

  test('does not walk what the caller knows to be complete', async () => {
    const asked: ContentId[] = []
    const at = from([honest(await holding(tree))])
    await at.fetchDag(tree.root, { from: at.from, isComplete: (cid) => asked.push(cid) > 1 })
    expect([...at.store.list()]).toEqual([tree.root])
    expect(asked).toHaveLength(3) // the top, data, pages
  })

  test('walks what is here in slices, with a pause between them', async () => {
    let pauses = 0
    const at = from([silent], await holding(tree), { pause: async () => void pauses++ })
    await at.fetchDag(tree.root, at)
    expect(pauses).toBeGreaterThan(tree.blocks.length / 64 - 1)
  })

  test('two fetches at once of one tree: what comes for one is not read again for the other', async () => {
    const store = memoryBlockStore()
    let found = 0
    const get: BlockStore['get'] = (cid) => {
      const bytes = store.get(cid)
      if (bytes !== undefined) found++
      return bytes
    }
    const peer = honest(await holding(tree))
    const at = from([peer, peer], store, { get })
    const fetched = await Promise.all([0, 1].map((i) => at.fetchDag(tree.root, { from: [at.from[i] as PeerId] })))
    expect(missingBlocks(store.get, tree.root)).toEqual([])
    expect(fetched.reduce((sum, { fetchedBlocks }) => sum + fetchedBlocks, 0)).toBe(tree.blocks.length)
    expect(found).toBe(0)
  })

  test('two fetches at once share a source in turn, and what one brought the other does not ask for again', async () => {
    const asked: ContentId[] = []
    const peer = honest(await holding(tree))
    const big = Array.from({ length: 300 }, (_, i) => blockOf(noise(2_000, i + 1), 'raw'))
    const other = honest(await holding({ blocks: big }))
    const at = from([
      (request) => {
        asked.push(...cidsIn(request))
        return big.some(({ cid }) => cid === asked.at(-1)) ? other(request) : peer(request)
      },
    ])
    const large = at.fetchBlocks(
      big.map(({ cid }) => cid),
      at,
    )
    const ended: string[] = []
    const pages = tree.blocks.slice(0, 3).map(({ cid }) => cid)
    await Promise.all([large.then(() => ended.push('large')), at.fetchBlocks(pages, at).then(() => ended.push('small'))])
    expect(ended).toEqual(['small', 'large']) // the small one did not wait for all of the large one
    asked.length = 0
    await Promise.all([at.fetchDag(tree.root, at), at.fetchDag(tree.root, at), at.fetchDag(tree.root, at)])
    expect(asked.length).toBeLessThan(1.5 * tree.blocks.length)
    expect(missingBlocks(at.store.get, tree.root)).toEqual([])
  })

  test('any mix of peers with any parts: complete if every block is with an honest one, and FETCH_FAILED if not', async () => {
    const little = buildTree(Array.from({ length: 12 }, (_, i) => fileAt(`${i % 3}/${i}`, noise(i * 9_000, i))))
    const anyPeer = fc.oneof(
      fc.uniqueArray(fc.nat(little.blocks.length - 1)).map((indexes) => ({ indexes, ask: undefined })),
      fc.constantFrom(liar, silent, poor, babbler, empty).map((ask) => ({ indexes: [] as number[], ask })),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(anyPeer, { maxLength: 5 }), fc.boolean(), async (peers, withAll) => {
        const stores = await Promise.all(peers.map(({ indexes }) => holding({ blocks: indexes.map((i) => little.blocks[i] as Block) })))
        const asks = peers.map(({ ask }, i) => ask ?? honest(stores[i] as BlockStore))
        if (withAll) asks.push(honest(await holding(little)))
        const held = new Set(peers.flatMap(({ indexes }) => indexes))
        const at = from(asks)
        const outcome = await at.fetchDag(little.root, at).then(
          () => 'done',
          (error) => error.code,
        )
        expect(outcome).toBe(withAll || held.size === little.blocks.length ? 'done' : 'FETCH_FAILED')
        expect(missingBlocks(at.store.get, little.root).length === 0).toBe(outcome === 'done')
      }),
      { numRuns: 60 },
    )
  })
})
