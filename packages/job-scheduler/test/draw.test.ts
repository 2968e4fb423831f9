import { type PeerId, sha256 } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawPeer, lotteryOf, seatOfTicket, shuffleOf, TRIES_MAX, ticketsTried } from '../src/index.js'
import { peers } from './jobs.js'

const owners = peers(12)
const seed = sha256(Uint8Array.of(7))
const lottery = (tickets: readonly PeerId[], seats: number, by = seed) =>
  lotteryOf(by, { tickets: tickets.length, seats, ownerOf: (ticket) => tickets[ticket] as PeerId })

test('"they calculate which jobs they are doing": the winner is π(seat), backup k is π(seat + k × seats), then all from π(0)', () => {
  const { at } = shuffleOf(12, seed)
  const all = [...ticketsTried(lottery(owners, 5), 3)]
  expect(all.slice(0, 2)).toEqual([at(3), at(8)])
  expect(all.slice(2)).toEqual(Array.from({ length: 12 }, (_, i) => at(i)))
})

test('each ticket finds its seat alone: the one that finds it, as the same backup', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 80 }), (tickets, seats) => {
      const drawn = { shuffle: shuffleOf(tickets, seed), seats }
      for (let ticket = 0; ticket < tickets; ticket += 7) {
        const { seat, backup } = seatOfTicket(drawn, ticket)
        const tried = ticketsTried(drawn, seat)
        for (let k = 0; k < backup; k++) tried.next()
        expect(tried.next().value).toBe(ticket)
      }
    }),
    { numRuns: 30 },
  )
})

test('who stays or may not is passed over; a peer follows itself only if nobody else may', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40 }), fc.subarray([...owners]), fc.subarray([...owners]), (seat, staying, barred) => {
      const leaver = owners[0] as PeerId
      const drawn = drawPeer(lottery(owners, 41), seat, { staying, leaver, eligible: (peer) => !barred.includes(peer) })
      const others = owners.filter((peer) => peer !== leaver && !staying.includes(peer) && !barred.includes(peer))
      if (others.length === 0) expect(drawn).toBe(leaver)
      else expect(others).toContain(drawn)
    }),
  )
})

describe('in every network', () => {
  const any = { staying: [], eligible: () => true }
  test('more seats than tickets: every seat still falls to somebody; more tickets than seats: to different tickets', () => {
    for (const [tickets, seats] of [
      [3, 50],
      [200, 40],
    ] as const) {
      const many = Array.from({ length: tickets }, (_, i) => owners[i % 12] as PeerId)
      const drawn = Array.from({ length: seats }, (_, seat) => [...ticketsTried(lottery(many, seats), seat)][0])
      expect(drawn).not.toContain(undefined)
      expect(new Set(drawn).size).toBe(Math.min(tickets, seats))
      expect(drawPeer(lottery(many, seats), seats - 1, any)).toBeDefined()
    }
  })

  test('a peer with nine of ten tickets still has one seat in a group, and one without is never drawn', () => {
    const [rich, poor] = [owners[0] as PeerId, owners[11] as PeerId]
    const many = [...Array<PeerId>(90).fill(rich), ...owners.slice(1, 11)]
    const group: PeerId[] = []
    for (let seat = 0; seat < 5; seat++) group.push(drawPeer(lottery(many, 5), seat, { ...any, staying: [...group] }) as PeerId)
    expect(new Set(group).size).toBe(5)
    expect(group).not.toContain(poor)
    expect(drawPeer(lottery([], 5), 0, any)).toBeUndefined()
  })

  test('a draw that nobody may win ends, however many tickets there are', () => {
    let asked = 0
    const ownerOf = (ticket: number) => {
      asked++
      return owners[ticket % 12] as PeerId
    }
    const endless = lotteryOf(seed, { tickets: 4_000_000_000, seats: 7, ownerOf })
    expect(drawPeer(endless, 3, { staying: [], leaver: owners[3], eligible: () => false })).toBe(owners[3])
    expect(asked).toBe(TRIES_MAX)
  })

  test('seats follow tickets: over many seeds a peer with three tickets gets three times the seats of one with one', () => {
    const many = [...Array<PeerId>(3).fill(owners[0] as PeerId), owners[1] as PeerId]
    const winners = Array.from({ length: 4_000 }, (_, i) => drawPeer(lottery(many, 1, sha256(Uint8Array.of(78, i & 0xff, i >> 8))), 0, any))
    const three = winners.filter((peer) => peer === owners[0]).length
    expect(Math.abs(three - 3_000)).toBeLessThan(90) // 3.3 standard deviations, with these seeds
  })
})
