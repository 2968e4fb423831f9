import { expect, test } from 'vitest'
import { Errno } from '../src/errno.js'
import { GuestMemory } from '../src/node/guest-memory.js'
import type { WasmMemory } from '../src/node/wasm-api.js'

interface Wasm {
  Memory: new (size: { initial: number }) => WasmMemory
}
const memory = new GuestMemory(new (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly.Memory({ initial: 1 }), 1000)
const refused = expect.objectContaining({ errno: Errno.INVAL })
const thrownBy = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}

test('system calls write nowhere below the limit, nor beyond the end, and say EINVAL', () => {
  const writes: ((at: number) => unknown)[] = [
    (at) => memory.put16(at, 1),
    (at) => memory.put32(at, 1),
    (at) => memory.put64(at, 1),
    (at) => memory.putText('text', at, 10),
    (at) => memory.writable(at, 8).fill(1),
  ]
  for (const write of writes) for (const at of [0, 999]) expect(thrownBy(() => write(at))).toEqual(refused)
  expect(memory.bytes.every((byte) => byte === 0)).toBe(true)
  for (const write of writes) write(1000)
  expect(memory.bytes[1000]).toBe(1)
  expect(thrownBy(() => memory.writable(65_530, 7))).toEqual(refused)
  expect(thrownBy(() => memory.writable(2000, -1))).toEqual(refused)
  expect(memory.writable(65_530, 6)).toHaveLength(6)
  expect(memory.writable(0, 0)).toHaveLength(0)
})
