import { fail, SyscallFailure } from '../errno.js'
import type { HostContext } from '../host-calls/host-calls.js'
import type { SlotLimits } from '../limits.js'
import type { Overlay } from '../overlay.js'
import { PATH_UNITS_MAX } from '../path.js'
import type { VirtualClock } from '../virtual-clock.js'
import type { Descriptor, DescriptorTable } from './descriptors.js'
import type { ExecutionLog } from './execution-log.js'
import type { FuelGauge } from './fuel-gauge.js'
import { type GuestMemory, PAGE_BYTES } from './guest-memory.js'
import { hostTroubleOf, ScriptHalt } from './halt.js'
import type { ExtensionLoader } from './linker/extension-loader.js'
import type { RequestOutput } from './output.js'
import type { SeededRandom } from './seeded-random.js'
import { PATH_UNIT_FUEL, RANDOM_KIB_FUEL } from './syscalls/costs.js'

/** What system calls see of one request: made anew for each. */
export interface RequestWorld {
  readonly files: Overlay
  readonly clock: VirtualClock
  readonly random: SeededRandom
  readonly processId: number
  readonly output: RequestOutput
  /** None while PHP starts. */
  readonly log: ExecutionLog | undefined
  /** What answers a script's host calls. None while PHP starts. */
  readonly host: HostContext | undefined
}

/** Calls into PHP that the kernel itself needs. */
export interface GuestCalls {
  malloc(bytes: number): number
  alignedAlloc(alignment: number, bytes: number): number
  stackPointer(): number
  /** Takes a file of ours off PHP's list of included files, if nothing else is on it yet. */
  forgetLibrary(): void
}

export const AT_FDCWD = -100
/** The most parameters of a call that the kernel knows. */
export const PARAMETERS_MAX = 7
type Call = (...args: never[]) => number | undefined
const PAGES_PER_MIB = (1024 * 1024) / PAGE_BYTES
/** What new files and directories may not have: the C library's own umask() never reaches a kernel. */
export const UMASK = 0o022

/** One instance's kernel: its memory, its descriptors, and the world of the request that runs. */
export class Kernel {
  memory!: GuestMemory
  guest!: GuestCalls
  world!: RequestWorld
  descriptors!: DescriptorTable
  workingDirectory = '/'
  /** What dlopen() finds: set while PHP starts. */
  extensions: ExtensionLoader | undefined
  /** Told each name that a file is asked for by, as it was written: set while an image is made. */
  onName: ((name: string) => void) | undefined
  fuel!: FuelGauge
  pagesMax = 0
  /** PHP was refused memory. */
  memoryRefused = false
  #halt: ScriptHalt | undefined

  begin(world: RequestWorld, descriptors: DescriptorTable, limits: SlotLimits): void {
    this.world = world
    this.descriptors = descriptors
    descriptors.countIn(world.files)
    world.files.onLink = (units) => this.fuel.charge(units * PATH_UNIT_FUEL)
    this.pagesMax = limits.memoryMiB * PAGES_PER_MIB
    this.memoryRefused = false
    this.workingDirectory = '/'
    this.#halt = undefined
  }

  get halted(): ScriptHalt | undefined {
    return this.#halt
  }

  halt(reason: ScriptHalt['reason']): never {
    throw this.#stopped(new ScriptHalt(reason))
  }

  /** The absolute path that a call names, relative to an open directory or the working directory; as it is, to be gone step by step. */
  pathAt(directory: number, at: number): string {
    const text = this.memory.text(at)
    if (text.length >= PATH_UNITS_MAX) fail('NAMETOOLONG')
    this.fuel.charge(text.length * PATH_UNIT_FUEL)
    if (text.startsWith('/')) return text
    if (text === '') fail('NOENT')
    const from = directory === AT_FDCWD ? this.workingDirectory : this.descriptors.get(directory).path
    return `${from}/${text}`
  }

  path(at: number): string {
    return this.pathAt(AT_FDCWD, at)
  }

  /** A system call that answers minus the error number. */
  call<Body extends Call>(body: Body): (...args: Parameters<Body>) => number {
    return this.#caught(body, -1)
  }

  /** A WASI call, which answers the error number. */
  wasi<Body extends Call>(body: Body): (...args: Parameters<Body>) => number {
    return this.#caught(body, 1)
  }

  /** With its parameters by name, and undefined for those that it does not have: a list of them would cost as much as a small call does. */
  #caught(body: Call, sign: number): (...args: never[]) => number {
    return (a: never, b: never, c: never, d: never, e: never, f: never, g: never) => {
      try {
        return body(a, b, c, d, e, f, g) ?? 0
      } catch (error) {
        if (error instanceof SyscallFailure) return sign * error.errno
        if (error instanceof ScriptHalt) throw this.#stopped(error)
        throw error
      }
    }
  }

  /**
   * What ends the script when a call threw `error`. An address outside the memory, or where nobody may write, is a trap, as it would be in the binary
   * itself; it is noted like every halt, and like trouble of this machine, because C++ frames could swallow what is thrown.
   */
  endedBy(error: unknown): unknown {
    if (this.#halt) return error
    const trouble = hostTroubleOf(error)
    if (trouble !== undefined) return this.#stopped(new ScriptHalt(trouble))
    if (!(error instanceof RangeError || error instanceof SyscallFailure)) return error
    return this.#stopped(new ScriptHalt({ type: 'answer', code: 'SCRIPT_TRAPPED' }))
  }

  /** C++ frames in the way could swallow what is thrown: without fuel they come no further. */
  #stopped(halt: ScriptHalt): ScriptHalt {
    this.#halt ??= halt
    this.fuel.stop()
    return this.#halt
  }

  fillRandom(target: Uint8Array): void {
    this.fuel.charge(Math.ceil((target.length * RANDOM_KIB_FUEL) / 1024))
    this.world.random.fill(target)
  }

  file(fd: number): Descriptor & { kind: 'file' } {
    const descriptor = this.descriptors.get(fd)
    if (descriptor.kind === 'directory') fail('ISDIR')
    if (descriptor.kind !== 'file') fail('INVAL')
    return descriptor
  }
}
