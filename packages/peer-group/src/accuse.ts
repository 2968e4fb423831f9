import type { FaultKind } from './fault.js'
import { samePayload } from './fault.js'
import { peerAt, type Turn } from './group-state.js'

/** Two signed envelopes that cannot both be honest: a fault, told once for each member and kind. The same text twice is none. */
export function accuse(t: Turn, kind: FaultKind, seat: number, earlier: Uint8Array, later: Uint8Array): undefined {
  if (samePayload(earlier, later)) return
  const name = `${seat} ${kind}`
  if (t.g.faulted.has(name)) return
  t.g.faulted = new Set(t.g.faulted).add(name)
  t.effects.push({ type: 'fault', peer: peerAt(t.g, seat), kind, evidence: [earlier, later] })
}
