import type { PeerId } from '@interpeer/crypto-ids'
import { bytesOfHex } from '@interpeer/wire-codec'
import { type Gossiping, type Neighbour, type Passed, USELESS_MAX, withNeighbour } from './gossip.js'
import { gossipMessage, offerMessage, PUSHED_TRANSACTION_BYTES } from './messages.js'
import { heardFrom, nameOfMessage, withHeard } from './seen.js'

/** About what fits one cell of the overlay. */
const BATCH_BYTES = 1_100
const HEAD_BYTES = 3
/** No more waits: then it goes at once. */
const PASSING_MAX = 256

const bitOf = ({ slot }: Neighbour): number => 1 << slot

/**
 * Notes that a neighbour sent a message. True: it is new, and to be looked at. Who sends the same twice is charged for it.
 * @param name `nameOfMessage`
 */
export function meets(host: Gossiping, from: PeerId, name: string): boolean {
  const neighbour = host.gossip.neighbours.get(from)
  const bits = neighbour === undefined ? 0 : bitOf(neighbour)
  const known = heardFrom(host.gossip.seen, name) ?? heardFrom(host.gossip.seenBefore, name)
  if (known === undefined) return true
  if ((known & bits) !== 0) charge(host, from)
  else host.gossip = { ...host.gossip, seen: withHeard(host.gossip.seen, name, known | bits) }
  return false
}
/** From now on copies of it are dropped unread. */
export function note(host: Gossiping, from: PeerId | undefined, name: string): void {
  const neighbour = from === undefined ? undefined : host.gossip.neighbours.get(from)
  host.gossip = { ...host.gossip, seen: withHeard(host.gossip.seen, name, neighbour === undefined ? 0 : bitOf(neighbour)) }
}
/** What a neighbour sent was of no use. */
export function charge(host: Gossiping, from: PeerId, by = 1): undefined {
  const neighbour = host.gossip.neighbours.get(from)
  if (neighbour !== undefined) host.gossip = withNeighbour(host.gossip, from, { useless: neighbour.useless + by })
}
export const isSpent = ({ useless }: Neighbour): boolean => useless >= USELESS_MAX

/** Waits to be passed on to all neighbours that did not send it; what is this peer's own goes at once. */
export function passOn(host: Gossiping, kind: Passed['kind'], bytes: Uint8Array, gatherMs: number, name = nameOfMessage(bytes)): undefined {
  const { gossip, nowMs } = host
  const dueMs = gossip.passing.length >= PASSING_MAX ? nowMs : nowMs + gatherMs
  host.gossip = {
    ...gossip,
    passing: [...gossip.passing, { name, kind, bytes }],
    flushAtMs: Math.min(gossip.flushAtMs ?? Number.POSITIVE_INFINITY, dueMs),
  }
}

/** Hands each neighbour what it did not send itself, several in one message. */
export function flush(host: Gossiping, nameOfTransaction: (bytes: Uint8Array) => string): void {
  const { gossip } = host
  if (gossip.flushAtMs === undefined || host.nowMs < gossip.flushAtMs) return
  if (![...gossip.neighbours.values()].some(({ isLinked }) => isLinked)) {
    host.gossip = { ...gossip, passing: gossip.passing.slice(-PASSING_MAX), flushAtMs: undefined } // until there is a neighbour
    return
  }
  const heard = gossip.passing.map(({ name }) => (heardFrom(gossip.seen, name) ?? 0) | (heardFrom(gossip.seenBefore, name) ?? 0))
  for (const [to, neighbour] of gossip.neighbours) {
    if (!neighbour.isLinked) continue
    const bit = bitOf(neighbour)
    const own = gossip.passing.filter((_, i) => ((heard[i] as number) & bit) === 0)
    for (const envelope of messagesOf(own, nameOfTransaction)) host.effects.push({ type: 'send', to, envelope })
  }
  host.gossip = { ...gossip, passing: [], flushAtMs: undefined }
}

/** As few messages as these fit into. */
export function messagesOf(passed: readonly Passed[], nameOfTransaction: (bytes: Uint8Array) => string): readonly Uint8Array[] {
  const messages: Uint8Array[] = []
  let [votes, transactions, offered, size]: [Uint8Array[], Uint8Array[], Uint8Array[], number] = [[], [], [], 0]
  const close = (): void => {
    if (votes.length + transactions.length > 0) messages.push(gossipMessage.encode({ votes, transactions }))
    ;[votes, transactions, size] = [[], [], 0]
  }
  for (const { kind, bytes } of passed) {
    if (kind === 'transaction' && bytes.length > PUSHED_TRANSACTION_BYTES) {
      offered.push(bytesOfHex(nameOfTransaction(bytes)))
      continue
    }
    if (size + bytes.length + HEAD_BYTES > BATCH_BYTES) close()
    ;(kind === 'vote' ? votes : transactions).push(bytes)
    size += bytes.length + HEAD_BYTES
  }
  close()
  while (offered.length > 0) {
    messages.push(offerMessage.encode({ proposal: null, transactions: offered.slice(0, 64) }))
    offered = offered.slice(64)
  }
  return messages
}
