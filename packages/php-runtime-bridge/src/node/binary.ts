import type { ExtensionName } from '../configuration/fields.js'
import { PhpRuntimeError } from '../errors.js'
import type { PhpVersion } from '../php-version.js'
import { slim } from '../slim.js'
import { readPhp } from './builds.js'
import { type Extension, loadExtension, symbolsOf } from './linker/extensions.js'
import { shareBytes } from './shared-bytes.js'
import { isUsed } from './used-exports.js'
import { type WasmModule, wasm } from './wasm-api.js'

export interface PhpBinary {
  readonly module: WasmModule
  /** What memory holds before PHP starts, from address 0 on, readable by all threads: instances that get an image's memory do without. */
  readonly data: Uint8Array | undefined
  readonly extensions: readonly Extension[]
}

const compiled = new Map<string, Promise<PhpBinary>>()

/**
 * A version's binary and extensions of it that are not in it, read and compiled once in a process. The package's JavaScript is never loaded.
 * @throws {PhpRuntimeError} VERSION_MISSING, BUILD_UNKNOWN, START_FAILED, LINK_FAILED
 */
export function loadPhpBinary(version: PhpVersion, extensions: readonly ExtensionName[] = []): Promise<PhpBinary> {
  const key = [version, ...extensions].join()
  const known = compiled.get(key)
  if (known) return known
  const loading = compile(version, extensions)
  compiled.set(key, loading)
  loading.catch(() => compiled.delete(key))
  return loading
}

async function compile(version: PhpVersion, names: readonly ExtensionName[]): Promise<PhpBinary> {
  const bytes = await readPhp(version)
  const extensions = await Promise.all(names.map((name) => loadExtension(version, name, async (given) => given)))
  const linked = new Set(extensions.flatMap(symbolsOf))
  try {
    const slimmed = slim(bytes, (name) => isUsed(name) || linked.has(name))
    const data = slimmed.memory && shareBytes(slimmed.memory)
    return { module: await wasm.compile(slimmed.bytes), data, extensions }
  } catch (cause) {
    throw new PhpRuntimeError({ code: 'START_FAILED', detail: `PHP ${version} does not compile` }, { cause })
  }
}
