import { createSigner, type PeerId } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { AddressTries } from '../src/address-tries.js'

const peers = [1, 2, 3].map((seed) => createSigner(new Uint8Array(32).fill(seed)).peerId) as [PeerId, PeerId, PeerId]
const [a, b] = peers
const HOUR_MS = 3_600_000
const nobody = () => false

/** When a peer that never answers is asked, looked at each second. */
function askedAt(tries: AddressTries, isDoubtful: boolean, isNamed: boolean, untilMs: number): number[] {
  const times: number[] = []
  for (let nowMs = 0; nowMs <= untilMs; nowMs += 1_000) {
    const peer = tries.next([a], () => isDoubtful, nowMs)
    if (peer === undefined) continue
    tries.asked(peer, isNamed, nowMs)
    times.push(nowMs / 1_000)
  }
  return times
}

test('peers have turns; whoever is silent is asked ever more rarely, whom this peer’s owner named as often as before', () => {
  const tries = new AddressTries()
  expect([1, 2, 3, 4].map(() => tries.next(peers, nobody, 0))).toEqual([...peers, a])
  expect(askedAt(tries, false, false, 600_000)).toEqual([0, 5, 15, 35, 75, 155, 275, 395, 515])
  expect(askedAt(new AddressTries(), false, true, 20_000)).toEqual([0, 5, 10, 15, 20])
  tries.answered(a, 'there')
  expect(tries.isSilent(a)).toBe(false)
  expect(tries.next([a], nobody, 600_001)).toBe(a)
})

test('doubtful strangers are asked one at a time, however many there are, and hold nobody else up', () => {
  const tries = new AddressTries()
  const isDoubtful = (peer: PeerId) => peer !== b
  const turns = Array.from({ length: 20 }, (_, i) => tries.next(peers, isDoubtful, i * 1_000))
  expect(turns.filter((peer) => peer !== b)).toEqual([a, peers[2]])
  expect(turns).not.toContain(undefined)
})

test('a stranger is given up after three tries, or within an hour or so where it had answered; it stays so for an hour', () => {
  const tries = new AddressTries()
  let nowMs = 0
  const triesUntilHopeless = () => {
    for (let count = 1; ; count++) {
      while (tries.next([a], () => true, nowMs) === undefined) nowMs += 1_000
      tries.asked(a, false, nowMs)
      if (tries.isHopeless(a, 'there')) return count
    }
  }
  expect(triesUntilHopeless()).toBe(3)
  expect(nowMs).toBe(20_000)
  tries.answered(a, 'there')
  expect(triesUntilHopeless()).toBe(32)
  expect(nowMs).toBeGreaterThan(0.9 * HOUR_MS)
  expect(nowMs).toBeLessThan(1.1 * HOUR_MS)
  tries.giveUp(a, nowMs)
  expect([tries.isGivenUp(a, nowMs + HOUR_MS - 1), tries.isGivenUp(a, nowMs + HOUR_MS), tries.isSilent(a)]).toEqual([true, false, false])
  tries.answered(a, 'there')
  expect(tries.isGivenUp(a, nowMs)).toBe(false)
})

test('of those that were given up a bounded number is remembered, the latest', () => {
  const tries = new AddressTries()
  const many = Array.from({ length: 300 }, (_, i) => `z6Mk${i}` as PeerId)
  for (const peer of many) tries.giveUp(peer, 0)
  expect(many.filter((peer) => tries.isGivenUp(peer, 1))).toEqual(many.slice(-256))
})

test('a place changes on others’ words now and then', () => {
  const tries = new AddressTries()
  expect(tries.mayMove(a, 0)).toBe(true)
  tries.moved(a, 0)
  expect([tries.mayMove(a, 29_999), tries.mayMove(a, 30_000), tries.mayMove(b, 0)]).toEqual([false, true, true])
})
