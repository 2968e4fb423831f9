import { type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { matches, rootOf } from '../answer.js'
import { samePayload } from '../fault.js'
import type { Verifier } from '../verifier.js'
import type { Dispute } from './dispute.js'
import { type Finding, verdictMessage } from './messages.js'

export interface ReadVerdict {
  readonly juror: PeerId
  readonly finding: Finding
  readonly envelope: Uint8Array
}

/** A juror's verdict about this dispute; or a code, where it counts for nothing. */
export function readVerdict(envelope: Uint8Array, dispute: Dispute, jury: readonly PeerId[], verifier: Verifier): ReadVerdict | string {
  const opened = verifier.open(verdictMessage, envelope, jury)
  if (typeof opened === 'string') return opened
  const juror = peerIdOfKey(opened.value.from)
  const { finding } = opened.value
  if (!jury.includes(juror)) return 'NOT_A_JUROR'
  if (!sameBytes(opened.value.dispute, dispute.id)) return 'OTHER_DISPUTE'
  if (!isAbout(finding, dispute)) return 'VERDICT_OTHER_STEP'
  if (finding.type === 'answered' && rootOf(finding.answer) === undefined) return 'VERDICT_ROOT'
  return { juror, finding, envelope }
}

function isAbout(finding: Finding, dispute: Dispute): boolean {
  const { base, step, stretch } = dispute
  if (finding.type === 'too-slow') return true
  if (finding.type === 'holds') return stretch !== undefined
  // what a stretch lacks is said of the first step of the gap
  if (stretch === undefined || finding.type !== 'answered') return finding.step > base.step && finding.step <= step
  return finding.step > stretch.after && finding.step <= stretch.through
}

export interface SaidTwice {
  readonly peer: PeerId
  readonly kind: 'two-verdicts'
  readonly evidence: readonly [Uint8Array, Uint8Array]
}
export interface Findings {
  /** By juror; without those that said two things. */
  readonly byJuror: ReadonlyMap<PeerId, ReadVerdict>
  readonly twice: readonly SaidTwice[]
}

/** One verdict for each juror, in any order and however often each is there. Two different ones of a juror are a fault, and neither counts. */
export function collectVerdicts(envelopes: readonly Uint8Array[], dispute: Dispute, jury: readonly PeerId[], verifier: Verifier): Findings {
  const all = new Map<PeerId, ReadVerdict[]>()
  for (const envelope of envelopes) {
    const read = readVerdict(envelope, dispute, jury, verifier)
    if (typeof read === 'string') continue
    const same = all.get(read.juror) ?? []
    if (!same.some((one) => samePayload(one.envelope, envelope))) all.set(read.juror, [...same, read])
  }
  const byJuror = new Map<PeerId, ReadVerdict>()
  const twice: SaidTwice[] = []
  for (const peer of jury) {
    const [one, ...others] = (all.get(peer) ?? []).sort((a, b) => (hexOf(a.envelope) < hexOf(b.envelope) ? -1 : 1))
    const [other] = others
    if (one === undefined) continue
    if (other === undefined) byJuror.set(peer, one)
    else twice.push({ peer, kind: 'two-verdicts', evidence: [one.envelope, other.envelope] })
  }
  return { byJuror, twice }
}

/** Whether two findings say the same: answers by their common part. */
export function sameFinding(a: Finding, b: Finding): boolean {
  if (a.type === 'too-slow' || b.type === 'too-slow' || a.type === 'holds' || b.type === 'holds') return a.type === b.type
  if (a.type !== b.type || a.step !== b.step) return false
  return a.type !== 'answered' || b.type !== 'answered' || matches(a.answer, b.answer)
}
