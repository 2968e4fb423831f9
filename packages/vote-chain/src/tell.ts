import { type PeerId, peerIdOfKey, sealOf, signMessage } from '@interpeer/crypto-ids'
import type { Message } from '@interpeer/wire-codec'
import { bytesOfHex } from '@interpeer/wire-codec'
import { fieldsOf } from './bundles.js'
import { linked, shun } from './gossip/gossip.js'
import { linkMessage, offerMessage } from './gossip/messages.js'
import type { Circle } from './gossip/neighbours.js'
import { passOwn } from './gossip/pass-on.js'
import { heardFrom, nameOfMessage } from './gossip/seen.js'
import { bundleMessage, proposalMessage, voteMessage, wantBlocksMessage, wantCandidateMessage } from './messages.js'
import { recordOf } from './record.js'
import { drawOwn, stepOf } from './root-group.js'
import { rulesOf } from './rules.js'
import type { Bundle, Candidate, Decided, Draft } from './state.js'
import { addVote } from './votes.js'

export const count = <S>(d: Draft<S>, code: string): undefined => void d.effects.push({ type: 'count', code })
const persist = <S>(d: Draft<S>): undefined => void d.effects.push({ type: 'persist', bytes: recordOf(d) })
/** All who may vote on the next height but this peer. */
export const others = <S>(d: Draft<S>): readonly PeerId[] =>
  d.tip.group.electorate.electors.filter((peer) => peer !== d.fixed.signer.peerId)

export function sendTo<S>(d: Draft<S>, peers: readonly PeerId[], envelope: Uint8Array): undefined {
  for (const to of peers) d.effects.push({ type: 'send', to, envelope })
}
const signed = <S, T>(d: Draft<S>, kind: Message<T>, value: T): Uint8Array => signMessage(kind, value, d.fixed.signer, d.fixed.network)

/** Whether electors pass on what they hear: where they are more than each tells directly. Who is none takes no part in it. */
export const isGossiping = <S>({ tip, fixed }: Draft<S>): boolean => {
  const { electors, members } = tip.group.electorate
  return electors.length - 1 > fixed.gossip.directMax && members.has(fixed.signer.peerId)
}
/** Heights that one bout of dice is for. */
const BOUT_HEIGHTS = 1_024
export function circleOf<S>({ tip, fixed: { signer, verification } }: Draft<S>): Circle {
  const { electors, members } = tip.group.electorate
  const bout = Math.floor(tip.height / BOUT_HEIGHTS)
  const diceOf = (at: number) => verification.ownOutput(signer.vrfProve(sealOf('chain neighbours', [at])))
  return { self: signer.peerId, electors, members, bout, diceOf }
}
/** Who is told what this peer has to say: its neighbours, or everyone. */
export const hearers = <S>(d: Draft<S>): readonly PeerId[] => (isGossiping(d) ? linked(d.gossip) : others(d))

/** A neighbour sent what no honest one does. */
export function dropNeighbour<S>(d: Draft<S>, peer: PeerId): undefined {
  if (!d.gossip.neighbours.has(peer)) return
  count(d, 'GOSSIP_WRONG')
  d.gossip = { ...shun(d.gossip, peer, d.nowMs), tendAtMs: d.nowMs }
  sendTo(d, [peer], linkMessage.encode({ says: 'end' }))
}

/** A larger proposal is offered, and sent to who asks for it. */
const PUSHED_PROPOSAL_BYTES = 65_536
/** Sends a proposal, or says that it is here. */
export function handProposal<S>(d: Draft<S>, to: readonly PeerId[], envelope: Uint8Array): undefined {
  if (envelope.length <= PUSHED_PROPOSAL_BYTES) return sendTo(d, to, envelope)
  const { height, round, leader, proof } = d.fixed.verification.opener.open(proposalMessage, envelope, (value) => peerIdOfKey(value.leader))
  sendTo(d, to, offerMessage.encode({ proposal: { height, round, leader, proof }, transactions: [] }))
}
/** The best proposal that this peer knows goes on to the neighbours that did not send it. */
export function passProposal<S>(d: Draft<S>, envelope: Uint8Array): undefined {
  const heard = heardFrom(d.gossip.seen, nameOfMessage(envelope)) ?? 0
  const to = [...d.gossip.neighbours].flatMap(([peer, { slot, isLinked }]) => (isLinked && (heard & (1 << slot)) === 0 ? [peer] : []))
  handProposal(d, to, envelope)
}
/** How long a peer waits before it sends again what may have been lost. */
export const resendMs = <S>(d: Draft<S>): number => Math.max(50, Math.ceil(rulesOf(d).roundMs / 2))
/** Something new came: what is sent again because nothing comes waits. */
export function progress<S>(d: Draft<S>): undefined {
  if (!isGossiping(d) || d.deadlines.resend === undefined) return
  d.deadlines = { ...d.deadlines, resend: d.nowMs + resendMs(d) }
}

/**
 * Decides one step of this round, makes that durable, and only then sends the vote. A peer that was not drawn for the step says nothing, and is held to
 * what it decided all the same: or those who were drawn would be no fair sample of all.
 */
export function castVote<S>(d: Draft<S>, kind: Decided['kind'], block: string | null, attempt = 0): undefined {
  const { round, fixed, tip } = d
  const proof = drawOwn(tip.group, { round, step: stepOf({ kind, block }), attempt }, fixed.signer, fixed.verification)
  const said = { height: tip.height + 1, round, kind, attempt, block: block === null ? null : bytesOfHex(block) }
  const envelope = proof === undefined ? undefined : signed(d, voteMessage, { ...said, voter: fixed.signer.publicKey, proof })
  const kept = d.decided.filter((one) => one.round < round || one.kind !== 'next' || kind !== 'next' || one.attempt >= attempt - 1)
  d.decided = [...kept, { round, kind, attempt, block, envelope }]
  persist(d)
  if (envelope === undefined) return
  if (isGossiping(d)) passOwn(d, 'vote', envelope)
  else sendTo(d, others(d), envelope)
  addVote(d, fixed.signer.peerId, { round, kind, attempt, block }, envelope)
}

/** Signs this round's proposal, makes it durable, and only then sends it. Returns its envelope. */
export function castProposal<S>(
  d: Draft<S>,
  { block, bundle, proof }: { block: Omit<Candidate<S>, 'envelope'>; bundle: Bundle | undefined; proof: Uint8Array },
  bodyBytes: Uint8Array,
  headerBytes: Uint8Array,
): Uint8Array {
  const envelope = signed(d, proposalMessage, {
    height: d.tip.height + 1,
    round: d.round,
    leader: d.fixed.signer.publicKey,
    proof,
    header: headerBytes,
    body: bodyBytes,
    certificate: block.shown,
    bundle: bundle === undefined ? null : fieldsOf(bundle),
  })
  d.proposed = { round: d.round, envelope }
  d.candidates = new Map(d.candidates).set(block.name, { ...block, envelope })
  persist(d)
  if (isGossiping(d)) handProposal(d, linked(d.gossip), envelope)
  else sendTo(d, others(d), envelope)
  return envelope
}

export function sendBundleTo<S>(d: Draft<S>, to: readonly PeerId[], bundle: Bundle): undefined {
  const value = { height: d.tip.height + 1, bundle: fieldsOf(bundle), sender: d.fixed.signer.publicKey }
  sendTo(d, to, signed(d, bundleMessage, value))
}
export function askForCandidate<S>(d: Draft<S>, to: PeerId, block: string): undefined {
  const value = { height: d.tip.height + 1, block: bytesOfHex(block), sender: d.fixed.signer.publicKey }
  sendTo(d, [to], signed(d, wantCandidateMessage, value))
}
export function askForBlocks<S>(d: Draft<S>, to: PeerId): undefined {
  sendTo(d, [to], signed(d, wantBlocksMessage, { fromHeight: d.tip.height + 1, sender: d.fixed.signer.publicKey }))
  d.asked = new Map(d.asked).set(to, d.nowMs)
}
