import type { PeerId } from '@interpeer/crypto-ids'
import { saysMore } from './bundles.js'
import type { Bundle, Cast, Draft, RoundVotes, Votes } from './state.js'

/** Rounds before this one whose votes are kept: a certificate may still complete from them. */
export const ROUNDS_KEPT = 4
/** Of one voter's next votes in one round: the last attempts that are kept, and blocks in each, beside none. More no honest peer casts. */
const ATTEMPTS_KEPT = 2
const NEXT_BLOCKS_MAX = 2
const NONE: RoundVotes = { soft: new Map(), certify: new Map(), next: new Map() }
const KINDS = ['soft', 'certify', 'next'] as const
type Kind = (typeof KINDS)[number]

/**
 * Counts a vote that this height's group may cast and whose signature holds. The first soft and certify vote of each voter and round count; next votes
 * for a block and for none both do. Of rounds yet to come only the highest is kept for each voter, so nobody fills this peer's memory.
 * Returns a code if it did not count.
 */
export function addVote<S>(
  d: Draft<S>,
  voter: PeerId,
  { round, kind, attempt, block }: { readonly round: number; readonly kind: Kind; readonly attempt: number; readonly block: string | null },
  envelope: Uint8Array,
): string | undefined {
  if (round + ROUNDS_KEPT < d.round) return 'VOTE_OLD'
  const before = votesOf(d, round)
  const name = kind === 'next' ? `${voter} ${attempt} ${block}` : voter
  const first = before[kind].get(name)
  if (first !== undefined) return first.block === block ? 'VOTE_KNOWN' : 'VOTE_TWO'
  const votes = round > d.round ? withoutLower(d, voter, round) : new Map(d.votes)
  if (votes === undefined) return 'VOTE_OLD'
  const both = votes.get(round) ?? NONE
  const kept = kind === 'next' ? withRoom(both.next, voter, attempt, block) : both[kind]
  if (kept === undefined) return 'VOTE_MANY'
  const cast: Cast = { voter, attempt, block, envelope }
  votes.set(round, { ...both, [kind]: new Map(kept).set(name, cast) })
  d.votes = votes
  return undefined
}

/** All votes but those of this voter in rounds above this peer's and below `round`; undefined where it has some above. */
function withoutLower<S>(d: Draft<S>, voter: PeerId, round: number): Map<number, RoundVotes> | undefined {
  const votes = new Map(d.votes)
  for (const [at, all] of d.votes) {
    if (at <= d.round || at === round || !KINDS.some((kind) => hasVoted(all[kind], voter))) continue
    if (at > round) return undefined
    const left = Object.fromEntries(KINDS.map((kind) => [kind, without(all[kind], (cast) => cast.voter === voter)]))
    if (KINDS.some((kind) => (left[kind] as Votes).size > 0)) votes.set(at, left as unknown as RoundVotes)
    else votes.delete(at)
  }
  return votes
}
const hasVoted = (votes: Votes, voter: PeerId): boolean => [...votes.values()].some((cast) => cast.voter === voter)
const without = (votes: Votes, gone: (cast: Cast) => boolean): Votes => new Map([...votes].filter(([, cast]) => !gone(cast)))

/** Next votes with room for one more of this voter: attempts long past make room, a third block finds none. */
function withRoom(votes: Votes, voter: PeerId, attempt: number, block: string | null): Votes | undefined {
  const own = [...votes.values()].filter((cast) => cast.voter === voter)
  const attempts = [...new Set([...own.map((cast) => cast.attempt), attempt])].sort((a, b) => b - a).slice(0, ATTEMPTS_KEPT)
  if (!attempts.includes(attempt)) return undefined
  const blocks = own.filter((cast) => cast.attempt === attempt && cast.block !== null)
  if (block !== null && blocks.length >= NEXT_BLOCKS_MAX) return undefined
  return own.every((cast) => attempts.includes(cast.attempt))
    ? votes
    : without(votes, (cast) => cast.voter === voter && !attempts.includes(cast.attempt))
}

export const votesOf = <S>(d: Draft<S>, round: number): RoundVotes => d.votes.get(round) ?? NONE

/** The votes of one step of one round for one block, or for none, sorted by voter, where they are a quorum. */
export function quorumFor(
  votes: Votes,
  { attempt, block }: Pick<Cast, 'attempt' | 'block'>,
  quorum: number,
  most: number,
): readonly Uint8Array[] | undefined {
  const alike = [...votes.values()].filter((cast) => cast.attempt === attempt && cast.block === block)
  if (alike.length < quorum) return undefined
  return alike
    .sort((a, b) => (a.voter < b.voter ? -1 : 1))
    .slice(0, most)
    .map(({ envelope }) => envelope)
}

/** All bundles that votes of this round, the one before and rounds above make, and that say more than this peer knows. */
export function bundlesOf<S>(d: Draft<S>, most: number): readonly Bundle[] {
  const { quorum } = d.tip.group.electorate
  return [...d.votes].flatMap(([round, all]) => {
    if (round < d.round - 1) return []
    return (['soft', 'next'] as const).flatMap((kind) => {
      if (all[kind].size < quorum || !['', null].some((block) => saysMore(d, { round, kind, block }))) return []
      const sorts = new Map([...all[kind].values()].map((cast) => [`${cast.attempt} ${cast.block}`, cast]))
      return [...sorts.values()].flatMap(({ attempt, block }): Bundle[] => {
        if (!saysMore(d, { round, kind, block })) return []
        const votes = quorumFor(all[kind], { attempt, block }, quorum, most)
        return votes === undefined ? [] : [{ round, kind, attempt, block, votes }]
      })
    })
  })
}

/**
 * The highest attempt to end this round with so many voters in one of its two groups that one of them is honest. Each group is looked at alone: of all
 * attempts there could be, everyone finds some that draw it, so voters of several together are no sample.
 */
export function attemptToJoin<S>(d: Draft<S>): number {
  const groups = new Map<string, { readonly attempt: number; readonly voters: Set<PeerId> }>()
  for (const { voter, attempt, block } of votesOf(d, d.round).next.values()) {
    const name = `${attempt} ${block === null}`
    const group = groups.get(name) ?? { attempt, voters: new Set() }
    group.voters.add(voter)
    groups.set(name, group)
  }
  const { blocking } = d.tip.group.electorate
  return Math.max(0, ...[...groups.values()].flatMap(({ attempt, voters }) => (voters.size >= blocking ? [attempt] : [])))
}

/** Names of blocks that votes speak of. */
export function namedBlocks<S>(d: Draft<S>): ReadonlyMap<string, readonly PeerId[]> {
  const named = new Map<string, PeerId[]>()
  for (const all of d.votes.values()) {
    for (const kind of KINDS) {
      for (const { block, voter } of all[kind].values()) if (block !== null) named.set(block, [...(named.get(block) ?? []), voter])
    }
  }
  return named
}
