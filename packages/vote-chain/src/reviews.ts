import { changedKeys, type MapEdit, type MapEntry, type MapPut } from '@interpeer/content-store'
import { keyOfPeerId, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { bytes, concatBytes, decodeWith, encodeWith, hexOf, list, oneOf, struct } from '@interpeer/wire-codec'
import { type Rating, withoutShare } from './rating.js'
import { type Outcome, type PeerEntry, type Registry, reviewOf, standingFor } from './registry.js'

/** What an epoch's members said of each other, by its closing certificate: the proof (§6.6). Kept until the next checkpoint. */
export interface Review {
  /** 36 bytes. */
  readonly job: Uint8Array
  readonly epoch: number
  /** SHA-256 of the closing certificate. */
  readonly certificate: Uint8Array
  readonly members: readonly { readonly peer: PeerId; readonly connection: Word; readonly agreement: Word }[]
}
type Word = 'none' | 'good' | 'bad'
/** By the hexadecimal of their keys in the map. */
export type Reviews = ReadonlyMap<string, Review>
export const NO_REVIEWS: Reviews = new Map()

const MEMBERS_MAX = 32
const word = oneOf('none', 'good', 'bad')
/** What the `peers` map has of an epoch's reviews, under `review/`, the JobId's bytes and the epoch (vote-chain.cddl). */
export const reviewRecord = struct({
  certificate: bytes(32),
  members: list(struct({ peer: bytes(32), connection: word, agreement: word }), MEMBERS_MAX),
})
const PREFIX = Uint8Array.from('review/', (letter) => letter.charCodeAt(0))
const KEY_BYTES = PREFIX.length + 36 + 4
export const isReviewKey = (key: Uint8Array): boolean => key.length === KEY_BYTES
function keyOf({ job, epoch }: Pick<Review, 'job' | 'epoch'>): Uint8Array {
  const number = new Uint8Array(4)
  new DataView(number.buffer).setUint32(0, epoch)
  return concatBytes(PREFIX, job, number)
}

/** Adds what an epoch's closing says of its members. */
export function withReview(reviews: Reviews, review: Omit<Review, 'members'>, outcomes: readonly Outcome[]): Reviews {
  const members = outcomes.map((outcome) => ({ peer: outcome.peer, ...reviewOf(outcome) }))
  return new Map(reviews).set(hexOf(keyOf(review)), { ...review, members })
}

/**
 * What a checkpoint makes of ratings (§6.6: "if you disagree with a malicious peer, then later they get banned, the negative review gets removed from your rating"):
 * of each review that came since the last one, the part of reviewers whose accounts ended since is taken back, good or bad. Then only values are left: the caller forgets
 * the reviews. Who fell below the threshold by such reviews stays there until it joins again.
 */
export function foldedReviews(registry: Registry, reviews: Reviews): Registry {
  const isBanned = (peer: PeerId) => standingFor(registry, peer)?.standing === 'terminated'
  const next = new Map(registry)
  for (const { members } of reviews.values()) {
    const banned = members.filter(({ peer }) => isBanned(peer))
    if (banned.length === 0) continue
    for (const { peer, connection, agreement } of members) {
      const entry = standingFor(next, peer)
      const by = banned.filter((one) => one.peer !== peer).length
      if (entry === undefined || entry.standing === 'terminated' || by === 0) continue
      const share = { part: by, of: members.length - 1 }
      const folded: PeerEntry = {
        ...entry,
        connection: without(entry.connection, connection, share),
        agreement: without(entry.agreement, agreement, share),
      }
      next.set(entry.peer, folded)
    }
  }
  return next
}
const without = (rating: Rating, said: Word, share: { readonly part: number; readonly of: number }): Rating =>
  said === 'none' ? rating : withoutShare(rating, said, share)

export const reviewsEntries = (reviews: Reviews): readonly MapPut[] => [...reviews.values()].map(put)
export function reviewsEdits(before: Reviews, after: Reviews): readonly MapEdit[] {
  return changedKeys(before, after).map((name): MapEdit => {
    const review = after.get(name)
    return review === undefined ? { type: 'delete', key: keyOf(before.get(name) as Review) } : put(review)
  })
}
function put(review: Review): MapPut {
  const { certificate, members } = review
  const written = members.map(({ peer, ...said }) => ({ peer: keyOfPeerId(peer), ...said }))
  return { type: 'put', key: keyOf(review), value: encodeWith(reviewRecord, { certificate, members: written }) }
}
/** The reviews among a map's entries; what has another key is not looked at. @throws {WireError} @throws {CryptoError} */
export function reviewsFrom(entries: readonly Pick<MapEntry, 'key' | 'value'>[]): Reviews {
  const found = entries
    .filter(({ key }) => isReviewKey(key))
    .map(({ key, value }): [string, Review] => {
      const { certificate, members } = decodeWith(reviewRecord, value)
      const at = PREFIX.length
      const epoch = new DataView(key.buffer, key.byteOffset + at + 36).getUint32(0)
      const read = members.map(({ peer, ...said }) => ({ peer: peerIdOfKey(peer), ...said }))
      return [hexOf(key), { job: key.slice(at, at + 36), epoch, certificate, members: read }]
    })
  return new Map(found)
}
