import { Errno } from '../../errno.js'
import type { Kernel } from '../kernel.js'
import { type WasmImport, type WasmModule, wasm } from '../wasm-api.js'
import { directoryCalls } from './directories.js'
import { fileCalls } from './files.js'
import { hostCalls } from './host-calls.js'
import { memoryCalls } from './memory.js'
import { networkCalls } from './network.js'
import { processCalls } from './process.js'
import { streamCalls } from './streams.js'
import { timeCalls } from './time.js'

/** All that the binary asks for. What is not listed here does not exist (ENOSYS). */
export function importsOf(module: WasmModule, kernel: Kernel): Record<string, Record<string, WasmImport>> {
  const known: Readonly<Record<string, unknown>> = {
    ...fileCalls(kernel),
    ...directoryCalls(kernel),
    ...streamCalls(kernel),
    ...timeCalls(kernel),
    ...memoryCalls(kernel),
    ...processCalls(kernel),
    ...networkCalls(),
    ...hostCalls(kernel),
  }
  const missing: WasmImport = () => -Errno.NOSYS
  const imports: Record<string, Record<string, WasmImport>> = {}
  for (const [number, { module: from, name }] of wasm.Module.imports(module).entries()) {
    imports[from] ??= {}
    imports[from][name] = logged(kernel, number, (known[name] as WasmImport | undefined) ?? missing)
  }
  return imports
}

/** The calls of a request go into its log, as they come back; one that ends the script does not come back. */
function logged(kernel: Kernel, number: number, body: WasmImport): WasmImport {
  const call = body as (...args: readonly (number | bigint)[]) => number | bigint | undefined
  return (...args: readonly (number | bigint)[]) => {
    let result: number | bigint | undefined
    try {
      result = call(...args)
    } catch (error) {
      throw kernel.endedBy(error)
    }
    kernel.world.log?.call(number, args, result, kernel.guest.stackPointer(), kernel.memory.view)
    return result
  }
}
