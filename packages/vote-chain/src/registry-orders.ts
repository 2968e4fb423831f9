import { accountOfBytes, keyOfPeerId, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { ChainError } from './errors.js'
import { type Join, type RecoveryOrder, type Revocation, type Rotation, recoveryOf, type Terms } from './peer-orders.js'
import { freshPeer, KEYS_BEFORE_MAX, type PeerEntry, type Registry, type RegistryRules, type Standing, standingFor } from './registry.js'

const wrong = (code: 'PEER_UNKNOWN' | 'PEER_EXISTS' | 'RECOVERY_KEY_WRONG' | 'PEER_KEYS_MANY'): ChainError => new ChainError({ code })
const withEntry = (registry: Registry, entry: PeerEntry): Registry => new Map(registry).set(entry.peer, entry)

/** The entry that an order is about, if it may give one. */
function orderedBy(registry: Registry, { peer, order }: { peer: Uint8Array; order: number }, standings: readonly Standing[]): PeerEntry {
  const entry = registry.get(peerIdOfKey(peer))
  if (entry === undefined) throw wrong('PEER_UNKNOWN')
  if (!standings.includes(entry.standing)) throw new ChainError({ code: 'PEER_STANDING', standing: entry.standing })
  if (order !== entry.orders) throw new ChainError({ code: 'PEER_ORDER_NUMBER', expected: entry.orders, given: order })
  return entry
}
function slotsWithin(slots: number, { slotsMax }: RegistryRules): number {
  if (slots > slotsMax) throw new ChainError({ code: 'PEER_TERMS', field: 'slots' })
  return slots
}

/**
 * A key registers, or joins again after it fell below the threshold (§6.5.1, §6.6). The caller has taken the joining cost. Its ratings begin
 * anew; what it did in all stays written.
 * @throws {ChainError} PEER_STANDING, PEER_ORDER_NUMBER, PEER_TERMS
 */
export function withJoined(registry: Registry, order: Join, height: number, rules: RegistryRules): Registry {
  const peer = peerIdOfKey(order.peer)
  const slots = slotsWithin(order.slots, rules)
  const fresh = freshPeer(peer, height, rules)
  if (!registry.has(peer)) {
    if (order.order !== 0) throw new ChainError({ code: 'PEER_ORDER_NUMBER', expected: 0, given: order.order })
    return withEntry(registry, { ...fresh, slots, recovery: order.recovery, orders: 1 })
  }
  const entry = orderedBy(registry, order, ['joining'])
  const { connection, agreement, tickets, ticketsNew, intervalHeight } = fresh
  const anew = { standing: 'joined' as const, joinedHeight: height, activeHeight: height, awaySinceHeight: null }
  const terms = { slots, recovery: entry.recovery ?? order.recovery, orders: entry.orders + 1 }
  return withEntry(registry, { ...entry, ...anew, ...terms, connection, agreement, tickets, ticketsNew, intervalHeight })
}

/** Once in an interval. @throws {ChainError} PEER_UNKNOWN, PEER_STANDING, PEER_ORDER_NUMBER, PEER_TERMS */
export function withTerms(registry: Registry, order: Terms, height: number, rules: RegistryRules): Registry {
  const entry = orderedBy(registry, order, ['joined', 'joining'])
  const declines = order.declines.map(accountOfBytes)
  if (new Set(declines).size !== declines.length) throw new ChainError({ code: 'PEER_TERMS', field: 'declines' })
  const slots = slotsWithin(order.slots, rules)
  // Terms cost nothing: those that are stated already would be a block's bytes for free.
  const isSame = slots === entry.slots && declines.length === entry.declines.length && entry.declines.every((one) => declines.includes(one))
  if (isSame) throw new ChainError({ code: 'PEER_TERMS', field: 'nothing' })
  if (entry.termsHeight > 0 && height - entry.termsHeight < rules.intervalCycles)
    throw new ChainError({ code: 'PEER_TERMS', field: 'often' })
  return withEntry(registry, { ...entry, slots, declines, termsHeight: height, orders: entry.orders + 1 })
}

/** @throws {ChainError} PEER_UNKNOWN, PEER_STANDING, PEER_ORDER_NUMBER, RECOVERY_KEY_WRONG: it has one */
export function withRecovery(registry: Registry, order: RecoveryOrder): Registry {
  const entry = orderedBy(registry, order, ['joined', 'joining'])
  if (entry.recovery !== null) throw wrong('RECOVERY_KEY_WRONG')
  return withEntry(registry, { ...entry, recovery: order.recovery, orders: entry.orders + 1 })
}

/**
 * The recovery key takes a key's place: counts, ratings, tickets and terms go with it. The old key keeps the seats that it has until they
 * change hands, for its group knows it by no other name; what it does there, and what is owed for it, is the heir's.
 * @throws {ChainError} PEER_UNKNOWN, PEER_STANDING, PEER_EXISTS: the heir is registered, RECOVERY_KEY_WRONG, PEER_KEYS_MANY: it rotated too often
 */
export function withRotated(registry: Registry, order: Rotation): Registry {
  const peer = peerIdOfKey(order.peer)
  const entry = registry.get(peer)
  if (entry === undefined) throw wrong('PEER_UNKNOWN')
  if (entry.standing !== 'joined' && entry.standing !== 'joining') throw new ChainError({ code: 'PEER_STANDING', standing: entry.standing })
  const heir = peerIdOfKey(order.heir)
  if (registry.has(heir)) throw wrong('PEER_EXISTS')
  assertRecovery(entry, order.heir)
  if (entry.former.length >= KEYS_BEFORE_MAX) throw wrong('PEER_KEYS_MANY')
  const successor: PeerEntry = { ...entry, peer: heir, recovery: order.recovery, orders: 0, former: [...entry.former, peer] }
  const old: PeerEntry = { ...entry, standing: 'rotated', heir, former: [], recovery: null, seats: 0, tickets: 0, ticketsNew: 0 }
  return new Map(registry).set(peer, old).set(heir, successor)
}

/** @throws {ChainError} PEER_UNKNOWN, PEER_STANDING, PEER_ORDER_NUMBER, RECOVERY_KEY_WRONG: signed by neither key */
export function withRevoked(registry: Registry, order: Revocation): Registry {
  const entry = orderedBy(registry, order, ['joined', 'joining'])
  if (!sameBytes(order.signer, keyOfPeerId(entry.peer))) assertRecovery(entry, order.signer)
  return withEntry(registry, { ...entry, standing: 'left', tickets: 0, ticketsNew: 0, orders: entry.orders + 1 })
}
function assertRecovery({ recovery }: PeerEntry, key: Uint8Array): void {
  if (recovery === null || !sameBytes(recoveryOf(key), recovery)) throw wrong('RECOVERY_KEY_WRONG')
}

/**
 * "The peer account gets terminated" (§6.6): by evidence, for a key and for the heir that answers for it. Its funds are the caller's to take.
 * @returns the keys that ended; none if they had ended before
 */
export function withTerminated(registry: Registry, peer: PeerId): { readonly registry: Registry; readonly ended: readonly PeerId[] } {
  const keys = [peer, standingFor(registry, peer)?.peer ?? peer]
  const ended = [...new Set(keys)].filter((key) => (registry.get(key)?.standing ?? 'terminated') !== 'terminated')
  const next = new Map(registry)
  for (const key of ended) {
    next.set(key, { ...(registry.get(key) as PeerEntry), standing: 'terminated', tickets: 0, ticketsNew: 0, recovery: null })
  }
  return { registry: next, ended }
}
