import type { FaultKind } from './fault.js'
import { samePayload } from './fault.js'
import { peerAt, type Turn } from './group-state.js'

/** Two signed envelopes that cannot both be honest: a fault. The same text twice is none. */
export function accuse(t: Turn, kind: FaultKind, seat: number, earlier: Uint8Array, later: Uint8Array): undefined {
  if (!samePayload(earlier, later)) tellFault(t, kind, seat, [earlier, later])
}

/**
 * Told once for each member and kind, and again with evidence of less than half the bytes: who signs it chooses how long it is, and whoever is to judge takes only so
 * much. So what is too long for them does not keep back what is not.
 */
export function tellFault(t: Turn, kind: FaultKind, seat: number, evidence: readonly Uint8Array[]): undefined {
  const name = `${seat} ${kind}`
  const bytes = evidence.reduce((sum, { length }) => sum + length, 0)
  if (2 * bytes >= (t.g.faulted.get(name) ?? Number.POSITIVE_INFINITY)) return
  t.g.faulted = new Map(t.g.faulted).set(name, bytes)
  t.effects.push({ type: 'fault', peer: peerAt(t.g, seat), kind, evidence })
}
