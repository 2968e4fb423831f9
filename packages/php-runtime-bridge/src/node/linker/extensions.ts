import type { ExtensionName } from '../../configuration/fields.js'
import { linkFailed } from '../../linker/fault.js'
import { sideShapeOf } from '../../linker/side-shape.js'
import { trampolinesOf } from '../../linker/trampolines.js'
import type { PhpVersion } from '../../php-version.js'
import { slim } from '../../slim.js'
import { readIcuData, readSideModule } from '../builds.js'
import type { GuestMemory } from '../guest-memory.js'
import { shareBytes } from '../shared-bytes.js'
import { wasm } from '../wasm-api.js'
import { FROM_C_LIBRARY } from './cxx-runtime.js'
import { type LinkHost, type SideModule, START_CALLS } from './linker.js'
import type { Exports, GuestFunction } from './wasm-linking.js'

/** An extension of PHP's that is not in its binary. Threads can share it. */
export interface Extension {
  readonly side: SideModule<ExtensionName>
  /** What it takes its knowledge from: it is in an image once, for all requests. */
  readonly data: Uint8Array
}

/**
 * @param rewrite the side module as it will run: metered, with the bounds of PHP's stack
 * @returns also the names of what PHP's binary must export for it
 * @throws {PhpRuntimeError} VERSION_MISSING, BUILD_UNKNOWN, LINK_FAILED, METER_MALFORMED, METER_UNSUPPORTED
 */
export async function loadExtension(
  php: PhpVersion,
  name: ExtensionName,
  rewrite: (bytes: Uint8Array) => Promise<Uint8Array>,
): Promise<{ readonly extension: Extension; readonly symbols: readonly string[] }> {
  const [given, icu] = await Promise.all([readSideModule(php, name), readIcuData(php)])
  const whole = await rewrite(given)
  const { needs, ownImports, importNames } = sideShapeOf(whole, name)
  const wanted = new Set([...importNames, ...CALLED])
  const { bytes } = slim(whole, (symbol) => wanted.has(symbol))
  const [module, trampolines] = await Promise.all([wasm.compile(bytes), wasm.compile(trampolinesOf(ownImports))])
  const side = { name, module, needs, own: ownImports.map((one) => one.name), trampolines }
  return { extension: { side, data: shareBytes(icu) }, symbols: [...importNames, ...FROM_C_LIBRARY] }
}

/** What of an extension is called by name: by PHP, by the linker, and to give ICU its data. */
const CALLED = ['get_module', ...START_CALLS, 'udata_setFileAccess_74', 'udata_setCommonData_74', 'u_init_74']

// The data begins with a header of 16-byte units, and is read in place.
const ICU_ALIGNMENT = 16
const UDATA_PACKAGES_FIRST = 2

/**
 * Gives ICU its data before anything asks for it; without, it would look for files. Files come second then, for resource bundles of a site's own.
 * Of its surroundings ICU reads nothing else but TZ, LC_ALL and LANG, which the kernel sets: its default locale is en_US_POSIX.
 */
export function installIcuData(icu: Exports, host: LinkHost, memory: GuestMemory, data: Uint8Array): void {
  const at = host.allocate(ICU_ALIGNMENT, data.length)
  memory.bytes.set(data, at)
  const status = host.allocate(4, 4)
  const call = (name: string, ...args: number[]) => {
    ;(icu[name] as GuestFunction)(...args, status)
    // a UErrorCode: warnings are below 0
    if (memory.i32(status) > 0) linkFailed('intl', `${name}: ICU's error ${memory.i32(status)}`)
  }
  call('udata_setFileAccess_74', UDATA_PACKAGES_FIRST)
  call('udata_setCommonData_74', at)
  call('u_init_74')
}
