import { isCheckpoint } from './checkpoint-record.js'
import type { Genesis } from './genesis.js'

/**
 * How long the electors of a block are bound by it: so long they count as active. Those who left afterwards may sell their keys to whoever wants to write another past, so
 * nobody begins or goes on from an older block (docs/protocol/sync.md, 9), and nobody needs the certificates of the blocks before.
 */
export const trustedCycles = ({ settings: { activeCycles, checkpointCycles } }: Pick<Genesis, 'settings'>): number =>
  Math.max(activeCycles, 3 * checkpointCycles)

/** The height whose certificate can go once this one is final; those of checkpoints stay. Undefined: none. */
export function spareCertificate(genesis: Pick<Genesis, 'settings'>, height: number): number | undefined {
  const old = height - trustedCycles(genesis)
  return old < 1 || isCheckpoint(old, genesis.settings) ? undefined : old
}
