import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PhpRuntimeError } from '../errors.js'
import { addressesOf, type PhpAddresses } from '../meter/addresses.js'
import { METER_VERSION, type MeterOptions, type StackBounds } from '../meter/meter.js'
import { meteredBinary } from './metered-binary.js'
import { type WasmModule, wasm } from './wasm-api.js'

/** The binary as it runs: metered. Threads can share it. */
export interface MeteredModule {
  readonly module: WasmModule
  /** Outside of them it traps. */
  readonly stack: StackBounds
  readonly addresses: PhpAddresses
}
export interface PhpBinary {
  readonly binary: MeteredModule
  /** Digest of PHP's binary as it came, and of how it was metered. */
  readonly id: string
}

// Emscripten's default, which the binary keeps. Functions that call no other may write a little below the stack pointer.
const STACK_BYTES = 1024 * 1024
const STACK_MARGIN_BYTES = 1024
/** Imported, and of no use to PHP: the metered binary calls it where its fuel is used up. */
export const OUT_OF_FUEL = '_emscripten_runtime_keepalive_clear'
const meterOptions: MeterOptions = { exhausted: OUT_OF_FUEL, stack: STACK_BYTES - STACK_MARGIN_BYTES }

let compiled: Promise<PhpBinary> | undefined

/**
 * PHP's binary, read, metered and compiled once in a process. The package's JavaScript is never loaded.
 * @param folder where the metered one is kept; without, it is made for each process
 */
export function loadPhpBinary(folder?: string): Promise<PhpBinary> {
  compiled ??= compile(folder)
  return compiled
}

async function compile(folder: string | undefined): Promise<PhpBinary> {
  try {
    const found = dirname(createRequire(import.meta.url).resolve('@php-wasm/node-8-2/package.json'))
    const bytes = await readFile(join(found, 'jspi', '8_2_33', 'php_8_2.wasm'))
    const metered = await meteredBinary(bytes, meterOptions, folder)
    const binary = { module: await wasm.compile(metered.bytes), stack: metered.stack as StackBounds, addresses: addressesOf(bytes) }
    const id = createHash('sha256')
      .update(bytes)
      .update(`meter ${METER_VERSION} ${JSON.stringify(meterOptions)}`)
      .digest('hex')
    return { binary, id }
  } catch (cause) {
    compiled = undefined
    throw new PhpRuntimeError({ code: 'START_FAILED', detail: 'the PHP binary cannot be loaded' }, { cause })
  }
}
