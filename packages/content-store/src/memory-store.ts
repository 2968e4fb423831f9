import type { ContentId } from '@interpeer/crypto-ids'
import { assertBlocks, type BlockStore } from './blocks.js'
import { ContentStoreError } from './errors.js'
import { reserveOf } from './quota.js'
import { assertRecordKey, assertRecordPrefix, assertRecordSpace, assertRecords, type RecordStore } from './records.js'

/** Blocks and records together, as one disk holds them. */
export interface ContentStore {
  readonly blocks: BlockStore
  /** The records of one space. The same name gives the same records. @throws {ContentStoreError} RECORD_KEY */
  readonly records: (name: string) => RecordStore
  /** What blocks and records take together, in bytes: what `maxBytes` limits. On disk: whole pages, without those that are free again. */
  readonly usedBytes: () => number
  /** Waits for writes under way. Afterwards everything else throws STORE_CLOSED. */
  readonly close: () => Promise<void>
}
export interface StoreOptions {
  /**
   * Refuse writes beyond this (STORE_FULL): what blocks and records take together, on disk in whole pages. Deleting makes room at once.
   * Of it blocks leave an eighth, at most 8 MiB, so that records can still be written when blocks can't. Default: no limit but the
   * machine's.
   */
  readonly maxBytes?: number
}

/** A store that forgets everything with the process: for tests, and for what can be fetched again. */
export function memoryStore({ maxBytes = Number.POSITIVE_INFINITY }: StoreOptions = {}): ContentStore {
  const spaces = new Map<string, Map<string, Uint8Array>>()
  const usage = { bytes: 0, closed: false }
  const keep = <K>(map: Map<K, Uint8Array>, entries: readonly (readonly [K, Uint8Array])[], limitBytes: number): void => {
    const added = new Map(entries)
    let neededBytes = 0
    for (const [key, bytes] of added) neededBytes += bytes.length - (map.get(key)?.length ?? 0)
    if (neededBytes > 0 && usage.bytes + neededBytes > limitBytes) throw new ContentStoreError({ code: 'STORE_FULL', neededBytes })
    usage.bytes += neededBytes
    for (const [key, bytes] of added) map.set(key, bytes.slice())
  }
  const drop = <K>(map: Map<K, Uint8Array>, keys: readonly K[]): void => {
    for (const key of keys) {
      usage.bytes -= map.get(key)?.length ?? 0
      map.delete(key)
    }
  }
  const assertOpen = (): void => {
    if (usage.closed) throw new ContentStoreError({ code: 'STORE_CLOSED' })
  }
  const kept = new Map<ContentId, Uint8Array>()
  const blocks: BlockStore = {
    get: (cid) => {
      assertOpen()
      return kept.get(cid)?.slice() // a caller that writes into what it got must not change the content
    },
    has: (cid) => {
      assertOpen()
      return kept.has(cid)
    },
    put: async (given, { urgent = false } = {}) => {
      assertOpen()
      assertBlocks(given)
      keep(
        kept,
        given.filter(({ cid }) => !kept.has(cid)).map(({ cid, bytes }) => [cid, bytes] as const),
        maxBytes - reserveOf(maxBytes, urgent),
      )
    },
    delete: async (cids) => {
      assertOpen()
      drop(kept, cids)
    },
    list: () => {
      assertOpen()
      return [...kept.keys()]
    },
    counters: () => ({ corrupt: 0 }),
  }
  const records = (name: string): RecordStore => {
    assertOpen()
    assertRecordSpace(name)
    const space = spaces.get(name) ?? new Map<string, Uint8Array>()
    spaces.set(name, space)
    const keysOf = (prefix: string): readonly string[] => {
      assertOpen()
      assertRecordPrefix(prefix)
      return [...space.keys()].filter((key) => key.startsWith(prefix)).sort()
    }
    return {
      get: (key) => {
        assertOpen()
        assertRecordKey(key)
        return space.get(key)?.slice()
      },
      put: async (entries) => {
        assertOpen()
        assertRecords(entries)
        keep(space, entries, maxBytes)
      },
      delete: async (keys) => {
        assertOpen()
        drop(space, keys)
      },
      keys: (prefix) => keysOf(prefix),
      list: (prefix) => keysOf(prefix).map((key) => [key, (space.get(key) as Uint8Array).slice()] as const),
    }
  }
  const close = async (): Promise<void> => {
    usage.closed = true
  }
  const usedBytes = (): number => {
    assertOpen()
    return usage.bytes
  }
  return { blocks, records, usedBytes, close }
}

/** The blocks of a `memoryStore`. */
export const memoryBlockStore = (options: StoreOptions = {}): BlockStore => memoryStore(options).blocks
