import { matches } from '../answer.js'
import type { Dispute } from './dispute.js'
import type { Finding } from './messages.js'

/** Whether what a member found itself of steps that it skipped (`openJuror` with `isOwn`) leaves nothing to object to. A run that did not end says nothing. */
export function holdsBy(finding: Finding, { step, certified }: Dispute): boolean {
  if (finding.type === 'too-slow' || finding.type === 'holds') return true
  return finding.type === 'answered' && finding.step === step && certified !== undefined && matches(finding.answer, certified.answer)
}
