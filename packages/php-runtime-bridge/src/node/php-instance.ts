import { usualConfiguration } from '../configuration/site-configuration.js'
import { emptyTree, type TreeDirectory } from '../file-tree.js'
import { HOST_FUNCTION, NATIVE_HOST_FUNCTION } from '../host-calls/php-library.js'
import { Overlay } from '../overlay.js'
import { INI_PATH } from '../php-ini.js'
import { mountSite, writabilityOf } from '../system-tree.js'
import { VirtualClock } from '../virtual-clock.js'
import { DescriptorTable, type OpenDevice, standardDescriptors } from './descriptors.js'
import type { WorkingPlaces } from './execution-log.js'
import { GuestMemory, PAGE_BYTES } from './guest-memory.js'
import { listOfOurs } from './included-files.js'
import { Kernel, type RequestWorld } from './kernel.js'
import { ExtensionLoader } from './linker/extension-loader.js'
import type { Extension } from './linker/extensions.js'
import type { Linked } from './linker/linker.js'
import { RequestOutput } from './output.js'
import { restoreMemory, sharedCopy } from './restore-memory.js'
import { processIdOf, SeededRandom, START_SEED } from './seeded-random.js'
import { importsOf } from './syscalls/imports.js'
import { type WasmGlobal, type WasmMemory, type WasmModule, type WasmTable, wasm } from './wasm-api.js'

/** An instance's whole state between requests. `memory` ends where the heap ends: all above is zero. It lies in memory that all threads share. */
export interface Snapshot {
  readonly memory: Uint8Array
  /** Which pieces of `memory` hold anything but zeros. */
  readonly filled: Uint8Array
  /** Size of linear memory: more than `memory`, for requests to use. */
  readonly pages: number
  readonly stackPointer: number
  /** The binary's other globals that can change, by name. */
  readonly state: readonly (readonly [name: string, value: number])[]
  readonly descriptors: readonly (OpenDevice | undefined)[]
  readonly places: WorkingPlaces
  /** Extensions that are not in the binary, where they were linked. */
  readonly linked: readonly Linked[]
}

type Exported = (...args: number[]) => number

// Emscripten's default, which the binary keeps: the stack grows down from the initial stack pointer towards PHP's static data.
const STACK_BYTES = 1024 * 1024
// A system call with less than this left ends the script: what it calls in turn needs some.
const STACK_RESERVE_BYTES = 64 * 1024
// No frame may have reached the lowest part; checked after the request for scripts that made no system call down there.
const STACK_CANARY_BYTES = 16 * 1024
const SAPI_NAME = 'cli-server'
// ZEND_MM_CHUNK_SIZE
const HEAP_CHUNK_BYTES = 2 * 1024 * 1024
/** The part of the stack that a transcript looks at: most scripts stay in it. */
const STACK_SAMPLED_BYTES = 64 * 1024
const STATE_GLOBAL = /^__state_\d+$/

/** PHP's binary in memory, with our kernel below it. A new one must be started or become a snapshot. */
export class PhpInstance {
  readonly kernel: Kernel
  readonly #exports: Readonly<Record<string, unknown>>
  readonly #stackPointer: WasmGlobal
  readonly #stackBottom: number
  readonly #extensions: ExtensionLoader

  /** @param extensions those that it will start with, or that its snapshot has */
  constructor(module: WasmModule, pagesMax: number, extensions: readonly Extension[] = []) {
    this.kernel = new Kernel(pagesMax)
    const imports = importsOf(module, this.kernel)
    const { exports } = new wasm.Instance(module, imports)
    this.#exports = exports
    this.#stackPointer = exports.__stack_pointer as WasmGlobal
    this.#stackBottom = this.#stackPointer.value - STACK_BYTES
    this.kernel.memory = new GuestMemory(exports.memory as WasmMemory)
    const trap = () => this.kernel.halt({ type: 'answer', code: 'SCRIPT_TRAPPED' })
    this.#extensions = new ExtensionLoader(exports, imports.env ?? {}, this.kernel.memory, extensions, trap)
    this.kernel.guest = {
      malloc: this.function('malloc'),
      alignedAlloc: this.function('emscripten_builtin_memalign'),
      stackPointer: () => this.#stackPointer.value,
      forgetLibrary: () => this.#forgetLibrary(),
    }
    this.kernel.stackFloor = this.#stackBottom + STACK_RESERVE_BYTES
    this.kernel.begin(startupWorld(undefined), new DescriptorTable(standardDescriptors))
  }

  /**
   * Starts PHP, once, in a world of its own that is the same on every machine.
   * @param data what the binary's memory holds at first, where the binary itself has none
   * @param around what PHP finds instead of the usual system tree
   */
  start(data: Uint8Array | undefined, around?: TreeDirectory): Snapshot {
    if (data) this.kernel.memory.bytes.set(data)
    this.#nameHostFunction()
    this.kernel.begin(startupWorld(around ?? this.#extensions.around), this.kernel.descriptors)
    this.function('__wasm_call_ctors')()
    this.withText(INI_PATH, this.function('wasm_set_phpini_path'))
    this.withText(SAPI_NAME, this.function('wasm_set_sapi_name'))
    this.kernel.extensions = this.#extensions
    this.function('php_wasm_init')()
    this.kernel.extensions = undefined
    this.#extensions.finish()
    return this.snapshot()
  }

  /** What this instance is now, between two requests. */
  snapshot(): Snapshot {
    const places = this.#workingPlaces()
    const { bytes, pages } = this.kernel.memory
    return {
      ...sharedCopy(bytes.subarray(0, this.#heapEnd())),
      pages,
      stackPointer: this.#stackPointer.value,
      state: this.#stateGlobals().map(([name, global]) => [name, global.value]),
      descriptors: this.kernel.descriptors.list(),
      places,
      linked: this.#extensions.linked,
    }
  }

  /** @returns false if this instance cannot become the snapshot, because memory that grew cannot shrink. */
  restore(snapshot: Snapshot): boolean {
    const { memory } = this.kernel
    if (memory.pages > snapshot.pages) return false
    if (memory.pages < snapshot.pages) memory.grow(snapshot.pages - memory.pages)
    this.#extensions.replay(snapshot.linked)
    restoreMemory(memory.bytes, snapshot, this.#heapEnd())
    this.#stackPointer.value = snapshot.stackPointer
    for (const [name, value] of snapshot.state) (this.#exports[name] as WasmGlobal).value = value
    return true
  }

  stackOverran(snapshot: Snapshot): boolean {
    const { bytes } = this.kernel.memory
    const end = this.#stackBottom + STACK_CANARY_BYTES
    for (let at = this.#stackBottom; at < end; at++) if (bytes[at] !== snapshot.memory[at]) return true
    return false
  }

  function(name: string): Exported {
    return this.#exports[name] as Exported
  }

  /** What PHP has pointers to. */
  *tableFunctions(): Generator<{ readonly name: string }> {
    const table = this.#exports.__indirect_function_table as WasmTable
    for (let i = 0; i < table.length; i++) {
      const entry = table.get(i)
      if (entry !== null) yield entry
    }
  }

  /** Globals that the meter exports since they are state. */
  #stateGlobals(): [string, WasmGlobal][] {
    return Object.entries(this.#exports).filter((entry): entry is [string, WasmGlobal] => STATE_GLOBAL.test(entry[0]))
  }

  /** Gives PHP a copy of a text on its heap, which it owns from then on. */
  withText(text: string, use: Exported): void {
    const { memory, guest } = this.kernel
    const encoded = memory.encode(text)
    const at = guest.malloc(encoded.length + 1)
    memory.bytes.set(encoded, at)
    memory.bytes[at + encoded.length] = 0
    use(at)
  }

  /** Before PHP registers its functions: the name in the binary's table of them is overwritten where it stands. */
  #nameHostFunction(): void {
    const { bytes } = this.kernel.memory
    const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(`\0${NATIVE_HOST_FUNCTION}\0`) + 1
    if (at === 0) throw new Error(`the binary has no function ${NATIVE_HOST_FUNCTION}`)
    bytes.fill(0, at, at + NATIVE_HOST_FUNCTION.length)
    bytes.set(this.kernel.memory.encode(HOST_FUNCTION), at)
  }

  #forgetLibrary(): void {
    const table = listOfOurs(this.kernel.memory, (this.#exports.executor_globals as WasmGlobal).value)
    if (table !== undefined) this.function('zend_hash_clean')(table)
  }

  /** PHP's own heap is made of chunks aligned to their size; what is allocated first lies in the first. */
  #workingPlaces(): WorkingPlaces {
    const at = this.function('_emalloc')(8)
    this.function('_efree')(at)
    const heap = at - (at % HEAP_CHUNK_BYTES)
    const stackEnd = this.#stackPointer.value
    return { heap, heapEnd: heap + HEAP_CHUNK_BYTES, stack: stackEnd - STACK_SAMPLED_BYTES, stackEnd }
  }

  #heapEnd(): number {
    const end = this.kernel.memory.u32(this.function('emscripten_get_sbrk_ptr')())
    return Math.min(end, this.kernel.memory.pages * PAGE_BYTES)
  }
}

function startupWorld(around: TreeDirectory | undefined): RequestWorld {
  const seed = START_SEED
  return {
    files: new Overlay(mountSite(emptyTree, around), writabilityOf(usualConfiguration)),
    clock: new VirtualClock(0),
    random: new SeededRandom(seed),
    processId: processIdOf(seed),
    output: new RequestOutput(),
    log: undefined,
    host: undefined,
  }
}
