import { type MeterOptions, meter } from '../../src/meter/meter.js'
import { type WasmImport, type WasmModule, wasm } from '../../src/node/wasm-api.js'

interface FuelGlobal {
  value: bigint
}
export type Run = (...args: (number | bigint)[]) => number | bigint | (number | bigint)[] | undefined
export interface Instance {
  readonly exports: Readonly<Record<string, unknown>>
  readonly run: Run
  readonly memory: Uint8Array
  fuel: bigint
}
type Imports = Record<string, Record<string, unknown>>

const api = wasm as unknown as { Module: new (bytes: Uint8Array) => WasmModule; validate(bytes: Uint8Array): boolean }
export const validate = (bytes: Uint8Array): boolean => api.validate(bytes)

export function instantiate(bytes: Uint8Array, imports: Imports = {}, run = 'run'): Instance {
  const { exports } = new wasm.Instance(new api.Module(bytes), imports as Record<string, Record<string, WasmImport>>)
  return {
    exports,
    run: exports[run] as Run,
    get memory() {
      return new Uint8Array((exports.memory as { buffer: ArrayBuffer }).buffer)
    },
    get fuel() {
      return (exports.__fuel as FuelGlobal).value
    },
    set fuel(value: bigint) {
      ;(exports.__fuel as FuelGlobal).value = value
    },
  }
}

export const instantiateMetered = (bytes: Uint8Array, options: MeterOptions = {}, imports: Imports = {}): Instance =>
  instantiate(meter(bytes, options).bytes, imports)

/** What a call answers, or why not, and the fuel that it took. */
export function fuelOf(instance: Instance, ...args: (number | bigint)[]): { readonly result: unknown; readonly fuel: number } {
  const before = instance.fuel
  let result: unknown
  try {
    result = instance.run(...args)
  } catch (error) {
    result = `${error}`
  }
  return { result, fuel: Number(before - instance.fuel) }
}
