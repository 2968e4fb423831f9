import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createOnion } from '../src/onion/create-onion.js'
import { onionCell } from '../src/onion/onion-cell.js'
import { peelOnion } from '../src/onion/peel-onion.js'
import { ReplayMemory } from '../src/onion/replay-memory.js'
import { createAgreement } from '../src/signer.js'
import { dice } from './backends.js'

const random = dice('replays')
const secret = random(32)
const hops = [{ publicKey: onionCell.group.publicKeyOf(secret), payload: random(9) }]
const associatedData = new Uint8Array()
const newOnion = () => createOnion(onionCell, { hops, sessionKey: random(32), associatedData })

test('an onion is peeled once, until its time is over', () => {
  const memory = new ReplayMemory({ tagsMax: 4, keepMs: 1000 })
  const peel = (packet: Uint8Array, nowMs: number) => () =>
    peelOnion(onionCell, packet, createAgreement(secret), { associatedData, memory, nowMs })
  const packet = newOnion()
  peel(packet, 5000)()
  for (const nowMs of [5000, 4000, 5999]) expect(peel(packet, nowMs)).toThrow(expect.objectContaining({ code: 'ONION_REPLAYED' }))
  expect(memory.size).toBe(1)
  peel(packet, 6000)() // the owner says that nothing so old is acceptable any more, and has to see to it
})

test('when it is full, what is new is refused and nothing is forgotten', () => {
  const memory = new ReplayMemory({ tagsMax: 2, keepMs: 1000 })
  const peel = (packet: Uint8Array, nowMs: number) => () =>
    peelOnion(onionCell, packet, createAgreement(secret), { associatedData, memory, nowMs })
  const [a, b, c] = [newOnion(), newOnion(), newOnion()]
  peel(a, 0)()
  peel(b, 500)()
  expect(peel(c, 999)).toThrow(expect.objectContaining({ failure: { code: 'ONION_MEMORY_FULL', tagsMax: 2 } }))
  expect(peel(a, 999)).toThrow('ONION_REPLAYED')
  peel(c, 1000)()
  expect(peel(b, 1000)).toThrow('ONION_REPLAYED')
  expect(peel(c, 1000)).toThrow('ONION_REPLAYED')
  memory.forget(1499)
  expect(memory.size).toBe(2)
  memory.forget(2000)
  expect(memory.size).toBe(0)
})

test('whatever the times: never above its bound, never the same tag twice within keepMs', () => {
  const step = fc.record({ tag: fc.nat(5), nowMs: fc.nat(300) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const memory = new ReplayMemory({ tagsMax: 4, keepMs: 50 })
      const lastAdmitted = new Map<number, number>()
      let latestMs = 0
      for (const { tag, nowMs } of steps) {
        latestMs = Math.max(latestMs, nowMs)
        try {
          memory.admit(new Uint8Array(16).fill(tag), nowMs)
        } catch {
          continue
        } finally {
          expect(memory.size).toBeLessThanOrEqual(4)
        }
        // time may go back, but what it once reached may count as reached
        expect(latestMs - (lastAdmitted.get(tag) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(50)
        lastAdmitted.set(tag, nowMs)
      }
    }),
  )
})
