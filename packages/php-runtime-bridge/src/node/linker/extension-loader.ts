import type { GuestMemory } from '../guest-memory.js'
import { cxxRuntime } from './cxx-runtime.js'
import { type Extension, installIcuData } from './extensions.js'
import { type Linked, Linker, type LinkHost } from './linker.js'
import type { Exports, GuestFunction } from './wasm-linking.js'

// struct dso of Emscripten's dynlink.c
const DSO_LOADED = 8
const DSO_NAME = 36

/** What PHP's dlopen() and dlsym() reach while PHP starts: the extensions of its image, by the name of their file. At no other time. */
export class ExtensionLoader {
  readonly #extensions: readonly Extension[]
  readonly #memory: GuestMemory
  readonly #host: LinkHost
  readonly #linker: Linker

  constructor(
    exports: Exports,
    calls: Readonly<Record<string, unknown>>,
    memory: GuestMemory,
    extensions: readonly Extension[],
    trap: () => never,
  ) {
    const { malloc, free, emscripten_builtin_memalign: align } = exports as Record<string, GuestFunction>
    this.#extensions = extensions
    this.#memory = memory
    this.#host = {
      exports,
      calls: { ...calls, ...cxxRuntime(malloc as GuestFunction, free as GuestFunction, trap) },
      allocate: (alignment, bytes) => {
        const at = (align as GuestFunction)(alignment, bytes)
        if (at === 0) trap()
        memory.bytes.fill(0, at, at + bytes)
        return at
      },
      trap,
    }
    this.#linker = new Linker(
      this.#host,
      extensions.map(({ side }) => side),
    )
  }

  get linked(): readonly Linked[] {
    return this.#linker.linked
  }

  /** @returns 1, or 0 where there is no such extension */
  open(dso: number): number {
    const name = this.#nameOf(dso)
    const library = this.#linker.open(name)
    if (!library) return 0
    const extension = this.#extensions.find(({ side }) => side.name === name)
    if (extension) installIcuData(library.exports, this.#host, this.#memory, extension.data)
    this.#memory.bytes[dso + DSO_LOADED] = 1
    return 1
  }

  /** @returns a symbol's address, 0 where there is none */
  symbol(dso: number, symbol: number): number {
    return this.#linker.symbol(this.#nameOf(dso), this.#memory.text(symbol)) ?? 0
  }

  finish(): void {
    this.#linker.finish()
  }

  replay(linked: readonly Linked[]): void {
    this.#linker.replay(linked)
  }

  #nameOf(dso: number): string {
    return this.#memory
      .text(dso + DSO_NAME)
      .replace(/^.*\//, '')
      .replace(/\.so$/, '')
  }
}
