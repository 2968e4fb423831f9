import { PhpRuntimeError } from '../errors.js'
import type { PhpInstance } from './php-instance.js'
import { type WasmModule, wasm } from './wasm-api.js'

const FUNCTION_NAMES = 1

/**
 * A function that PHP's binary does not export, but has a pointer to: its name section says which one it is, its table has it.
 * @throws {PhpRuntimeError} START_FAILED
 */
export function functionNamed(module: WasmModule, php: PhpInstance, name: string): (...args: number[]) => number {
  const index = indexOf(module, name)
  for (const entry of php.tableFunctions()) if (entry.name === index) return entry as (...args: number[]) => number
  throw new PhpRuntimeError({ code: 'START_FAILED', detail: `the PHP binary has no ${name}` })
}

/** @returns the index among functions, which is the name that JavaScript gives it; undefined where there is none */
function indexOf(module: WasmModule, wanted: string): string | undefined {
  const [section] = wasm.Module.customSections(module, 'name')
  if (!section) return undefined
  const bytes = Buffer.from(section)
  let at = 0
  const uint = () => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] as number
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
  }
  while (at < bytes.length) {
    const kind = bytes[at++]
    const end = uint() + at
    for (let left = kind === FUNCTION_NAMES ? uint() : 0; left > 0; left--) {
      const index = uint()
      const length = uint()
      if (bytes.toString('latin1', at, at + length) === wanted) return String(index)
      at += length
    }
    at = end
  }
  return undefined
}
