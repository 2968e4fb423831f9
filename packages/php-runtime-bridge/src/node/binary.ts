import { PhpRuntimeError } from '../errors.js'
import type { PhpVersion } from '../php-version.js'
import { slim } from '../slim.js'
import { readPhp } from './builds.js'
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

const compiled = new Map<PhpVersion, Promise<PhpBinary>>()

/**
 * A version's binary, read and compiled once in a process. The package's JavaScript is never loaded.
 * @throws {PhpRuntimeError} VERSION_MISSING, BUILD_UNKNOWN, START_FAILED
 */
export function loadPhpBinary(version: PhpVersion): Promise<PhpBinary> {
  const known = compiled.get(version)
  if (known) return known
  const loading = compile(version)
  compiled.set(version, loading)
  loading.catch(() => compiled.delete(version))
  return loading
}

async function compile(version: PhpVersion): Promise<PhpBinary> {
  const { bytes, digest } = await readPhp(version)
  try {
    const slimmed = slim(bytes, isUsed)
    const data = slimmed.memory && shareBytes(slimmed.memory)
    return { module: await wasm.compile(slimmed.bytes), data, digest }
  } catch (cause) {
    throw new PhpRuntimeError({ code: 'START_FAILED', detail: `PHP ${version} does not compile` }, { cause })
  }
}
