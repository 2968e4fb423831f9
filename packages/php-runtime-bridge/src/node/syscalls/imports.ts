import { Errno } from '../../errno.js'
import { OUT_OF_FUEL } from '../fuel-gauge.js'
import type { Kernel } from '../kernel.js'
import { type WasmImport, type WasmModule, wasm } from '../wasm-api.js'
import { type CallCost, costOf } from './costs.js'
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
    const body = (known[name] as WasmImport | undefined) ?? missing
    imports[from] ??= {}
    imports[from][name] = name === OUT_OF_FUEL ? body : accounted(kernel, number, costOf(name), body)
  }
  return imports
}

/** Calls cost fuel, and go into the request's log as they come back; one that ends the script does not come back. */
function accounted(kernel: Kernel, number: number, { fuel, fuelPerKiB, bytesOf }: CallCost, body: WasmImport): WasmImport {
  const call = body as (...args: readonly (number | bigint)[]) => number | bigint | undefined
  const word = (at: number) => kernel.memory.u32(at)
  return (...args: readonly (number | bigint)[]) => {
    kernel.fuel.charge(fuel)
    let result: number | bigint | undefined
    try {
      result = call(...args)
      if (bytesOf !== undefined && fuelPerKiB !== undefined) {
        kernel.fuel.charge(Math.ceil((bytesOf(args, Number(result), word) * fuelPerKiB) / 1024))
      }
    } catch (error) {
      throw kernel.endedBy(error)
    }
    kernel.world.log?.call(number, args, result, kernel.guest.stackPointer(), kernel.memory.view)
    return result
  }
}
