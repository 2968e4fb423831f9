import { bytesOfContentId, type JobId, keyOfPeerId, type NetworkId, type PeerId, sealOf } from '@interpeer/crypto-ids'
import { decodeWith, encodeWith, WireError } from '@interpeer/wire-codec'
import { PeerGroupError } from '../errors.js'
import { verifyFault } from '../fault.js'
import { judgeRead, type ReadContext, type ReadContradiction, type ReadOutcome, verifyReadContradiction } from '../read-evidence.js'
import type { GroupContext, Verification } from '../verifier.js'
import { type AccusationFinding, TWO_MESSAGES_MAX_BYTES, twoMessages } from './accusation-messages.js'
import { weightsOf } from './jury.js'

/** Who accuses whom, in which epoch of which job: one accusation of these two for each epoch. */
export interface AccusedPair {
  readonly job: JobId
  readonly epoch: number
  readonly accuser: PeerId
  readonly accused: PeerId
}
/** SHA-256 of canonical CBOR ["interpeer-group-accusation", network, job, epoch, accuser, accused]: whatever the evidence. */
export const accusationId = (network: NetworkId, { job, epoch, accuser, accused }: AccusedPair): Uint8Array =>
  sealOf('interpeer-group-accusation', [
    bytesOfContentId(network),
    bytesOfContentId(job),
    epoch,
    keyOfPeerId(accuser),
    keyOfPeerId(accused),
  ])

/** Evidence about a read, if it is some and about these two: then what to run. Undefined: the finding is `unfit`. */
export function openReadAccusation(
  evidence: Uint8Array,
  { accuser, accused }: AccusedPair,
  context: ReadContext,
  verification?: Verification,
): ReadContradiction | undefined {
  try {
    const read = verifyReadContradiction(evidence, context, verification)
    return read.accuser === accuser && read.pair.answerer === accused ? read : undefined
  } catch (error) {
    if (error instanceof PeerGroupError) return undefined
    throw error
  }
}

/** What a juror finds whose own run of the read came to this. One of both lied, for they say different things. */
export function findingOfRead(read: ReadContradiction, outcome: ReadOutcome): AccusationFinding {
  const liars = judgeRead(read, outcome)
  if (liars.length === 2) return 'both-lied'
  return liars[0] === read.accuser ? 'accuser-lied' : 'accused-lied'
}

/** Evidence that two messages are, for a jury. Undefined: they are longer than a block. */
export function writeTwoMessages(envelopes: readonly Uint8Array[]): Uint8Array | undefined {
  try {
    return encodeWith(twoMessages, { envelopes: [...envelopes] }, TWO_MESSAGES_MAX_BYTES)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** What a juror finds of two messages: their signatures show it, and nothing has to be run. */
export function findingOfMessages(
  evidence: Uint8Array,
  { accused }: Pick<AccusedPair, 'accused'>,
  context: GroupContext,
  verification?: Verification,
): AccusationFinding {
  try {
    const { envelopes } = decodeWith(twoMessages, evidence, TWO_MESSAGES_MAX_BYTES)
    return verifyFault(envelopes, context, verification)?.peer === accused ? 'accused-lied' : 'unfit'
  } catch (error) {
    if (error instanceof WireError) return 'unfit'
    throw error
  }
}

/** What the chain has recorded of one accusation. */
export interface AccusationTrial {
  readonly accuser: PeerId
  readonly accused: PeerId
  readonly jury: readonly PeerId[]
  /** In thousandths. */
  readonly ratings: ReadonlyMap<PeerId, number>
  /** One of each juror, recorded up to the deadline. */
  readonly verdicts: readonly { readonly juror: PeerId; readonly finding: AccusationFinding }[]
  readonly deadlineMs: number
  readonly nowMs: number
}
export interface AccusationJudgment {
  /** What more than half of the jury found; null: nothing. */
  readonly finding: Exclude<AccusationFinding, 'undecided'> | null
  /** Whose signed word is false: each gets a mark and leaves its seat. */
  readonly liars: readonly PeerId[]
  readonly pay: { readonly owed: readonly PeerId[]; readonly owing: readonly PeerId[] }
}

/**
 * Decides an accusation, as everyone does who has the same record: a finding wins with more than half of all drawn jurors, by number and by weight (as in `judge`).
 * Undefined: not decided yet. Silence accuses nobody: without such a finding at the deadline, nobody is marked, nobody owes anything, and nobody is paid, for else a few jurors could live off what
 * the others can't judge.
 */
export function judgeAccusation(trial: AccusationTrial): AccusationJudgment | undefined {
  const { accuser, accused, jury, verdicts, deadlineMs, nowMs } = trial
  const weights = weightsOf(jury, trial.ratings)
  const weightOf = (peers: readonly PeerId[]) => peers.reduce((sum, peer) => sum + (weights.get(peer) ?? 0), 0)
  const spoken = verdicts.filter(({ juror, finding }) => jury.includes(juror) && finding !== 'undecided')
  for (const { finding } of spoken) {
    const alike = spoken.filter((one) => one.finding === finding).map(({ juror }) => juror)
    if (finding === 'undecided' || 2 * alike.length <= jury.length || 2 * weightOf(alike) <= weightOf(jury)) continue
    const liars =
      finding === 'both-lied' ? [accused, accuser] : finding === 'accused-lied' ? [accused] : finding === 'accuser-lied' ? [accuser] : []
    // who called a jury and showed it nothing, or nothing that ends, lied in nothing, and pays for it all the same
    return { finding, liars, pay: { owed: alike, owing: liars.length > 0 ? liars : [accuser] } }
  }
  if (nowMs < deadlineMs && verdicts.length < jury.length) return undefined
  return { finding: null, liars: [], pay: { owed: [], owing: [] } }
}
