import { linkFailed } from '../../linker/fault.js'
import { sideShapeOf } from '../../linker/side-shape.js'
import { trampolinesOf } from '../../linker/trampolines.js'
import type { PhpExtension, PhpVersion } from '../../php-version.js'
import { readIcuData, readSideModule } from '../builds.js'
import type { GuestMemory } from '../guest-memory.js'
import { wasm } from '../wasm-api.js'
import type { LinkHost, SideModule } from './linker.js'
import type { Exports, GuestFunction } from './wasm-linking.js'

/** An extension of PHP's that is not in its binary. Threads can share it. */
export interface Extension {
  readonly side: SideModule<PhpExtension>
  /** What it reads its knowledge from. Only who starts PHP needs it: then it is in the snapshot. */
  readonly data: Uint8Array | undefined
  /** SHA-256 of the side module and of the data, hexadecimal: part of what names an image. */
  readonly digests: readonly string[]
  /** Bytes of memory that it takes. */
  readonly memoryBytes: number
}

/**
 * @param rewrite the side module as it will run: metered, with bounds of PHP's stack
 * @throws {PhpRuntimeError} VERSION_MISSING, BUILD_UNKNOWN, LINK_FAILED, METER_MALFORMED, METER_UNSUPPORTED
 */
export async function loadExtension(
  php: PhpVersion,
  name: PhpExtension,
  rewrite: (bytes: Uint8Array) => Promise<Uint8Array>,
): Promise<Extension> {
  const [given, icu] = await Promise.all([readSideModule(php, name), readIcuData(php)])
  const bytes = await rewrite(given.bytes)
  const shape = sideShapeOf(bytes, name)
  const [module, trampolines] = await Promise.all([wasm.compile(bytes), wasm.compile(trampolinesOf(shape.ownImports))])
  return {
    side: { name, module, trampolines, shape },
    data: icu.bytes,
    digests: [given.digest, icu.digest],
    memoryBytes: shape.memoryBytes + icu.bytes.length,
  }
}

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

/** For who takes it from a snapshot. */
export function withoutData(extension: Extension): Extension {
  return { ...extension, data: undefined }
}
