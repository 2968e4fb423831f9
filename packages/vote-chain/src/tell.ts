import { type PeerId, signMessage } from '@interpeer/crypto-ids'
import type { Message } from '@interpeer/wire-codec'
import { bytesOfHex } from '@interpeer/wire-codec'
import { bundleMessage, proposalMessage, voteMessage, wantBlocksMessage, wantCandidateMessage } from './messages.js'
import { recordOf } from './record.js'
import type { Candidate, Draft, OwnRound, SoftBundle } from './state.js'
import { addVote } from './votes.js'

export const count = <S>(d: Draft<S>, code: string): undefined => void d.effects.push({ type: 'count', code })
export const persist = <S>(d: Draft<S>): undefined => void d.effects.push({ type: 'persist', bytes: recordOf(d) })
export const others = <S>(d: Draft<S>): readonly PeerId[] => d.fixed.electors.filter((peer) => peer !== d.fixed.signer.peerId)

export function sendTo<S>(d: Draft<S>, peers: readonly PeerId[], envelope: Uint8Array): undefined {
  for (const to of peers) d.effects.push({ type: 'send', to, envelope })
}
const signed = <S, T>(d: Draft<S>, kind: Message<T>, value: T): Uint8Array => signMessage(kind, value, d.fixed.signer, d.fixed.network)

/** Signs a vote of this round, makes it durable, and only then sends it. */
export function castVote<S>(d: Draft<S>, kind: 'soft' | 'certify', block: string | null): undefined {
  const vote = { height: d.tip.height + 1, round: d.round, kind, block: block === null ? null : bytesOfHex(block) }
  const envelope = signed(d, voteMessage, { ...vote, voter: d.fixed.signer.publicKey })
  d.phase = kind
  keepOwn(d, { [kind]: envelope })
  addVote(d, d.fixed.signer.peerId, { ...vote, block }, envelope)
  persist(d)
  sendTo(d, others(d), envelope)
}

/** Signs this round's proposal, makes it durable, and only then sends it. Returns its envelope. */
export function castProposal<S>(
  d: Draft<S>,
  block: Omit<Candidate<S>, 'envelope'>,
  bodyBytes: Uint8Array,
  headerBytes: Uint8Array,
): Uint8Array {
  const bundle = d.highest?.block === block.name && d.highest.round < d.round ? d.highest : undefined
  const envelope = signed(d, proposalMessage, {
    height: d.tip.height + 1,
    round: d.round,
    leader: d.fixed.signer.publicKey,
    header: headerBytes,
    body: bodyBytes,
    softRound: bundle?.round ?? null,
    softVotes: bundle?.votes ?? [],
  })
  keepOwn(d, { proposal: envelope })
  persist(d)
  sendTo(d, others(d), envelope)
  return envelope
}

export const ownRound = <S>(d: Draft<S>, round: number): OwnRound => d.own.find((one) => one.round === round) ?? { round }
function keepOwn<S>(d: Draft<S>, more: Partial<OwnRound>): undefined {
  const kept = d.own.filter(({ round }) => round === d.round - 1)
  d.own = [...kept, { ...ownRound(d, d.round), ...more }]
}

export function sendBundle<S>(d: Draft<S>, { round, block, votes }: SoftBundle): undefined {
  const value = { height: d.tip.height + 1, round, block: bytesOfHex(block), votes, sender: d.fixed.signer.publicKey }
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
