import { isCheckpoint } from './checkpoint-record.js'
import type { Genesis } from './genesis.js'

/**
 * For how many heights the electors of a block are bound by it: so long they count as active. Those who left afterwards may sell their keys to whoever wants to write another past, so
 * nobody begins or goes on from an older block (docs/protocol/sync.md, 9), and nobody needs the certificates of the blocks before.
 * By the settings of the genesis, which everybody has: no change makes `activeCycles` less (`withChangeRequest`).
 */
export const trustedCycles = ({ settings: { activeCycles, checkpointCycles } }: Pick<Genesis, 'settings'>): number =>
  Math.max(activeCycles, 3 * checkpointCycles)

/** Most blocks of one cycle: a chain that stood still catches up at double speed. */
const BLOCKS_A_CYCLE = 2

/**
 * The most heights that can have come after a block: no block is earlier than its place in the timetable, nor than half a cycle after the one before. Where the chain was on time
 * that is one for each cycle; where it lagged, up to two.
 */
export function heightsSince(
  { settings: { cycleMs }, startMs }: Pick<Genesis, 'settings' | 'startMs'>,
  { height, timeMs }: { readonly height: number; readonly timeMs: number },
  nowMs: number,
): number {
  const inTimetable = Math.floor((nowMs - startMs) / cycleMs) - height
  return Math.max(0, Math.min(inTimetable, Math.floor((BLOCKS_A_CYCLE * (nowMs - timeMs)) / cycleMs)))
}
/** Whether the electors of a block are bound by it still, whatever the chain did since. */
export const isTrusted = (
  genesis: Pick<Genesis, 'settings' | 'startMs'>,
  block: { readonly height: number; readonly timeMs: number },
  nowMs: number,
): boolean => heightsSince(genesis, block, nowMs) <= trustedCycles(genesis)

/** The height whose certificate can go once this one is final: who was there `trustedCycles` ago needs those after it. Those of checkpoints stay. Undefined: none. */
export function spareCertificate(genesis: Pick<Genesis, 'settings'>, height: number): number | undefined {
  const old = height - BLOCKS_A_CYCLE * trustedCycles(genesis)
  return old < 1 || isCheckpoint(old, genesis.settings) ? undefined : old
}
