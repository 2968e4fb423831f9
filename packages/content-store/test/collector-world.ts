import type { ContentId } from '@interpeer/crypto-ids'
import { type BlockStore, buildTree, type CollectorOptions, memoryBlockStore, openCollector } from '../src/index.js'
import { fileAt, noise } from './trees.js'

export const GRACE_MS = 1_000
/** A store with a collector, and a clock and roots that the test sets. */
export function world(store: BlockStore = memoryBlockStore(), more: Partial<CollectorOptions> = {}) {
  const clock = { nowMs: 0 }
  const [roots, wanted] = [new Set<ContentId>(), new Set<ContentId>()]
  const live = () => ({ held: roots, wanted })
  const collector = openCollector({ store, roots: live, graceMs: GRACE_MS, nowMs: () => clock.nowMs, ...more })
  return { store, clock, roots, wanted, ...collector }
}
export const site = (seed: number) => buildTree([fileAt('a.bin', noise(150_000, seed)), fileAt('same.txt', 'alike')])
export const ALL = Number.MAX_SAFE_INTEGER
