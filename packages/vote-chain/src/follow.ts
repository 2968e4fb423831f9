import { type NetworkId, type PeerId, type Signer, sealOf, signMessage } from '@interpeer/crypto-ids'
import { STORED_BLOCK_BYTES_MAX } from './block.js'
import { boundBlocks } from './bundles.js'
import { dueMs } from './candidate.js'
import { blocksMessage } from './messages.js'
import { endsAtMs, mayVote } from './rounds.js'
import type { Draft } from './state.js'
import { askForBlocks, askForCandidate, count, hearers, isGossiping, others, resendMs, sendBundleTo, sendTo } from './tell.js'
import { namedBlocks, votesOf } from './votes.js'

const FOLLOWERS_MAX = 256
const PEERS_REMEMBERED_MAX = 1024
/** Answers to one peer's wishes for blocks, and for candidates, that may be ahead of their pace: each is up to a megabyte, for a message of some bytes. */
const SERVED_AT_ONCE = 8
/** Peers asked at a time by who follows. */
const ASKED = 2

/** The answer to a `serve` effect: as many stored blocks, in order, as one message holds. Undefined where there are none. */
export function blocksReply(stored: Iterable<Uint8Array>, signer: Signer, network: NetworkId): Uint8Array | undefined {
  const blocks: Uint8Array[] = []
  let size = 0
  for (const block of stored) {
    size += block.length
    if (blocks.length > 0 && (size > STORED_BLOCK_BYTES_MAX || blocks.length >= 256)) break
    blocks.push(block)
  }
  return blocks.length === 0 ? undefined : signMessage(blocksMessage, { blocks, sender: signer.publicKey }, signer, network)
}

const bounded = (map: ReadonlyMap<PeerId, number>, peer: PeerId, atMs: number): ReadonlyMap<PeerId, number> =>
  new Map(map.size >= PEERS_REMEMBERED_MAX && !map.has(peer) ? [] : map).set(peer, atMs)

/** Someone follows the chain: it is sent what it lacks now, and blocks to come for the next cycles. */
export function onWantBlocks<S>(d: Draft<S>, from: PeerId, fromHeight: number): undefined {
  const untilMs = d.nowMs + Math.ceil(1.5 * d.fixed.genesis.settings.cycleMs) + 1_000
  if (d.followers.has(from) || d.followers.size < FOLLOWERS_MAX) d.followers = new Map(d.followers).set(from, untilMs)
  if (fromHeight > d.tip.height) return
  const served = withAnswer(d, d.served, from)
  if (served === undefined) return count(d, 'WANT_BLOCKS_OFTEN')
  d.served = served
  d.effects.push({ type: 'serve', to: from, fromHeight: Math.max(1, fromHeight), untilHeight: d.tip.height })
}
/** Who lacks things asks again with each answer, so a few at once are well; over time they keep the pace of `answerBehind`. Undefined: too many. */
export function withAnswer<S>(d: Draft<S>, answers: ReadonlyMap<PeerId, number>, to: PeerId): ReadonlyMap<PeerId, number> | undefined {
  const paceMs = resendMs(d) / 2
  const dueMs = Math.max(answers.get(to) ?? Number.NEGATIVE_INFINITY, d.nowMs - paceMs) + paceMs
  return dueMs > d.nowMs + (SERVED_AT_ONCE - 1) * paceMs ? undefined : bounded(answers, to, dueMs)
}
/** An elector lacks a block that votes name. */
export function onWantCandidate<S>(d: Draft<S>, from: PeerId, height: number, block: string): undefined {
  if (height <= d.tip.height) return answerBehind(d, from, height)
  const candidate = d.candidates.get(block)
  if (candidate === undefined || !d.tip.group.electorate.members.has(from)) return
  const handed = withAnswer(d, d.handed, from)
  if (handed === undefined) return count(d, 'WANT_CANDIDATE_OFTEN')
  d.handed = handed
  sendTo(d, [from], candidate.envelope)
}
/** A peer speaks of a height that is final here: it gets the blocks, but not for each of its messages. */
export function answerBehind<S>(d: Draft<S>, to: PeerId, height: number): undefined {
  if (d.nowMs < (d.served.get(to) ?? Number.NEGATIVE_INFINITY) + resendMs(d) / 2 || to === d.fixed.signer.peerId) return
  d.served = bounded(d.served, to, d.nowMs)
  d.effects.push({ type: 'serve', to, fromHeight: Math.max(1, height), untilHeight: d.tip.height })
}
/** A peer speaks of a height beyond the next: it has blocks that are missing here. */
export function askAhead<S>(d: Draft<S>, peer: PeerId): undefined {
  if (d.nowMs < (d.asked.get(peer) ?? Number.NEGATIVE_INFINITY) + resendMs(d) / 2) return
  d.asked = bounded(d.asked, peer, d.nowMs)
  askForBlocks(d, peer)
}

/** What is due by the clock alone: asking for blocks, and sending again what may have been lost. */
export function keepGoing<S>(d: Draft<S>): undefined {
  if (d.nowMs >= (d.deadlines.follow ?? 0)) follow(d)
  if (mayVote(d) && d.phase !== 'wait' && d.nowMs >= (d.deadlines.resend ?? Number.POSITIVE_INFINITY)) resend(d)
}

function follow<S>(d: Draft<S>): undefined {
  const { cycleMs } = d.fixed.genesis.settings
  d.deadlines = { ...d.deadlines, follow: d.nowMs + cycleMs }
  if (mayVote(d) && d.tip.height > 0 && d.nowMs < dueMs(d.fixed, d.tip) + 2 * cycleMs) return
  const peers = isGossiping(d) && d.gossip.neighbours.size > 0 ? [...hearers(d), ...anyElector(d)] : others(d)
  // of very many, not all ask the same
  const first =
    peers.length > d.fixed.gossip.directMax ? (d.fixed.signer.publicKey[0] as number) * 256 + (d.fixed.signer.publicKey[1] as number) : 0
  const turn = first + Math.floor(d.nowMs / cycleMs) * ASKED
  const asked = new Set(Array.from({ length: Math.min(ASKED, peers.length) }, (_, i) => peers[(turn + i) % peers.length] as PeerId))
  for (const peer of asked) askForBlocks(d, peer)
}

/** One whom nobody chose for this peer: neighbours that hide the chain from it are found out. */
function anyElector<S>({ tip, gossip, fixed, nowMs }: Draft<S>): readonly PeerId[] {
  const { electors } = tip.group.electorate
  const lot = sealOf('chain follow', [gossip.dice?.output ?? fixed.signer.publicKey, Math.floor(nowMs / fixed.genesis.settings.cycleMs)])
  const peer = electors[lot.subarray(0, 4).reduce((sum, byte) => sum * 256 + byte, 0) % electors.length]
  return peer === undefined || peer === fixed.signer.peerId ? [] : [peer]
}

function resend<S>(d: Draft<S>): undefined {
  d.deadlines = { ...d.deadlines, resend: d.nowMs + resendMs(d) }
  const { soft } = votesOf(d, d.round)
  const isBest = d.proposed?.round === d.round && d.reasons.soft === undefined
  if (isBest && d.proposed !== undefined) {
    const unmoved = others(d).filter((peer) => !soft.has(peer))
    sendTo(d, unmoved, d.proposed.envelope)
  }
  for (const { envelope } of d.decided) if (envelope !== undefined) sendTo(d, others(d), envelope)
  const bundles = Object.values(d.reasons)
  const turn = Math.floor(d.nowMs / resendMs(d))
  const bundle = bundles[turn % bundles.length]
  if (bundle !== undefined && (d.round > 0 || d.nowMs >= endsAtMs(d))) sendBundleTo(d, others(d), bundle)
  askForMissing(d)
}

/** Blocks that votes name and that this peer was not given: one of their voters is asked, or a neighbour, and another the next time. */
export function askForMissing<S>(d: Draft<S>): undefined {
  const turn = Math.floor(d.nowMs / resendMs(d))
  const named = new Map(namedBlocks(d))
  for (const block of boundBlocks(d)) if (!named.has(block)) named.set(block, others(d))
  const gossips = isGossiping(d)
  for (const [block, voters] of named) {
    const peers = gossips ? hearers(d) : [...new Set(voters)].filter((peer) => peer !== d.fixed.signer.peerId)
    const to = peers[turn % peers.length]
    if (!d.candidates.has(block) && to !== undefined) askForCandidate(d, to, block)
  }
}
