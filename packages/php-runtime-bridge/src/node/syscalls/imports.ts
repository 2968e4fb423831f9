import { Errno } from '../../errno.js'
import type { CallValue } from '../execution-log.js'
import { OUT_OF_FUEL } from '../fuel-gauge.js'
import { type Kernel, PARAMETERS_MAX } from '../kernel.js'
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
  const imports: Record<string, Record<string, WasmImport>> = {}
  for (const [number, { module: from, name }] of wasm.Module.imports(module).entries()) {
    const body = known[name] as WasmImport | undefined
    imports[from] ??= {}
    if (body === undefined) imports[from][name] = missing(kernel, number, costOf(name))
    else imports[from][name] = name === OUT_OF_FUEL ? body : accounted(kernel, number, costOf(name), body)
  }
  return imports
}

/** Calls cost fuel, and go into the request's log as they come back; one that ends the script does not come back. */
function accounted(kernel: Kernel, number: number, { fuel, fuelPerKiB, bytesOf }: CallCost, body: WasmImport): WasmImport {
  const word = (at: number) => kernel.memory.u32(at)
  const values: CallValue[] = Array.from({ length: PARAMETERS_MAX }, () => undefined)
  // parameters by name, not as a list: scripts make thousands of calls, and a list for each costs as much as a small one does
  return function (this: void, a: never, b: never, c: never, d: never, e: never, f: never, g: never) {
    kernel.fuel.charge(fuel)
    let result: CallValue
    try {
      result = body(a, b, c, d, e, f, g)
      // set only now: a call may run PHP's allocator, which calls again
      values[0] = a
      values[1] = b
      values[2] = c
      values[3] = d
      values[4] = e
      values[5] = f
      values[6] = g
      if (bytesOf !== undefined && fuelPerKiB !== undefined) {
        kernel.fuel.charge(Math.ceil((bytesOf(values as (number | bigint)[], Number(result), word) * fuelPerKiB) / 1024))
      }
    } catch (error) {
      throw kernel.endedBy(error)
    }
    // biome-ignore lint/complexity/noArguments: how many there are only the binary says
    kernel.world.log?.call(number, values, arguments.length, result, kernel.guest.stackPointer(), kernel.memory.view)
    return result
  }
}

/** What does not exist, with however many parameters. */
function missing(kernel: Kernel, number: number, { fuel }: CallCost): WasmImport {
  return (...args: readonly CallValue[]) => {
    kernel.fuel.charge(fuel)
    kernel.world.log?.call(number, args, args.length, -Errno.NOSYS, kernel.guest.stackPointer(), kernel.memory.view)
    return -Errno.NOSYS
  }
}
