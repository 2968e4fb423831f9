import { Worker } from 'node:worker_threads'
import { PhpRuntimeError } from '../errors.js'
import type { TreeDirectory } from '../file-tree.js'
import type { AbstainReason } from '../outcome.js'
import { type ContentSource, serveContent } from './content-channel.js'
import type { PhpParts } from './php-instance.js'
import {
  type FromWorker,
  type KeptImage,
  PLAIN_IMAGE,
  type Task,
  type TaskResult,
  type Told,
  type ToWorker,
  type WorkerStart,
} from './worker-messages.js'

export interface SeatOptions {
  /** Read when a worker starts: what it must know. */
  readonly builds: ReadonlyMap<string, PhpParts>
  /** The build of PLAIN_IMAGE. */
  readonly usual: string
  /** Read likewise. */
  readonly trees: ReadonlyMap<number, TreeDirectory>
  /** Read likewise. The first worker adds PLAIN_IMAGE. */
  readonly images: Map<string, KeptImage>
  readonly content: ContentSource | undefined
}
/** The worker did not finish: it was too slow, died or did not start. */
export interface Lost {
  readonly type: 'lost'
  readonly reason: AbstainReason
}
interface Current {
  readonly guard: NodeJS.Timeout
  readonly settle: (result: TaskResult | Lost) => void
}

const START_MS_MAX = 60_000
// PHP's 1 MiB stack must give out before the thread's does: the first is the same everywhere.
const STACK_MIB = 256

/** The place for one worker: it does one task at a time. One that hangs or dies is replaced when there is something to do. */
export class WorkerSeat {
  readonly #options: SeatOptions
  /** Set from birth: what is told before it is ready waits for it. */
  #worker: Worker | undefined
  #starting: Promise<Worker> | undefined
  #current: Current | undefined
  /** Of what the worker was told to forget and has not yet: a tree that it derives from them before may need to read what lies on the disk. */
  readonly #unlearned: TreeDirectory[] = []
  #closed = false

  constructor(options: SeatOptions) {
    this.#options = options
  }

  /** @throws {PhpRuntimeError} START_FAILED */
  start(): Promise<Worker> {
    this.#starting ??= this.#startWorker()
    return this.#starting
  }

  /** For what changes the trees. Where there is no worker, the next one is born with the trees as they are then. */
  tell(message: Told): void {
    this.#worker?.postMessage(message)
  }

  /** The worker may be at work, and learn what it was told before this only then. Holds the tree for as long: at most the guard time. */
  forget(key: number, tree: TreeDirectory): void {
    if (this.#worker === undefined) return
    this.tell({ type: 'forget', key })
    this.#unlearned.push(tree)
  }

  /** The one before must be done. @param guardMs wall time after which the worker is given up; its start does not count */
  async perform(task: Task, guardMs: number): Promise<TaskResult | Lost> {
    const worker = await this.start().catch(() => undefined)
    if (worker === undefined || this.#closed || worker !== this.#worker) return { type: 'lost', reason: 'WORKER_DIED' }
    return new Promise((resolve) => {
      const guard = setTimeout(() => this.#abandon(worker, 'GUARD_TIME'), guardMs)
      this.#current = { guard, settle: resolve }
      worker.postMessage(task satisfies ToWorker)
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#starting?.catch(() => undefined)
    const worker = this.#worker
    this.#settle({ type: 'lost', reason: 'WORKER_DIED' })
    await worker?.terminate()
  }

  #settle(result: TaskResult | Lost): void {
    const current = this.#current
    if (!current) return
    clearTimeout(current.guard)
    this.#current = undefined
    current.settle(result)
  }

  /** Gives up the worker, and with it what it was doing. */
  #abandon(worker: Worker, reason: AbstainReason): void {
    if (worker !== this.#worker) return
    this.#worker = undefined
    this.#starting = undefined
    this.#unlearned.length = 0
    worker.terminate()
    this.#settle({ type: 'lost', reason })
  }

  #startWorker(): Promise<Worker> {
    const { builds, usual, trees, images, content: source } = this.#options
    const channel = source && serveContent(source)
    const content = channel?.worker
    const workerData: WorkerStart = { builds: new Map(builds), usual, content, trees: new Map(trees), images: new Map(images) }
    const transferList = content ? [content.port] : []
    const resourceLimits = { stackSizeMb: STACK_MIB, maxOldGenerationSizeMb: 1024 }
    const given = { workerData, transferList, resourceLimits, env: {}, name: 'interpeer-php' }
    const worker = new Worker(new URL('./worker.js', import.meta.url), given)
    this.#worker = worker
    let ready = false
    return new Promise((resolve, reject) => {
      const lose = (cause: unknown) => {
        clearTimeout(timer)
        this.#abandon(worker, reasonOf(cause))
        if (!ready) reject(new PhpRuntimeError({ code: 'START_FAILED', detail: String(cause) }, { cause }))
      }
      const timer = setTimeout(() => lose('the worker did not become ready in time'), START_MS_MAX)
      worker.on('error', lose)
      worker.on('exit', lose)
      worker.on('exit', () => channel?.close())
      worker.on('message', (message: FromWorker) => {
        if (worker !== this.#worker) return
        if (message.type === 'forgot') {
          this.#unlearned.shift()
          return
        }
        if (message.type !== 'ready') {
          this.#settle(message)
          return
        }
        clearTimeout(timer)
        if (!images.has(PLAIN_IMAGE)) images.set(PLAIN_IMAGE, { build: usual, snapshot: message.plain })
        ready = true
        worker.unref()
        resolve(worker)
      })
    })
  }
}

function reasonOf(error: unknown): AbstainReason {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'HOST_MEMORY' : 'WORKER_DIED'
}
