import { type PeerId, sealOf } from '@interpeer/crypto-ids'
import { type Gossiping, type GossipRules, type Neighbour, withNeighbour, withoutNeighbour } from './gossip.js'
import { linkMessage } from './messages.js'

/** Whom neighbours are chosen among, and by whose dice. */
export interface Circle {
  readonly self: PeerId
  readonly electors: readonly PeerId[]
  readonly members: ReadonlySet<PeerId>
  /** Counts up slowly; each bout has dice of its own. */
  readonly bout: number
  /** 64 bytes that nobody else can foresee, and the same each time: a peer that starts again finds the neighbours that it had. */
  readonly diceOf: (bout: number) => Uint8Array | undefined
}
export interface LinkTimes {
  /** Who was asked answers in this time. */
  readonly answerMs: number
  /** Who is silent for so long is gone. */
  readonly silentMs: number
  /** One neighbour of the own choice is chosen anew each time. */
  readonly renewMs: number
}
const SLOTS = 31
/** Throws of the dice in one turn: most fall on others than those that are neighbours already. */
const THROWS_MAX = 32

const said = (says: 'ask' | 'accept' | 'end'): Uint8Array => linkMessage.encode({ says })
const tell = (host: Gossiping, to: PeerId, says: 'ask' | 'accept' | 'end'): unknown =>
  host.effects.push({ type: 'send', to, envelope: said(says) })

/** Lets those go that left or are silent, and asks others in their place. */
export function tend(host: Gossiping, circle: Circle, rules: GossipRules, times: LinkTimes): void {
  const { nowMs } = host
  for (const [peer, one] of host.gossip.neighbours) {
    const isLate = one.isLinked ? nowMs >= one.heardMs + times.silentMs : nowMs >= one.sinceMs + times.answerMs
    if (isLate || !circle.members.has(peer)) host.gossip = withoutNeighbour(host.gossip, peer)
  }
  if (nowMs >= host.gossip.renewAtMs) renew(host, rules, times)
  choose(host, circle, rules)
  host.gossip = { ...host.gossip, tendAtMs: nowMs + times.answerMs }
}

/** The oldest of the own choice goes: who was lucky to be chosen does not stay for ever, the others do for a while. */
function renew(host: Gossiping, rules: GossipRules, { renewMs }: LinkTimes): void {
  const own = [...host.gossip.neighbours].filter(([, { isOwn, isLinked }]) => isOwn && isLinked)
  const [oldest] = own.sort(([, a], [, b]) => a.sinceMs - b.sinceMs)
  host.gossip = { ...host.gossip, renewAtMs: host.nowMs + renewMs }
  if (oldest === undefined || own.length < rules.own) return
  host.gossip = withoutNeighbour(host.gossip, oldest[0])
  tell(host, oldest[0], 'end')
}

function choose(host: Gossiping, circle: Circle, rules: GossipRules): void {
  const ownOf = (): number => [...host.gossip.neighbours.values()].filter(({ isOwn }) => isOwn).length
  for (let left = THROWS_MAX; left > 0 && ownOf() < rules.own; left--) {
    const peer = thrown(host, circle)
    const { neighbours, shunned } = host.gossip
    if (peer === undefined || peer === circle.self || neighbours.has(peer) || (shunned.get(peer) ?? 0) > host.nowMs) continue
    if (add(host, peer, { isOwn: true, isLinked: false })) tell(host, peer, 'ask')
  }
}
/** The elector that the dice fall on next. */
function thrown(host: Gossiping, { electors, bout, diceOf }: Circle): PeerId | undefined {
  if (host.gossip.dice?.bout !== bout) {
    const output = diceOf(bout)
    if (output === undefined) return undefined
    host.gossip = { ...host.gossip, dice: { bout, output }, throws: 0 }
  }
  const { dice, throws } = host.gossip
  host.gossip = { ...host.gossip, throws: throws + 1 }
  const lot = sealOf('chain neighbour', [dice?.output as Uint8Array, throws])
  return electors[Number(lot.subarray(0, 8).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) % BigInt(electors.length))]
}

function add(host: Gossiping, peer: PeerId, how: Pick<Neighbour, 'isOwn' | 'isLinked'>): boolean {
  const { gossip, nowMs } = host
  const taken = new Set([...gossip.neighbours.values()].map(({ slot }) => slot))
  const slot = Array.from({ length: SLOTS }, (_, i) => i).find((i) => !taken.has(i))
  if (slot === undefined) return false
  const never = { toldMs: Number.NEGATIVE_INFINITY, comparedMs: Number.NEGATIVE_INFINITY }
  const neighbour: Neighbour = { slot, ...how, sinceMs: nowMs, heardMs: nowMs, ...never, useless: 0 }
  host.gossip = { ...gossip, neighbours: new Map(gossip.neighbours).set(peer, neighbour) }
  return true
}

/** Somebody asks to be a neighbour, or answers. True: it is one now, and was not before. */
export function onLink(host: Gossiping, from: PeerId, says: 'ask' | 'accept' | 'end', circle: Circle, rules: GossipRules): boolean {
  const known = host.gossip.neighbours.get(from)
  if (says === 'end') {
    host.gossip = withoutNeighbour(host.gossip, from)
    return false
  }
  if (says === 'accept') {
    if (known === undefined || known.isLinked) return false
    host.gossip = withNeighbour(host.gossip, from, { isLinked: true, heardMs: host.nowMs })
    return true
  }
  const isWelcome = known !== undefined || mayBeGuest(host, from, circle, rules)
  tell(host, from, isWelcome ? 'accept' : 'end')
  if (!isWelcome) return false
  if (known === undefined) return add(host, from, { isOwn: false, isLinked: true })
  host.gossip = withNeighbour(host.gossip, from, { isLinked: true, heardMs: host.nowMs })
  return !known.isLinked
}
function mayBeGuest({ gossip, nowMs }: Gossiping, from: PeerId, { members, self }: Circle, { guests }: GossipRules): boolean {
  if (from === self || !members.has(from) || (gossip.shunned.get(from) ?? 0) > nowMs) return false
  return [...gossip.neighbours.values()].filter(({ isOwn }) => !isOwn).length < guests
}
