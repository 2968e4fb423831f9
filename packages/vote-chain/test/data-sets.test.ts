import { editHeldMap, emptyHeldMap, type HeldMap, proveAt, proveEntry, readHeldMap } from '@interpeer/content-store'
import { keyOfPeerId, type PeerId } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  checkHeader,
  checkPeer,
  checkSetting,
  checkTicket,
  type Header,
  hashOfHeader,
  headerMessage,
  parseGenesis,
  type Registry,
  registryEdits,
  registryEntries,
  registryOf,
  type Settings,
  settingsEdits,
  settingsEntries,
  withNoShows,
  withOutcomes,
  withPresence,
} from '../src/index.js'
import { genesisJson, signers } from './chains.js'

const { settings } = parseGenesis(genesisJson(signers(4), { ticketsUnpaid: 1 }))
const peers = signers(9).map(({ peerId }) => peerId)
const stranger = signers(10)[9]?.peerId as PeerId
const mapOf = (entries: Parameters<typeof editHeldMap>[1]): HeldMap => editHeldMap(emptyHeldMap(), entries)
const proofIn = (map: HeldMap, key: Uint8Array): Uint8Array => readHeldMap(map, (get, root) => proveEntry(get, root, key)).proof
const anyPeer = fc.constantFrom(...peers, stranger)

type Change = (registry: Registry) => Registry
const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(anyPeer, fc.boolean(), fc.nat(99)).map(
    ([peer, isHere, height]): Change =>
      (registry) =>
        isHere ? withPresence(registry, peer, height) : withNoShows(registry, [peer], height, settings),
  ),
  fc
    .array(
      fc.record({ peer: anyPeer, agreed: fc.nat(3), late: fc.nat(2), absent: fc.nat(3), contradicted: fc.nat(1), unresolved: fc.nat(1) }),
      { maxLength: 5 },
    )
    .map(
      (outcomes): Change =>
        (registry) =>
          withOutcomes(registry, outcomes, 7, settings),
    ),
  fc.tuple(anyPeer, fc.nat(3)).map(
    ([peer, tickets]): Change =>
      (registry) => {
        const entry = registry.get(peer)
        return entry === undefined ? registry : new Map(registry).set(peer, { ...entry, tickets })
      },
  ),
)

test('after every change the edits make the map that the registry makes; every peer and every ticket can be proven', () => {
  fc.assert(
    fc.property(fc.array(anyChange, { maxLength: 12 }), fc.shuffledSubarray(peers, { minLength: 1 }), (changes, joined) => {
      let registry = registryOf(joined, settings)
      let map = mapOf(registryEntries(registry))
      for (const change of changes) {
        const next = change(registry)
        ;[map, registry] = [editHeldMap(map, registryEdits(registry, next)), next]
        expect(map).toEqual(mapOf(registryEntries(registry)))
      }
      const inOrder = [...registry.values()].sort((a, b) => Buffer.compare(keyOfPeerId(a.peer), keyOfPeerId(b.peer)))
      const owners = inOrder.flatMap((entry) => Array<typeof entry>(entry.tickets).fill(entry))
      const tickets = BigInt(owners.length)
      for (const peer of [...peers, stranger]) {
        expect(checkPeer(map.root.hash, peer, proofIn(map, keyOfPeerId(peer)))).toEqual({ entry: registry.get(peer), tickets })
      }
      for (const [i, entry] of owners.entries()) {
        const { proof } = readHeldMap(map, (get, root) => proveAt(get, root, BigInt(i)))
        expect(checkTicket(map.root.hash, BigInt(i), proof)).toEqual({ entry, tickets })
        const other = owners.findIndex(({ peer }) => peer !== entry.peer)
        if (other < 0) continue
        expect(() => checkTicket(map.root.hash, BigInt(other), proof)).toThrow(expect.objectContaining({ code: 'MAP_PROOF_WRONG' }))
      }
    }),
    { numRuns: 60 },
  )
})

test('only the entries of peers that something happened to are edited', () => {
  const registry = registryOf(peers, settings)
  const [a, b] = peers as [PeerId, PeerId]
  const outcomes = [a, b, stranger].map((peer) => ({ peer, agreed: 1, late: 0, absent: 0, contradicted: 0, unresolved: 0 }))
  expect(registryEdits(registry, withOutcomes(registry, outcomes, 3, settings))).toHaveLength(2)
  expect(registryEdits(registry, withNoShows(registry, [a], 3, settings))).toHaveLength(1)
  expect(registryEdits(registry, new Map(registry))).toEqual([])
  const without = new Map([...registry].slice(1))
  expect(registryEdits(registry, without)).toEqual([{ type: 'delete', key: keyOfPeerId(a) }])
})

test('every setting is proven by its name, and only the changed one is edited', () => {
  const map = mapOf(settingsEntries(settings))
  const keyOf = (name: string) => Uint8Array.from(Buffer.from(name))
  for (const name of Object.keys(settings) as (keyof Settings)[]) {
    expect(checkSetting(map.root.hash, name, proofIn(map, keyOf(name)))).toBe(BigInt(settings[name]))
  }
  const slower: Settings = { ...settings, cycleMs: 7_000 }
  const edits = settingsEdits(settings, slower)
  expect(edits).toHaveLength(1)
  const after = editHeldMap(map, edits)
  expect(after).toEqual(mapOf(settingsEntries(slower)))
  expect(checkSetting(after.root.hash, 'cycleMs', proofIn(after, keyOf('cycleMs')))).toBe(7_000n)
  expect(() => checkSetting(map.root.hash, 'cycleMs', proofIn(after, keyOf('cycleMs')))).toThrow(
    expect.objectContaining({ code: 'MAP_PROOF_WRONG' }),
  )
  const none = emptyHeldMap()
  expect(checkSetting(none.root.hash, 'cycleMs', proofIn(none, keyOf('cycleMs')))).toBeUndefined()
})

test('a header is read by its hash only', () => {
  const hash = new Uint8Array(32)
  const fields = { previous: hash, leader: hash, proof: new Uint8Array(80), seed: hash, electorate: hash, certificate: hash, body: hash }
  const header: Header = { height: 7, timeMs: 9, ...fields, ledger: hash, settings: hash, names: hash, peers: hash.with(0, 1), jobs: hash }
  const encoded = headerMessage.encode(header)
  expect(checkHeader(hashOfHeader(header), encoded)).toEqual(header)
  for (const other of [encoded.with(400, 1), encoded.subarray(1), new Uint8Array(501)]) {
    expect(() => checkHeader(hashOfHeader(header), other)).toThrow(expect.objectContaining({ code: 'HEADER_WRONG' }))
  }
})
