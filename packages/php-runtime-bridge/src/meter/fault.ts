import { PhpRuntimeError } from '../errors.js'

/** These bytes are not a WebAssembly module. `at`: where in the file, bytes. */
export function malformed(detail: string, at: number): never {
  throw new PhpRuntimeError({ code: 'METER_MALFORMED', detail, at })
}

/** They may be one, but with something in it that cannot be metered, or whose result would not be the same on every machine. */
export function unsupported(detail: string, at: number): never {
  throw new PhpRuntimeError({ code: 'METER_UNSUPPORTED', detail, at })
}
