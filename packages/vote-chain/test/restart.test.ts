import { openMessage, peekMessageNumber, peerIdOfKey, type Signer, signMessage } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import {
  type ChainEffect,
  type ChainState,
  openChain,
  parseGenesis,
  proposalMessage,
  stepChain,
  type Vote,
  voteMessage,
} from '../src/index.js'
import { genesisJson, signers, type Toy, toy } from './chains.js'

const all = signers(4)
const genesis = parseGenesis(genesisJson(all))
const DUE_MS = genesis.startMs + genesis.settings.cycleMs

function open(signer: Signer, nowMs: number, record?: Uint8Array) {
  return openChain({ genesis, application: toy, signer, blocks: [], record, nowMs })
}
const recordIn = (effects: readonly ChainEffect<Toy>[]) =>
  effects.flatMap((effect) => (effect.type === 'persist' ? [effect.bytes] : [])).at(-1)
const sentIn = (effects: readonly ChainEffect<Toy>[], number: number) =>
  effects.flatMap((effect) => (effect.type === 'send' && peekMessageNumber(effect.envelope) === number ? [effect.envelope] : []))
const readVote = (envelope: Uint8Array): Vote => openMessage(voteMessage, envelope, genesis.network, ({ voter }) => peerIdOfKey(voter))
const headerIn = (envelope: Uint8Array): string =>
  hexOf(openMessage(proposalMessage, envelope, genesis.network, ({ leader }) => peerIdOfKey(leader)).header)
const receive = (state: ChainState<Toy>, from: Signer, envelope: Uint8Array, nowMs: number) =>
  stepChain(state, { type: 'message', from: from.peerId, envelope, nowMs })

/** When a peer whose turn has come has proposed, and when all have heard it. */
const LED_MS = DUE_MS + genesis.settings.roundMs / 2
const SOFT_MS = LED_MS + genesis.settings.roundMs / 2
const entered = (signer: Signer) => stepChain(open(signer, DUE_MS).state, { type: 'time', nowMs: DUE_MS }).state

/** Each proposes when alone; the one with the lowest lot leads, another peer hears it and votes softly for it. */
function voted() {
  const [leader, follower] = [...all].sort((a, b) => waitOf(a) - waitOf(b)) as [Signer, Signer]
  const proposed = stepChain(entered(leader), { type: 'time', nowMs: LED_MS })
  const [proposal] = sentIn(proposed.effects, proposalMessage.number) as [Uint8Array]
  const heard = receive(entered(follower), leader, proposal, DUE_MS + 1)
  return { leader, follower, proposed, proposal, step: stepChain(heard.state, { type: 'time', nowMs: SOFT_MS }) }
}
const waitOf = (signer: Signer): number => entered(signer).place?.waitMs ?? Number.POSITIVE_INFINITY

test('what is signed is on disk before it is sent', () => {
  const { proposed, step } = voted()
  for (const { effects } of [proposed, step]) {
    const kinds = effects.map(({ type }) => type)
    expect(kinds.indexOf('persist')).toBeGreaterThanOrEqual(0)
    expect(kinds.lastIndexOf('persist')).toBeLessThan(kinds.lastIndexOf('send'))
    expect(kinds.indexOf('persist')).toBeLessThan(kinds.indexOf('send'))
  }
})

test('after a restart the same bytes are sent again, and no other vote is cast in that step', () => {
  const { leader, follower, step, proposal } = voted()
  const [vote] = sentIn(step.effects, voteMessage.number) as [Uint8Array]
  expect(readVote(vote)).toMatchObject({ kind: 'soft', round: 0 })
  const again = open(follower, SOFT_MS + 500, recordIn(step.effects)).state
  const later = stepChain(again, { type: 'time', nowMs: SOFT_MS + 500 + genesis.settings.roundMs / 2 })
  const sent = sentIn(later.effects, voteMessage.number)
  expect(sent.length).toBeGreaterThan(0)
  for (const envelope of sent) expect(envelope).toEqual(vote)
  // The same proposal once more, and long after the time for it: the round is ended, and its soft vote stays what it was.
  const third = stepChain(receive(later.state, leader, proposal, later.state.nowMs).state, { type: 'time', nowMs: DUE_MS + 60_000 })
  const votes = sentIn(third.effects, voteMessage.number)
  for (const envelope of votes.filter((one) => readVote(one).kind === 'soft')) expect(envelope).toEqual(vote)
  expect(votes.map((one) => readVote(one)).some(({ kind, block }) => kind === 'next' && block === null)).toBe(true)
})

test('a leader that restarts proposes the same block again', () => {
  const { leader, proposed, proposal } = voted()
  const again = open(leader, LED_MS + 50, recordIn(proposed.effects)).state
  const later = stepChain(again, { type: 'time', nowMs: LED_MS + 50 + genesis.settings.roundMs })
  for (const envelope of sentIn(later.effects, proposalMessage.number)) expect(envelope).toEqual(proposal)
  expect(sentIn(later.effects, proposalMessage.number).length).toBeGreaterThan(0)
})

test('a leader whose clock was set back over a restart proposes the same block again in a later round, and makes no second one', () => {
  const { leader, proposed, proposal } = voted()
  // its block is further ahead of this clock than any other block may be
  const backMs = LED_MS - 10_000
  let step = stepChain(open(leader, backMs, recordIn(proposed.effects)).state, { type: 'time', nowMs: backMs })
  for (const signer of all.filter((one) => one !== leader)) {
    const said = { height: 1, round: 0, kind: 'next' as const, attempt: 0, block: null, proof: null }
    const none = signMessage(voteMessage, { ...said, voter: signer.publicKey }, signer, genesis.network)
    step = receive(step.state, signer, none, backMs)
  }
  expect(step.state.round).toBe(1)
  const sent: Uint8Array[] = []
  for (let waitedMs = 0; waitedMs < 20 * genesis.settings.roundMs; waitedMs += 50) {
    step = stepChain(step.state, { type: 'time', nowMs: backMs + waitedMs })
    sent.push(...sentIn(step.effects, proposalMessage.number))
  }
  expect(sent.length).toBeGreaterThan(0)
  expect([...new Set(sent.map(headerIn))]).toEqual([headerIn(proposal)])
})

/** A peer that certified, with two others' soft votes beside its own; and the record of it. */
function certified() {
  const { leader, follower, step, proposal } = voted()
  let [state, record] = [step.state, recordIn(step.effects)]
  const kinds: string[] = []
  for (const signer of all.filter((one) => one !== follower)) {
    const theirs = stepChain(receive(entered(signer), leader, proposal, DUE_MS + 1).state, { type: 'time', nowMs: SOFT_MS })
    const vote = sentIn(theirs.effects, voteMessage.number)[0] as Uint8Array
    const next = receive(state, signer, vote, SOFT_MS + 10)
    state = next.state
    record = recordIn(next.effects) ?? record
    kinds.push(...sentIn(next.effects, voteMessage.number).map((envelope) => readVote(envelope).kind))
  }
  expect(kinds).toContain('certify')
  return { follower, state, record }
}

test('who certified a block ends the round for that block only, also after a restart', () => {
  const { follower, state, record } = certified()
  const block = state.reasons.soft?.block
  const again = open(follower, SOFT_MS + 100, record).state
  expect(again.candidates.has(block as string)).toBe(true)
  expect(again.reasons.soft?.block).toBe(block)
  const ended = stepChain(again, { type: 'time', nowMs: SOFT_MS + 100 + 2 * genesis.settings.roundMs })
  const next = sentIn(ended.effects, voteMessage.number).map(readVote)
  const blocks = next.filter(({ kind }) => kind === 'next').map((vote) => hexOf(vote.block ?? new Uint8Array()))
  expect([...new Set(blocks)]).toEqual([block])
})

test('who voted to end a round for none certifies nothing in it any more, also after a restart', () => {
  const { follower, state: informed } = certified()
  const late = stepChain(entered(follower), { type: 'time', nowMs: DUE_MS + 2 * genesis.settings.roundMs })
  expect(late.state.closed).toBe(true)
  const again = open(follower, late.state.nowMs, recordIn(late.effects)).state
  expect(again.closed).toBe(true)
  const [candidate] = [...informed.candidates.values()] as [typeof informed.candidates extends ReadonlyMap<string, infer C> ? C : never]
  const others = all.filter((one) => one !== follower)
  let step = receive(again, others[0] as Signer, candidate.envelope, again.nowMs)
  const kinds: string[] = []
  for (const signer of others) {
    const said = { height: 1, round: 0, kind: 'soft' as const, attempt: 0, proof: null }
    const vote = signMessage(voteMessage, { ...said, block: candidate.hash, voter: signer.publicKey }, signer, genesis.network)
    step = receive(step.state, signer, vote, step.state.nowMs)
    kinds.push(...sentIn(step.effects, voteMessage.number).map((one) => readVote(one).kind))
  }
  expect(step.state.reasons.soft?.block).toBe(candidate.name)
  expect(kinds).toEqual([])
  const ended = stepChain(step.state, { type: 'time', nowMs: step.state.nowMs + 2 * genesis.settings.roundMs })
  const votes = sentIn(ended.effects, voteMessage.number).map(readVote)
  expect(votes.map(({ kind }) => kind)).not.toContain('certify')
  expect(votes.filter(({ kind, block }) => kind === 'next' && block !== null && hexOf(block) === candidate.name).length).toBeGreaterThan(0)
})
