import { PhpRuntimeError } from '../errors.js'
import type { PhpInstance } from './php-instance.js'

const HEADER_BYTES = 8
const CUSTOM = 0
const FUNCTION_NAMES = 1

/**
 * A function that PHP's binary does not export, but has a pointer to, by its index among functions: the table has it.
 * @throws {PhpRuntimeError} START_FAILED
 */
export function functionAt(php: PhpInstance, index: number): (...args: number[]) => number {
  for (const entry of php.tableFunctions()) if (entry.name === String(index)) return entry as (...args: number[]) => number
  throw new PhpRuntimeError({ code: 'START_FAILED', detail: `the PHP binary has no pointer to function ${index}` })
}

/**
 * What the binary's name section calls so. The meter drops that section, and leaves the indices of functions as they are.
 * @throws {PhpRuntimeError} START_FAILED
 */
export function functionIndex(binary: Uint8Array, wanted: string): number {
  const bytes = Buffer.from(binary.buffer, binary.byteOffset, binary.byteLength)
  let at = HEADER_BYTES
  const uint = () => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] as number
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
  }
  const text = () => {
    const length = uint()
    at += length
    return bytes.toString('latin1', at - length, at)
  }
  while (at < bytes.length) {
    const id = bytes[at++]
    const end = uint() + at
    if (id === CUSTOM && text() === 'name') {
      while (at < end) {
        const kind = bytes[at++]
        const next = uint() + at
        for (let left = kind === FUNCTION_NAMES ? uint() : 0; left > 0; left--) {
          const index = uint()
          if (text() === wanted) return index
        }
        at = next
      }
    }
    at = end
  }
  throw new PhpRuntimeError({ code: 'START_FAILED', detail: `the PHP binary has no ${wanted}` })
}
