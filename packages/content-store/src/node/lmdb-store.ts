import { mkdirSync, statfsSync } from 'node:fs'
import { bytesOfContentId, type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { type Database, open, type RootDatabase } from 'lmdb'
import { assertBlocks, type BlockStore, isContentOf } from '../blocks.js'
import { ContentStoreError } from '../errors.js'
import type { ContentStore, StoreOptions } from '../memory-store.js'
import { lmdbRecords } from './lmdb-records.js'

/** One write transaction: all of it or nothing, on the disk when it resolves. `neededBytes` 0: only deletes. */
export type Commit = (table: 'blocks' | 'records', neededBytes: number, write: () => readonly Promise<boolean>[]) => Promise<void>
export type Bytes = Database<Uint8Array, Uint8Array>

// Blocks leave this much of the disk free, and records this much: a peer whose disk is full of blocks can still write down its
// locks, and lmdb's own commit does not fail half-way.
const RESERVE_BYTES = { blocks: 8 * 1024 * 1024, records: 2 * 1024 * 1024 }
const PAGE_BYTES = 4096

/**
 * Blocks and records in one lmdb environment in `folder`, which is made if need be. One process at a time opens it.
 * @throws {ContentStoreError} STORE_UNAVAILABLE
 */
export function openLmdbStore(folder: string, { maxBytes = Number.POSITIVE_INFINITY }: StoreOptions = {}): ContentStore {
  const { env, blocks: blockTable, records: recordTable } = openTables(folder)
  const writes = new Set<Promise<void>>()
  let [pendingBytes, closed] = [0, false]
  const assertOpen = (): void => {
    if (closed) throw new ContentStoreError({ code: 'STORE_CLOSED' })
  }
  const assertRoom = (table: 'blocks' | 'records', neededBytes: number): void => {
    const used = usedBytes(blockTable) + usedBytes(recordTable) + pendingBytes
    const free = freeBytes(folder) - RESERVE_BYTES[table] - pendingBytes
    if (used + neededBytes > maxBytes || neededBytes > free) throw new ContentStoreError({ code: 'STORE_FULL', neededBytes })
  }
  const commit: Commit = async (table, neededBytes, write) => {
    assertOpen()
    if (neededBytes > 0) assertRoom(table, neededBytes)
    pendingBytes += neededBytes
    const written = batch(env, write)
    writes.add(written)
    try {
      await written
    } catch (cause) {
      throw freeBytes(folder) < RESERVE_BYTES[table] || isFull(cause)
        ? new ContentStoreError({ code: 'STORE_FULL', neededBytes }, { cause })
        : new ContentStoreError({ code: 'STORE_WRITE_FAILED' }, { cause })
    } finally {
      writes.delete(written)
      pendingBytes -= neededBytes
    }
  }
  const close = async (): Promise<void> => {
    if (closed) return
    closed = true
    await Promise.allSettled(writes)
    await env.close()
  }
  return {
    blocks: lmdbBlocks(blockTable, commit, assertOpen),
    records: (name) => lmdbRecords(recordTable, name, commit, assertOpen),
    close,
  }
}

function lmdbBlocks(table: Bytes, commit: Commit, assertOpen: () => void): BlockStore {
  let corrupt = 0
  const kept = (cid: ContentId): Uint8Array | undefined => {
    assertOpen()
    return plain(table.getBinary(bytesOfContentId(cid)))
  }
  return {
    get: (cid) => {
      const bytes = kept(cid)
      if (bytes === undefined || isContentOf(cid, bytes)) return bytes
      corrupt++
      return undefined
    },
    has: (cid) => {
      assertOpen()
      return table.doesExist(bytesOfContentId(cid))
    },
    put: async (blocks) => {
      assertOpen()
      assertBlocks(blocks)
      // what is there already is not written again, unless the disk has spoiled it
      const unkept = new Map<ContentId, Uint8Array>()
      for (const { cid, bytes } of blocks) {
        const there = kept(cid)
        if (there === undefined || !sameBytes(there, bytes)) unkept.set(cid, bytes)
      }
      const neededBytes = [...unkept.values()].reduce((sum, bytes) => sum + pagesOf(bytes), 0)
      await commit('blocks', neededBytes, () => [...unkept].map(([cid, bytes]) => table.put(bytesOfContentId(cid), bytes)))
    },
    delete: (cids) => commit('blocks', 0, () => cids.map((cid) => table.remove(bytesOfContentId(cid)))),
    list: () => {
      assertOpen()
      return [...table.getKeys({ snapshot: true })].map(contentIdOfBytes)
    },
    counters: () => ({ corrupt }),
  }
}

function openTables(folder: string): { env: RootDatabase; blocks: Bytes; records: Bytes } {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    // With overlappingSync a write resolves before it is on the disk, and closing after a failed write never ends. With
    // eventTurnBatching a failed write rejects a promise that nobody can see, which ends the process.
    const env = open({ path: folder, noSubdir: false, maxDbs: 4, overlappingSync: false, eventTurnBatching: false })
    const table = (name: string): Bytes => env.openDB<Uint8Array, Uint8Array>({ name, keyEncoding: 'binary', encoding: 'binary' })
    return { env, blocks: table('blocks'), records: table('records') }
  } catch (cause) {
    throw new ContentStoreError({ code: 'STORE_UNAVAILABLE', folder }, { cause })
  }
}

/** When a commit fails lmdb rejects the promise of each write too, and one for the reason: unheard, any would end the process. */
async function batch(env: RootDatabase, write: Parameters<Commit>[2]): Promise<void> {
  try {
    await env.batch(() => {
      for (const one of write()) one.catch(() => undefined)
    })
  } catch (cause) {
    await (cause as { commitError?: Promise<never> }).commitError // rejects with the reason
    throw cause
  }
}

/** A full map, a full disk. (A short write is reported as EIO: then the disk's free space tells.) */
const isFull = (cause: unknown): boolean => [-30792, 28].includes((cause as { code?: number }).code ?? 0)

export const plain = (bytes: Uint8Array | undefined): Uint8Array | undefined =>
  bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)

/** What a value takes on disk, roughly: its own pages if it is large, otherwise a share of one. */
export const pagesOf = (bytes: Uint8Array): number =>
  bytes.length < PAGE_BYTES / 2 ? bytes.length + 64 : Math.ceil((bytes.length + 16) / PAGE_BYTES) * PAGE_BYTES

function usedBytes(table: Bytes): number {
  const stats = table.getStats() as { treeBranchPageCount: number; treeLeafPageCount: number; overflowPages: number; pageSize: number }
  return (stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages) * stats.pageSize
}
function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}
