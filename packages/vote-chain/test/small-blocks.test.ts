import { expect, test } from 'vitest'
import { encodeBody } from '../src/block.js'
import { electorateOf } from '../src/index.js'
import { certificateVotesMax } from '../src/rounds.js'
import type { Draft } from '../src/state.js'
import { signers } from './chains.js'

const peers = signers(112).map(({ peerId }) => peerId)
const mostOf = (blockBytesMax: number, electors = 112, size = 512) => {
  const d = { fixed: { genesis: { settings: { blockBytesMax } } } } as unknown as Draft<unknown>
  return certificateVotesMax(d, { height: 1, seed: new Uint8Array(32), electorate: electorateOf(peers.slice(0, electors), size) })
}
/** A vote's envelope where nobody is drawn. */
const VOTE = new Uint8Array(150)
const bodyBytes = (votes: number) => {
  const certificate = { height: 1, round: 0, block: new Uint8Array(32), votes: Array<Uint8Array>(votes).fill(VOTE) }
  return encodeBody({ certificate, transactions: [] }).length
}

test('a certificate never fills the body of the next block, or that block could not be made', () => {
  const small = 16_384
  expect(bodyBytes(112)).toBeGreaterThan(small) // all votes that there may be
  expect(mostOf(small)).toBe(77) // a quorum
  expect(bodyBytes(mostOf(small))).toBeLessThan(small)
  expect(mostOf(small, 7)).toBe(34) // all of seven, and more
  expect(mostOf(524_288)).toBe(640)
})
