import type { PeerId } from '@interpeer/crypto-ids'
import { NO_NAMES, type Seen } from './seen.js'

/** How many neighbours there are, and how long what is passed on gathers. */
export interface GossipRules {
  /** With no more other electors than this, each is told directly, and nothing is passed on. */
  readonly directMax: number
  /** Neighbours of a peer's own choice. */
  readonly own: number
  /** Neighbours that chose this peer, at most. With `own` at most 31. */
  readonly guests: number
  /** Neighbours that a vote of another is passed on to: of those that did not send it. */
  readonly fanOut: number
  /** What is to be passed on waits so long for more of it. */
  readonly gatherMs: number
}
export const GOSSIP: GossipRules = { directMax: 16, own: 5, guests: 15, fanOut: 5, gatherMs: 20 }

/** An elector that this peer exchanges all with that is new. */
export interface Neighbour {
  /** Its bit in what was heard from whom. */
  readonly slot: number
  /** Chosen by this peer's dice, so that nobody else can choose all of its neighbours. */
  readonly isOwn: boolean
  /** False: it was asked and has not answered. */
  readonly isLinked: boolean
  readonly sinceMs: number
  readonly heardMs: number
  /** When it was last told what this peer has. */
  readonly toldMs: number
  /** When what it has was last compared with what this peer has. */
  readonly comparedMs: number
  /** What it sent at this height that was of no use. */
  readonly useless: number
}
/** A message that was checked here and waits to be passed on. */
export interface Passed {
  readonly name: string
  readonly kind: 'vote' | 'transaction'
  readonly bytes: Uint8Array
  /** Made here: all neighbours get it. */
  readonly isOwn: boolean
}
export interface Gossip {
  readonly neighbours: ReadonlyMap<PeerId, Neighbour>
  /** Who sent what was wrong, and until when it is no neighbour. */
  readonly shunned: ReadonlyMap<PeerId, number>
  /** What was met at this height, and at the one before. */
  readonly seen: Seen
  readonly seenBefore: Seen
  readonly passing: readonly Passed[]
  readonly flushAtMs: number | undefined
  /** When neighbours are looked after next. */
  readonly tendAtMs: number
  /** When one of the own choice makes room for another. */
  readonly renewAtMs: number
  /** Throws of this peer's dice, in its present bout of them. */
  readonly throws: number
  readonly dice: { readonly bout: number; readonly output: Uint8Array } | undefined
  /** Whose turn it is to be told what this peer has. */
  readonly turn: number
}
export const beginGossip = (nowMs: number): Gossip => ({
  neighbours: new Map(),
  shunned: new Map(),
  seen: NO_NAMES,
  seenBefore: NO_NAMES,
  passing: [],
  flushAtMs: undefined,
  tendAtMs: nowMs,
  renewAtMs: nowMs,
  throws: 0,
  dice: undefined,
  turn: 0,
})

export type GossipEffect =
  | { readonly type: 'send'; readonly to: PeerId; readonly envelope: Uint8Array }
  | { readonly type: 'count'; readonly code: string }
/** Whose gossip it is, within one step. */
export interface Gossiping {
  gossip: Gossip
  readonly nowMs: number
  readonly effects: { push(effect: GossipEffect): unknown }
}

/** Useless messages of one neighbour at one height that are looked at. Beside a quorum's rest and crossing messages none is honest. */
export const USELESS_MAX = 2048
const SHUNNED_MAX = 256
export const SHUNNED_MS = 600_000

export const linked = ({ neighbours }: Gossip): readonly PeerId[] =>
  [...neighbours].flatMap(([peer, { isLinked }]) => (isLinked ? [peer] : []))

export function withNeighbour(gossip: Gossip, peer: PeerId, changes: Partial<Neighbour>): Gossip {
  const known = gossip.neighbours.get(peer)
  return known === undefined ? gossip : { ...gossip, neighbours: new Map(gossip.neighbours).set(peer, { ...known, ...changes }) }
}
export function withoutNeighbour(gossip: Gossip, peer: PeerId): Gossip {
  const neighbours = new Map(gossip.neighbours)
  return neighbours.delete(peer) ? { ...gossip, neighbours } : gossip
}
/** Who sends what is wrong is no neighbour any more, and none for a while. */
export function shun(gossip: Gossip, peer: PeerId, nowMs: number): Gossip {
  const shunned = new Map([...gossip.shunned].filter(([, untilMs]) => untilMs > nowMs))
  if (shunned.size >= SHUNNED_MAX) shunned.delete(shunned.keys().next().value as PeerId)
  return { ...withoutNeighbour(gossip, peer), shunned: shunned.set(peer, nowMs + SHUNNED_MS) }
}

/** A height is over: what was met in it is soon forgotten, and everyone has a clean slate. */
export function nextHeight(gossip: Gossip): Gossip {
  const neighbours = new Map([...gossip.neighbours].map(([peer, one]) => [peer, one.useless === 0 ? one : { ...one, useless: 0 }]))
  return { ...gossip, neighbours, seen: NO_NAMES, seenBefore: gossip.seen }
}
