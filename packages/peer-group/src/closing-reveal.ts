import { sameBytes } from '@interpeer/wire-codec'
import type { KnownBatch } from './batch.js'
import type { Group } from './group-state.js'
import { isJudged, untoldFrom } from './steps.js'
import { waitedFor } from './waited-for.js'

/**
 * Whether this member reveals a batch, as far as what it has seen goes. A closing one only if nothing is left to look at of what the others certified while it was there, and it objects to nothing: with
 * all reveals the chain carries a closing out at once, and otherwise gives whoever was kept out its time (ADR 0043).
 */
export function hasSeenFor(g: Group, { value, hash }: Pick<KnownBatch, 'value' | 'hash'>): boolean {
  if (!value.closing || value.epoch !== g.setup.epoch || !isJudged(g)) return true
  const isLooking = g.steps.some(({ own, certified }) => (own === 'pending' || own === 'running') && !sameBytes(certified.batch.hash, hash))
  return !isLooking && waitedFor(g).length === 0 && untoldFrom(g) === Number.POSITIVE_INFINITY
}
