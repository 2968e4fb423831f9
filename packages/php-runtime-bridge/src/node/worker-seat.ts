import { Worker } from 'node:worker_threads'
import { PhpRuntimeError } from '../errors.js'
import type { TreeDirectory } from '../file-tree.js'
import type { AbstainReason, ScriptOutcome } from '../outcome.js'
import type { MeteredModule } from './binary.js'
import type { Snapshot } from './php-instance.js'
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.js'

export interface SeatOptions {
  readonly binary: MeteredModule
  readonly guardMs: number
  /** Read when a worker starts: what it must know. */
  readonly trees: ReadonlyMap<string, TreeDirectory>
}
type Run = ToWorker & { type: 'run' }
interface Waiting {
  readonly run: Run
  readonly resolve: (outcome: ScriptOutcome) => void
  readonly reject: (error: PhpRuntimeError) => void
}

const START_MS_MAX = 60_000
// PHP's 1 MiB stack must give out before the thread's does: the first is the same everywhere.
const STACK_MIB = 256

/** The one place for a worker: runs one request at a time, replaces a worker that hangs or dies. */
export class WorkerSeat {
  readonly #options: SeatOptions
  #snapshot: Snapshot | undefined
  /** Set from birth: what is told before it is ready waits for it. */
  #worker: Worker | undefined
  #ready = false
  #starting: Promise<Worker> | undefined
  #current: (Waiting & { readonly guard: NodeJS.Timeout }) | undefined
  readonly #queue: Waiting[] = []
  #closed = false

  constructor(options: SeatOptions) {
    this.#options = options
  }

  checkOpen(): void {
    if (this.#closed) throw new PhpRuntimeError({ code: 'RUNTIME_CLOSED' })
  }

  start(): Promise<Worker> {
    this.#starting ??= this.#startWorker().finally(() => {
      this.#starting = undefined
    })
    return this.#starting
  }

  /** For what changes the trees. Where there is no worker, the next one is born with the trees as they are then. */
  tell(message: ToWorker): void {
    this.#worker?.postMessage(message)
  }

  run(run: Run): Promise<ScriptOutcome> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ run, resolve, reject })
      this.#next()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    const abandoned = [...this.#queue.splice(0), ...(this.#current ? [this.#current] : [])]
    if (this.#current) clearTimeout(this.#current.guard)
    this.#current = undefined
    for (const { reject } of abandoned) reject(new PhpRuntimeError({ code: 'RUNTIME_CLOSED' }))
    await this.#starting?.catch(() => undefined)
    await this.#worker?.terminate()
  }

  #next(): void {
    if (this.#current || this.#closed || this.#queue.length === 0) return
    if (!this.#worker || !this.#ready) {
      this.start()
        .catch(() => this.#queue.shift()?.resolve({ type: 'abstained', reason: 'WORKER_DIED' }))
        .finally(() => this.#next())
      return
    }
    const worker = this.#worker
    const waiting = this.#queue.shift() as Waiting
    const guard = setTimeout(() => this.#abandon(worker, 'GUARD_TIME'), this.#options.guardMs)
    this.#current = { ...waiting, guard }
    worker.postMessage(waiting.run)
  }

  #settle(outcome: ScriptOutcome): void {
    if (!this.#current) return
    clearTimeout(this.#current.guard)
    this.#current.resolve(outcome)
    this.#current = undefined
  }

  /** Gives up the worker, and with it what it was doing. */
  #abandon(worker: Worker, reason: AbstainReason): void {
    if (worker !== this.#worker) return
    this.#worker = undefined
    this.#ready = false
    worker.terminate()
    this.#settle({ type: 'abstained', reason })
    if (!this.#closed)
      this.start()
        .catch(() => undefined)
        .finally(() => this.#next())
  }

  #startWorker(): Promise<Worker> {
    const { binary, trees } = this.#options
    const workerData: WorkerStart = { binary, snapshot: this.#snapshot, trees: new Map(trees) }
    const resourceLimits = { stackSizeMb: STACK_MIB, maxOldGenerationSizeMb: 1024 }
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData, resourceLimits, env: {}, name: 'interpeer-php' })
    this.#worker = worker
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown) => {
        clearTimeout(timer)
        if (worker === this.#worker) this.#worker = undefined
        worker.terminate()
        reject(new PhpRuntimeError({ code: 'START_FAILED', detail: String(cause) }, { cause }))
      }
      const lose = (cause: unknown) => (this.#ready ? this.#abandon(worker, reasonOf(cause)) : fail(cause))
      const timer = setTimeout(() => fail('the worker did not become ready in time'), START_MS_MAX)
      worker.on('error', lose)
      worker.on('exit', lose)
      worker.on('message', (message: FromWorker) => {
        if (worker !== this.#worker) return
        if (message.type === 'ran') {
          this.#settle(message.outcome)
          this.#next()
          return
        }
        clearTimeout(timer)
        this.#snapshot = message.snapshot
        this.#ready = true
        worker.unref()
        resolve(worker)
      })
    })
  }
}

function reasonOf(error: unknown): AbstainReason {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'HOST_MEMORY' : 'WORKER_DIED'
}
