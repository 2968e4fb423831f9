import { compareBytes, sameBytes } from '@interpeer/wire-codec'
import { type Missing, MissingBlock } from '../block-source.js'
import type { GetBlock } from '../blocks.js'
import { Cursor } from './cursor.js'
import { LEAF_BIT } from './keys.js'
import type { MapCache } from './map-cache.js'
import { type MapRoot, MapSource } from './map-source.js'
import type { Leaf, Whole } from './nodes.js'
import { assertRange, type MapRange, pageOf } from './pages.js'
import { entryOf, type MapEntry } from './read-map.js'

/** What differs under one key: the value, the sum, or whether there is an entry. */
export interface MapChange {
  readonly key: Uint8Array
  /** Undefined: it was added. */
  readonly before: MapEntry | undefined
  /** Undefined: it was deleted. */
  readonly after: MapEntry | undefined
}
export interface MapDiff {
  readonly changes: readonly MapChange[]
  /** The `from` of the next page. Undefined: that was all. */
  readonly next: Uint8Array | undefined
}

/**
 * What makes the map `after` of the map `before`, in the order of keys. Parts that both have are not read, so it costs as much as there
 * are changes. @throws {ContentStoreError} MAP_KEY, MAP_MALFORMED
 */
export function diffMaps(get: GetBlock, before: MapRoot, after: MapRoot, range: MapRange = {}, cache?: MapCache): MapDiff | Missing {
  assertRange(range)
  const source = new MapSource(get, cache)
  return source.blocks.finish(() => {
    if (sameBytes(before.hash, after.hash)) return { changes: [], next: undefined }
    const [old, young] = bothOf(source, [before, after], (root) => source.top(root))
    const cursors = bothOf(source, [old, young], (top) => new Cursor(source, top, range.from))
    const { items, next } = pageOf(source, range, () => {
      const found = nextChange(source, cursors)
      return found && { key: found.key, read: () => changeOf(source, found) }
    })
    return { changes: items, next }
  })
}

/** Does both, so that one round finds what is missing on either side. @throws {MissingBlock} */
function bothOf<A, B>(source: MapSource, [a, b]: readonly [A, A], make: (one: A) => B): readonly [B, B] {
  const made: B[] = []
  for (const one of [a, b]) source.blocks.attempt(() => made.push(make(one)))
  if (made.length < 2) throw new MissingBlock()
  return [made[0] as B, made[1] as B]
}

interface FoundChange {
  readonly key: Uint8Array
  readonly old: Leaf | undefined
  readonly young: Leaf | undefined
}
/** Goes on to the next key whose leaf differs. @throws {MissingBlock} */
function nextChange(source: MapSource, [a, b]: readonly [Cursor, Cursor]): FoundChange | undefined {
  for (;;) {
    if (a.next === undefined && b.next === undefined) return undefined
    if (a.next !== undefined && b.next !== undefined && sameBytes(a.next.hash, b.next.hash)) {
      a.skip()
      b.skip()
      continue
    }
    const [old, young] = lookAtBoth(source, a, b)
    const [oldBit, youngBit] = [bitAt(old), bitAt(young)]
    // The higher one is split until both are alike, or leaves.
    if (old?.type === 'inner' && oldBit <= youngBit) a.split(old)
    if (young?.type === 'inner' && youngBit <= oldBit) b.split(young)
    if (old?.type === 'inner' || young?.type === 'inner') continue
    const order = old === undefined ? 1 : young === undefined ? -1 : compareBytes(old.key, young.key)
    if (order <= 0) a.pass(old as Leaf)
    if (order >= 0) b.pass(young as Leaf)
    const { key } = (order <= 0 ? old : young) as Leaf
    return { key, old: order <= 0 ? old : undefined, young: order >= 0 ? young : undefined }
  }
}
const bitAt = (node: Whole | undefined): number => (node?.type === 'inner' ? node.bit : LEAF_BIT)

/** What is missing is skipped, and with it what the other side has there. @throws {MissingBlock} */
function lookAtBoth(source: MapSource, a: Cursor, b: Cursor): readonly [Whole | undefined, Whole | undefined] {
  const seen = [a, b].map((cursor) => {
    let node: Whole | undefined
    if (cursor.next !== undefined) {
      source.blocks.attempt(() => {
        node = cursor.look()
      })
      if (node === undefined) return 'missing'
    }
    return node
  })
  const [old, young] = seen
  if (old !== 'missing' && young !== 'missing') return [old, young]
  if (old !== 'missing' && old !== undefined) a.skip()
  if (young !== 'missing' && young !== undefined) b.skip()
  throw new MissingBlock()
}

function changeOf(source: MapSource, { key, old, young }: FoundChange) {
  const [before, after] = [old && entryOf(source, old), young && entryOf(source, young)]
  const bytes = (before?.value.length ?? 0) + (after?.value.length ?? 0)
  return { item: { key: Uint8Array.from(key), before, after }, bytes }
}
