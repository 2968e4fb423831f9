import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PhpRuntimeError } from '../errors.js'
import { slim } from '../slim.js'
import { shareBytes } from './shared-bytes.js'
import { isUsed } from './used-exports.js'
import { type WasmModule, wasm } from './wasm-api.js'

export interface PhpBinary {
  readonly module: WasmModule
  /** What memory holds before PHP starts, from address 0 on, readable by all threads: instances that get an image's memory do without. */
  readonly data: Uint8Array | undefined
  /** SHA-256 of the binary, hexadecimal. */
  readonly digest: string
}

let compiled: Promise<PhpBinary> | undefined

/** PHP's binary, read and compiled once in a process. The package's JavaScript is never loaded. */
export function loadPhpBinary(): Promise<PhpBinary> {
  compiled ??= compile()
  return compiled
}

async function compile(): Promise<PhpBinary> {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('@php-wasm/node-8-2/package.json'))
    const bytes = await readFile(join(folder, 'jspi', '8_2_33', 'php_8_2.wasm'))
    const slimmed = slim(bytes, isUsed)
    const data = slimmed.memory && shareBytes(slimmed.memory)
    return { module: await wasm.compile(slimmed.bytes), data, digest: createHash('sha256').update(bytes).digest('hex') }
  } catch (cause) {
    compiled = undefined
    throw new PhpRuntimeError({ code: 'START_FAILED', detail: 'the PHP binary cannot be loaded' }, { cause })
  }
}
