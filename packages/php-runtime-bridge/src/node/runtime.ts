import { createHash } from 'node:crypto'
import { plannedLines } from '../configuration/cron-line.js'
import type { CronSchedule } from '../configuration/cron-schedule.js'
import { EFFECT_KINDS, type EffectKind } from '../configuration/fields.js'
import { siteConfiguration } from '../configuration/of-site.js'
import { usualConfiguration } from '../configuration/site-configuration.js'
import { PhpRuntimeError } from '../errors.js'
import { deriveTree, type TreeDirectory, treeOf } from '../file-tree.js'
import type { DirectoryEntry, FileChange, FileEntry, FileStream, SymlinkEntry } from '../files.js'
import { phpChild, phpEvent, phpLibrary } from '../host-calls/php-library.js'
import { canChange, codeOf, hasOwnImage, ROOMY } from '../image-recipe.js'
import { areLimits, SLOT, type SlotLimits } from '../limits.js'
import type { ScriptOutcome } from '../outcome.js'
import { opcacheIni, opensslConfig, phpIni } from '../php-ini.js'
import { DEFAULT_PHP_VERSION, type PhpVersion, phpVersions } from '../php-version.js'
import type { ScriptRequest } from '../request.js'
import { type RunKind, readersOf } from '../run-queue.js'
import { metering } from './binary.js'
import { pinnedBuilds } from './builds.js'
import type { ContentSource } from './content-channel.js'
import type { AgreedPoint } from './execute.js'
import { ImageLibrary, imageDigestOf, imageIdOf, type SiteImage } from './image-library.js'
import { PageFile } from './page-file.js'
import { PhpBuilds } from './php-builds.js'
import type { Snapshot } from './php-instance.js'
import { RootTable } from './root-table.js'
import { shareChanges } from './shared-bytes.js'
import { SiteMemory } from './site-memory.js'
import { type KeptImage, PLAIN_IMAGE, type TaskResult } from './worker-messages.js'
import { WorkerPool } from './worker-pool.js'
import type { Lost } from './worker-seat.js'

export interface PhpRuntimeOptions {
  /** The version of sites without an interpeer.json. The same on every member. Default '8.2'; others want their package installed (README). */
  readonly php?: PhpVersion
  /** Wall time after which this machine gives a request up, ms. It decides no result: others may finish. Default 30,000. */
  readonly guardMs?: number
  /** What each job slot is. The same on every member: it shows in results. Default: SLOT. */
  readonly limits?: SlotLimits
  /**
   * A folder for what takes a second to make, the metered binaries, and for what of a large site does not stay in memory, as long as the process lives. Any
   * number of processes may share it. Default: nothing is kept, and large sites lie in the system's folder for temporary files.
   */
  readonly cacheFolder?: string
  /** What the host does for scripts beside running them. Nothing by default. */
  readonly hostCalls?: HostCallOptions
  /**
   * Most worker threads, 1 to 64; each starts when there is work that no other is free for. Of two or more, one is never given to a read. Default 1.
   */
  readonly workers?: number
  /**
   * What the files of one site may hold in memory, MiB, 0 to 65,536. The largest of a site with more lie on the disk, and are read as scripts read them. It
   * decides no result. Default 256.
   */
  readonly fileMemoryMiB?: number
}

export interface HostCallOptions {
  /** Kinds of effect that the host carries out once they are agreed; the others throw `Interpeer\Unsupported`. The same on every member. */
  readonly effects?: readonly EffectKind[]
  /** Answers `Interpeer\content()`, which throws `Interpeer\Unsupported` without it. There on every member, or on none. */
  readonly content?: ContentSource
}

export interface SiteOrigin {
  /** A root that the runtime holds: the site as it was published, with the data that warm-up is to find. Members must name the same, or none. */
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
  /**
   * `read`: its changes are of no consequence, any number may run at a time; what it changed in the site's caches is not told. `write` (default): one at
   * a time, in the order they came; it tells all.
   */
  readonly kind?: RunKind
  /**
   * Whether the site's scratch is as earlier runs with it on the same root left it here, and is left for later ones if this changes nothing else. Without
   * (default), scratch is empty: whatever members agree on must run so.
   */
  readonly scratch?: boolean
  /**
   * Whether of more than 1 MiB of a static file the body has digests, for the caller to ask for each piece by its range: see `interpeer-pieces` in the README.
   * Default: the bytes, up to 8 MiB.
   */
  readonly inPieces?: boolean
}

/** PHP as a function of (files, request, time, seed). Satisfies `ScriptRuntime` of @interpeer/peer. */
export interface PhpRuntime {
  /** Digest of all that shapes results beside the arguments of `run`: binary, kernel, configuration, memory. Members must agree on it. */
  readonly runtimeId: string
  /** Most reads that run at a time. */
  readonly readers: number
  has(root: string): boolean
  /**
   * Keeps a whole site under a name of the caller's choice, and loads the PHP that its interpeer.json asks for. A site whose interpeer.json asks for warm-up
   * has an image of its own: made of its code alone, so that every state of it has the same, or of `origin` where that has the same code.
   * The smallest files stay in memory (`fileMemoryMiB`); what is larger is read when a script does.
   * @throws {PhpRuntimeError} PATH_INVALID, PATH_CLASH, FILE_INVALID, PAGE_UNWRITTEN, PAGE_UNREAD, ROOT_UNKNOWN (`origin.initial`), VERSION_MISSING,
   * BUILD_UNKNOWN, START_FAILED, LINK_FAILED, RUNTIME_CLOSED
   */
  load(
    root: string,
    files: readonly (FileEntry | FileStream)[],
    directories?: readonly DirectoryEntry[],
    symlinks?: readonly SymlinkEntry[],
    origin?: SiteOrigin,
  ): Promise<void>
  /**
   * Keeps what `from` becomes by `changes`; costs the changes, and now and then what of them piled up in memory.
   * @throws {PhpRuntimeError} ROOT_UNKNOWN, and what `load` does
   */
  derive(root: string, from: string, changes: readonly FileChange[]): Promise<void>
  forget(root: string): void
  /**
   * Answers one request on a private copy of a tree.
   * @throws {PhpRuntimeError} ROOT_UNKNOWN, OPTION_INVALID, RUNTIME_BUSY (more than 1024 of its kind wait), RUNTIME_CLOSED
   */
  run(root: string, request: ScriptRequest, at: AgreedPoint, options?: RunOptions): Promise<ScriptOutcome>
  /** The lines of `cron` in the site's configuration, in order; none where that is invalid. @throws {PhpRuntimeError} ROOT_UNKNOWN */
  cron(root: string): readonly { readonly schedule: CronSchedule; readonly target: string }[]
  /**
   * The image that requests to a root start from; it is made where it is not there. undefined where it cannot be made on this machine.
   * @throws {PhpRuntimeError} ROOT_UNKNOWN, RUNTIME_BUSY, RUNTIME_CLOSED
   */
  image(root: string): Promise<ImageFacts | undefined>
  /**
   * Makes the root's image where it is not there, so that its first request need not wait for it. @returns false where this machine could not
   * @throws {PhpRuntimeError} ROOT_UNKNOWN, RUNTIME_BUSY, RUNTIME_CLOSED
   */
  prepare(root: string): Promise<boolean>
  close(): Promise<void>
}

const MIB = 1024 * 1024
/** Raised with every change of the kernel that can show in a result. */
const KERNEL_VERSION = 11

/** Starts PHP in worker threads. @throws {PhpRuntimeError} OPTION_INVALID, VERSION_MISSING, BUILD_UNKNOWN, START_FAILED */
export async function startPhpRuntime(options: PhpRuntimeOptions = {}): Promise<PhpRuntime> {
  const {
    php = DEFAULT_PHP_VERSION,
    guardMs = 30_000,
    limits = SLOT,
    cacheFolder,
    workers = 1,
    fileMemoryMiB = 256,
    hostCalls: { effects = [], content } = {},
  } = options
  const check = (option: string, value: number, min: number, max: number) => {
    if (!Number.isInteger(value) || value < min || value > max) throw new PhpRuntimeError({ code: 'OPTION_INVALID', option })
  }
  if (!phpVersions.includes(php)) throw new PhpRuntimeError({ code: 'OPTION_INVALID', option: 'php' })
  check('guardMs', guardMs, 1, 2_147_483_647)
  if (!areLimits(limits)) throw new PhpRuntimeError({ code: 'OPTION_INVALID', option: 'limits' })
  check('workers', workers, 1, 64)
  check('fileMemoryMiB', fileMemoryMiB, 0, 65_536)
  const carriedOut = EFFECT_KINDS.filter((kind) => effects.includes(kind))
  if (carriedOut.length !== effects.length) throw new PhpRuntimeError({ code: 'OPTION_INVALID', option: 'hostCalls.effects' })
  const builds = new PhpBuilds({ limits, carriedOut }, cacheFolder)
  const usual = builds.of({ php, extensions: [] })
  await builds.load(usual)
  const calls = `calls ${carriedOut.join()};content ${content !== undefined};${phpLibrary}${phpChild}${phpEvent}`
  const which = `binaries ${pinnedBuilds};${metering};usual ${usual};limits ${limits.fuel} ${limits.memoryMiB} ${limits.graceFuel}`
  const identity = `interpeer php runtime;kernel ${KERNEL_VERSION};${which};${calls};ini ${phpIni}${opcacheIni(ROOMY)}${opensslConfig}`
  const roots = new RootTable((key, tree) => pool.forget(key, tree))
  const images = new Map<string, KeptImage>()
  const pool = new WorkerPool({ builds: builds.loaded, usual, trees: roots.trees, images, content, workers })
  await pool.start()
  const runtimeId = createHash('sha256').update(identity).digest('hex')
  const pages = new PageFile(cacheFolder)
  const memory = new SiteMemory(pages, fileMemoryMiB * MIB)
  return new WorkerRuntime({ runtimeId, php, usual, readers: readersOf(workers), guardMs, roots, pool, pages, memory, builds, images })
}

interface Parts {
  readonly runtimeId: string
  readonly readers: number
  /** Version of sites without a configuration. */
  readonly php: PhpVersion
  /** The build of PLAIN_IMAGE. */
  readonly usual: string
  readonly guardMs: number
  readonly roots: RootTable
  readonly pool: WorkerPool
  readonly pages: PageFile
  readonly memory: SiteMemory
  readonly builds: PhpBuilds
  readonly images: Map<string, KeptImage>
}

/** Keeps the trees; the workers keep the same, made of the same shared bytes. */
class WorkerRuntime implements PhpRuntime {
  readonly #parts: Parts
  readonly #images: ImageLibrary

  constructor(parts: Parts) {
    this.#parts = parts
    this.#images = new ImageLibrary(parts.pool, parts.guardMs, parts.images)
  }

  get runtimeId(): string {
    return this.#parts.runtimeId
  }

  get readers(): number {
    return this.#parts.readers
  }

  has(root: string): boolean {
    return this.#parts.roots.has(root)
  }

  async load(
    root: string,
    files: readonly (FileEntry | FileStream)[],
    directories: readonly DirectoryEntry[] = [],
    symlinks: readonly SymlinkEntry[] = [],
    origin: SiteOrigin | undefined = undefined,
  ): Promise<void> {
    const { pool, roots, memory } = this.#parts
    pool.checkOpen()
    const tree = treeOf(await memory.take(files), directories, symlinks)
    pool.checkOpen()
    const image = await this.#imageOf(tree, origin && roots.get(origin.initial).tree)
    if (!this.#isLoaded(image)) await this.#load(image)
    const { key } = roots.set(root, tree, image)
    pool.tell({ type: 'load', key, tree })
  }

  async derive(root: string, from: string, changes: readonly FileChange[]): Promise<void> {
    const { pool, roots, memory } = this.#parts
    pool.checkOpen()
    const shared = shareChanges(changes)
    // `root` may be `from`, which workers need until they derived from it
    await roots.while(from, async (before) => {
      const tree = deriveTree(before.tree, shared)
      const relieved = await memory.relieve(tree)
      const configuration = before.image.order?.configuration
      const isSameCode = configuration && changes.every(({ path }) => canChange(configuration, path))
      // of what is kept: what it is made of must not stay in memory beside it
      const image = isSameCode ? before.image : await this.#imageOf(relieved)
      if (!this.#isLoaded(image)) await this.#load(image)
      const { key } = roots.set(root, relieved, image)
      if (relieved === tree) pool.tell({ type: 'derive', key, from: before.key, changes: shared })
      else pool.tell({ type: 'load', key, tree: relieved })
    })
  }

  forget(root: string): void {
    this.#parts.roots.forget(root)
  }

  async run(
    root: string,
    request: ScriptRequest,
    at: AgreedPoint,
    { kind = 'write', scratch = false, inPieces = false }: RunOptions = {},
  ): Promise<ScriptOutcome> {
    const { pool, roots, guardMs } = this.#parts
    pool.checkOpen()
    return roots.while(root, async ({ key, image }) => {
      const option = faultyPartOf(at)
      if (option !== undefined) throw new PhpRuntimeError({ code: 'OPTION_INVALID', option })
      const run = async () =>
        outcomeOf(await pool.run(kind, { type: 'run', tree: key, image: image.id, request, at, kind, scratch, inPieces }, guardMs))
      return image.id === PLAIN_IMAGE ? run() : ((await this.#images.with(image, run)) ?? { type: 'abstained', reason: 'IMAGE_FAILED' })
    })
  }

  cron(root: string): ReturnType<PhpRuntime['cron']> {
    const reading = siteConfiguration(this.#parts.roots.get(root).tree)
    return reading.type === 'valid' ? plannedLines(reading.configuration.cron) : []
  }

  async image(root: string): Promise<ImageFacts | undefined> {
    const { roots, images } = this.#parts
    const wanted = roots.get(root).image
    const { id } = wanted
    const facts = (snapshot: Snapshot) => ({ id, digest: imageDigestOf(snapshot), bytes: snapshot.memory.length })
    if (id === PLAIN_IMAGE) return { ...facts((images.get(id) as KeptImage).snapshot), scripts: [], leftOut: [] }
    return this.#images.with(wanted, async ({ snapshot, held, leftOut }) => ({ ...facts(snapshot), scripts: held, leftOut }))
  }

  async prepare(root: string): Promise<boolean> {
    const { image } = this.#parts.roots.get(root)
    return image.id === PLAIN_IMAGE || (await this.#images.with(image, async () => true)) === true
  }

  async close(): Promise<void> {
    const { pool, pages } = this.#parts
    await pool.close()
    pages.close()
  }

  async #imageOf(tree: TreeDirectory, published?: TreeDirectory): Promise<SiteImage> {
    const { php, usual, builds } = this.#parts
    const reading = siteConfiguration(tree)
    // what is invalid runs nothing
    const configuration = reading.type === 'invalid' ? usualConfiguration : reading.configuration
    const build = configuration === usualConfiguration ? builds.of({ ...configuration, php }) : builds.of(configuration)
    if (!hasOwnImage(configuration)) return { id: build === usual ? PLAIN_IMAGE : `${PLAIN_IMAGE} ${build}`, build, order: undefined }
    const order = { initial: codeOf(configuration, tree), configuration }
    const id = await imageIdOf(this.runtimeId, build, order)
    if (published === undefined) return { id, build, order }
    const itsCode = { initial: codeOf(configuration, published), configuration }
    if ((await imageIdOf(this.runtimeId, build, itsCode)) !== id) return { id, build, order }
    const withData = { initial: published, configuration }
    return { id: await imageIdOf(this.runtimeId, build, withData), build, order: withData }
  }

  #isLoaded({ build }: SiteImage): boolean {
    return this.#parts.builds.loaded.has(build)
  }

  async #load({ build }: SiteImage): Promise<void> {
    const { builds, pool } = this.#parts
    pool.tell({ type: 'php', build, parts: await builds.load(build) })
  }
}

function outcomeOf(result: TaskResult | Lost): ScriptOutcome {
  if (result.type === 'ran') return result.outcome
  return { type: 'abstained', reason: result.type === 'lost' ? result.reason : 'WORKER_DIED' }
}

function faultyPartOf({ timeMs, job, balance }: AgreedPoint): string | undefined {
  if (!Number.isInteger(timeMs) || timeMs < 0 || timeMs > 4_000_000_000_000) return 'timeMs'
  if (balance !== undefined && (typeof balance !== 'bigint' || balance !== BigInt.asUintN(64, balance))) return 'balance'
  if (job === undefined) return undefined
  const named = [job.id, job.account].every((name) => /^[\x21-\x7e]{1,255}$/.test(name))
  return named && Number.isInteger(job.step) && job.step >= 0 && job.step < 2 ** 31 ? undefined : 'job'
}
