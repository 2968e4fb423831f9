import type { PeerId } from '@interpeer/crypto-ids'
import { matches } from '../answer.js'
import { verifyFault } from '../fault.js'
import type { Answer } from '../messages.js'
import type { GroupContext, Verification } from '../verifier.js'
import { answersOf, type Dispute, type ShownStep } from './dispute.js'
import type { DisputeFault } from './faults.js'
import type { Mark } from './judgment.js'
import type { DisputeSoFar } from './shown.js'

export interface Losers {
  readonly marks: readonly Mark[]
  readonly unresolved: readonly PeerId[]
  readonly wrongDissenters: readonly PeerId[]
  readonly faults: readonly DisputeFault[]
}
export const NO_LOSERS: Losers = { marks: [], unresolved: [], wrongDissenters: [], faults: [] }

/**
 * Whom an answer of the jury's majority shows to be wrong, in the order of seats: all whose signed answer for that step is another. Who said so against a certificate
 * is a dissenter; who only was told nothing, and could have been, is left unresolved.
 */
export function losersByAnswer(dispute: Dispute, step: number, right: Answer, context: GroupContext): Losers {
  const certified = certificateOf(dispute, step)
  const said = step === dispute.step ? answersOf(dispute, context) : answersIn(certified, context)
  const wrong = context.members.filter((peer) => {
    const answer = said.get(peer)
    return answer !== undefined && !matches(answer, right)
  })
  const isUpheld = certified !== undefined && matches(certified.answer, right)
  const unheard = isUpheld ? dispute.statements.filter(({ answer }) => answer === undefined).map(({ peer }) => peer) : []
  return {
    marks: wrong.map((peer) => ({ peer, step, mark: 'false' })),
    unresolved: unheard,
    wrongDissenters: certified === undefined ? [] : wrong.filter((peer) => !certified.agreed.includes(peer)),
    faults: [],
  }
}

/** Who says to have run a batch that is none, or that nobody could get: all that revealed; where it is only gone, those that answered as the certificate says. */
export function runnersOf(dispute: Dispute, step: number, mark: Mark['mark'], context: GroupContext): readonly PeerId[] {
  const certified = certificateOf(dispute, step)
  if (mark === 'withheld') return certified?.agreed ?? []
  const said = step === dispute.step ? answersOf(dispute, context) : answersIn(certified, context)
  return context.members.filter((peer) => said.has(peer))
}

/** Whose words could not be decided: all that stand against the certificate, or against one another. */
export const saidInVain = ({ statements }: Dispute): readonly PeerId[] => statements.map(({ peer }) => peer)

/** All members revealed the step alike, so whoever signed another answer to it has two. */
export function faultsShown(
  { statements, unanimous }: DisputeSoFar,
  context: GroupContext,
  verification?: Verification,
): readonly DisputeFault[] {
  return statements.flatMap(({ peer, envelope }) => {
    const reveal = unanimous?.reveals.find(({ seat }) => context.members[seat] === peer)
    if (reveal === undefined) return []
    const evidence = [envelope, reveal.envelope] as const
    const fault = verifyFault(evidence, context, verification)
    return fault === undefined ? [] : [{ ...fault, evidence }]
  })
}

const certificateOf = ({ path, certified, step }: Dispute, of: number): ShownStep | undefined =>
  of === step ? certified : path.find((one) => one.step === of)
const answersIn = (certified: ShownStep | undefined, { members }: GroupContext): ReadonlyMap<PeerId, Answer> =>
  new Map(certified?.reveals.map(({ seat, value }) => [members[seat] as PeerId, value.answer]))
