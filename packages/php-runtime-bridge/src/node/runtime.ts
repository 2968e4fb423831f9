import { createHash } from 'node:crypto'
import { EFFECT_KINDS, type EffectKind } from '../configuration/fields.js'
import { PhpRuntimeError } from '../errors.js'
import { deriveTree, type TreeDirectory, treeOf } from '../file-tree.js'
import type { DirectoryEntry, FileChange, FileEntry } from '../files.js'
import { phpLibrary } from '../host-calls/php-library.js'
import type { ScriptOutcome } from '../outcome.js'
import { opensslConfig, phpIni } from '../php-ini.js'
import { DEFAULT_PHP_VERSION, type PhpVersion, phpVersions } from '../php-version.js'
import type { ScriptRequest } from '../request.js'
import { loadPhpBinary } from './binary.js'
import type { ContentSource } from './content-channel.js'
import type { AgreedPoint } from './execute.js'
import { shareFiles } from './shared-bytes.js'
import { WorkerSeat } from './worker-seat.js'

export interface PhpRuntimeOptions {
  /** The version of PHP. Default '8.2'; others want their package installed (README). */
  readonly php?: PhpVersion
  /** Wall time after which this machine gives a request up, ms. It decides no result: others may finish. Default 30,000. */
  readonly guardMs?: number
  /** Most memory that PHP's whole instance may have, MiB (64 to 2048). The same on every member: it shows in results. Default 256. */
  readonly memoryMiB?: number
  /** What the host does for scripts beside running them. Nothing by default. */
  readonly hostCalls?: HostCallOptions
}
export interface HostCallOptions {
  /** Kinds of effect that the host carries out once they are agreed; the others throw `Interpeer\Unsupported`. The same on every member. */
  readonly effects?: readonly EffectKind[]
  /** Answers `Interpeer\content()`, which throws `Interpeer\Unsupported` without it. There on every member, or on none. */
  readonly content?: ContentSource
}

/** PHP as a function of (files, request, time, seed). Satisfies `ScriptRuntime` of @interpeer/peer. */
export interface PhpRuntime {
  /** Digest of all that shapes results beside the arguments of `run`: binary, kernel, configuration, memory. Members must agree on it. */
  readonly runtimeId: string
  has(root: string): boolean
  /** Keeps a whole site under a name of the caller's choice. @throws {PhpRuntimeError} PATH_INVALID, PATH_CLASH, RUNTIME_CLOSED */
  load(root: string, files: readonly FileEntry[], directories?: readonly DirectoryEntry[]): Promise<void>
  /** Keeps what `from` becomes by `changes`; costs the changes. @throws {PhpRuntimeError} ROOT_UNKNOWN, PATH_INVALID, PATH_CLASH */
  derive(root: string, from: string, changes: readonly FileChange[]): Promise<void>
  forget(root: string): void
  /** Answers one request on a private copy of a tree, one after the other. @throws {PhpRuntimeError} ROOT_UNKNOWN, OPTION_INVALID, RUNTIME_CLOSED */
  run(root: string, request: ScriptRequest, at: AgreedPoint): Promise<ScriptOutcome>
  close(): Promise<void>
}

/** Raised with every change of the kernel that can show in a result. */
const KERNEL_VERSION = 2

/** Starts PHP in a worker thread. @throws {PhpRuntimeError} OPTION_INVALID, VERSION_MISSING, BUILD_UNKNOWN, START_FAILED */
export async function startPhpRuntime(options: PhpRuntimeOptions = {}): Promise<PhpRuntime> {
  const { php = DEFAULT_PHP_VERSION, guardMs = 30_000, memoryMiB = 256, hostCalls: { effects = [], content } = {} } = options
  if (!phpVersions.includes(php)) throw new PhpRuntimeError({ code: 'OPTION_INVALID', option: 'php' })
  if (!Number.isInteger(guardMs) || guardMs < 1 || guardMs > 2_147_483_647)
    throw new PhpRuntimeError({ code: 'OPTION_INVALID', option: 'guardMs' })
  if (!Number.isInteger(memoryMiB) || memoryMiB < 64 || memoryMiB > 2048)
    throw new PhpRuntimeError({ code: 'OPTION_INVALID', option: 'memoryMiB' })
  const carriedOut = EFFECT_KINDS.filter((kind) => effects.includes(kind))
  if (carriedOut.length !== effects.length) throw new PhpRuntimeError({ code: 'OPTION_INVALID', option: 'hostCalls.effects' })
  const { module, digest } = await loadPhpBinary(php)
  const calls = `calls ${carriedOut.join()};content ${content !== undefined};${phpLibrary}`
  const identity = `interpeer php runtime;kernel ${KERNEL_VERSION};binary ${digest};memory ${memoryMiB};${calls};ini ${phpIni}${opensslConfig}`
  const trees = new Map<string, TreeDirectory>()
  const seat = new WorkerSeat({ module, pagesMax: memoryMiB * 16, guardMs, trees, carriedOut, content })
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

  async load(root: string, files: readonly FileEntry[], directories: readonly DirectoryEntry[] = []): Promise<void> {
    this.#seat.checkOpen()
    const tree = treeOf(shareFiles(files), directories)
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
    const option = faultyPartOf(at)
    if (option !== undefined) throw new PhpRuntimeError({ code: 'OPTION_INVALID', option })
    return this.#seat.run({ type: 'run', root, request, at })
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

function faultyPartOf({ timeMs, job, balance }: AgreedPoint): string | undefined {
  if (!Number.isInteger(timeMs) || timeMs < 0 || timeMs > 4_000_000_000_000) return 'timeMs'
  if (balance !== undefined && (typeof balance !== 'bigint' || balance !== BigInt.asUintN(64, balance))) return 'balance'
  if (job === undefined) return undefined
  const named = [job.id, job.account].every((name) => /^[\x21-\x7e]{1,255}$/.test(name))
  return named && Number.isInteger(job.step) && job.step >= 0 && job.step < 2 ** 31 ? undefined : 'job'
}
