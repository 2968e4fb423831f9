import { peekMessageNumber, peekPayload, peerIdOfKey } from '@interpeer/crypto-ids'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import type { Certificate } from './block.js'
import { checkElector, quorumOf } from './electorate.js'
import { ChainError } from './errors.js'
import { openVote, type Vote, voteMessage } from './messages.js'
import { faultOfDrawing } from './root-group.js'
import type { Verification } from './verification.js'

/** So many votes of a certificate a light client checks; all, where there are no more. One with 20 % real votes passes with a chance below 2^-100. */
export const LIGHT_VOTES = 64

/** What a light client knows of a height's group: all of it stands in the header before, but for the size, which is a setting. */
export interface LightGroup {
  readonly height: number
  /** Of the header before: its seed, and the root of the electorate's map. */
  readonly seed: Uint8Array
  readonly electorate: Uint8Array
  /** The setting `rootGroupSize`. */
  readonly sizeMax: number
}

/**
 * Which votes of a certificate to check: distinct places in its list, picked by the client's own dice, which nobody else may know before.
 * @param below gives a uniform integer from 0 to its argument - 1
 */
export function pickVotes(certificate: Certificate, below: (count: number) => number): readonly number[] {
  const places = certificate.votes.map((_, place) => place)
  const count = Math.min(LIGHT_VOTES, places.length)
  for (let i = 0; i < count; i++) {
    const j = i + below(places.length - i)
    const picked = places[j] as number
    places[j] = places[i] as number
    places[i] = picked
  }
  return places.slice(0, count)
}

/** Whose the votes at these places are, as they say: what proofs are to be asked for. @throws {ChainError} CERTIFICATE_WRONG */
export const votersAt = ({ votes }: Certificate, places: readonly number[]): readonly Uint8Array[] =>
  places.map((place) => voteIn(votes[place] ?? new Uint8Array()).voter)

/** What `pickVotes` picked, and what a peer then proved of it. */
export interface PickedVotes {
  readonly places: readonly number[]
  readonly proofs: ReadonlyMap<number, Uint8Array>
}

/**
 * Checks a certificate without the state of the chain (design §7): that its entries are votes of distinct peers for this block, as many as a quorum; and of those that
 * `pickVotes` picked the signature, the drawing, and that they are electors.
 * @param picked the places that `pickVotes` gave, and for each of them, and no other, content-store's `proveEntry` of the voter's key in the electorate's map
 * @throws {ChainError} CERTIFICATE_WRONG @throws {ContentStoreError} MAP_PROOF_MALFORMED, MAP_PROOF_WRONG
 */
export function checkCertificateLightly(
  certificate: Certificate,
  block: { readonly height: number; readonly hash: Uint8Array },
  group: LightGroup,
  { places, proofs }: PickedVotes,
  verification: Verification,
): void {
  const { height, round, votes } = certificate
  if (height !== block.height || height !== group.height || !sameBytes(certificate.block, block.hash)) throw wrong('block')
  // Places of the prover's own choice would prove nothing: it would take those that hold.
  const arePicked = new Set(places).size === places.length && proofs.size === places.length && places.every((place) => proofs.has(place))
  if (!arePicked || places.length !== Math.min(LIGHT_VOTES, votes.length)) throw wrong('vote')
  const voters = new Set<string>()
  for (const envelope of votes) {
    const vote = voteIn(envelope)
    if (vote.height !== height || vote.round !== round || vote.kind !== 'certify') throw wrong('vote')
    if (vote.block === null || !sameBytes(vote.block, block.hash)) throw wrong('vote')
    if (voters.has(hexOf(vote.voter))) throw wrong('twice')
    voters.add(hexOf(vote.voter))
  }
  let electors: number | undefined
  for (const [place, proof] of proofs) {
    const envelope = votes[place]
    if (envelope === undefined) throw wrong('vote')
    const count = electorsBy(envelope, proof, group, verification)
    if (electors !== undefined && electors !== count) throw wrong('voter')
    electors = count
  }
  if (electors === undefined || votes.length < quorumOf(Math.min(group.sizeMax, electors))) throw wrong('quorum')
}

/** How many electors there are, as the proof of one's vote says. */
function electorsBy(envelope: Uint8Array, proof: Uint8Array, group: LightGroup, verification: Verification): number {
  let vote: Vote
  try {
    vote = openVote(envelope, verification.opener)
  } catch (cause) {
    throw new ChainError({ code: 'CERTIFICATE_WRONG', reason: 'vote' }, { cause })
  }
  const { isElector, electors: total } = checkElector(group.electorate, peerIdOfKey(vote.voter), proof)
  if (!isElector) throw wrong('voter')
  const electors = Number(total)
  const { height, seed, sizeMax } = group
  const fault = faultOfDrawing(vote, { height, seed, size: Math.min(sizeMax, electors), electors }, verification)
  if (fault !== undefined) throw wrong(fault === 'VOTE_NOT_DRAWN' ? 'drawn' : 'vote')
  return electors
}

/** A vote as its envelope says, its signature not checked. @throws {ChainError} CERTIFICATE_WRONG */
function voteIn(envelope: Uint8Array): Vote {
  const payload = peekMessageNumber(envelope) === voteMessage.number ? peekPayload(envelope) : undefined
  if (payload === undefined) throw wrong('vote')
  try {
    return voteMessage.decode(payload)
  } catch (cause) {
    throw new ChainError({ code: 'CERTIFICATE_WRONG', reason: 'vote' }, { cause })
  }
}

const wrong = (reason: 'block' | 'quorum' | 'vote' | 'voter' | 'drawn' | 'twice'): ChainError =>
  new ChainError({ code: 'CERTIFICATE_WRONG', reason })
