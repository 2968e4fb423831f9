import { createSigner, type PeerId } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { ComingState } from '../src/node/coming-state.js'

const [one, other] = [1, 2].map((byte) => createSigner(new Uint8Array(32).fill(byte)).peerId) as [PeerId, PeerId]

function coming() {
  let nowMs = 1_000
  const state = new ComingState([one], () => nowMs)
  return { state, pass: (ms: number) => (nowMs += ms) }
}

test('asked again of the same peers, a try goes on, however long it takes', () => {
  const { state, pass } = coming()
  const soon = state.begin()
  for (let minute = 0; minute < 20; minute++) {
    pass(60_000)
    state.ask([one])
  }
  expect(soon.aborted).toBe(false)
})

test('another peer that may have it ends the try, and is asked in the next', () => {
  const { state } = coming()
  const soon = state.begin()
  state.ask([other, one])
  expect([soon.aborted, state.from]).toEqual([true, [one, other]])
})

test('a rest ends sooner when it was long, but not where another try can not help', () => {
  const { state, pass } = coming()
  const soon = state.begin()
  state.rests(true)
  pass(4_999)
  state.ask([one])
  expect(soon.aborted).toBe(false)
  pass(1)
  state.ask([one])
  expect(soon.aborted).toBe(true)
  const next = state.begin()
  state.rests(false)
  pass(25_000)
  state.ask([one])
  expect(next.aborted).toBe(false)
})
