import { bytesOfContentId, contentIdOf, createSigner, sha256 } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  foldedReviews,
  NO_REVIEWS,
  type Registry,
  ratingPerMille,
  registryOf,
  reviewsEdits,
  reviewsEntries,
  reviewsFrom,
  SETTINGS,
  type Settings,
  withOutcomes,
  withReview,
  withTerminated,
} from '../src/index.js'
import { reviewOf } from '../src/registry.js'

const rules = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual])) as unknown as Settings
const peers = [0, 1, 2, 3, 4].map((i) => createSigner(sha256(Uint8Array.of(3, i))).peerId)
const [victim, first, second] = peers as [(typeof peers)[0], (typeof peers)[0], (typeof peers)[0]]
const about = { job: bytesOfContentId(contentIdOf(Uint8Array.of(0x80), 'dag-cbor')), epoch: 3, certificate: sha256(Uint8Array.of(1)) }
/** One is said to have been wrong by the other four. */
const outcomes = peers.map((peer) => {
  const wrong = peer === victim
  return { peer, agreed: wrong ? 0 : 3, late: 0, absent: 0, contradicted: wrong ? 1 : 0, unresolved: 0 }
})
const reviewed = (registry: Registry): Registry => withOutcomes(registry, outcomes, 5, rules)
const reviews = withReview(NO_REVIEWS, about, outcomes)
const banned = (registry: Registry, ...ended: readonly (typeof peers)[0][]) =>
  ended.reduce((left, peer) => withTerminated(left, peer).registry, registry)

test('"if you disagree with a malicious peer, then later they get banned, the negative review gets removed from your rating" (§6.6)', () => {
  const before = reviewed(registryOf(peers, rules))
  expect(before.get(victim)?.agreement).toEqual({ good: 0, bad: 1_000 })
  const one = foldedReviews(banned(before, first), reviews)
  expect(one.get(victim)?.agreement).toEqual({ good: 0, bad: 750 })
  const two = foldedReviews(banned(before, first, second), reviews)
  expect(two.get(victim)?.agreement).toEqual({ good: 0, bad: 500 })
  const all = foldedReviews(banned(before, ...peers.slice(1)), reviews)
  expect(all.get(victim)?.agreement).toEqual({ good: 0, bad: 0 })
  expect(ratingPerMille(all.get(victim)?.agreement ?? { good: 0, bad: 9 })).toBe(1_000)
})

test('a good word of a banned peer counts no more, and nobody else’s is touched', () => {
  const before = reviewed(registryOf(peers, rules))
  const after = foldedReviews(banned(before, first), reviews)
  expect(after.get(second)?.agreement).toEqual({ good: 750, bad: 0 })
  expect(after.get(second)?.connection).toEqual({ good: 750, bad: 0 })
  expect(after.get(first)).toEqual(banned(before, first).get(first)) // what it did itself stays as it was
  expect(foldedReviews(before, reviews)).toEqual(before)
})

test('what has faded can not be taken away', () => {
  const before = reviewed(registryOf(peers, rules))
  const entry = before.get(victim) as NonNullable<ReturnType<typeof before.get>>
  const faded = new Map(before).set(victim, { ...entry, agreement: { good: 0, bad: 100 } })
  expect(foldedReviews(banned(faded, first, second), reviews).get(victim)?.agreement).toEqual({ good: 0, bad: 0 })
})

test('reviews are entries of the map of peers, and read from it', () => {
  const entries = reviewsEntries(reviews)
  expect(reviewsFrom(entries)).toEqual(reviews)
  expect(reviewsEdits(NO_REVIEWS, reviews)).toEqual(entries)
  expect(reviewsEdits(reviews, NO_REVIEWS)).toEqual([{ type: 'delete', key: entries[0]?.key }])
  expect(reviewsFrom([{ key: new Uint8Array(32), value: new Uint8Array() }])).toEqual(NO_REVIEWS)
})

test('folding comes to the ratings that those who were not banned gave, whatever the order of the reviews, read from the map or not', () => {
  const outcome = fc.record({ agreed: fc.nat(2), late: fc.nat(1), absent: fc.nat(2), contradicted: fc.nat(1), unresolved: fc.nat(1) })
  const epoch = fc.record({ members: fc.subarray(peers, { minLength: 1 }), said: fc.array(outcome, { minLength: 5, maxLength: 5 }) })
  fc.assert(
    fc.property(fc.array(epoch, { maxLength: 6 }), fc.subarray(peers), fc.infiniteStream(fc.nat()), (epochs, ended, dice) => {
      const rating = new Map(peers.map((peer) => [peer, { connection: { good: 0, bad: 0 }, agreement: { good: 0, bad: 0 } }]))
      let [registry, all] = [registryOf(peers, rules), NO_REVIEWS]
      epochs.forEach(({ members, said }, number) => {
        const told = members.map((peer, i) => ({ peer, ...(said[i] as (typeof said)[0]) }))
        registry = withOutcomes(registry, told, 5, rules)
        all = withReview(all, { ...about, epoch: number }, told)
        for (const { peer, ...one } of told) {
          // each of the others said it: what the banned ones among them said was never said
          const others = members.filter((other) => other !== peer)
          const banned = others.filter((other) => ended.includes(other)).length
          const left = others.length === 0 ? 1_000 : 1_000 - Math.floor((1_000 * banned) / others.length)
          const words = reviewOf({ peer, ...one })
          for (const kind of ['connection', 'agreement'] as const) {
            const word = words[kind]
            if (word !== 'none') (rating.get(peer) as NonNullable<ReturnType<typeof rating.get>>)[kind][word] += left
          }
        }
      })
      const shuffled = new Map(
        [...all]
          .map((one) => ({ one, at: dice.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ one }) => one),
      )
      const before = banned(registry, ...ended)
      const after = foldedReviews(before, shuffled)
      expect(after).toEqual(foldedReviews(before, reviewsFrom(reviewsEntries(all))))
      for (const peer of peers) {
        const { connection, agreement } = after.get(peer) as NonNullable<ReturnType<typeof after.get>>
        if (ended.includes(peer)) expect(after.get(peer)).toEqual(before.get(peer))
        else expect({ connection, agreement }).toEqual(rating.get(peer))
      }
    }),
  )
})
