import { type Signer, sha256, signMessage } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { withCheapLottery } from '../simulations/cheap-lottery.js'
import { encodeBody } from '../src/block.js'
import {
  type Block,
  type Certificate,
  type ChainState,
  hashOfHeader,
  headerMessage,
  openChain,
  proposalMessage,
  stepChain,
  voteMessage,
  wantCandidateMessage,
} from '../src/index.js'
import { REFUSED_MAX, withRefused } from '../src/refused.js'
import { Chains, signers, type Toy, toy } from './chains.js'

const START_MS = 1_000_000
const NOW_MS = START_MS + 1_050
const all = signers(4).map(withCheapLottery)
const chains = new Chains({ seed: 3, electors: 4 })
chains.world.run({ untilMs: START_MS + 1_500 })
const { genesis, verification } = chains
const [first] = [...(chains.certified.get(1)?.values() ?? [])] as [Block]
const leader = all.find(({ publicKey }) => sameBytes(publicKey, first.header.leader)) as Signer
const [self, other] = all.filter((signer) => signer !== leader) as [Signer, Signer]

/** An elector that has no block yet, and how often it applied one. */
function begin() {
  const counts = { applied: 0 }
  const application: typeof toy = {
    ...toy,
    apply(...given) {
      counts.applied++
      return toy.apply(...given)
    },
  }
  let { state }: { state: ChainState<Toy> } = openChain({
    ...{ genesis, application, verification, signer: self, blocks: [], record: undefined },
    nowMs: START_MS,
  })
  const give = (from: Signer, envelope: Uint8Array, nowMs = NOW_MS) => {
    const step = stepChain(state, { type: 'message', from: from.peerId, envelope, nowMs })
    state = step.state
    const codes = step.effects.flatMap((effect) => (effect.type === 'count' ? [effect.code] : []))
    const handed = step.effects.filter((effect) => effect.type === 'send' && effect.to === from.peerId).length
    return { codes, handed }
  }
  return { give, counts, candidates: () => state.candidates.size }
}
const proposalOf = ({ header, body }: Pick<Block, 'header' | 'body'>, certificate: Certificate | null = null) => {
  const value = { height: 1, round: 0, leader: leader.publicKey, proof: header.proof, certificate, bundle: null }
  return signMessage(proposalMessage, { ...value, header: headerMessage.encode(header), body: encodeBody(body) }, leader, genesis.network)
}
const voteOf = (voter: Signer, block: Uint8Array) => {
  const value = { height: 1, round: 0, kind: 'soft' as const, attempt: 0, proof: null, block, voter: voter.publicKey }
  return signMessage(voteMessage, value, voter, genesis.network)
}

test('who asks for a candidate again and again is handed it a few times at once, then at a pace', () => {
  const { give, candidates } = begin()
  give(leader, proposalOf(first))
  expect(candidates()).toBe(1)
  const wish = { height: 1, block: hashOfHeader(first.header), sender: other.publicKey }
  const envelope = signMessage(wantCandidateMessage, wish, other, genesis.network)
  const ask = (nowMs: number) => {
    const answers = Array.from({ length: 30 }, () => give(other, envelope, nowMs))
    return {
      handed: answers.reduce((sum, { handed }) => sum + handed, 0),
      refused: answers.filter(({ codes }) => codes.includes('WANT_CANDIDATE_OFTEN')).length,
    }
  }
  expect(ask(NOW_MS)).toEqual({ handed: 8, refused: 22 })
  expect(ask(NOW_MS + 20)).toEqual({ handed: 0, refused: 30 })
  expect(ask(NOW_MS + 100)).toEqual({ handed: 1, refused: 29 })
})

/** A true leader's block with a transaction that does not apply. */
const badBlock = (n: number) => {
  const body = { certifiers: [], transactions: [Uint8Array.of(0xee, n)] }
  return { header: { ...first.header, body: sha256(encodeBody(body)) }, body }
}

test('a block that was refused is not applied again for each copy, however many votes name it', () => {
  const { give, counts, candidates } = begin()
  const bad = badBlock(1)
  give(other, voteOf(other, hashOfHeader(bad.header)))
  for (let i = 0; i < 20; i++) give(leader, proposalOf(bad))
  expect([counts.applied, candidates()]).toEqual([1, 0])
  // another one is looked at, and so is the true one
  give(leader, voteOf(leader, hashOfHeader(first.header)))
  give(leader, proposalOf(first))
  expect([counts.applied, candidates()]).toEqual([2, 1])
})

test('a certificate that is not the header’s says nothing about the block: with its own it is taken', () => {
  const { give, candidates } = begin()
  give(other, voteOf(other, hashOfHeader(first.header)))
  expect(give(leader, proposalOf(first, first.certificate)).codes).toEqual(['BLOCK_WRONG_certificate'])
  give(leader, proposalOf(first))
  expect(candidates()).toBe(1)
})

test('a body that is not the header’s says nothing about the block: with its own it is taken', () => {
  const { give, candidates } = begin()
  give(other, voteOf(other, hashOfHeader(first.header)))
  expect(give(leader, proposalOf({ header: first.header, body: badBlock(1).body })).codes).toEqual(['BLOCK_WRONG_body'])
  give(leader, proposalOf(first))
  expect(candidates()).toBe(1)
})

test('the memory for refused blocks is bounded: the oldest makes room', () => {
  let refused: ReadonlySet<string> = new Set()
  for (let i = 0; i < 3_000; i++) refused = withRefused(refused, String(i))
  expect([refused.size, refused.has('2999'), refused.has('0')]).toEqual([REFUSED_MAX, true, false])
})
