/** The part of the WebAssembly interface used here: Node has it, but neither its types nor ES2023's do. */
export interface WasmModule {
  readonly __wasmModule: never
}
export interface WasmGlobal {
  value: number
}
export interface WasmTable {
  readonly length: number
  get(index: number): { readonly name: string } | null
  set(index: number, entry: unknown): void
  grow(count: number): number
}
export interface WasmMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}
interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>
}
export type WasmImport = (...args: never[]) => number | bigint | undefined
interface WasmApi {
  compile(bytes: Uint8Array): Promise<WasmModule>
  Module: {
    new (bytes: Uint8Array): WasmModule
    imports(module: WasmModule): { module: string; name: string; kind: string }[]
    customSections(module: WasmModule, name: string): ArrayBuffer[]
  }
  Instance: new (module: WasmModule, imports: Record<string, Record<string, WasmImport>>) => WasmInstance
  RuntimeError: new (message?: string) => Error
}

export const wasm = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly
