import type { PeerId } from '@interpeer/crypto-ids'

/** One peer in the `peers` data set (§6.5.1, §6.6): counts only ever grow, so a rating can be computed from them later. */
export interface PeerEntry {
  readonly peer: PeerId
  readonly joinedHeight: number
  readonly tickets: number
  /** Epochs finished with at least one agreed outcome. */
  readonly jobsDone: number
  readonly agreed: number
  readonly late: number
  readonly absent: number
  readonly contradicted: number
  readonly unresolved: number
  /** The account has ended; it gets no seat and no coins. */
  readonly terminated: boolean
  /** The height since when it is taken to be gone: it gets no seat until it says that it is present. Null: it is here. */
  readonly awaySinceHeight: number | null
}
export type Registry = ReadonlyMap<PeerId, PeerEntry>
/** What one peer did in one epoch of one job. */
export interface Outcome {
  readonly peer: PeerId
  readonly agreed: number
  readonly late: number
  readonly absent: number
  readonly contradicted: number
  readonly unresolved: number
}

export function registryOf(peers: readonly PeerId[], joinedHeight: number): Registry {
  const outcomes = { agreed: 0, late: 0, absent: 0, contradicted: 0, unresolved: 0 }
  const fresh = { joinedHeight, tickets: 1, jobsDone: 0, ...outcomes, terminated: false, awaySinceHeight: null }
  return new Map(peers.map((peer) => [peer, { peer, ...fresh }]))
}

/** Counts an epoch's outcomes. Who did nothing at all is away from this height on. */
export function withOutcomes(registry: Registry, outcomes: readonly Outcome[], height: number): Registry {
  const next = new Map(registry)
  for (const { peer, agreed, late, absent, contradicted, unresolved } of outcomes) {
    const entry = next.get(peer)
    if (entry === undefined) continue
    const gone = agreed + late + contradicted + unresolved === 0 && absent > 0
    next.set(peer, {
      ...entry,
      jobsDone: entry.jobsDone + (agreed > 0 ? 1 : 0),
      agreed: entry.agreed + agreed,
      late: entry.late + late,
      absent: entry.absent + absent,
      contradicted: entry.contradicted + contradicted,
      unresolved: entry.unresolved + unresolved,
      awaySinceHeight: gone ? (entry.awaySinceHeight ?? height) : entry.awaySinceHeight,
    })
  }
  return next
}
export function withAway(registry: Registry, peer: PeerId, awaySinceHeight: number | null): Registry {
  const entry = registry.get(peer)
  return entry === undefined ? registry : new Map(registry).set(peer, { ...entry, awaySinceHeight })
}
