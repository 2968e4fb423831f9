import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PhpRuntimeError } from '../errors.js'
import { type WasmModule, wasm } from './wasm-api.js'

export interface PhpBinary {
  readonly module: WasmModule
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
    return { module: await wasm.compile(bytes), digest: createHash('sha256').update(bytes).digest('hex') }
  } catch (cause) {
    compiled = undefined
    throw new PhpRuntimeError({ code: 'START_FAILED', detail: 'the PHP binary cannot be loaded' }, { cause })
  }
}
