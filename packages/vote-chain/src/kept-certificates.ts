import { isCheckpoint } from './checkpoint-record.js'
import type { Genesis } from './genesis.js'

/**
 * How long the electors of a block are bound by it: so long they count as active. Those who left afterwards may sell their keys to whoever wants to write another past, so
 * nobody begins or goes on from an older block (docs/protocol/sync.md, 9), and nobody needs the certificates of the blocks before.
 */
export const trustedCycles = ({ settings: { activeCycles, checkpointCycles } }: Pick<Genesis, 'settings'>): number =>
  Math.max(activeCycles, 3 * checkpointCycles)

/** Most blocks of one cycle: a chain that stood still catches up at double speed. */
const BLOCKS_A_CYCLE = 2

/** The height whose certificate can go once this one is final: who was there `trustedCycles` ago needs those after it. Those of checkpoints stay. Undefined: none. */
export function spareCertificate(genesis: Pick<Genesis, 'settings'>, height: number): number | undefined {
  const old = height - BLOCKS_A_CYCLE * trustedCycles(genesis)
  return old < 1 || isCheckpoint(old, genesis.settings) ? undefined : old
}
