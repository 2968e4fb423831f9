import { type WasmModule, wasm } from '../wasm-api.js'

/** What linking needs of the WebAssembly interface beside wasm-api.ts. */
export interface Table {
  readonly length: number
  get(slot: number): GuestFunction | null
  set(slot: number, entry: GuestFunction): void
  grow(slots: number): number
}
export type GuestFunction = (...args: number[]) => number
export interface Global {
  value: number
}
export type Exports = Readonly<Record<string, unknown>>
export type Imports = Record<string, Record<string, unknown>>
export interface ImportDescription {
  readonly module: string
  readonly name: string
  readonly kind: string
}
interface LinkingApi {
  Global: new (type: { value: 'i32'; mutable: boolean }, value: number) => Global
  Instance: new (module: WasmModule, imports: Imports) => { readonly exports: Exports }
  Module: { imports(module: WasmModule): ImportDescription[] }
}

export const linking = wasm as unknown as LinkingApi

export const isGlobal = (value: unknown): value is Global => value instanceof linking.Global
export const isFunction = (value: unknown): value is GuestFunction => typeof value === 'function'
