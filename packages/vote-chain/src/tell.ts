import { type PeerId, signMessage } from '@interpeer/crypto-ids'
import type { Message } from '@interpeer/wire-codec'
import { bytesOfHex } from '@interpeer/wire-codec'
import { fieldsOf } from './bundles.js'
import { bundleMessage, proposalMessage, voteMessage, wantBlocksMessage, wantCandidateMessage } from './messages.js'
import { recordOf } from './record.js'
import { drawOwn, stepOf } from './root-group.js'
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
  sendTo(d, others(d), envelope)
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
    bundle: bundle === undefined ? null : fieldsOf(bundle),
  })
  d.proposed = { round: d.round, envelope }
  d.candidates = new Map(d.candidates).set(block.name, { ...block, envelope })
  persist(d)
  sendTo(d, others(d), envelope)
  return envelope
}

export function sendBundle<S>(d: Draft<S>, bundle: Bundle): undefined {
  const value = { height: d.tip.height + 1, bundle: fieldsOf(bundle), sender: d.fixed.signer.publicKey }
  sendTo(d, others(d), signed(d, bundleMessage, value))
}
export function askForCandidate<S>(d: Draft<S>, to: PeerId, block: string): undefined {
  const value = { height: d.tip.height + 1, block: bytesOfHex(block), sender: d.fixed.signer.publicKey }
  sendTo(d, [to], signed(d, wantCandidateMessage, value))
}
export function askForBlocks<S>(d: Draft<S>, to: PeerId): undefined {
  sendTo(d, [to], signed(d, wantBlocksMessage, { fromHeight: d.tip.height + 1, sender: d.fixed.signer.publicKey }))
  d.asked = new Map(d.asked).set(to, d.nowMs)
}
