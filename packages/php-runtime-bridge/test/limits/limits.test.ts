import { SLOT, SLOTS_MAX, slotsOf } from '@interpeer/php-runtime-bridge'
import { expect, test } from 'vitest'
import { areLimits, memoryLimitMiBOf } from '../../src/limits.js'
import { FuelGauge } from '../../src/node/fuel-gauge.js'

test('slots add up, within what the binary can address', () => {
  expect(slotsOf(1)).toEqual(SLOT)
  expect(slotsOf(3)).toEqual({ fuel: 3 * SLOT.fuel, memoryMiB: 3 * SLOT.memoryMiB, graceFuel: 3 * SLOT.graceFuel })
  for (let count = 1; count <= SLOTS_MAX; count++) expect(areLimits(slotsOf(count))).toBe(true)
  expect(slotsOf(4, { ...SLOT, memoryMiB: 1024 }).memoryMiB).toBe(2048)
})

test('limits out of range are none', () => {
  for (const wrong of [
    { fuel: 0 },
    { fuel: 0.5 },
    { fuel: 2 ** 53 },
    { memoryMiB: 127 },
    { memoryMiB: 2049 },
    { graceFuel: -1 },
    { graceFuel: NaN },
  ])
    expect(areLimits({ ...SLOT, ...wrong })).toBe(false)
})

test('memory_limit is 128M in a slot, and leaves room for the rest', () => {
  expect(memoryLimitMiBOf(SLOT)).toBe(128)
  for (let memoryMiB = 128; memoryMiB <= 2048; memoryMiB++) expect(memoryLimitMiBOf({ ...SLOT, memoryMiB })).toBeLessThan(memoryMiB / 2)
})

function gaugeOf(fuel: number, graceFuel: number) {
  const counter = { value: 0n }
  let interrupts = 0
  const gauge = new FuelGauge(counter, () => interrupts++)
  gauge.begin({ fuel, memoryMiB: 384, graceFuel })
  return { gauge, counter, interrupts: () => interrupts }
}

test('the first time that fuel runs out there is a grace, and one interrupt; the second time none', () => {
  const { gauge, counter, interrupts } = gaugeOf(1000, 100)
  counter.value = -1n
  gauge.ranOut()
  expect([counter.value, gauge.used, gauge.spent, interrupts()]).toEqual([99n, 1001, false, 1])
  counter.value = -5n
  gauge.ranOut()
  expect([counter.value < 0n, gauge.used, gauge.spent, interrupts()]).toEqual([true, 1105, true, 1])
})

test('who runs beyond the grace at once is stopped at once', () => {
  const { gauge, counter } = gaugeOf(1000, 100)
  counter.value = -101n
  gauge.ranOut()
  expect([counter.value < 0n, gauge.spent, gauge.used]).toEqual([true, true, 1101])
})

test('charges count at once in what is used, and reach the counter in larger pieces', () => {
  const { gauge, counter } = gaugeOf(10_000_000, 0)
  for (let i = 0; i < 100; i++) gauge.charge(1_000)
  expect(counter.value).toBe(10_000_000n)
  gauge.charge(1_000_000)
  expect(counter.value).toBe(8_900_000n)
  gauge.charge(7)
  expect(gauge.used).toBe(1_100_007)
})

test('stopped, it keeps what was used, and no question brings fuel back', () => {
  const { gauge, counter } = gaugeOf(1000, 100)
  counter.value = 400n
  gauge.stop()
  gauge.ranOut()
  gauge.charge(50)
  expect([counter.value < -(10n ** 15n), gauge.used, gauge.spent, gauge.isFarBelow]).toEqual([true, 600, false, false])
  gauge.begin({ fuel: 5, memoryMiB: 384, graceFuel: 0 })
  expect([counter.value, gauge.used]).toEqual([5n, 0])
})
