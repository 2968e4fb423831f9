import { createHash } from 'node:crypto'
import { createMerkleProof, createMPT, verifyMPTWithMerkleProof } from '@ethereumjs/mpt'
import { checkEntry, createMapCache, editMap, emptyMap, type GetBlock, type Missing, proveEntry } from '@interpeer/content-store'
import { type Figure, percentile } from '../figures.ts'

const [ENTRIES, BATCH] = [100_000, 1_000]
const [PROOFS, PROOFS_AT_ONCE] = [10_000, 100]
const PEER_NAME = '@ethereumjs/mpt'
/** Room for every node, as the peer has. */
const CACHE_BYTES = 512 * 1024 * 1024

/**
 * An authenticated map in memory: 100,000 entries of 32-byte keys and values put in by the thousand, with a root each time, then proofs
 * made and checked. Batches of both sides take turns. What a figure states is the median time of a batch.
 */
export async function measure(say: (line: string) => void, signal: AbortSignal): Promise<Figure[]> {
  const ours = ourMap()
  const peer = await peerMap()
  const entries = Array.from({ length: ENTRIES }, (_, i) => ({ key: sha256(`key ${i}`), value: sha256(`value ${i}`) }))
  const turns = async (batches: number, take: (map: TimedMap, batch: number) => Promise<void>): Promise<[number[], number[]]> => {
    const times: [number[], number[]] = [[], []]
    for (let batch = 0; batch < batches; batch++) {
      // Who goes first pays for what the other left to the garbage collector.
      const order = batch % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)
      for (const side of order) {
        const start = performance.now()
        await take(side === 0 ? ours : peer, batch)
        times[side].push(performance.now() - start)
      }
      signal.throwIfAborted()
    }
    return times
  }

  say(`${ENTRIES} entries in batches of ${BATCH}`)
  const inserts = await turns(ENTRIES / BATCH, (map, batch) => map.insert(entries.slice(batch * BATCH, (batch + 1) * BATCH)))
  say(`${PROOFS} proofs`)
  const proofs = await turns(PROOFS / PROOFS_AT_ONCE, (map, batch) => {
    const first = batch * PROOFS_AT_ONCE
    return map.prove(Array.from({ length: PROOFS_AT_ONCE }, (_, i) => entries[((first + i) * 7919) % ENTRIES] as MapEntry))
  })
  return [figure('map/insert', inserts), figure('map/prove', proofs)]
}
const figure = (id: string, [ours, peer]: readonly [number[], number[]]): Figure => ({
  id,
  ours: percentile(ours, 50),
  peer: percentile(peer, 50),
  peerName: PEER_NAME,
  unit: 'ms',
})

interface MapEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}
interface TimedMap {
  readonly insert: (entries: readonly MapEntry[]) => Promise<void>
  /** Makes proofs of these and checks each with nothing but the root. */
  readonly prove: (entries: readonly MapEntry[]) => Promise<void>
}

function ourMap(): TimedMap {
  const blocks = new Map<string, Uint8Array>()
  const get: GetBlock = (cid) => blocks.get(cid)
  const cache = createMapCache(CACHE_BYTES)
  let root = emptyMap()
  return {
    async insert(entries) {
      const puts = entries.map(({ key, value }) => ({ type: 'put', key, value }) as const)
      const edited = whole(editMap(get, root, puts, cache))
      for (const { cid, bytes } of edited.blocks) blocks.set(cid, bytes)
      root = edited.root
    },
    async prove(entries) {
      for (const { key, value } of entries) {
        const { proof } = whole(proveEntry(get, root, key, cache))
        assertSame(checkEntry(root.hash, key, proof).entry?.value, value)
      }
    },
  }
}
async function peerMap(): Promise<TimedMap> {
  const trie = await createMPT({ cacheSize: ENTRIES })
  return {
    async insert(entries) {
      for (const { key, value } of entries) await trie.put(key, value)
      trie.root()
    },
    async prove(entries) {
      for (const { key, value } of entries) {
        const proof = await createMerkleProof(trie, key)
        assertSame(await verifyMPTWithMerkleProof(trie, trie.root(), key, proof), value)
      }
    },
  }
}

function whole<T extends object>(result: T | Missing): T {
  if ('missing' in result) throw new Error('a block is missing')
  return result
}
function assertSame(shown: Uint8Array | null | undefined, value: Uint8Array): void {
  if (shown === undefined || shown === null || !value.every((byte, i) => shown[i] === byte)) throw new Error('a proof shows something else')
}
const sha256 = (text: string): Uint8Array => Uint8Array.from(createHash('sha256').update(text).digest())
