import { Worker } from 'node:worker_threads'
import type { ContentId } from '@interpeer/crypto-ids'
import { type BlockStore, hashedHere, hashedNoMore } from '../blocks.js'
import { ContentStoreError } from '../errors.js'
import {
  type ImportCounts,
  type ImportMessage,
  type ImportOrder,
  type ImportSetup,
  type LeftOut,
  SLAB_BYTES,
  SLABS,
} from './import-messages.js'

export interface ImportOptions {
  /**
   * Symbolic links: `keep` those that stay inside as links; or `follow` them, so that the tree has copies of what they point to.
   * Default `keep`.
   */
  readonly symlinks?: 'keep' | 'follow'
  /**
   * What no tree can hold: links that lead out, devices, names that are not UTF-8, what can't be read, paths and files that are too long. `refuse` it all with
   * the first; or `leave-out` each by itself, and say so. Default `refuse`.
   */
  readonly unfit?: 'refuse' | 'leave-out'
  /** Names of folders that are left out at any depth without being read, and told as `PASSED_OVER`. Default: none. */
  readonly passOver?: readonly string[]
  /** One file, at most 4 GiB: no tree has a larger one. Default 256 MiB. */
  readonly maxFileBytes?: number
  /** All files. Default 1 GiB. */
  readonly maxBytes?: number
  /** Files, directories and links. Default 100,000. */
  readonly maxEntries?: number
  /** Hears what has been read, whenever some megabytes have become durable, and at the end. */
  readonly onProgress?: (counts: ImportCounts) => void
}
const DEFAULTS = {
  symlinks: 'keep',
  unfit: 'refuse',
  passOver: [],
  maxFileBytes: 256 * 1024 ** 2,
  maxBytes: 1024 ** 3,
  maxEntries: 100_000,
} as const

export interface ImportedFolder extends ImportCounts {
  readonly root: ContentId
  /** The first 1,000 of what was left out, in the order of the walk; none unless that was asked for. */
  readonly leftOut: readonly LeftOut[]
  readonly leftOutCount: number
}

/**
 * Stores a folder as a file tree, which is durable when it resolves. A thread of its own reads file after file; at most 32 MiB of
 * content are in memory, and as much again where the store copies what it is given, as SQLite's does. The bytes that `put` gets are
 * written over once it has resolved: a store that keeps them copies them. What is stored already is not written again: an import that was broken off goes on where it
 * was. Nothing outside the folder is ever read: on Linux (with /proc) whatever becomes of the folder meanwhile; elsewhere nobody else
 * may be able to write to it or to a folder above it until this resolves. Owner, set-id bits and extended attributes are left behind;
 * times are whole seconds.
 * @throws {ContentStoreError} IMPORT_NOT_A_FOLDER; IMPORT_OUTSIDE a link that leads out (kept ones are taken as they are written: one
 * that is absolute, or goes up after a name, is refused too); IMPORT_LOOP a link to a folder it lies in, unless it is kept;
 * IMPORT_KIND a device, socket or pipe; IMPORT_NAME not UTF-8; IMPORT_UNREADABLE; IMPORT_CHANGED while it was read; FILE_PATH;
 * FILE_TOO_LARGE; TREE_TOO_LARGE; and as `put` does, or `onProgress` (rejects)
 */
export async function importFolder(
  folder: string,
  store: Pick<BlockStore, 'put'>,
  { onProgress = () => {}, ...options }: ImportOptions = {},
): Promise<ImportedFolder> {
  const order: ImportOrder = { ...DEFAULTS, ...options, folder }
  const setup: ImportSetup = {
    order,
    slabs: Array.from({ length: SLABS }, () => new SharedArrayBuffer(SLAB_BYTES)),
    free: new Int32Array(new SharedArrayBuffer(4 * SLABS)).fill(1),
  }
  const worker = new Worker(new URL('./import-worker.js', import.meta.url), {
    workerData: setup,
    env: {},
    execArgv: [], // what this process was started with may not suit a worker
    name: 'interpeer-import',
  })
  try {
    return await new Promise((resolve, reject) => {
      const puts = new Set<Promise<void>>()
      let isRead = false
      let hasFailed = false
      const fail = (error: unknown): void => {
        hasFailed = true
        reject(error)
      }
      const tell = (counts: ImportCounts): void => {
        if (hasFailed) return
        try {
          onProgress(counts)
        } catch (error) {
          fail(error)
        }
      }
      const storeSlab = async ({ slab, blocks, counts }: ImportMessage & { type: 'blocks' }): Promise<void> => {
        const memory = setup.slabs[slab] as SharedArrayBuffer
        const hashed = blocks.map(([cid, at, length]) => hashedHere({ cid, bytes: new Uint8Array(memory, at, length) }))
        await store.put(hashed)
        hashed.forEach(hashedNoMore)
        Atomics.store(setup.free, slab, 1)
        Atomics.notify(setup.free, slab)
        tell(counts)
      }
      worker.on('message', (message: ImportMessage) => {
        if (hasFailed) return // what comes until the thread has ended
        if (message.type === 'blocks') {
          const put = storeSlab(message).finally(() => puts.delete(put))
          puts.add(put)
          put.catch(fail)
        } else if (message.type === 'failed') fail(new ContentStoreError(message.failure, { cause: message.cause }))
        else {
          isRead = true
          const { root, counts, leftOut, leftOutCount } = message
          Promise.all(puts).then(() => {
            tell(counts)
            resolve({ root, ...counts, leftOut, leftOutCount })
          }, fail)
        }
      })
      worker.on('error', fail)
      worker.on('exit', () => {
        if (!isRead) fail(new Error('the thread that reads has ended'))
      })
    })
  } finally {
    await worker.terminate()
  }
}
