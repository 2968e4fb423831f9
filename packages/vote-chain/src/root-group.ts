import type { PeerId, Signer } from '@interpeer/crypto-ids'
import { isDrawn as draws, type Electorate, lotInput, type Step } from './electorate.js'
import type { Vote } from './messages.js'
import type { Verification } from './verification.js'

/**
 * Who may vote on one height: the block before fixes it (§6.7), by its seed and the electorate, and names nobody. Of more electors than
 * the group's size each step draws its own, by their VRFs; a peer's message is the first that shows it.
 */
export interface RootGroup {
  readonly height: number
  /** Of the block before. */
  readonly seed: Uint8Array
  readonly electorate: Electorate
}

export const isDrawing = ({ size, electors }: Electorate): boolean => size < electors.length

/** The step that a vote belongs to. */
export const stepOf = ({ kind, block }: { readonly kind: Vote['kind']; readonly block: unknown }): Step =>
  kind === 'next' && block === null ? 'none' : kind

export type VoteFault = 'VOTE_STRANGER' | 'VOTE_WRONG' | 'VOTE_NOT_DRAWN'

/** What there is to know of a group to check whether its voters were drawn: not who may be. */
export interface Drawing {
  readonly height: number
  /** Of the block before. */
  readonly seed: Uint8Array
  /** E', and of how many. */
  readonly size: number
  readonly electors: number
}
const drawingOf = ({ height, seed, electorate }: RootGroup): Drawing => {
  return { height, seed, size: electorate.size, electors: electorate.electors.length }
}

/** Whether a vote whose signature holds is one of this group's; a code where not. */
export function faultOfVote(vote: Vote, voter: PeerId, group: RootGroup, verification: Verification): VoteFault | undefined {
  if (!group.electorate.members.has(voter)) return 'VOTE_STRANGER'
  return faultOfDrawing(vote, drawingOf(group), verification)
}
/** The same of an elector's vote, for who does not know the others. */
export function faultOfDrawing(
  vote: Vote,
  { height, seed, size, electors }: Drawing,
  verification: Verification,
): Exclude<VoteFault, 'VOTE_STRANGER'> | undefined {
  const { round, kind, attempt, block, proof } = vote
  const isDrawn = size < electors
  if ((kind !== 'next' && (block === null || attempt !== 0)) || (!isDrawn && (proof !== null || attempt !== 0))) return 'VOTE_WRONG'
  if (!isDrawn) return undefined
  const input = lotInput(seed, height, round, stepOf(vote), attempt)
  const output = proof === null ? undefined : verification.vrfOutput(vote.voter, input, proof)
  return output !== undefined && draws(output, size, electors) ? undefined : 'VOTE_NOT_DRAWN'
}

/** This peer's own place in one step: the proof to show, null where everyone is in; undefined where it was not drawn. */
export function drawOwn(
  { height, seed, electorate }: RootGroup,
  { round, step, attempt }: { readonly round: number; readonly step: Step; readonly attempt: number },
  signer: Signer,
  verification: Verification,
): Uint8Array | null | undefined {
  if (!isDrawing(electorate)) return null
  const proof = signer.vrfProve(lotInput(seed, height, round, step, attempt))
  const output = verification.ownOutput(proof)
  return output !== undefined && draws(output, electorate.size, electorate.electors.length) ? proof : undefined
}
