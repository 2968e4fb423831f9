import type { EffectKind } from '../configuration/fields.js'
import { usualConfiguration } from '../configuration/site-configuration.js'
import { emptyTree, type TreeDirectory } from '../file-tree.js'
import { HOST_FUNCTION, NATIVE_HOST_FUNCTION } from '../host-calls/php-library.js'
import { SLOTS_MAX, type SlotLimits, slotsOf } from '../limits.js'
import { CARD_BYTES, type CardTable } from '../meter/cards.js'
import type { StackBounds } from '../meter/meter.js'
import { Overlay } from '../overlay.js'
import { INI_PATH } from '../php-ini.js'
import { mountSite, writabilityOf } from '../system-tree.js'
import { VirtualClock } from '../virtual-clock.js'
import type { MeteredModule } from './binary.js'
import { DescriptorTable, type OpenDevice, standardDescriptors } from './descriptors.js'
import type { WorkingPlaces } from './execution-log.js'
import { FuelGauge, type FuelGlobal } from './fuel-gauge.js'
import { GuestMemory, PAGE_BYTES } from './guest-memory.js'
import { listOfOurs } from './included-files.js'
import { Kernel, type RequestWorld } from './kernel.js'
import { ExtensionLoader } from './linker/extension-loader.js'
import type { Extension } from './linker/extensions.js'
import type { Linked } from './linker/linker.js'
import { RequestOutput } from './output.js'
import { type HookPlaces, PhpHooks } from './php-hooks.js'
import { fillMemory, restoreCards, restoreMemory, sharedCopy } from './restore-memory.js'
import { processIdOf, SeededRandom, START_SEED } from './seeded-random.js'
import { importsOf } from './syscalls/imports.js'
import { type WasmGlobal, type WasmMemory, type WasmTable, wasm } from './wasm-api.js'

/** What instances are made of. */
export interface PhpParts {
  readonly binary: MeteredModule
  /** What memory holds before PHP starts, where the binary itself does not say. */
  readonly data: Uint8Array | undefined
  /** Of one slot. */
  readonly limits: SlotLimits
  /** Those that are not in the binary. */
  readonly extensions: readonly Extension[]
  /** Kinds of effect that the host carries out. */
  readonly carriedOut: readonly EffectKind[]
}

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
  readonly hooks: HookPlaces
}

type Exported = (...args: number[]) => number

const SAPI_NAME = 'cli-server'
// ZEND_MM_CHUNK_SIZE
const HEAP_CHUNK_BYTES = 2 * 1024 * 1024
/** The part of the stack that a transcript looks at: most scripts stay in it. */
const STACK_SAMPLED_BYTES = 64 * 1024
const STATE_GLOBAL = /^__state_\d+$/

/** PHP's binary in memory, with our kernel below it. A new one must be started or become a snapshot. */
export class PhpInstance {
  readonly kernel: Kernel
  readonly fuel: FuelGauge
  readonly hooks: PhpHooks
  /** What its requests leave becomes an image. */
  warmsUp = false
  readonly #exports: Readonly<Record<string, unknown>>
  readonly #stackPointer: WasmGlobal
  readonly #stack: StackBounds
  readonly #data: Uint8Array | undefined
  /** Where it notes what it writes to. */
  readonly #cards: CardTable
  /** What its memory was last made of: that is still there, but where it noted that it wrote. */
  #holds: Uint8Array | undefined
  /** A request did not come back: it trapped, or was ended. */
  #isBroken = false
  /** Its memory is all zeros. */
  #isEmpty: boolean
  readonly #extensions: ExtensionLoader
  #places: HookPlaces | undefined
  /** Where the C library keeps the end of its heap. */
  readonly #breakAt: number

  constructor({ binary: { module, stack, addresses, cards, processOpener }, data, extensions }: PhpParts) {
    this.#data = data
    this.#cards = cards
    // a binary with its data in it, and extensions that are linked, write there
    this.#isEmpty = data !== undefined && extensions.length === 0
    this.kernel = new Kernel()
    const imports = importsOf(module, this.kernel)
    const { exports } = new wasm.Instance(module, imports)
    this.#exports = exports
    this.#stackPointer = exports.__stack_pointer as WasmGlobal
    this.#stack = stack
    this.kernel.memory = new GuestMemory(exports.memory as WasmMemory, cards)
    this.hooks = new PhpHooks(exports, this.kernel.memory, addresses, processOpener)
    this.fuel = new FuelGauge(exports.__fuel as FuelGlobal, () => this.hooks.interrupt())
    this.kernel.fuel = this.fuel
    const trap = () => this.kernel.halt({ type: 'answer', code: 'SCRIPT_TRAPPED' })
    this.#extensions = new ExtensionLoader(exports, imports.env ?? {}, this.kernel.memory, extensions, trap)
    this.kernel.guest = {
      malloc: this.function('malloc'),
      alignedAlloc: this.function('emscripten_builtin_memalign'),
      stackPointer: () => this.#stackPointer.value,
      forgetLibrary: () => this.#forgetLibrary(),
    }
    this.#breakAt = this.function('emscripten_get_sbrk_ptr')()
    this.begin(startupWorld(undefined), new DescriptorTable(standardDescriptors), slotsOf(SLOTS_MAX))
  }

  /**
   * Starts PHP, once, in a world of its own that is the same on every machine.
   * @param around the system tree that PHP finds, with its configuration
   */
  start(around: TreeDirectory): Snapshot {
    this.layOut()
    this.#nameHostFunction()
    this.begin(startupWorld(around), this.kernel.descriptors, slotsOf(SLOTS_MAX))
    this.function('__wasm_call_ctors')()
    this.withText(INI_PATH, this.function('wasm_set_phpini_path'))
    this.withText(SAPI_NAME, this.function('wasm_set_sapi_name'))
    this.kernel.extensions = this.#extensions
    this.function('php_wasm_init')()
    this.kernel.extensions = undefined
    this.#extensions.finish()
    this.#places = this.hooks.install((text) => this.kept(text))
    this.hooks.use(this.#places)
    return this.snapshot()
  }

  /** Before anything of PHP runs: its data, and its heap above the table of cards. */
  layOut(): void {
    this.#isEmpty = false
    if (this.#data) this.kernel.memory.bytes.set(this.#data)
    if (this.kernel.memory.u32(this.#breakAt) > this.#cards.end) throw new Error('the heap begins elsewhere')
    this.kernel.memory.put32(this.#breakAt, this.#cards.end)
  }

  /** What this instance is now, between two requests. */
  snapshot(): Snapshot {
    const places = this.#workingPlaces()
    const { bytes, pages } = this.kernel.memory
    // what wrote before is no concern of those that are restored from it
    bytes.fill(0, this.#cards.at, this.#cards.end)
    return {
      ...sharedCopy(bytes.subarray(0, this.#heapEnd())),
      pages,
      stackPointer: this.#stackPointer.value,
      state: this.#stateGlobals().map(([name, global]) => [name, global.value]),
      descriptors: this.kernel.descriptors.list(),
      places,
      linked: this.#extensions.linked,
      hooks: this.#places as HookPlaces,
    }
  }

  begin(world: RequestWorld, descriptors: DescriptorTable, limits: SlotLimits): void {
    this.fuel.begin(limits)
    this.hooks.begin()
    this.kernel.begin(world, descriptors, limits)
  }

  /** @returns false if this instance cannot become the snapshot, because memory that grew cannot shrink. */
  restore(snapshot: Snapshot): boolean {
    const { memory } = this.kernel
    if (memory.pages > snapshot.pages) return false
    if (memory.pages < snapshot.pages) memory.grow(snapshot.pages - memory.pages)
    this.#extensions.replay(snapshot.linked)
    if (this.#isEmpty) {
      fillMemory(memory.bytes, snapshot)
      memory.bytes.fill(0, this.#cards.at, this.#cards.at + snapshot.memory.length / CARD_BYTES)
    } else if (this.#holds === snapshot.memory) restoreCards(memory.bytes, snapshot, this.#cards.at, this.#stack, this.#isBroken)
    else restoreMemory(memory.bytes, snapshot, this.#heapEnd())
    this.#holds = snapshot.memory
    this.#isBroken = false
    this.#isEmpty = false
    this.#stackPointer.value = snapshot.stackPointer
    for (const [name, value] of snapshot.state) (this.#exports[name] as WasmGlobal).value = value
    this.#places = snapshot.hooks
    this.hooks.use(snapshot.hooks)
    return true
  }

  /** Outside its bounds the metered binary traps, before it writes there; after a trap the stack pointer is where it was. */
  get stackOverran(): boolean {
    const { floor, top } = this.#stack
    return this.#stackPointer.value < floor || this.#stackPointer.value > top
  }

  /** Runs the request that it was given to its end. @returns PHP's exit status */
  handleRequest(): number {
    this.#isBroken = true
    const status = this.function('wasm_sapi_handle_request')()
    this.#isBroken = false
    return status
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
    use(this.kept(text))
  }

  /** @returns the address of a copy of a text, on PHP's heap */
  kept(text: string): number {
    const { memory, guest } = this.kernel
    const length = Buffer.byteLength(text)
    const at = guest.malloc(length + 1)
    memory.putWhole(text, at, length)
    return at
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
    const end = this.kernel.memory.u32(this.#breakAt)
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
