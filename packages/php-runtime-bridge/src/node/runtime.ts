import { createHash } from 'node:crypto'
import { siteConfiguration } from '../configuration/of-site.js'
import { PhpRuntimeError } from '../errors.js'
import { deriveTree, type TreeDirectory, treeOf } from '../file-tree.js'
import type { DirectoryEntry, FileChange, FileEntry, SymlinkEntry } from '../files.js'
import { canChange, hasOwnImage, haveSameCode, ROOMY } from '../image-recipe.js'
import type { ScriptOutcome } from '../outcome.js'
import { opcacheIni, opensslConfig, phpIni } from '../php-ini.js'
import { DEFAULT_PHP_VERSION, type PhpVersion, phpVersions } from '../php-version.js'
import type { ScriptRequest } from '../request.js'
import type { RunKind } from '../run-queue.js'
import { loadPhpBinary } from './binary.js'
import type { AgreedPoint } from './execute.js'
import { ImageLibrary, imageDigestOf, imageIdOf, plainImage, type SiteImage } from './image-library.js'
import type { Snapshot } from './php-instance.js'
import { shareFiles } from './shared-bytes.js'
import { PLAIN_IMAGE, type TaskResult } from './worker-messages.js'
import { WorkerPool } from './worker-pool.js'
import type { Lost } from './worker-seat.js'

export interface PhpRuntimeOptions {
  /** The version of PHP. Default '8.2'; others want their package installed (README). */
  readonly php?: PhpVersion
  /** Wall time after which this machine gives a request up, ms. It decides no result: others may finish. Default 30,000. */
  readonly guardMs?: number
  /** Most memory that PHP's whole instance may have, MiB (64 to 2048). The same on every member: it shows in results. Default 256. */
  readonly memoryMiB?: number
  /**
   * Most worker threads, 1 to 64; each starts when there is work that no other is free for. Of two or more, one is never given to a read. Default 1.
   */
  readonly workers?: number
}

export interface SiteOrigin {
  /** A root that the runtime holds: the site as it was published. Its image is made of that, not of what became of it. */
  readonly initial: string
}
/** The image that requests of a site start from. */
export interface ImageFacts {
  /** Digest of all that decides it. */
  readonly id: string
  /** SHA-256 of its bytes, hexadecimal: the same on every machine. */
  readonly digest: string
  /** Bytes of PHP's memory that it keeps. */
  readonly bytes: number
  /** Scripts that it holds compiled: absolute paths, sorted. */
  readonly scripts: readonly string[]
  /** Warm-up requests that would have left PHP unfit for others. */
  readonly leftOut: readonly string[]
}
export interface RunOptions {
  /** `read`: its changes are of no consequence, any number may run at a time. `write` (default): one at a time, in the order they came. */
  readonly kind?: RunKind
  /**
   * Whether the site's scratch is as earlier runs with it on the same root left it here, and is left for later ones if this changes nothing else. Without
   * (default), scratch is empty: whatever members agree on must run so.
   */
  readonly scratch?: boolean
}

/** PHP as a function of (files, request, time, seed). Satisfies `ScriptRuntime` of @interpeer/peer. */
export interface PhpRuntime {
  /** Digest of all that shapes results beside the arguments of `run`: binary, kernel, configuration, memory. Members must agree on it. */
  readonly runtimeId: string
  has(root: string): boolean
  /**
   * Keeps a whole site under a name of the caller's choice. A site whose interpeer.json asks for warm-up has an image of its own, made of `origin` where
   * that has the same code, else of the files given.
   * @throws {PhpRuntimeError} PATH_INVALID, PATH_CLASH, ROOT_UNKNOWN (`origin.initial`), RUNTIME_CLOSED
   */
  load(
    root: string,
    files: readonly FileEntry[],
    directories?: readonly DirectoryEntry[],
    symlinks?: readonly SymlinkEntry[],
    origin?: SiteOrigin,
  ): Promise<void>
  /** Keeps what `from` becomes by `changes`; costs the changes. @throws {PhpRuntimeError} ROOT_UNKNOWN, PATH_INVALID, PATH_CLASH */
  derive(root: string, from: string, changes: readonly FileChange[]): Promise<void>
  forget(root: string): void
  /**
   * Answers one request on a private copy of a tree.
   * @throws {PhpRuntimeError} ROOT_UNKNOWN, OPTION_INVALID, RUNTIME_BUSY (more than 1024 of its kind wait), RUNTIME_CLOSED
   */
  run(root: string, request: ScriptRequest, at: AgreedPoint, options?: RunOptions): Promise<ScriptOutcome>
  /**
   * The image that requests to a root start from; it is made where it is not there. undefined where it cannot be made on this machine.
   * @throws {PhpRuntimeError} ROOT_UNKNOWN, RUNTIME_BUSY, RUNTIME_CLOSED
   */
  image(root: string): Promise<ImageFacts | undefined>
  close(): Promise<void>
}

/** Raised with every change of the kernel that can show in a result. */
const KERNEL_VERSION = 2

/** Starts PHP in worker threads. @throws {PhpRuntimeError} OPTION_INVALID, VERSION_MISSING, BUILD_UNKNOWN, START_FAILED */
export async function startPhpRuntime(options: PhpRuntimeOptions = {}): Promise<PhpRuntime> {
  const { php = DEFAULT_PHP_VERSION, guardMs = 30_000, memoryMiB = 256, workers = 1 } = options
  const check = (option: string, value: number, min: number, max: number) => {
    if (!Number.isInteger(value) || value < min || value > max) throw new PhpRuntimeError({ code: 'OPTION_INVALID', option })
  }
  if (!phpVersions.includes(php)) throw new PhpRuntimeError({ code: 'OPTION_INVALID', option: 'php' })
  check('guardMs', guardMs, 1, 2_147_483_647)
  check('memoryMiB', memoryMiB, 64, 2048)
  check('workers', workers, 1, 64)
  const { module, data, digest } = await loadPhpBinary(php)
  const identity = `interpeer php runtime;kernel ${KERNEL_VERSION};binary ${digest};memory ${memoryMiB};ini ${phpIni}${opcacheIni(ROOMY)}${opensslConfig}`
  const roots = new RootTable()
  const snapshots = new Map<string, Snapshot>()
  const pool = new WorkerPool({ php: { module, data, pagesMax: memoryMiB * 16 }, trees: roots.trees, snapshots, workers })
  await pool.start()
  const runtimeId = createHash('sha256').update(identity).digest('hex')
  return new WorkerRuntime({ runtimeId, guardMs, roots, pool, snapshots })
}

/** The trees, so that a new worker can be given them, and what each one's requests start from. */
class RootTable {
  readonly trees = new Map<string, TreeDirectory>()
  readonly #images = new Map<string, SiteImage>()

  set(root: string, tree: TreeDirectory, image: SiteImage): void {
    this.trees.set(root, tree)
    this.#images.set(root, image)
  }

  delete(root: string): boolean {
    this.#images.delete(root)
    return this.trees.delete(root)
  }

  tree(root: string): TreeDirectory {
    const tree = this.trees.get(root)
    if (!tree) throw new PhpRuntimeError({ code: 'ROOT_UNKNOWN', root })
    return tree
  }

  image(root: string): SiteImage {
    return this.#images.get(root) ?? plainImage
  }
}

interface Parts {
  readonly runtimeId: string
  readonly guardMs: number
  readonly roots: RootTable
  readonly pool: WorkerPool
  readonly snapshots: Map<string, Snapshot>
}

/** Keeps the trees; the workers keep the same, made of the same shared bytes. */
class WorkerRuntime implements PhpRuntime {
  readonly #parts: Parts
  readonly #images: ImageLibrary

  constructor(parts: Parts) {
    this.#parts = parts
    this.#images = new ImageLibrary(parts.pool, parts.snapshots)
  }

  get runtimeId(): string {
    return this.#parts.runtimeId
  }

  has(root: string): boolean {
    return this.#parts.roots.trees.has(root)
  }

  async load(
    root: string,
    files: readonly FileEntry[],
    directories: readonly DirectoryEntry[] = [],
    symlinks: readonly SymlinkEntry[] = [],
    origin: SiteOrigin | undefined = undefined,
  ): Promise<void> {
    const { pool, roots } = this.#parts
    pool.checkOpen()
    const tree = treeOf(shareFiles(files), directories, symlinks)
    roots.set(root, tree, this.#imageOf(tree, origin && roots.tree(origin.initial)))
    pool.tell({ type: 'load', root, tree })
  }

  async derive(root: string, from: string, changes: readonly FileChange[]): Promise<void> {
    const { pool, roots } = this.#parts
    pool.checkOpen()
    const shared = shareFiles(changes)
    const tree = deriveTree(roots.tree(from), shared)
    const image = roots.image(from)
    const configuration = image.order?.configuration
    const isSameCode = configuration && changes.every(({ path }) => canChange(configuration, path))
    roots.set(root, tree, isSameCode ? image : this.#imageOf(tree))
    pool.tell({ type: 'derive', root, from, changes: shared })
  }

  forget(root: string): void {
    if (this.#parts.roots.delete(root)) this.#parts.pool.tell({ type: 'forget', root })
  }

  async run(
    root: string,
    request: ScriptRequest,
    at: AgreedPoint,
    { kind = 'write', scratch = false }: RunOptions = {},
  ): Promise<ScriptOutcome> {
    const { pool, roots, guardMs } = this.#parts
    pool.checkOpen()
    roots.tree(root)
    const { timeMs, seed } = at
    if (!Number.isInteger(timeMs) || timeMs < 0 || timeMs > 4_000_000_000_000)
      throw new PhpRuntimeError({ code: 'OPTION_INVALID', option: 'timeMs' })
    const { id, order } = roots.image(root)
    const run = async () =>
      outcomeOf(await pool.run(kind, { type: 'run', root, image: id, request, at: { timeMs, seed }, scratch }, guardMs))
    return order === undefined ? run() : ((await this.#images.with(id, order, run)) ?? { type: 'abstained', reason: 'IMAGE_FAILED' })
  }

  async image(root: string): Promise<ImageFacts | undefined> {
    const { roots, snapshots } = this.#parts
    roots.tree(root)
    const { id, order } = roots.image(root)
    const facts = (snapshot: Snapshot) => ({ id, digest: imageDigestOf(snapshot), bytes: snapshot.memory.length })
    if (order === undefined) return { ...facts(snapshots.get(PLAIN_IMAGE) as Snapshot), scripts: [], leftOut: [] }
    return this.#images.with(id, order, async ({ snapshot, held, leftOut }) => ({ ...facts(snapshot), scripts: held, leftOut }))
  }

  close(): Promise<void> {
    return this.#parts.pool.close()
  }

  #imageOf(tree: TreeDirectory, published?: TreeDirectory): SiteImage {
    const reading = siteConfiguration(tree)
    if (reading.type === 'invalid' || !hasOwnImage(reading.configuration)) return plainImage
    const { configuration } = reading
    const order = { initial: published && haveSameCode(configuration, tree, published) ? published : tree, configuration }
    return { id: imageIdOf(this.runtimeId, order), order }
  }
}

function outcomeOf(result: TaskResult | Lost): ScriptOutcome {
  if (result.type === 'ran') return result.outcome
  return { type: 'abstained', reason: result.type === 'lost' ? result.reason : 'WORKER_DIED' }
}
