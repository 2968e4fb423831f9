import { createHash } from 'node:crypto'
import { emptyTree } from '../file-tree.js'
import { SLOTS_MAX, type SlotLimits, slotsOf } from '../limits.js'
import type { StackBounds } from '../meter/meter.js'
import { Overlay } from '../overlay.js'
import { INI_PATH } from '../php-ini.js'
import { mountSite, writableFolders } from '../system-tree.js'
import { VirtualClock } from '../virtual-clock.js'
import type { MeteredModule } from './binary.js'
import { DescriptorTable, type OpenDevice, standardDescriptors } from './descriptors.js'
import type { WorkingPlaces } from './execution-log.js'
import { FuelGauge, type FuelGlobal } from './fuel-gauge.js'
import { GuestMemory, PAGE_BYTES } from './guest-memory.js'
import { Kernel, type RequestWorld } from './kernel.js'
import { RequestOutput } from './output.js'
import { type HookPlaces, PhpHooks } from './php-hooks.js'
import { processIdOf, SeededRandom } from './seeded-random.js'
import { importsOf } from './syscalls/imports.js'
import { type WasmGlobal, type WasmMemory, wasm } from './wasm-api.js'

/** An instance's whole state after start-up. `memory` ends where the heap ends: all above is zero. */
export interface Snapshot {
  readonly memory: Uint8Array
  readonly stackPointer: number
  /** The binary's other globals, in the order of its exports. */
  readonly globals: readonly number[]
  readonly descriptors: readonly (OpenDevice | undefined)[]
  readonly places: WorkingPlaces
  readonly hooks: HookPlaces
}

type Exported = (...args: number[]) => number

const SAPI_NAME = 'cli-server'
// ZEND_MM_CHUNK_SIZE
const HEAP_CHUNK_BYTES = 2 * 1024 * 1024
/** The part of the stack that a transcript looks at: most scripts stay in it. */
const STACK_SAMPLED_BYTES = 64 * 1024
const STATE_GLOBAL = /^__state_\d+$/

/** PHP's binary in memory, with our kernel below it. */
export class PhpInstance {
  readonly kernel: Kernel
  readonly fuel: FuelGauge
  readonly hooks: PhpHooks
  readonly #exports: Readonly<Record<string, unknown>>
  readonly #stackPointer: WasmGlobal
  readonly #globals: readonly WasmGlobal[]
  readonly #stack: StackBounds
  readonly #initialPages: number
  /** Where the C library keeps the end of its heap. */
  readonly #breakAt: number

  constructor({ module, stack, addresses }: MeteredModule) {
    this.kernel = new Kernel()
    const { exports } = new wasm.Instance(module, importsOf(module, this.kernel))
    this.#exports = exports
    this.#stackPointer = exports.__stack_pointer as WasmGlobal
    this.#stack = stack
    this.#globals = Object.keys(exports)
      .filter((name) => STATE_GLOBAL.test(name))
      .map((name) => exports[name] as WasmGlobal)
    this.kernel.memory = new GuestMemory(exports.memory as WasmMemory)
    this.hooks = new PhpHooks(exports, this.kernel.memory, addresses)
    this.fuel = new FuelGauge(exports.__fuel as FuelGlobal, () => this.hooks.interrupt())
    this.kernel.fuel = this.fuel
    this.kernel.guest = {
      malloc: this.function('malloc'),
      alignedAlloc: this.function('emscripten_builtin_memalign'),
      stackPointer: () => this.#stackPointer.value,
    }
    this.#breakAt = this.function('emscripten_get_sbrk_ptr')()
    this.#initialPages = this.kernel.memory.pages
    this.begin(startupWorld(), new DescriptorTable(standardDescriptors), slotsOf(SLOTS_MAX))
    this.function('__wasm_call_ctors')()
  }

  /** Starts PHP, once, in a world of its own that is the same on every machine. */
  start(): Snapshot {
    this.withText(INI_PATH, this.function('wasm_set_phpini_path'))
    this.withText(SAPI_NAME, this.function('wasm_set_sapi_name'))
    this.function('php_wasm_init')()
    const hooks = this.hooks.install((text) => this.#kept(text))
    this.hooks.use(hooks)
    const places = this.#workingPlaces()
    return {
      memory: this.kernel.memory.bytes.slice(0, this.#heapEnd()),
      stackPointer: this.#stackPointer.value,
      globals: this.#globals.map(({ value }) => value),
      descriptors: this.kernel.descriptors.list(),
      places,
      hooks,
    }
  }

  begin(world: RequestWorld, descriptors: DescriptorTable, limits: SlotLimits): void {
    this.fuel.begin(limits)
    this.hooks.begin()
    this.kernel.begin(world, descriptors, limits)
  }

  /** @returns false if this instance cannot become the snapshot again, because memory that grew cannot shrink. */
  restore(snapshot: Snapshot): boolean {
    const { memory } = this.kernel
    if (memory.pages !== this.#initialPages) return false
    const end = this.#heapEnd()
    if (end > snapshot.memory.length) memory.bytes.fill(0, snapshot.memory.length, end)
    memory.bytes.set(snapshot.memory)
    this.#stackPointer.value = snapshot.stackPointer
    for (const [i, global] of this.#globals.entries()) global.value = snapshot.globals[i] as number
    this.hooks.use(snapshot.hooks)
    return true
  }

  /** Outside its bounds the metered binary traps, before it writes there; after a trap the stack pointer is where it was. */
  get stackOverran(): boolean {
    const { floor, top } = this.#stack
    return this.#stackPointer.value < floor || this.#stackPointer.value > top
  }

  /** SHA-256 of the whole linear memory, hexadecimal: for tests that compare machines. */
  memoryDigest(): string {
    return createHash('sha256').update(this.kernel.memory.bytes).digest('hex')
  }

  function(name: string): Exported {
    return this.#exports[name] as Exported
  }

  /** Gives PHP a copy of a text on its heap, which it owns from then on. */
  withText(text: string, use: Exported): void {
    use(this.#kept(text))
  }

  #kept(text: string): number {
    const { memory, guest } = this.kernel
    const encoded = memory.encode(text)
    const at = guest.malloc(encoded.length + 1)
    memory.bytes.set(encoded, at)
    memory.bytes[at + encoded.length] = 0
    return at
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
    const end = this.kernel.memory.u32(this.#breakAt)
    return Math.min(end, this.kernel.memory.pages * PAGE_BYTES)
  }
}

function startupWorld(): RequestWorld {
  const seed = new TextEncoder().encode('interpeer start-up')
  return {
    files: new Overlay(mountSite(emptyTree), writableFolders),
    clock: new VirtualClock(0),
    random: new SeededRandom(seed),
    processId: processIdOf(seed),
    output: new RequestOutput(),
    log: undefined,
  }
}
