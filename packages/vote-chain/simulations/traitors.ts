import { createSigner, type PeerId, peekMessageNumber, peekPayload, sha256, signMessage } from '@interpeer/crypto-ids'
import { type Message, sameBytes } from '@interpeer/wire-codec'
import { gossipMessage, numberOfNeighbours } from '../src/gossip/messages.js'
import { headerMessage } from '../src/index.js'
import { type BundleFields, bundleMessage, type Proposal, proposalMessage, type Vote, voteMessage } from '../src/messages.js'
import type { ChainNode } from './chain-node.js'

/** What a traitor does in place of what is right. */
export interface Tactic {
  readonly name: string
  /** What goes to a peer in place of an envelope. */
  readonly send?: (node: ChainNode, to: PeerId, envelope: Uint8Array) => readonly Uint8Array[]
  /** What goes to a neighbour in place of votes that are passed on; none: of its own ones among them what `send` makes of each. */
  readonly pass?: (node: ChainNode, to: PeerId, envelope: Uint8Array) => readonly Uint8Array[]
  readonly hear?: (node: ChainNode, envelope: Uint8Array) => void
  /** It loses its record in every crash, and votes anew. */
  readonly forgets?: boolean
}
function read<T>(message: Message<T>, envelope: Uint8Array): T | undefined {
  const payload = peekMessageNumber(envelope) === message.number ? peekPayload(envelope) : undefined
  return payload === undefined ? undefined : message.decode(payload)
}
const signed = <T>({ signer, around }: ChainNode, message: Message<T>, value: T): Uint8Array =>
  signMessage(message, value, signer, around.genesis.network)
/** What goes to a peer in place of an envelope. */
export function changed(node: ChainNode, to: PeerId, envelope: Uint8Array, { send, pass }: Tactic): readonly Uint8Array[] {
  if (numberOfNeighbours(envelope) !== gossipMessage.number) return send?.(node, to, envelope) ?? [envelope]
  if (pass !== undefined) return pass(node, to, envelope)
  const { votes, transactions } = gossipMessage.decode(envelope)
  const isOwn = (vote: Uint8Array): boolean => sameBytes(read(voteMessage, vote)?.voter ?? new Uint8Array(), node.signer.publicKey)
  const said = votes.flatMap((vote) => (isOwn(vote) && send !== undefined ? send(node, to, vote) : [vote]))
  const isVote = (one: Uint8Array): boolean => peekMessageNumber(one) === voteMessage.number
  const passed = { votes: said.filter(isVote), transactions }
  const others = said.filter((one) => !isVote(one))
  return passed.votes.length + transactions.length === 0 ? others : [gossipMessage.encode(passed), ...others]
}

/** Which of its two faces a peer sees. */
const isLeft = ({ around }: ChainNode, peer: PeerId): boolean => around.nodes.findIndex(({ signer }) => signer.peerId === peer) % 2 === 0

/** Another block of the same leader, as valid: a millisecond later. */
function otherBlock(node: ChainNode, proposal: Proposal): Proposal | undefined {
  const header = headerMessage.decode(proposal.header)
  if (!sameBytes(header.leader, node.signer.publicKey)) return undefined
  return { ...proposal, header: headerMessage.encode({ ...header, timeMs: header.timeMs + 1 }) }
}

/** Shows half of the peers one block and its votes for it, and the other half another; and ends rounds for a block here, for none there. */
export function twoFaced(): Tactic {
  const known: Uint8Array[] = []
  const note = (hash: Uint8Array): void => {
    if (!known.some((one) => sameBytes(one, hash))) known.push(hash)
    if (known.length > 4) known.shift()
  }
  const heard = (envelope: Uint8Array): void => {
    const proposal = read(proposalMessage, envelope)
    if (proposal !== undefined) note(sha256(proposal.header))
  }
  function other(node: ChainNode, vote: Vote): Vote {
    const block = known.find((one) => vote.block === null || !sameBytes(one, vote.block)) ?? null
    if (vote.kind === 'next') return { ...vote, block: node.random.chance(500) ? null : block }
    return block === null ? vote : { ...vote, block }
  }
  return {
    name: 'two-faced',
    hear: (_, envelope) => heard(envelope),
    send(node, to, envelope) {
      heard(envelope)
      if (isLeft(node, to)) return [envelope]
      const [proposal, vote] = [read(proposalMessage, envelope), read(voteMessage, envelope)]
      const changed = proposal === undefined ? undefined : otherBlock(node, proposal)
      if (changed !== undefined) {
        note(sha256(changed.header))
        return [signed(node, proposalMessage, changed)]
      }
      return vote === undefined ? [envelope] : [signed(node, voteMessage, other(node, vote))]
    },
  }
}

/** Votes for everything that was ever named, in every step, to all. */
export function everything(): Tactic {
  return {
    name: 'everything',
    send(node, _, envelope) {
      const vote = read(voteMessage, envelope)
      if (vote === undefined || vote.block === null) return [envelope]
      const kinds = (['soft', 'certify', 'next'] as const).map((kind) => ({ ...vote, kind, attempt: kind === 'next' ? vote.attempt : 0 }))
      return [...kinds, { ...vote, kind: 'next' as const, block: null }].map((one) => signed(node, voteMessage, one))
    },
  }
}

/**
 * Hands on as a quorum for none what is its own vote alone, or what ended an earlier round; and proposes its own block where others' may be decided, on next votes for
 * none of an earlier round.
 */
export function forger(): Tactic {
  let own: Proposal | undefined
  let earlier: BundleFields | undefined
  return {
    name: 'forger',
    hear(_, envelope) {
      const bundle = read(bundleMessage, envelope)?.bundle ?? read(proposalMessage, envelope)?.bundle
      if (bundle?.kind === 'next' && bundle.block === null) earlier = bundle
    },
    send(node, _, envelope) {
      const proposal = read(proposalMessage, envelope)
      if (proposal !== undefined) {
        const { leader, height } = headerMessage.decode(proposal.header)
        if (sameBytes(leader, node.signer.publicKey)) own = proposal
        else if (own?.height === height && earlier !== undefined)
          return [
            signed(node, proposalMessage, {
              ...own,
              round: proposal.round,
              proof: proposal.proof,
              leader: proposal.leader,
              bundle: earlier,
            }),
          ]
        return [envelope]
      }
      const vote = read(voteMessage, envelope)
      if (vote === undefined) return [envelope]
      const none = signed(node, voteMessage, { ...vote, kind: 'next', block: null })
      const bundle = { round: vote.round, kind: 'next' as const, attempt: 0, block: null, votes: [none] }
      const forged = [bundle, ...(earlier === undefined ? [] : [{ ...earlier, round: vote.round }])]
      const sender = node.signer.publicKey
      return [envelope, ...forged.map((one) => signed(node, bundleMessage, { height: vote.height, bundle: one, sender }))]
    },
  }
}

/** Withholds: proposals and votes go to some, the rest hears nothing, or hears much later. */
export const withholder: Tactic = {
  name: 'withholder',
  send(node, to, envelope) {
    const kind = peekMessageNumber(envelope)
    const isShown = kind !== proposalMessage.number && kind !== voteMessage.number && kind !== bundleMessage.number
    return isShown ? [envelope] : withheld(node, to, envelope)
  },
  pass: withheld,
}
function withheld(node: ChainNode, to: PeerId, envelope: Uint8Array): readonly Uint8Array[] {
  if (isLeft(node, to)) return [envelope]
  if (node.random.chance(600)) return []
  node.machine.later(node.random.between(200, 4_000), () => node.post(to, envelope))
  return []
}
/** Passes on what no honest peer does: votes that nobody signed, or that strangers did, what is no vote at all, and all that it has again and again. */
export const babbler: Tactic = {
  name: 'babbler',
  pass(node, _, envelope) {
    const { votes, transactions } = gossipMessage.decode(envelope)
    const [first] = votes
    const vote = first === undefined ? undefined : read(voteMessage, first)
    if (first === undefined || vote === undefined || !node.random.chance(300)) return [envelope]
    const unsigned = first.with(-1, (first.at(-1) as number) ^ 1)
    const stranger = createSigner(sha256(Uint8Array.of(9, node.index)))
    const strange = signMessage(voteMessage, { ...vote, voter: stranger.publicKey }, stranger, node.around.genesis.network)
    const wrong = node.random.pick([unsigned, strange, node.random.bytes(100)])
    return [envelope, envelope, gossipMessage.encode({ votes: [...votes.slice(0, 8), wrong], transactions }), envelope]
  },
}
/** Leads, and says nothing: who has the lowest lot keeps its block. */
export const withholdingLeader: Tactic = {
  name: 'withholding-leader',
  send: (_, __, envelope) => (peekMessageNumber(envelope) === proposalMessage.number ? [] : [envelope]),
}
export const forgetful: Tactic = { name: 'forgetful', forgets: true }
export const TACTICS: readonly (() => Tactic)[] = [
  twoFaced,
  twoFaced,
  everything,
  () => withholder,
  () => withholdingLeader,
  () => forgetful,
]
