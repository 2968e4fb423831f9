import { sha256 } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawPeer, shuffledIndex, ticketsFor } from '../src/index.js'
import { peers } from './jobs.js'

const tickets = peers(12)
const seed = sha256(Uint8Array.of(7))

test('the winner is π(seat), backup k is π(seat + k × seats), then all from π(0)', () => {
  const pi = (i: number) => tickets[shuffledIndex(i, 12, seed)]
  const all = [...ticketsFor({ seed, tickets, seat: 3, seats: 5 })]
  expect(all.slice(0, 2)).toEqual([pi(3), pi(8)])
  expect(all.slice(2)).toEqual(Array.from({ length: 12 }, (_, i) => pi(i)))
})

test('who stays or may not is skipped; a peer follows itself only if nobody else may', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40 }), fc.subarray([...tickets]), fc.subarray([...tickets]), (seat, staying, barred) => {
      const leaver = tickets[0] as never
      const eligible = (peer: never) => !barred.includes(peer)
      const drawn = drawPeer({ seed, tickets, seat, seats: 41 }, { staying, leaver, eligible: eligible as never })
      const others = tickets.filter((peer) => peer !== leaver && !staying.includes(peer) && eligible(peer as never))
      if (others.length === 0) expect(drawn).toBe(leaver)
      else expect(others).toContain(drawn)
    }),
  )
})
