import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as host from '@php-wasm/node'
import * as universal from '@php-wasm/universal'

// The package's own types name packages that are not there.
const { loadNodeRuntime } = host as unknown as { loadNodeRuntime(version: string, options: object): Promise<number> }
const { PHP } = universal as unknown as { PHP: new (runtime: number) => Php }
export interface Php {
  run(request: { code: string }): Promise<{ readonly exitCode: number; readonly errors: string }>
  exit(): void
}
type Instantiate = (imports: unknown, receive: (instance: unknown, module: unknown) => void) => object
interface Instance {
  readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; emscripten_get_sbrk_ptr(): number }
}
interface Engine {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: unknown) => Instance
}
const engine = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly

let processes = 0
/** The stock host. With `module`: another binary below it, whose heap begins at `heapFrom`. */
export async function theirPhp(module?: object, heapFrom?: number): Promise<Php> {
  const instantiateWasm: Instantiate = (imports, receive) => {
    const instance = new engine.Instance(module as object, imports)
    const { memory, emscripten_get_sbrk_ptr } = instance.exports
    if (heapFrom !== undefined) new DataView(memory.buffer).setUint32(emscripten_get_sbrk_ptr(), heapFrom, true)
    // not before the host is ready for it
    queueMicrotask(() => receive(instance, module))
    return {}
  }
  const emscriptenOptions = { processId: ++processes, ...(module ? { instantiateWasm } : {}) }
  return new PHP(await loadNodeRuntime('8.2', { emscriptenOptions }))
}

export async function runTheirs(php: Php, code: string): Promise<void> {
  const { exitCode, errors } = await php.run({ code })
  if (exitCode !== 0) throw new Error(errors)
}

export function theirBinary(): Uint8Array {
  const entry = createRequire(createRequire(import.meta.url).resolve('@php-wasm/node/package.json')).resolve(
    '@php-wasm/node-8-2/package.json',
  )
  return readFileSync(join(dirname(entry), 'jspi', '8_2_33', 'php_8_2.wasm'))
}

export const compiled = (bytes: Uint8Array): object => new engine.Module(bytes)
