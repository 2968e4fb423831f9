import { expect, test } from 'vitest'
import { Errno } from '../src/errno.js'
import { cardTableAbove } from '../src/meter/cards.js'
import { GuestMemory } from '../src/node/guest-memory.js'
import type { WasmMemory } from '../src/node/wasm-api.js'

interface Wasm {
  Memory: new (size: { initial: number }) => WasmMemory
}
const cards = cardTableAbove(4096)
const { WebAssembly } = globalThis as unknown as { WebAssembly: Wasm }
const memory = new GuestMemory(new WebAssembly.Memory({ initial: 18 }), cards)
const noted = (): number[] =>
  [...memory.bytes.subarray(cards.at, cards.at + 288).entries()].flatMap(([card, byte]) => (byte === 0 ? [] : [card]))
const refused = expect.objectContaining({ errno: Errno.INVAL })
const thrownBy = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}

const END = 18 * 65_536
test('system calls write neither where C has its null pointers, nor to the table of cards, nor beyond the end, and say EINVAL; and note what they write to', () => {
  const writes: ((at: number) => unknown)[] = [
    (at) => memory.put8(at, 1),
    (at) => memory.put16(at, 1),
    (at) => memory.put32(at, 1),
    (at) => memory.put64(at, 1),
    (at) => memory.putText('text', at, 10),
    (at) => memory.writable(at, 8).fill(1),
  ]
  const forbidden = [0, 1023, 4096, cards.at, cards.at + 5000, cards.end - 1]
  for (const write of writes) for (const at of forbidden) expect(thrownBy(() => write(at))).toEqual(refused)
  expect(thrownBy(() => memory.writable(4000, 200))).toEqual(refused)
  expect(thrownBy(() => memory.writable(4000, cards.end))).toEqual(refused)
  expect(memory.bytes.every((byte) => byte === 0)).toBe(true)
  for (const write of writes) write(1024)
  expect(memory.bytes[1024]).toBe(1)
  expect(noted()).toEqual([0])
  memory.put64(cards.end + 8188, 1)
  memory.writable(cards.end + 4 * 4096, 3 * 4096 + 1)
  const above = cards.end / 4096
  expect(noted()).toEqual([0, above + 1, above + 2, above + 4, above + 5, above + 6, above + 7])
  expect(thrownBy(() => memory.writable(END - 6, 7))).toEqual(refused)
  expect(thrownBy(() => memory.writable(2000, -1))).toEqual(refused)
  expect(memory.writable(END - 6, 6)).toHaveLength(6)
  expect(memory.writable(0, 0)).toHaveLength(0)
})
