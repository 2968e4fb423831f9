import { bytesOfContentId, type ContentId } from '@interpeer/crypto-ids'
import { encodeCbor, Link } from '@interpeer/wire-codec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Block,
  type BlockStore,
  blockOf,
  blocksReply,
  buildTree,
  type FetchOptions,
  fetchBlocks,
  fetchDag,
  memoryBlockStore,
  missingBlocks,
  REPLY_MAX_BYTES,
  serveBlocks,
  wantBlocks,
} from '../src/index.js'
import { bytesOf, coded, fileAt, holding, noise } from './trees.js'

type Ask = (request: Uint8Array) => Uint8Array | Promise<Uint8Array>
const tree = buildTree([fileAt('data/wiki.sqlite', noise(5_000_000)), ...Array.from({ length: 400 }, (_, i) => fileAt(`pages/${i}`))])
const honest =
  (store: BlockStore): Ask =>
  (request) =>
    serveBlocks(store.get, request)
const silent: Ask = () => Promise.reject(new Error('timeout'))
const liar: Ask = (request) => blocksReply.encode({ blocks: wantBlocks.decode(request).cids.map(() => bytesOf('lie')) })
const poor: Ask = (request) => blocksReply.encode({ blocks: wantBlocks.decode(request).cids.map(() => null) })
const babbler: Ask = () => noise(1000)
const empty: Ask = () => blocksReply.encode({ blocks: [] })
const chatty: Ask = (request) => blocksReply.encode({ blocks: [...wantBlocks.decode(request).cids, null].slice(-64).map(() => null) })

function from(peers: readonly Ask[], store = memoryBlockStore()): FetchOptions & { store: BlockStore } {
  const ask = async (peer: number, request: Uint8Array): Promise<Uint8Array> => {
    const answer = peers[peer]
    if (answer === undefined) throw new Error('no such peer')
    return answer(request)
  }
  return { get: store.get, put: store.put, ask, peers: peers.length, store }
}

describe('fetching', () => {
  test('a whole tree from one peer, and from three', async () => {
    const peer = honest(await holding(tree))
    for (const peers of [[peer], [peer, peer, peer]]) {
      const options = from(peers)
      const progress: number[] = []
      const fetched = await fetchDag(tree.root, { ...options, onProgress: ({ fetchedBlocks }) => progress.push(fetchedBlocks) })
      expect(missingBlocks(options.get, tree.root)).toEqual([])
      expect(fetched.fetchedBlocks).toBe(tree.blocks.length)
      expect(fetched.peers).toEqual(peers.map(() => 'answered'))
      expect(progress.at(-1)).toBe(tree.blocks.length)
    }
  })

  test('through a record that links to the tree; nothing if all is there; only what is missing', async () => {
    const state = blockOf(encodeCbor(['state', new Link(bytesOfContentId(tree.root)), []]), 'dag-cbor')
    const peer = await holding(tree, { blocks: [state] })
    const options = from([honest(peer)])
    await options.store.put(tree.blocks.slice(5))
    expect(await fetchDag(state.cid, options)).toMatchObject({ fetchedBlocks: 6 })
    expect(await fetchDag(state.cid, from([silent], options.store))).toEqual({ fetchedBlocks: 0, fetchedBytes: 0, peers: ['unasked'] })
  })

  test('loose blocks, without what they link to', async () => {
    const options = from([honest(await holding(tree))])
    expect(await fetchBlocks([tree.root, tree.root], options)).toMatchObject({ fetchedBlocks: 1 })
    expect([...options.store.list()]).toEqual([tree.root])
  })

  test.each([
    ['liar', liar, 'lied'],
    ['babbler', babbler, 'lied'],
    ['peer that answers nothing', empty, 'lied'],
    ['peer that answers too much', chatty, 'lied'],
    ['silent peer', silent, 'failed'],
    ['peer that has none', poor, 'answered'],
  ] as const)('a %s is got round', async (_name, other, conduct) => {
    const options = from([other, honest(await holding(tree)), other])
    const fetched = await fetchDag(tree.root, options)
    expect(missingBlocks(options.get, tree.root)).toEqual([])
    expect(fetched.peers).toContain(conduct)
    expect(fetched.peers[1]).toBe('answered')
  })

  test('two peers that hold half each', async () => {
    const [even, odd] = [memoryBlockStore(), memoryBlockStore()]
    await even.put(tree.blocks.filter((_, i) => i % 2 === 0))
    await odd.put(tree.blocks.filter((_, i) => i % 2 === 1))
    const options = from([honest(even), honest(odd)])
    await fetchDag(tree.root, options)
    expect(missingBlocks(options.get, tree.root)).toEqual([])
  })

  test('a peer that fails once is asked again', async () => {
    const peer = honest(await holding(tree))
    let calls = 0
    const options = from([(request) => (calls++ % 2 === 0 ? silent(request) : peer(request))])
    await fetchDag(tree.root, options)
    expect(missingBlocks(options.get, tree.root)).toEqual([])
  })

  test('what nobody has is FETCH_FAILED with its ids; the rest is kept', async () => {
    const lost = tree.blocks[3] as Block
    const incomplete = memoryBlockStore()
    await incomplete.put(tree.blocks.filter(({ cid }) => cid !== lost.cid))
    const options = from([honest(incomplete), liar])
    const failure = { code: 'FETCH_FAILED', missing: [lost.cid], missingCount: 1, peers: ['answered', expect.any(String)] }
    await expect(fetchDag(tree.root, options)).rejects.toMatchObject({ failure })
    expect(missingBlocks(options.get, tree.root)).toEqual([lost.cid])
    await expect(fetchDag(tree.root, from([]))).rejects.toThrow(coded('FETCH_FAILED'))
  })

  test('aborts at once, also before it starts, and keeps nothing that comes later', async () => {
    const control = new AbortController()
    let answer: (bytes: Uint8Array) => void = () => undefined
    const options = from([() => new Promise((resolve) => (answer = resolve))])
    const fetching = fetchDag(tree.root, { ...options, signal: control.signal })
    control.abort()
    await expect(fetching).rejects.toThrow(coded('FETCH_ABORTED'))
    answer(serveBlocks((await holding(tree)).get, wantBlocks.encode({ cids: [bytesOfContentId(tree.root)] })))
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect([...options.store.list()]).toEqual([])
    await expect(fetchDag(tree.root, { ...options, signal: control.signal })).rejects.toThrow(coded('FETCH_ABORTED'))
  })

  test('stops at its limits', async () => {
    const peer = honest(await holding(tree))
    await expect(fetchDag(tree.root, { ...from([peer]), maxBytes: 1_000_000 })).rejects.toThrow(coded('FETCH_TOO_LARGE'))
    await expect(fetchDag(tree.root, { ...from([peer]), maxBlocks: 20 })).rejects.toThrow(coded('FETCH_TOO_LARGE'))
  })

  test('a full store ends the fetch; a malformed block is nobody’s lie and is not kept', async () => {
    const small = memoryBlockStore({ maxBytes: 100_000 })
    await expect(fetchDag(tree.root, from([honest(await holding(tree))], small))).rejects.toThrow(coded('STORE_FULL'))
    const nonsense = blockOf(bytesOf('nonsense'), 'dag-cbor')
    const options = from([honest(await holding({ blocks: [nonsense] }))])
    await expect(fetchDag(nonsense.cid, options)).rejects.toThrow(coded('BLOCK_MALFORMED'))
    expect(options.store.has(nonsense.cid)).toBe(false)
  })

  test('does not walk what the caller knows to be complete', async () => {
    const asked: ContentId[] = []
    const options = from([honest(await holding(tree))])
    await fetchDag(tree.root, { ...options, isComplete: (cid) => asked.push(cid) > 1 })
    expect([...options.store.list()]).toEqual([tree.root])
    expect(asked).toHaveLength(3) // the top, data, pages
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
        const options = from(asks)
        const outcome = await fetchDag(little.root, options).then(
          () => 'done',
          (error) => error.code,
        )
        expect(outcome).toBe(withAll || held.size === little.blocks.length ? 'done' : 'FETCH_FAILED')
        expect(missingBlocks(options.get, little.root).length === 0).toBe(outcome === 'done')
      }),
      { numRuns: 60 },
    )
  })
})

describe('serving', () => {
  test('at most 64 ids in, about 4 MiB out', async () => {
    const big = Array.from({ length: 6 }, (_, i) => blockOf(noise(1024 * 1024, i + 1), 'raw'))
    const { get } = await holding({ blocks: big })
    const reply = serveBlocks(get, wantBlocks.encode({ cids: big.map(({ cid }) => bytesOfContentId(cid)) }))
    expect(reply.length).toBeLessThanOrEqual(REPLY_MAX_BYTES)
    expect(blocksReply.decode(reply).blocks).toHaveLength(4)
    const options = from([honest(await holding({ blocks: big }))])
    expect(
      await fetchBlocks(
        big.map(({ cid }) => cid),
        options,
      ),
    ).toMatchObject({ fetchedBlocks: 6 })
    const cids = Array.from({ length: 65 }, () => bytesOfContentId(tree.root))
    expect(() => wantBlocks.encode({ cids })).toThrow(coded('WIRE_SHAPE'))
  })
  test('bad requests are coded errors', () => {
    const get = () => undefined
    expect(() => serveBlocks(get, noise(100))).toThrow(expect.objectContaining({ name: 'WireError' }))
    expect(() => serveBlocks(get, wantBlocks.encode({ cids: [new Uint8Array(36)] }))).toThrow(coded('CONTENT_ID_BYTES'))
  })
})
