import type { PhpAddresses } from '../meter/addresses.js'
import type { GuestMemory } from './guest-memory.js'
import { tableFunction } from './table-function.js'
import type { WasmTable } from './wasm-api.js'

/** Of the instance's start, for all that are restored from it. */
export interface HookPlaces {
  /** Where a zend_string has its length; its bytes follow. */
  readonly stringLength: number
  /** Where the table of functions has the constructor of Fiber. */
  readonly fiberConstructor: number
  /** Where it has proc_open(). */
  readonly processOpener: number
  /** Pointers to eight words, and those words: what PHP's reading of arguments takes and fills. */
  readonly argumentRoom: number
  readonly texts: Readonly<Record<Text, number>>
}

const texts = {
  exhausted: 'The job slot is exhausted: its work is used up',
  exhaustedClass: 'Interpeer\\SlotExhausted',
  fibers: 'Fibers cannot run here',
  noProcess: 'Fork failed: Function not implemented',
  // command, descriptors, pipes, then folder, environment and options that may be null
  processArguments: 'zaz|s!a!a!',
  probe: 'interpeer',
} as const
type Text = keyof typeof texts
type Exported = (...args: number[]) => number

const NO_AUTOLOAD = 0x80
// a bit: uncaught exceptions come with another one beside it
const E_ERROR = 1
const E_WARNING = 2
const SUCCESS = 0
const IS_FALSE = 2
/** Where a zend_execute_data has the number of arguments, and a zval its type. */
const ARGUMENT_COUNT_AT = 28
const ZVAL_TYPE_AT = 8
/** proc_open() has six arguments, one of which is a text: a pointer and a length. */
const ARGUMENT_WORDS = 8
const MEMORY_ERRORS = ['Allowed memory size of ', 'Out of memory ']
const ERROR_BYTES = 32
const WORD_BYTES = 4

/**
 * Where PHP calls us back: at its interrupt checks, when the work of a slot is used up; at its fatal errors; and where a script would make a fiber or
 * a process.
 * The functions lie in the same places of the table in every instance, so a snapshot of PHP's memory can name them.
 */
export class PhpHooks {
  readonly #exports: Readonly<Record<string, unknown>>
  readonly #memory: GuestMemory
  readonly #addresses: PhpAddresses
  readonly #table: WasmTable
  readonly #onInterrupt: number
  readonly #onError: number
  readonly #processOpener: number
  #places: HookPlaces | undefined
  #exhaustion: 'none' | 'due' | 'thrown' | 'fatal' = 'none'
  #outOfMemory = false

  /** @param processOpener proc_open()'s index among the binary's functions */
  constructor(exports: Readonly<Record<string, unknown>>, memory: GuestMemory, addresses: PhpAddresses, processOpener: number) {
    this.#processOpener = processOpener
    this.#exports = exports
    this.#memory = memory
    this.#addresses = addresses
    this.#table = exports.__indirect_function_table as WasmTable
    this.#onInterrupt = this.#table.grow(2)
    this.#onError = this.#onInterrupt + 1
    this.#table.set(
      this.#onInterrupt,
      tableFunction(1, () => this.#interrupted()),
    )
    this.#table.set(
      this.#onError,
      tableFunction(4, (type, _file, _line, message) => this.#failed(type as number, message as number)),
    )
  }

  /** Once PHP has started. */
  install(keepText: (text: string) => number): HookPlaces {
    this.#memory.put32(this.#addresses.interruptFunction, this.#onInterrupt)
    this.#function('zend_observer_error_register')(this.#onError)
    const kept = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, keepText(text)])) as Record<Text, number>
    const argumentRoom = keepText(' '.repeat(2 * ARGUMENT_WORDS * WORD_BYTES))
    for (let i = 0; i < ARGUMENT_WORDS; i++) {
      const pointer = argumentRoom + i * WORD_BYTES
      this.#memory.put32(pointer, pointer + ARGUMENT_WORDS * WORD_BYTES)
    }
    return {
      stringLength: this.#lengthPlace(kept.probe),
      fiberConstructor: this.#tablePlace((entry) => entry === this.#exports.zim_Fiber___construct),
      // what the binary does not export has its index for a name
      processOpener: this.#tablePlace((entry) => entry?.name === String(this.#processOpener)),
      argumentRoom,
      texts: kept,
    }
  }

  /** Once for each instance. */
  use(places: HookPlaces): void {
    if (this.#places) return
    this.#places = places
    this.#table.set(
      places.fiberConstructor,
      tableFunction(2, () => this.#throwError(0, places.texts.fibers)),
    )
    this.#table.set(
      places.processOpener,
      tableFunction(2, (call, result) => this.#openProcess(places, call as number, result as number)),
    )
  }

  begin(): void {
    this.#exhaustion = 'none'
    this.#outOfMemory = false
  }

  /** An error that nobody caught ended the script after it was told that its slot is exhausted. */
  get failedExhausted(): boolean {
    return this.#exhaustion === 'fatal'
  }

  /** PHP ended the script for want of memory. */
  get outOfMemory(): boolean {
    return this.#outOfMemory
  }

  /** At its next check PHP throws an error that says that the slot is exhausted. */
  interrupt(): void {
    this.#exhaustion = 'due'
    this.#memory.put8(this.#addresses.vmInterrupt, 1)
  }

  #interrupted(): void {
    if (this.#exhaustion !== 'due' || !this.#places) return
    this.#exhaustion = 'thrown'
    const { texts } = this.#places
    const name = this.#function('zend_strpprintf')(0, texts.exhaustedClass, 0)
    this.#throwError(this.#function('zend_lookup_class_ex')(name, 0, NO_AUTOLOAD), texts.exhausted)
  }

  /** An Error where the class is 0. */
  #throwError(errorClass: number, text: number): void {
    this.#function('zend_throw_error')(errorClass, text, 0)
  }

  /**
   * proc_open() where no process can be made: a warning and false. php-wasm's own, when a descriptor cannot be had, frees the list of all of them,
   * of which it has set only those before it: what then happens is up to what lay in that memory.
   */
  #openProcess({ argumentRoom, texts }: HookPlaces, call: number, result: number): void {
    const given = this.#memory.u32(call + ARGUMENT_COUNT_AT)
    if (this.#function('zend_parse_parameters')(given, texts.processArguments, argumentRoom) !== SUCCESS) return
    this.#function('php_error_docref')(0, E_WARNING, texts.noProcess, 0)
    this.#memory.put32(result + ZVAL_TYPE_AT, IS_FALSE)
  }

  #failed(type: number, message: number): void {
    if ((type & E_ERROR) === 0 || !this.#places) return
    if (this.#exhaustion === 'thrown') this.#exhaustion = 'fatal'
    const start = message + this.#places.stringLength + 4
    const text = Buffer.from(this.#memory.bytes.subarray(start, start + ERROR_BYTES)).toString('latin1')
    if (MEMORY_ERRORS.some((known) => text.startsWith(known))) this.#outOfMemory = true
  }

  #lengthPlace(probe: number): number {
    const made = this.#function('zend_strpprintf')(0, probe, 0)
    const at = this.#memory.bytes.subarray(made, made + 64).findIndex((_, i) => this.#memory.u32(made + i) === texts.probe.length)
    this.#function('_efree')(made)
    return at
  }

  #tablePlace(isWanted: (entry: ReturnType<WasmTable['get']>) => boolean): number {
    let at = 0
    while (!isWanted(this.#table.get(at))) at++
    return at
  }

  #function(name: string): Exported {
    return this.#exports[name] as Exported
  }
}
