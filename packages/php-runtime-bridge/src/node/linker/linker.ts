import { linkFailed } from '../../linker/fault.js'
import type { SideNeeds } from '../../linker/side-shape.js'
import { FIRST_SLOT, TABLE } from '../../linker/trampolines.js'
import type { WasmModule } from '../wasm-api.js'
import { type Exports, type Global, type GuestFunction, type Imports, isFunction, isGlobal, linking, type Table } from './wasm-linking.js'

/** A side module, ready to be linked. Threads can share it. */
export interface SideModule<Name extends string = string> {
  readonly name: Name
  readonly module: WasmModule
  readonly needs: SideNeeds
  /** Names of the functions that it imports though it has them, and what calls them through the table. */
  readonly own: readonly string[]
  readonly trampolines: WasmModule
}

/** What a side module does once, when it has its addresses, in this order. */
export const START_CALLS: readonly string[] = ['__wasm_apply_data_relocs', '__wasm_call_ctors']

/** Where a side module was linked: with PHP's memory, all that makes a new instance the same. */
export interface Linked {
  readonly name: string
  readonly memoryBase: number
  readonly tableBase: number
  /** The module's global offset table, in the order of its imports: addresses of data, and slots of functions. */
  readonly addresses: Int32Array
  /** Functions of PHP (`main`) and of the module that lie in the table because somebody asked for their address. */
  readonly pointers: readonly { readonly slot: number; readonly of: 'main' | 'side'; readonly name: string }[]
}

/** The instance that side modules are linked to. */
export interface LinkHost {
  readonly exports: Exports
  /** What the kernel gave it. */
  readonly calls: Readonly<Record<string, unknown>>
  /** Memory that nothing else will use, and zero. */
  allocate(alignment: number, bytes: number): number
  /** Called for a function that nobody has. */
  trap(): never
}

interface Library {
  readonly exports: Exports
  readonly memoryBase: number
  readonly tableBase: number
  readonly addresses: Int32Array
  readonly pointers: { slot: number; of: 'main' | 'side'; name: string }[]
}
interface Unresolved {
  readonly table: 'GOT.mem' | 'GOT.func'
  readonly name: string
  readonly address: Global
}

/**
 * Links side modules (WebAssembly built with -sSIDE_MODULE) to one instance of PHP as Emscripten's loader does, but the same everywhere: names are
 * looked for in PHP first, then in what the kernel gave it, then in the module itself; places come one after the other.
 */
export class Linker {
  readonly #host: LinkHost
  readonly #table: Table
  readonly #sides: ReadonlyMap<string, SideModule>
  readonly #libraries = new Map<string, Library>()
  /** Where each function lies in the table, first place first. While something is linked. */
  #slots: Map<GuestFunction, number> | undefined
  readonly #absent: string[] = []

  constructor(host: LinkHost, sides: readonly SideModule[]) {
    this.#host = host
    this.#table = host.exports[TABLE] as Table
    this.#sides = new Map(sides.map((side) => [side.name, side]))
  }

  /** Functions that side modules import and nobody has: calling one traps. */
  get absent(): readonly string[] {
    return this.#absent
  }

  /** All that was linked, in order. */
  get linked(): readonly Linked[] {
    return [...this.#libraries].map(([name, { exports, ...places }]) => ({ name, ...places }))
  }

  /** @returns undefined where there is no module of that name. @throws {PhpRuntimeError} LINK_FAILED */
  open(name: string): Library | undefined {
    const known = this.#libraries.get(name)
    if (known) return known
    const side = this.#sides.get(name)
    if (!side) return undefined
    const { memoryBytes, memoryAlignment, tableAlignment } = side.needs
    const memoryBase = this.#host.allocate(memoryAlignment, memoryBytes)
    const tableBase = Math.ceil(this.#table.length / tableAlignment) * tableAlignment
    const { exports, unresolved } = this.#instantiate(side, memoryBase, tableBase)
    const library: Library = { exports, memoryBase, tableBase, addresses: new Int32Array(unresolved.length), pointers: [] }
    this.#libraries.set(name, library)
    this.#slots = slotsIn(this.#table)
    for (const [i, { table, name: symbol, address }] of unresolved.entries()) {
      const value = table === 'GOT.mem' ? this.#dataAt(library, symbol) : this.#slotOf(library, symbol)
      if (value === undefined) linkFailed(name, `nobody has ${symbol}`)
      else address.value = library.addresses[i] = value
    }
    for (const start of START_CALLS) (exports[start] as GuestFunction | undefined)?.()
    return library
  }

  /** A symbol's address: of data, or a function's slot in the table. */
  symbol(name: string, symbol: string): number | undefined {
    const library = this.#libraries.get(name)
    if (!library) return undefined
    this.#slots ??= slotsIn(this.#table)
    return isFunction(library.exports[symbol]) ? this.#slotOf(library, symbol, 'side') : dataOf(library.exports[symbol], library.memoryBase)
  }

  /** Nothing more is linked, and nothing is asked for. */
  finish(): void {
    this.#slots = undefined
  }

  /** Links again what was linked to another instance of the same module. Memory is left to who restores it: constructors do not run. */
  replay(linked: readonly Linked[]): void {
    for (const { name, memoryBase, tableBase, addresses, pointers } of linked) {
      if (this.#libraries.has(name)) continue
      const side = this.#sides.get(name) ?? linkFailed(name, 'not at hand')
      const { exports, unresolved } = this.#instantiate(side, memoryBase, tableBase)
      for (const [i, { address }] of unresolved.entries()) address.value = addresses[i] as number
      for (const { slot, of, name: symbol } of pointers) {
        this.#reserve(slot + 1)
        this.#table.set(slot, (of === 'main' ? this.#host.exports : exports)[symbol] as GuestFunction)
      }
      this.#libraries.set(name, { exports, memoryBase, tableBase, addresses, pointers: [...pointers] })
    }
  }

  #instantiate(side: SideModule, memoryBase: number, tableBase: number): { exports: Exports; unresolved: Unresolved[] } {
    const firstSlot = tableBase + side.needs.tableSlots
    this.#reserve(firstSlot + side.own.length)
    const own = new linking.Instance(side.trampolines, { env: { [TABLE]: this.#table, [FIRST_SLOT]: constant(firstSlot) } }).exports
    const unresolved: Unresolved[] = []
    const imports: Imports = { env: { __memory_base: constant(memoryBase), __table_base: constant(tableBase) } }
    for (const { module, name, kind } of linking.Module.imports(side.module)) {
      imports[module] ??= {}
      if (name in imports[module]) continue
      if (module === 'GOT.mem' || module === 'GOT.func') {
        const address = new linking.Global({ value: 'i32', mutable: true }, 0)
        imports[module][name] = address
        unresolved.push({ table: module, name, address })
      } else if (module === 'env') imports[module][name] = this.#provide(name, kind, own)
      else linkFailed(side.name, `imports from ${module}`)
      if (imports[module][name] === undefined) linkFailed(side.name, `nobody has the ${kind} ${name}`)
    }
    const { exports } = new linking.Instance(side.module, imports)
    for (const [i, name] of side.own.entries()) this.#table.set(firstSlot + i, exports[name] as GuestFunction)
    return { exports, unresolved }
  }

  #provide(name: string, kind: string, own: Exports): unknown {
    const { exports, calls, trap } = this.#host
    if (kind !== 'function') return exports[name]
    for (const from of [exports, calls, own]) if (isFunction(from[name])) return from[name]
    this.#absent.push(name)
    return trap
  }

  #dataAt({ exports, memoryBase }: Library, symbol: string): number | undefined {
    return dataOf(this.#host.exports[symbol], 0) ?? dataOf(exports[symbol], memoryBase)
  }

  /** A function has one address, however often it is asked for and wherever it lies already: pointers are compared. */
  #slotOf({ exports, pointers }: Library, symbol: string, only?: 'side'): number | undefined {
    const ofMain = only === undefined && isFunction(this.#host.exports[symbol])
    const found = (ofMain ? this.#host.exports : exports)[symbol]
    if (!isFunction(found)) return undefined
    const known = this.#slots?.get(found)
    if (known !== undefined) return known
    const slot = this.#table.grow(1)
    this.#table.set(slot, found)
    this.#slots?.set(found, slot)
    pointers.push({ slot, of: ofMain ? 'main' : 'side', name: symbol })
    return slot
  }

  #reserve(slots: number): void {
    if (this.#table.length < slots) this.#table.grow(slots - this.#table.length)
  }
}

const constant = (value: number): Global => new linking.Global({ value: 'i32', mutable: false }, value)

function dataOf(exported: unknown, base: number): number | undefined {
  return isGlobal(exported) ? exported.value + base : undefined
}

function slotsIn(table: Table): Map<GuestFunction, number> {
  const slots = new Map<GuestFunction, number>()
  for (let slot = 0; slot < table.length; slot++) {
    const entry = table.get(slot)
    if (entry && !slots.has(entry)) slots.set(entry, slot)
  }
  return slots
}
