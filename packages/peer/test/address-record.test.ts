import { createSigner, networkIdOf, type PeerId, type Signer } from '@interpeer/crypto-ids'
import { freshPeer } from '@interpeer/vote-chain'
import { expect, test } from 'vitest'
import {
  ADDRESSES_MAX,
  type AddressRules,
  addressExchange,
  issueMs,
  mergeAddresses,
  type Place,
  signAddress,
} from '../src/address-record.js'
import { mayHaveSeats } from '../src/node/address-book.js'
import { isReachable } from '../src/node/endpoint.js'
import { networkGenesis } from './network-world.js'

const network = networkIdOf(new Uint8Array([1]))
const signers = Array.from({ length: ADDRESSES_MAX + 2 }, (_, i) => createSigner(new Uint8Array(32).fill(i + 1)))
const [self, alice, bob] = signers as [Signer, Signer, Signer]
const nowMs = 1_000_000
const { settings } = networkGenesis({}, 1)
const strangers = { isKnown: () => false, hasAnswered: () => true, isBelieved: () => true }
const rules: AddressRules = { network, nowMs, self: self.peerId, isReachable, ...strangers }
const at = (signer: Signer, issuedMs: number, port = 1_000, host = '127.0.0.1') => signAddress(signer, network, { host, port }, issuedMs)
const merge = (envelopes: readonly Uint8Array[], more: Partial<AddressRules> = {}, known = new Map()) =>
  mergeAddresses(known, envelopes, { ...rules, ...more })

test('the newest record of a peer counts, in whatever order they come', () => {
  for (const envelopes of [
    [at(alice, 1, 1), at(alice, 2, 2), at(bob, 5)],
    [at(bob, 5), at(alice, 2, 2), at(alice, 1, 1)],
  ]) {
    const { addresses, changed, refused } = merge(envelopes)
    expect(addresses.get(alice.peerId)?.port).toBe(2)
    expect(addresses.size).toBe(2)
    expect(changed).toHaveLength(2)
    expect(refused).toBe(0)
    expect(merge(envelopes, {}, addresses as never).changed).toEqual([])
  }
})

test('what is malformed, forged, of another network, from the future or no literal address is refused and spoils nothing else', () => {
  const forged = at(alice, 9)
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
  const other = signAddress(alice, networkIdOf(new Uint8Array([2])), { host: '127.0.0.1', port: 1 }, 1)
  const bad = [new Uint8Array(), new Uint8Array(200), forged, other, at(alice, nowMs + 60_001)]
  const hosts = ['1.2.3', ':::', '999.1.1.1', 'example.org', '', '0.0.0.0', '::', '0:0::', '::ffff:0.0.0.0', 'fe80::1%eth0'].map((host) =>
    at(alice, 1, 1, host),
  )
  const { addresses, refused } = merge([...bad, ...hosts, at(alice, 1, 0), at(bob, 3)])
  expect([...addresses.keys()]).toEqual([bob.peerId])
  expect(refused).toBe(bad.length + hosts.length + 1)
  expect(merge([at(alice, nowMs + 60_000, 1, '::1')]).addresses.size).toBe(1)
})

test('a record of oneself is not taken from others, but they may have one that is newer than the last', () => {
  expect(merge([at(self, 98), at(self, 99), at(self, 97)])).toMatchObject({ changed: [], refused: 0, ownMs: 99 })
  expect(merge([at(self, nowMs + 60_001)])).toMatchObject({ refused: 1, ownMs: 0 })
  expect([issueMs(nowMs, 0), issueMs(nowMs, nowMs + 5), issueMs(nowMs, nowMs + 60_001)]).toEqual([nowMs, nowMs + 6, nowMs])
})

test('when it is full strangers are refused, known ones renewed, and peers that count take the oldest stranger’s place', () => {
  const others = signers.slice(1, ADDRESSES_MAX + 1)
  const late = signers.at(-1) as Signer
  const full = merge(others.map((signer, i) => at(signer, 100 + i))).addresses as Map<PeerId, never>
  expect(full.size).toBe(ADDRESSES_MAX)
  expect(merge([at(late, 999)], {}, full)).toMatchObject({ changed: [], dropped: [], refused: 1 })
  expect(merge([at(alice, 999)], {}, full).changed).toHaveLength(1)
  const isKnown = (peer: PeerId) => peer === late.peerId || peer === alice.peerId
  const made = merge([at(late, 999)], { isKnown }, full)
  expect(made.dropped).toEqual([bob.peerId]) // alice is older, but registered
  expect(made.addresses.size).toBe(ADDRESSES_MAX)
  expect(merge([at(late, 999)], { isKnown: () => true }, full).refused).toBe(1)
})

test('when it is full, who left or was terminated takes no stranger’s place; who may have a seat does', () => {
  const late = signers.at(-1) as Signer
  const full = merge(signers.slice(1, ADDRESSES_MAX + 1).map((signer, i) => at(signer, 100 + i))).addresses as Map<PeerId, never>
  const taken = (['joined', 'joining', 'rotated', 'left', 'terminated'] as const).map((standing) => {
    const entry = { ...freshPeer(late.peerId, 0, settings), standing }
    const isKnown = (peer: PeerId) => mayHaveSeats(peer, new Map([[late.peerId, entry]]))
    return merge([at(late, 999)], { isKnown }, full).changed.length
  })
  expect(taken).toEqual([1, 1, 1, 0, 0])
})

test('of strangers that are only told of there are few, they make room before all others, and nobody makes room for them', () => {
  const others = signers.slice(1, ADDRESSES_MAX + 1)
  const told = new Set(others.slice(0, 20).map(({ peerId }) => peerId))
  const hasAnswered = ({ peer }: Place) => !told.has(peer)
  const { addresses, refused } = merge(
    others.map((signer) => at(signer, 100)),
    { hasAnswered },
  )
  expect([addresses.size, refused]).toEqual([ADDRESSES_MAX - 4, 4])
  const known = addresses as Map<PeerId, never>
  expect(merge([at(alice, 200)], { hasAnswered }, known)).toMatchObject({ refused: 0, dropped: [] }) // one of the 16
  const full = merge(
    others.map((signer) => at(signer, 100)),
    { hasAnswered: ({ peer }) => peer !== bob.peerId },
  ).addresses as Map<PeerId, never>
  const late = signers.at(-1) as Signer
  expect(merge([at(late, 1)], { hasAnswered: () => false }, full)).toMatchObject({ changed: [], refused: 1 })
  expect(merge([at(late, 1)], { hasAnswered: ({ peer }) => peer !== bob.peerId }, full).dropped).toEqual([bob.peerId])
})

test('what is not believed is refused: another place of a known peer too', () => {
  const known = merge([at(alice, 1, 1)]).addresses as Map<PeerId, never>
  const isBelieved = ({ port }: Place) => port !== 2
  const { addresses, refused } = merge([at(alice, 2, 2), at(bob, 2, 2), at(alice, 3, 3)], { isBelieved, isKnown: () => true }, known)
  expect([[...addresses.values()].map(({ port }) => port), refused]).toEqual([[3], 2])
})

test('a full exchange fits its message', () => {
  const records = signers
    .slice(0, ADDRESSES_MAX)
    .map((signer) => at(signer, Number.MAX_SAFE_INTEGER, 65_535, 'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255'))
  expect(addressExchange.decode(addressExchange.encode({ records })).records).toHaveLength(ADDRESSES_MAX)
})
