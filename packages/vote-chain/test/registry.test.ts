import { accountOfPeer, createSigner, keyOfPeerId, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { describe, expect, test } from 'vitest'
import {
  isMature,
  mayBeDrawn,
  openJoin,
  openRecovery,
  openRevocation,
  openRotation,
  openTerms,
  type PeerEntry,
  parseGenesis,
  type Registry,
  ratingPerMille,
  recoveryOf,
  registryOf,
  signJoin,
  signRecovery,
  signRevocation,
  signRotation,
  signTerms,
  standingFor,
  withIntervals,
  withJoined,
  withNoShows,
  withOutcomes,
  withPresence,
  withRecovery,
  withRevoked,
  withRotated,
  withSeats,
  withTerminated,
  withTerms,
  withVotes,
} from '../src/index.js'
import { genesisJson, signers } from './chains.js'

const genesis = parseGenesis(
  genesisJson(signers(4), { ticketsUnpaid: 2, ticketsMax: 3, intervalCycles: 10, matureCycles: 5, activeCycles: 80 }),
)
const { settings: rules, network } = genesis
const keyed = (n: number) => createSigner(sha256(Uint8Array.of(61, n)))
const [ann, bob, spare] = [signers(4)[0], keyed(1), keyed(2)] as [
  ReturnType<typeof keyed>,
  ReturnType<typeof keyed>,
  ReturnType<typeof keyed>,
]
const begun = registryOf(genesis.peers, rules)
const entryIn = (registry: Registry, peer: PeerId): PeerEntry => registry.get(peer) as PeerEntry
const done = (peer: PeerId, more: object = {}) => ({ peer, agreed: 2, late: 0, absent: 0, contradicted: 0, unresolved: 0, ...more })
const code = (one: string) => expect.objectContaining({ code: one })

describe('tickets (§6.4.3: "In each cycle a peer gets tickets for completing jobs successfully")', () => {
  test('each finished epoch brings one, up to the most of an interval; they expire with the interval after', () => {
    let registry = begun
    for (let height = 1; height <= 5; height++) registry = withOutcomes(registry, [done(ann.peerId)], height, rules)
    expect(entryIn(registry, ann.peerId)).toMatchObject({ tickets: 2 + 3, ticketsNew: 3, jobsDone: 5, jobsInterval: 5 })
    const later = withIntervals(registry, 10, rules)
    expect(entryIn(later, ann.peerId)).toMatchObject({
      tickets: 3,
      ticketsNew: 0,
      intervalHeight: 10,
      jobsInterval: 0,
      jobsIntervalBefore: 5,
    })
    // an interval later what came in the first one is gone; who took part has those of unpaid work
    const idle = withIntervals(withPresence(later, ann.peerId, 19), 20, rules)
    expect(entryIn(idle, ann.peerId)).toMatchObject({ tickets: 2, jobsIntervalBefore: 0, jobsDone: 5 })
    const asleep = withIntervals(withIntervals(later, 20, rules), 30, rules)
    expect(entryIn(asleep, ann.peerId).tickets).toBe(0)
  })

  test('"If peers try to turn down jobs by not responding, they receive a negative rating. This cancels a previous ticket."', () => {
    const absent = done(ann.peerId, { agreed: 0, absent: 3 })
    const after = withOutcomes(begun, [absent], 7, rules)
    expect(entryIn(after, ann.peerId)).toMatchObject({ tickets: 1, awaySinceHeight: 7, connection: { good: 0, bad: 1_000 } })
    const twice = withNoShows(withNoShows(after, [ann.peerId], 9, rules), [ann.peerId], 9, rules)
    expect(entryIn(twice, ann.peerId)).toMatchObject({ tickets: 0, awaySinceHeight: 7, connection: { bad: 3_000 } })
  })

  test('seats are bounded by slots and by tickets, maturity, presence', () => {
    const entry = entryIn(begun, ann.peerId)
    expect(mayBeDrawn(entry, 1, rules)).toBe(true)
    expect(mayBeDrawn({ ...entry, seats: 2 }, 1, rules)).toBe(false)
    expect(mayBeDrawn({ ...entry, seats: 1, slots: 1 }, 1, rules)).toBe(false)
    expect(mayBeDrawn({ ...entry, awaySinceHeight: 1 }, 1, rules)).toBe(false)
    expect(mayBeDrawn({ ...entry, joinedHeight: 3 }, 7, rules)).toBe(false)
    expect(mayBeDrawn({ ...entry, joinedHeight: 3 }, 8, rules)).toBe(true)
    for (const standing of ['joining', 'left', 'rotated', 'terminated'] as const)
      expect(mayBeDrawn({ ...entry, standing }, 9, rules)).toBe(false)
    expect([isMature(entry, 0, rules), isMature({ ...entry, joinedHeight: 1 }, 5, rules)]).toEqual([true, false])
    expect(entryIn(withSeats(begun, new Map([[ann.peerId, 2]])), ann.peerId).seats).toBe(2)
  })
})

describe('ratings (§6.6)', () => {
  test('"it will not take long to accrue enough negative ratings to fall below a threshold so they are not assigned jobs"', () => {
    let registry = begun
    let epochs = 0
    while (entryIn(registry, ann.peerId).standing === 'joined') {
      registry = withOutcomes(registry, [done(ann.peerId, { agreed: 0, contradicted: 1 })], ++epochs, rules)
    }
    expect(epochs).toBe(3)
    expect(entryIn(registry, ann.peerId)).toMatchObject({ standing: 'joining', tickets: 0, contradicted: 3 })
    expect(entryIn(withOutcomes(registry, [done(ann.peerId)], 9, rules), ann.peerId).tickets).toBe(0)
    // the joining cost again: ratings begin anew, counts stay, and it has to mature
    const again = withJoined(registry, openJoin(signJoin({ order: 0, slots: 3 }, ann, network), network), 40, rules)
    const entry = entryIn(again, ann.peerId)
    expect(entry).toMatchObject({ standing: 'joined', joinedHeight: 40, contradicted: 3, orders: 1, slots: 3, tickets: 2 })
    expect(ratingPerMille(entry.agreement)).toBe(1_000)
    expect(() => withJoined(again, openJoin(signJoin({ order: 1, slots: 3 }, ann, network), network), 41, rules)).toThrow(
      code('PEER_STANDING'),
    )
  })

  test('the two are apart: good work does not buy absence, and the other way round', () => {
    const worked = Array.from({ length: 40 }, (_, i) => i).reduce((all, i) => withOutcomes(all, [done(ann.peerId)], i, rules), begun)
    const lied = [1, 2, 3].reduce((all) => withOutcomes(all, [done(ann.peerId, { agreed: 5, contradicted: 1 })], 50, rules), worked)
    const { connection, agreement } = entryIn(lied, ann.peerId)
    expect([connection, agreement]).toEqual([
      { good: 43_000, bad: 0 },
      { good: 40_000, bad: 3_000 },
    ])
  })

  test('old reviews fade by a quarter an interval, so that a good name can’t be saved up; unresolved steps review nobody', () => {
    const worked = Array.from({ length: 40 }, (_, i) => i).reduce((all, i) => withOutcomes(all, [done(ann.peerId)], i, rules), begun)
    const later = [50, 60, 70, 80].reduce((all, height) => withIntervals(all, height, rules), worked)
    expect(entryIn(later, ann.peerId).agreement.good).toBe(12_656)
    const open = withOutcomes(begun, [done(ann.peerId, { agreed: 0, unresolved: 3 })], 5, rules)
    expect(entryIn(open, ann.peerId)).toMatchObject({ agreement: { good: 0, bad: 0 }, connection: { good: 1_000, bad: 0 }, jobsDone: 0 })
  })
})

describe('keys', () => {
  const recovery = recoveryOf(keyOfPeerId(spare.peerId))
  const joined = withJoined(begun, openJoin(signJoin({ slots: 4, recovery }, bob, network), network), 20, rules)

  test('a new key registers once, and no stranger has terms', () => {
    expect(entryIn(joined, bob.peerId)).toMatchObject({ standing: 'joined', joinedHeight: 20, orders: 1, recovery })
    const again = openJoin(signJoin({ slots: 4 }, bob, network), network)
    expect(() => withJoined(joined, again, 21, rules)).toThrow(code('PEER_STANDING'))
    expect(() => withJoined(begun, openJoin(signJoin({ slots: 99 }, bob, network), network), 21, rules)).toThrow(code('PEER_TERMS'))
    expect(() => withJoined(begun, openJoin(signJoin({ order: 1, slots: 1 }, bob, network), network), 21, rules)).toThrow(
      code('PEER_ORDER_NUMBER'),
    )
    const terms = openTerms(signTerms({ order: 0, slots: 1, declines: [] }, spare, network), network)
    expect(() => withTerms(joined, terms, 25, rules)).toThrow(code('PEER_UNKNOWN'))
  })

  test('terms count once, in order', () => {
    const declines = [accountOfPeer(ann.peerId)]
    const terms = openTerms(signTerms({ order: 1, slots: 2, declines }, bob, network), network)
    const after = withTerms(joined, terms, 25, rules)
    expect(entryIn(after, bob.peerId)).toMatchObject({ slots: 2, declines, orders: 2 })
    expect(() => withTerms(after, terms, 25, rules)).toThrow(code('PEER_ORDER_NUMBER'))
    const twice = openTerms(signTerms({ order: 2, slots: 2, declines: [...declines, ...declines] }, bob, network), network)
    expect(() => withTerms(after, twice, 25, rules)).toThrow(code('PEER_TERMS'))
  })

  test('terms that change nothing are refused, whatever their number and order: they would fill blocks for nothing', () => {
    const [first, second] = [accountOfPeer(ann.peerId), accountOfPeer(spare.peerId)]
    const order = (number: number, slots: number, declines = [first, second]) =>
      openTerms(signTerms({ order: number, slots, declines }, bob, network), network)
    const after = withTerms(joined, order(1, 2), 25, rules)
    const later = 25 + rules.intervalCycles
    const refusal = expect.objectContaining({ failure: { code: 'PEER_TERMS', field: 'nothing' } })
    expect(() => withTerms(after, order(2, 2), later, rules)).toThrow(refusal)
    expect(() => withTerms(after, order(2, 2, [second, first]), later, rules)).toThrow(refusal)
    const often = expect.objectContaining({ failure: { code: 'PEER_TERMS', field: 'often' } })
    expect(() => withTerms(after, order(2, 3), later - 1, rules)).toThrow(often)
    expect(entryIn(withTerms(after, order(2, 3), later, rules), bob.peerId)).toMatchObject({ slots: 3, orders: 3, termsHeight: later })
    expect(entryIn(withTerms(after, order(2, 2, [first]), later, rules), bob.peerId)).toMatchObject({ declines: [first], orders: 3 })
  })

  test('only the recovery key takes a key’s place, and counts go with it; what the old one still does is the heir’s', () => {
    const rotation = (heir = spare) => openRotation(signRotation(bob.publicKey, null, heir, network), network)
    const worked = withSeats(withOutcomes(joined, [done(bob.peerId)], 22, rules), new Map([[bob.peerId, 1]]))
    expect(() => withRotated(worked, rotation(keyed(9)))).toThrow(code('RECOVERY_KEY_WRONG'))
    const rotated = withRotated(worked, rotation())
    expect(entryIn(rotated, spare.peerId)).toMatchObject({
      standing: 'joined',
      joinedHeight: 20,
      jobsDone: 1,
      tickets: 3,
      seats: 1,
      orders: 0,
      former: [bob.peerId],
    })
    expect(entryIn(rotated, bob.peerId)).toMatchObject({ standing: 'rotated', heir: spare.peerId, tickets: 0, seats: 0 })
    expect(standingFor(rotated, bob.peerId)?.peer).toBe(spare.peerId)
    const after = withOutcomes(rotated, [done(bob.peerId)], 24, rules)
    expect([entryIn(after, spare.peerId).jobsDone, entryIn(after, bob.peerId).jobsDone]).toEqual([2, 1])
    expect(() => withRotated(rotated, rotation())).toThrow(code('PEER_STANDING'))
    // who rotates away from a crime is found
    const { ended, registry } = withTerminated(after, bob.peerId)
    expect(ended).toEqual([bob.peerId, spare.peerId])
    expect([...registry.values()].filter(({ standing }) => standing === 'terminated')).toHaveLength(2)
    expect(withTerminated(registry, bob.peerId).ended).toEqual([])
  })

  test('seats under an old key stay the heir’s own, so rotating brings no further ones', () => {
    const rotation = openRotation(signRotation(bob.publicKey, null, spare, network), network)
    const rotated = withRotated(withSeats(joined, new Map([[bob.peerId, 2]])), rotation)
    expect(mayBeDrawn(entryIn(rotated, spare.peerId), 30, rules)).toBe(false)
    const left = withSeats(rotated, new Map([[bob.peerId, -1]]))
    expect([entryIn(left, spare.peerId).seats, entryIn(left, bob.peerId).seats]).toEqual([1, 0])
    expect(mayBeDrawn(entryIn(left, spare.peerId), 30, rules)).toBe(true)
  })

  test('nobody rotates out of reach: the key at the end of all rotations answers for the first', () => {
    const keys = Array.from({ length: 34 }, (_, i) => keyed(100 + i))
    const first = openJoin(
      signJoin({ recovery: recoveryOf(keys[1]?.publicKey as Uint8Array), slots: 3 }, keys[0] as never, network),
      network,
    )
    const rotate = (registry: Registry, i: number) => {
      const recovery = recoveryOf((keys[i + 2] ?? spare).publicKey)
      return withRotated(
        registry,
        openRotation(signRotation((keys[i] as typeof spare).publicKey, recovery, keys[i + 1] as never, network), network),
      )
    }
    let registry = withJoined(begun, first, 20, rules)
    for (let i = 0; i < 32; i++) registry = rotate(registry, i)
    expect(() => rotate(registry, 32)).toThrow(code('PEER_KEYS_MANY'))
    const last = (keys[32] as typeof spare).peerId
    expect(entryIn(registry, last).former).toEqual(keys.slice(0, 32).map(({ peerId }) => peerId))
    expect(withTerminated(registry, (keys[0] as typeof spare).peerId).ended).toContain(last)
  })

  test('a recovery key is named once; a thief can’t name another', () => {
    const named = withRecovery(begun, openRecovery(signRecovery(0, recovery, ann, network), network))
    expect(entryIn(named, ann.peerId)).toMatchObject({ recovery, orders: 1 })
    const other = openRecovery(signRecovery(1, sha256(Uint8Array.of(1)), ann, network), network)
    expect(() => withRecovery(named, other)).toThrow(code('RECOVERY_KEY_WRONG'))
  })

  test('a key is ended by itself or its recovery key', () => {
    const revoked = (signer: typeof bob) => withRevoked(joined, openRevocation(signRevocation(bob.publicKey, 1, signer, network), network))
    for (const signer of [bob, spare]) expect(entryIn(revoked(signer), bob.peerId)).toMatchObject({ standing: 'left', tickets: 0 })
    expect(() => revoked(ann)).toThrow(code('RECOVERY_KEY_WRONG'))
  })
})

test('votes keep a peer active, and change its entry only now and then', () => {
  const peers = [ann.peerId, spare.peerId] // the second is no registered peer
  expect(withVotes(begun, peers, 9, rules)).toBe(begun)
  const later = withVotes(begun, peers, 10, rules)
  expect(entryIn(later, ann.peerId).activeHeight).toBe(10)
  expect(later.size).toBe(begun.size)
})
