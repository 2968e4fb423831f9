import { openMessage, type PeerId, peekMessageNumber, peerIdOfKey, type Signer } from '@interpeer/crypto-ids'
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
const byPeer = (peer: PeerId): Signer => all.find(({ peerId }) => peerId === peer) as Signer

function open(signer: Signer, nowMs: number, record?: Uint8Array) {
  return openChain({ genesis, application: toy, signer, blocks: [], record, nowMs })
}
const recordIn = (effects: readonly ChainEffect<Toy>[]) =>
  effects.flatMap((effect) => (effect.type === 'persist' ? [effect.bytes] : [])).at(-1)
const sentIn = (effects: readonly ChainEffect<Toy>[], number: number) =>
  effects.flatMap((effect) => (effect.type === 'send' && peekMessageNumber(effect.envelope) === number ? [effect.envelope] : []))
const readVote = (envelope: Uint8Array): Vote => openMessage(voteMessage, envelope, genesis.network, ({ voter }) => peerIdOfKey(voter))
const receive = (state: ChainState<Toy>, from: Signer, envelope: Uint8Array, nowMs: number) =>
  stepChain(state, { type: 'message', from: from.peerId, envelope, nowMs })

/** The first leader proposes; another peer votes softly for it. */
function voted() {
  const [leader, follower] = open(all[0] as Signer, DUE_MS).state.tip.leaders.map(byPeer) as [Signer, Signer]
  const proposed = stepChain(open(leader, DUE_MS).state, { type: 'time', nowMs: DUE_MS })
  const [proposal] = sentIn(proposed.effects, proposalMessage.number) as [Uint8Array]
  const begun = stepChain(open(follower, DUE_MS).state, { type: 'time', nowMs: DUE_MS }).state
  return { leader, follower, proposed, proposal, step: receive(begun, leader, proposal, DUE_MS + 5) }
}

test('what is signed is on disk before it is sent', () => {
  const { proposed, step } = voted()
  for (const { effects } of [proposed, step]) {
    const kinds = effects.map(({ type }) => type)
    expect(kinds.indexOf('persist')).toBeGreaterThanOrEqual(0)
    expect(kinds.lastIndexOf('persist')).toBeLessThan(kinds.lastIndexOf('send'))
    expect(kinds.indexOf('persist')).toBeLessThan(kinds.indexOf('send'))
  }
})

test('after a restart the same bytes are sent again, and no other vote is cast in that round', () => {
  const { leader, follower, step, proposal } = voted()
  const [vote] = sentIn(step.effects, voteMessage.number) as [Uint8Array]
  expect(readVote(vote).block).not.toBeNull()
  const again = open(follower, DUE_MS + 500, recordIn(step.effects)).state
  const later = stepChain(again, { type: 'time', nowMs: DUE_MS + 500 + genesis.settings.roundMs })
  const sent = sentIn(later.effects, voteMessage.number)
  expect(sent.length).toBeGreaterThan(0)
  for (const envelope of sent) expect(envelope).toEqual(vote)
  // The same proposal once more, and long after the time for it: nothing new is signed for round 0.
  const third = stepChain(receive(later.state, leader, proposal, later.state.nowMs).state, { type: 'time', nowMs: DUE_MS + 60_000 })
  for (const envelope of sentIn(third.effects, voteMessage.number)) expect(envelope).toEqual(vote)
})

test('a leader that restarts proposes the same block again', () => {
  const { leader, proposed, proposal } = voted()
  const again = open(leader, DUE_MS + 50, recordIn(proposed.effects)).state
  const later = stepChain(again, { type: 'time', nowMs: DUE_MS + 50 + genesis.settings.roundMs })
  for (const envelope of sentIn(later.effects, proposalMessage.number)) expect(envelope).toEqual(proposal)
  expect(sentIn(later.effects, proposalMessage.number).length).toBeGreaterThan(0)
})

test('a lock outlives a restart: another block is not voted for without a bundle that frees it', () => {
  const { leader, follower, step, proposal } = voted()
  const others = all.filter((signer) => signer !== follower)
  // Two others vote softly for the block: with this peer's own vote a quorum, so it locks and certifies.
  let state = step.state
  let record = recordIn(step.effects)
  let certified: Uint8Array[] = []
  for (const signer of others.slice(0, 3)) {
    const theirs = receive(stepChain(open(signer, DUE_MS).state, { type: 'time', nowMs: DUE_MS }).state, leader, proposal, DUE_MS + 5)
    const [vote] = sentIn(theirs.effects, voteMessage.number)
    if (vote === undefined) continue
    const next = receive(state, signer, vote, DUE_MS + 10)
    state = next.state
    record = recordIn(next.effects) ?? record
    certified = [...certified, ...sentIn(next.effects, voteMessage.number)]
  }
  expect(certified.map((envelope) => readVote(envelope).kind)).toContain('certify')
  const locked = state.locked
  expect(locked).toMatchObject({ round: 0 })
  const again = open(follower, DUE_MS + 100, record).state
  expect(again.locked).toEqual(locked)
  expect(again.phase).toBe('certify')
  expect(again.candidates.has(locked?.block as string)).toBe(true)
})
