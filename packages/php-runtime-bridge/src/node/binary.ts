import { PhpRuntimeError } from '../errors.js'
import type { PhpVersion } from '../php-version.js'
import { readPhp } from './builds.js'
import { type WasmModule, wasm } from './wasm-api.js'

export interface PhpBinary {
  readonly module: WasmModule
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
    return { module: await wasm.compile(bytes), digest }
  } catch (cause) {
    throw new PhpRuntimeError({ code: 'START_FAILED', detail: `PHP ${version} does not compile` }, { cause })
  }
}
