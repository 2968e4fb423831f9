import type { PeerId } from '@interpeer/crypto-ids'
import { PeerGroupError } from '../errors.js'
import { WEIGHT_MAX, WEIGHT_MIN, WEIGHT_USUAL } from './settings.js'

/** Draws `count` distinct peers that may be jurors, none of them excluded: the chain's draw, the same for all. Fewer, if there are no more. */
export type DrawJury = (seed: Uint8Array, excluded: ReadonlySet<PeerId>, count: number) => readonly PeerId[]

/** How many jurors a dispute in a group of `memberCount` has: 2N+1 outsiders, or all if fewer; with fewer than N there is no jury: 0 (design §6, Jury). */
export function jurySize(memberCount: number, outsiderCount: number): number {
  return outsiderCount < memberCount ? 0 : Math.min(2 * memberCount + 1, outsiderCount)
}

/**
 * The jury of a dispute, in the order of the draw; empty: there is none. `seed`: 32 bytes, of the first block after the one that recorded the dispute, so nobody who
 * brings one knows who will judge it. `outsiderCount`: how many peers outside the group may be drawn then.
 * @throws {PeerGroupError} JURY_INVALID when the draw gives a member, a peer twice, or another number
 */
export function callJury(seed: Uint8Array, members: readonly PeerId[], outsiderCount: number, drawJury: DrawJury): readonly PeerId[] {
  const count = jurySize(members.length, outsiderCount)
  if (count === 0) return []
  const excluded = new Set(members)
  const jury = drawJury(seed, excluded, count)
  if (jury.length !== count) throw invalid(`${jury.length} jurors drawn in place of ${count}`)
  if (new Set(jury).size !== count) throw invalid('a juror twice')
  if (jury.some((peer) => excluded.has(peer))) throw invalid('a member of the group')
  return jury
}

/**
 * What jurors weigh, in thousandths, by their ratings: from 500 to 2,000, and in a small jury no more than all others together have at least. In a jury of one or two all
 * weigh the same.
 */
export function weightsOf(jury: readonly PeerId[], ratings: ReadonlyMap<PeerId, number>): ReadonlyMap<PeerId, number> {
  const most = Math.min(WEIGHT_MAX, WEIGHT_MIN * Math.max(1, jury.length - 1))
  const clamped = (rating: number) => (Number.isNaN(rating) ? WEIGHT_MIN : Math.min(most, Math.max(WEIGHT_MIN, Math.floor(rating))))
  return new Map(jury.map((peer) => [peer, clamped(ratings.get(peer) ?? WEIGHT_USUAL)]))
}

const invalid = (reason: string): PeerGroupError => new PeerGroupError({ code: 'JURY_INVALID', reason })
