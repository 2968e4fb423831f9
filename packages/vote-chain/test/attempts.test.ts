import { expect, test } from 'vitest'
import { electorateOf } from '../src/index.js'
import type { Cast, Draft } from '../src/state.js'
import { attemptToJoin } from '../src/votes.js'
import { signers } from './chains.js'

const peers = signers(60).map(({ peerId }) => peerId)
/** Ten of sixty are expected in each group: four votes of one group are a sign that somebody honest is among them. */
const electorate = electorateOf(peers, 10)

const casts = (count: number, from: number, of: (i: number) => Pick<Cast, 'attempt' | 'block'>): Cast[] =>
  peers.slice(from, from + count).map((voter, i) => ({ voter, envelope: new Uint8Array(), ...of(i) }))
const joinedBy = (...votes: readonly Cast[]) => {
  const next = new Map(votes.map((cast) => [`${cast.voter} ${cast.attempt} ${cast.block}`, cast]))
  const d = { round: 0, votes: new Map([[0, { soft: new Map(), certify: new Map(), next }]]), tip: { group: { electorate } } }
  return attemptToJoin(d as unknown as Draft<unknown>)
}

test('blocking voters of one group of a later attempt are joined', () => {
  expect(electorate.blocking).toBe(4)
  const none = (attempt: number) => () => ({ attempt, block: null })
  expect(joinedBy(...casts(3, 0, none(2)))).toBe(0)
  expect(joinedBy(...casts(4, 0, none(2)))).toBe(2)
  expect(joinedBy(...casts(4, 0, none(2)), ...casts(5, 10, none(7)))).toBe(7)
  const blocks = casts(4, 0, (i) => ({ attempt: 3, block: i % 2 === 0 ? 'aa' : 'bb' }))
  expect(joinedBy(...blocks)).toBe(3)
})

test('traitors that each looked for an attempt that draws them move nobody: neither over attempts, nor over both groups of one', () => {
  const scattered = casts(12, 0, (i) => ({ attempt: 4_000_000_000 + i, block: null }))
  expect(joinedBy(...scattered)).toBe(0)
  const halves = casts(6, 0, (i) => ({ attempt: 9, block: i % 2 === 0 ? null : 'aa' }))
  expect(joinedBy(...halves)).toBe(0)
})
