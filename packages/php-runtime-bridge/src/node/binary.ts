import type { ExtensionName } from '../configuration/fields.js'
import { PhpRuntimeError } from '../errors.js'
import { addressesOf, type PhpAddresses } from '../meter/addresses.js'
import { type CardTable, cardTableAbove, heapBaseOf } from '../meter/cards.js'
import { METER_VERSION, type MeterOptions, type StackBounds } from '../meter/meter.js'
import type { PhpVersion } from '../php-version.js'
import { slim } from '../slim.js'
import { readPhp } from './builds.js'
import { OUT_OF_FUEL } from './fuel-gauge.js'
import { functionIndex } from './function-named.js'
import { type Extension, loadExtension } from './linker/extensions.js'
import { meteredBinary } from './metered-binary.js'
import { shareBytes } from './shared-bytes.js'
import { isUsed } from './used-exports.js'
import { type WasmModule, wasm } from './wasm-api.js'

/** The binary as it runs: metered. Threads can share it. */
export interface MeteredModule {
  readonly module: WasmModule
  /** Outside of them it traps. */
  readonly stack: StackBounds
  /** Where in its memory it notes what it writes to: its heap begins behind. */
  readonly cards: CardTable
  readonly addresses: PhpAddresses
  /** Index of that function of SQLite's. */
  readonly sqliteRandomness: number
  /** Index of the function behind proc_open(). */
  readonly processOpener: number
}
export interface PhpBinary {
  readonly binary: MeteredModule
  /** What memory holds before PHP starts, from address 0 on, readable by all threads: instances that get an image's memory do without. */
  readonly data: Uint8Array | undefined
  readonly extensions: readonly Extension[]
}

// Emscripten's default, which the binary keeps. Functions that call no other may write a little below the stack pointer.
const STACK_BYTES = 1024 * 1024
const STACK_MARGIN_BYTES = 1024
export const meterOptions: MeterOptions = { exhausted: OUT_OF_FUEL, stack: STACK_BYTES - STACK_MARGIN_BYTES }
/** How binaries are metered, for ids: with the pinned binaries, all that the code that runs depends on. */
export const metering = `meter ${METER_VERSION} ${JSON.stringify(meterOptions)}`

const compiled = new Map<string, Promise<PhpBinary>>()

/**
 * A version's binary and extensions of it that are not in it, read, metered and compiled once in a process. The package's JavaScript is never loaded.
 * @param folder where metered ones are kept; without, they are made for each process
 * @throws {PhpRuntimeError} VERSION_MISSING, BUILD_UNKNOWN, START_FAILED, LINK_FAILED
 */
export function loadPhpBinary(version: PhpVersion, extensions: readonly ExtensionName[] = [], folder?: string): Promise<PhpBinary> {
  const key = [version, ...extensions].join()
  const known = compiled.get(key)
  if (known) return known
  const loading = compile(version, extensions, folder)
  compiled.set(key, loading)
  loading.catch(() => compiled.delete(key))
  return loading
}

async function compile(version: PhpVersion, names: readonly ExtensionName[], folder: string | undefined): Promise<PhpBinary> {
  const given = await readPhp(version)
  try {
    const cards = cardTableAbove(heapBaseOf(given))
    const metered = await meteredBinary(given, { ...meterOptions, cards }, folder)
    const stack = metered.stack as StackBounds
    const meterSide = async (side: Uint8Array) => (await meteredBinary(side, { kind: 'side', stack, cards }, folder)).bytes
    const loaded = await Promise.all(names.map((name) => loadExtension(version, name, meterSide)))
    const linked = new Set(loaded.flatMap(({ symbols }) => symbols))
    const slimmed = slim(metered.bytes, (name) => isUsed(name) || linked.has(name))
    const data = slimmed.memory && shareBytes(slimmed.memory)
    const named = { sqliteRandomness: functionIndex(given, 'sqlite3_randomness'), processOpener: functionIndex(given, 'zif_proc_open') }
    const binary = { module: await wasm.compile(slimmed.bytes), stack, cards, addresses: addressesOf(given), ...named }
    return { binary, data, extensions: loaded.map(({ extension }) => extension) }
  } catch (cause) {
    if (cause instanceof PhpRuntimeError) throw cause
    throw new PhpRuntimeError({ code: 'START_FAILED', detail: `PHP ${version} does not compile` }, { cause })
  }
}
