import { createHash } from 'node:crypto'
import { PhpRuntimeError } from '../errors.js'
import { deriveTree, type TreeDirectory, treeOf } from '../file-tree.js'
import type { DirectoryEntry, FileChange, FileEntry, SymlinkEntry } from '../files.js'
import type { ScriptOutcome } from '../outcome.js'
import { opensslConfig, phpIni } from '../php-ini.js'
import type { ScriptRequest } from '../request.js'
import { loadPhpBinary } from './binary.js'
import type { AgreedPoint } from './execute.js'
import { shareFiles } from './shared-bytes.js'
import { WorkerSeat } from './worker-seat.js'

export interface PhpRuntimeOptions {
  /** Wall time after which this machine gives a request up, ms. It decides no result: others may finish. Default 30,000. */
  readonly guardMs?: number
  /** Most memory that PHP's whole instance may have, MiB (64 to 2048). The same on every member: it shows in results. Default 256. */
  readonly memoryMiB?: number
}

/** PHP as a function of (files, request, time, seed). Satisfies `ScriptRuntime` of @interpeer/peer. */
export interface PhpRuntime {
  /** Digest of all that shapes results beside the arguments of `run`: binary, kernel, configuration, memory. Members must agree on it. */
  readonly runtimeId: string
  has(root: string): boolean
  /** Keeps a whole site under a name of the caller's choice. @throws {PhpRuntimeError} PATH_INVALID, PATH_CLASH, RUNTIME_CLOSED */
  load(
    root: string,
    files: readonly FileEntry[],
    directories?: readonly DirectoryEntry[],
    symlinks?: readonly SymlinkEntry[],
  ): Promise<void>
  /** Keeps what `from` becomes by `changes`; costs the changes. @throws {PhpRuntimeError} ROOT_UNKNOWN, PATH_INVALID, PATH_CLASH */
  derive(root: string, from: string, changes: readonly FileChange[]): Promise<void>
  forget(root: string): void
  /** Answers one request on a private copy of a tree, one after the other. @throws {PhpRuntimeError} ROOT_UNKNOWN, OPTION_INVALID, RUNTIME_CLOSED */
  run(root: string, request: ScriptRequest, at: AgreedPoint): Promise<ScriptOutcome>
  close(): Promise<void>
}

/** Raised with every change of the kernel that can show in a result. */
const KERNEL_VERSION = 2

/** Starts PHP in a worker thread. @throws {PhpRuntimeError} OPTION_INVALID, START_FAILED */
export async function startPhpRuntime(options: PhpRuntimeOptions = {}): Promise<PhpRuntime> {
  const { guardMs = 30_000, memoryMiB = 256 } = options
  if (!Number.isInteger(guardMs) || guardMs < 1 || guardMs > 2_147_483_647)
    throw new PhpRuntimeError({ code: 'OPTION_INVALID', option: 'guardMs' })
  if (!Number.isInteger(memoryMiB) || memoryMiB < 64 || memoryMiB > 2048)
    throw new PhpRuntimeError({ code: 'OPTION_INVALID', option: 'memoryMiB' })
  const { module, digest } = await loadPhpBinary()
  const identity = `interpeer php runtime;kernel ${KERNEL_VERSION};binary ${digest};memory ${memoryMiB};ini ${phpIni}${opensslConfig}`
  const trees = new Map<string, TreeDirectory>()
  const seat = new WorkerSeat({ module, pagesMax: memoryMiB * 16, guardMs, trees })
  await seat.start()
  return new WorkerRuntime(createHash('sha256').update(identity).digest('hex'), trees, seat)
}

/** Keeps the trees, so that a new worker can be given them; the worker keeps the same, made of the same shared bytes. */
class WorkerRuntime implements PhpRuntime {
  readonly runtimeId: string
  readonly #trees: Map<string, TreeDirectory>
  readonly #seat: WorkerSeat

  constructor(runtimeId: string, trees: Map<string, TreeDirectory>, seat: WorkerSeat) {
    this.runtimeId = runtimeId
    this.#trees = trees
    this.#seat = seat
  }

  has(root: string): boolean {
    return this.#trees.has(root)
  }

  async load(
    root: string,
    files: readonly FileEntry[],
    directories: readonly DirectoryEntry[] = [],
    symlinks: readonly SymlinkEntry[] = [],
  ): Promise<void> {
    this.#seat.checkOpen()
    const tree = treeOf(shareFiles(files), directories, symlinks)
    this.#trees.set(root, tree)
    this.#seat.tell({ type: 'load', root, tree })
  }

  async derive(root: string, from: string, changes: readonly FileChange[]): Promise<void> {
    this.#seat.checkOpen()
    const shared = shareFiles(changes)
    this.#trees.set(root, deriveTree(this.#tree(from), shared))
    this.#seat.tell({ type: 'derive', root, from, changes: shared })
  }

  forget(root: string): void {
    if (this.#trees.delete(root)) this.#seat.tell({ type: 'forget', root })
  }

  async run(root: string, request: ScriptRequest, at: AgreedPoint): Promise<ScriptOutcome> {
    this.#seat.checkOpen()
    this.#tree(root)
    const { timeMs, seed } = at
    if (!Number.isInteger(timeMs) || timeMs < 0 || timeMs > 4_000_000_000_000)
      throw new PhpRuntimeError({ code: 'OPTION_INVALID', option: 'timeMs' })
    return this.#seat.run({ type: 'run', root, request, at: { timeMs, seed } })
  }

  close(): Promise<void> {
    return this.#seat.close()
  }

  #tree(root: string): TreeDirectory {
    const tree = this.#trees.get(root)
    if (!tree) throw new PhpRuntimeError({ code: 'ROOT_UNKNOWN', root })
    return tree
  }
}
