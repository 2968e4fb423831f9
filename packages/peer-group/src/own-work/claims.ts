import { countOwn, type OwnTurn } from './own-work-state.js'
import { type OwnFaultKind, verifyOwnFault } from './verify-own.js'

const COUNTED: Readonly<Record<OwnFaultKind, string>> = {
  'own-part': 'OWN_PART_WRONG',
  'two-owns': 'OWN_PARTS_DIFFER',
  'false-reply': 'OWN_REPLY_FALSE',
}

/** Claims what the evidence proves to anyone else too. */
export function claim(t: OwnTurn, kind: OwnFaultKind, evidence: readonly Uint8Array[]): undefined {
  const { context, verifier } = t.work
  const finding = verifyOwnFault(evidence, context, undefined, verifier.verification)
  if (finding?.kind !== kind) return countOwn(t, 'CLAIM_UNPROVEN')
  countOwn(t, COUNTED[kind])
  t.effects.push({ type: 'claim', finding, evidence })
}
