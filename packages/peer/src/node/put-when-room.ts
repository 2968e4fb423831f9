import { setTimeout } from 'node:timers/promises'
import { type Block, type BlockStore, ContentStoreError } from '@interpeer/content-store'

const AGAIN_MS = 500

export interface WaitingPut {
  readonly store: Pick<BlockStore, 'put'>
  readonly signal: AbortSignal
  readonly count: (code: string) => void
  /** Told when it begins to wait for room, and when that has ended. */
  readonly onFull: (isFull: boolean) => void
}

/**
 * Puts what must be on the disk before anything else is done or said. A store that is full of what is needed is waited for: whoever waits is
 * silent, which others can stand, and goes on when there is room. Only `signal` ends it without. These blocks are urgent: the record behind
 * them names other states than the one on the disk, and so makes room.
 * @throws {ContentStoreError} as `put`, but for STORE_FULL
 */
export async function putWhenRoom(blocks: readonly Block[], { store, signal, count, onFull }: WaitingPut): Promise<void> {
  let isFull = false
  try {
    while (!signal.aborted) {
      try {
        return await store.put(blocks, { urgent: true })
      } catch (error) {
        if (!(error instanceof ContentStoreError) || error.code !== 'STORE_FULL') throw error
        count('STORE_FULL')
        if (!isFull) onFull(true)
        isFull = true
        await setTimeout(AGAIN_MS, undefined, { signal }).catch(() => {}) // aborted: the loop ends
      }
    }
  } finally {
    if (isFull) onFull(false)
  }
}
