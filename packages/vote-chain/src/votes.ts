import type { PeerId } from '@interpeer/crypto-ids'
import type { Draft, RoundVotes, SoftBundle, Votes } from './state.js'

/** Rounds before this one whose votes are kept: a certificate may still complete from them. */
export const ROUNDS_KEPT = 4
const NONE: RoundVotes = { soft: new Map(), certify: new Map() }

/**
 * Counts a vote whose signature holds, of the height being decided. The first of each voter, kind and round counts. Of rounds yet to come only the
 * highest is kept for each voter, so nobody fills this peer's memory. Returns a code if it did not count.
 */
export function addVote<S>(
  d: Draft<S>,
  voter: PeerId,
  vote: { readonly round: number; readonly kind: 'soft' | 'certify'; readonly block: string | null },
  envelope: Uint8Array,
): string | undefined {
  const { round, kind, block } = vote
  if (round + ROUNDS_KEPT < d.round) return 'VOTE_OLD'
  const first = d.votes.get(round)?.[kind].get(voter)
  if (first !== undefined) return first.block === block ? 'VOTE_KNOWN' : 'VOTE_TWO'
  const votes = new Map(d.votes)
  if (round > d.round) {
    for (const [at, both] of d.votes) {
      if (at <= d.round || at === round || !(both.soft.has(voter) || both.certify.has(voter))) continue
      if (at > round) return 'VOTE_OLD'
      votes.set(at, { soft: without(both.soft, voter), certify: without(both.certify, voter) })
    }
  }
  const both = votes.get(round) ?? NONE
  votes.set(round, { ...both, [kind]: new Map(both[kind]).set(voter, { block, envelope }) })
  d.votes = new Map([...votes].filter(([, { soft, certify }]) => soft.size + certify.size > 0))
  if (kind === 'soft') raiseHighest(d, bundleOf(d, round))
  return undefined
}
function without(votes: Votes, voter: PeerId): Votes {
  const rest = new Map(votes)
  rest.delete(voter)
  return rest
}

export const votesOf = <S>(d: Draft<S>, round: number): RoundVotes => d.votes.get(round) ?? NONE

/** What a quorum voted for alike: a block's name, null for none; undefined while there is no such quorum. */
export function agreedIn(votes: Votes, quorum: number): string | null | undefined {
  const counts = new Map<string | null, number>()
  for (const { block } of votes.values()) counts.set(block, (counts.get(block) ?? 0) + 1)
  return [...counts].find(([, times]) => times >= quorum)?.[0]
}
export function envelopesFor(votes: Votes, block: string): readonly Uint8Array[] {
  return [...votes]
    .filter(([, vote]) => vote.block === block)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { envelope }]) => envelope)
}

function bundleOf<S>(d: Draft<S>, round: number): SoftBundle | undefined {
  const { soft } = votesOf(d, round)
  const block = agreedIn(soft, d.fixed.quorum)
  return typeof block === 'string' ? { round, block, votes: envelopesFor(soft, block) } : undefined
}
export function raiseHighest<S>(d: Draft<S>, bundle: SoftBundle | undefined): undefined {
  if (bundle !== undefined && bundle.round > (d.highest?.round ?? -1)) d.highest = bundle
}

/** The highest round that so many voters have reached that one of them is honest; undefined unless it is above this peer's. */
export function roundToJoin<S>(d: Draft<S>): number | undefined {
  const reached = new Map<PeerId, number>()
  for (const [round, both] of d.votes) {
    if (round <= d.round) continue
    for (const voter of [...both.soft.keys(), ...both.certify.keys()]) reached.set(voter, Math.max(round, reached.get(voter) ?? 0))
  }
  const rounds = [...reached.values()].sort((a, b) => b - a)
  return rounds[d.fixed.blocking - 1]
}

/** Names of blocks that votes speak of. */
export function namedBlocks<S>(d: Draft<S>): ReadonlyMap<string, readonly PeerId[]> {
  const named = new Map<string, PeerId[]>()
  for (const { soft, certify } of d.votes.values()) {
    for (const [voter, { block }] of [...soft, ...certify]) {
      if (block !== null) named.set(block, [...(named.get(block) ?? []), voter])
    }
  }
  return named
}
