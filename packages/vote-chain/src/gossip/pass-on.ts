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

/** Waits to be passed on to neighbours that did not send it. */
export function passOn(host: Gossiping, kind: Passed['kind'], bytes: Uint8Array, gatherMs: number, name = nameOfMessage(bytes)): undefined {
  add(host, { name, kind, bytes, isOwn: false }, gatherMs)
}
/** What is this peer's own goes at once. */
export function passOwn(host: Gossiping, kind: Passed['kind'], bytes: Uint8Array): undefined {
  add(host, { name: nameOfMessage(bytes), kind, bytes, isOwn: true }, 0)
}
function add(host: Gossiping, passed: Passed, gatherMs: number): void {
  const { gossip, nowMs } = host
  const dueMs = gossip.passing.length >= PASSING_MAX ? nowMs : nowMs + gatherMs
  host.gossip = {
    ...gossip,
    passing: [...gossip.passing, passed],
    flushAtMs: Math.min(gossip.flushAtMs ?? Number.POSITIVE_INFINITY, dueMs),
  }
}

/** Hands neighbours what they did not send themselves, several in one message: a vote to as many as `fanOut`, what is this peer's own, and transactions, to all. */
export function flush(host: Gossiping, fanOut: number, nameOfTransaction: (bytes: Uint8Array) => string): void {
  const { gossip } = host
  if (gossip.flushAtMs === undefined || host.nowMs < gossip.flushAtMs) return
  const linked = [...gossip.neighbours].filter(([, { isLinked }]) => isLinked)
  if (linked.length === 0) {
    host.gossip = { ...gossip, passing: gossip.passing.slice(-PASSING_MAX), flushAtMs: undefined } // until there is a neighbour
    return
  }
  const batches = new Map(linked.map(([peer]) => [peer, [] as Passed[]]))
  for (const passed of gossip.passing) {
    const heard = (heardFrom(gossip.seen, passed.name) ?? 0) | (heardFrom(gossip.seenBefore, passed.name) ?? 0)
    const lack = linked.filter(([, neighbour]) => (heard & bitOf(neighbour)) === 0)
    const most = passed.kind === 'vote' && !passed.isOwn ? Math.min(fanOut, lack.length) : lack.length
    const first = passed.name.charCodeAt(0) // each vote goes other ways
    for (let i = 0; i < most; i++) batches.get((lack[(first + i) % lack.length] as (typeof lack)[number])[0])?.push(passed)
  }
  for (const [to, batch] of batches)
    for (const envelope of messagesOf(batch, nameOfTransaction)) host.effects.push({ type: 'send', to, envelope })
  host.gossip = { ...gossip, passing: [], flushAtMs: undefined }
}

/** As few messages as these fit into. */
export function messagesOf(
  passed: readonly Pick<Passed, 'kind' | 'bytes'>[],
  nameOfTransaction: (bytes: Uint8Array) => string,
): readonly Uint8Array[] {
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
