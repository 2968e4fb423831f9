import { PhpRuntimeError } from '../errors.js'
import type { TreeDirectory } from '../file-tree.js'
import { RUNS_WAITING_MAX, type RunKind, RunQueue } from '../run-queue.js'
import type { Task, TaskResult, Told } from './worker-messages.js'
import { type Lost, type SeatOptions, WorkerSeat } from './worker-seat.js'

export interface PoolOptions extends SeatOptions {
  readonly workers: number
}
interface Waiting {
  readonly task: Task
  readonly guardMs: number
  readonly resolve: (result: TaskResult | Lost) => void
  readonly reject: (error: PhpRuntimeError) => void
}

/** Workers that share one module, the trees and the images. Each is started when there is work that no other is free for. */
export class WorkerPool {
  readonly #queue: RunQueue<Waiting>
  readonly #seats: readonly WorkerSeat[]
  /** The one used last comes last: work goes there first, so that no more start than are needed. */
  readonly #idle: WorkerSeat[]
  #running = new Set<Waiting>()
  #closed = false

  constructor(options: PoolOptions) {
    this.#queue = new RunQueue(options.workers)
    this.#seats = Array.from({ length: options.workers }, () => new WorkerSeat(options))
    this.#idle = [...this.#seats].reverse()
  }

  checkOpen(): void {
    if (this.#closed) throw new PhpRuntimeError({ code: 'RUNTIME_CLOSED' })
  }

  /** Starts the first worker. @throws {PhpRuntimeError} START_FAILED */
  async start(): Promise<void> {
    await this.#seats[0]?.start()
  }

  tell(message: Told): void {
    for (const seat of this.#seats) seat.tell(message)
  }

  /** @param tree what is known by the key: held until no worker needs it */
  forget(key: number, tree: TreeDirectory): void {
    for (const seat of this.#seats) seat.forget(key, tree)
  }

  /** @throws {PhpRuntimeError} RUNTIME_BUSY, RUNTIME_CLOSED */
  run(kind: RunKind, task: Task, guardMs: number): Promise<TaskResult | Lost> {
    return new Promise((resolve, reject) => {
      this.checkOpen()
      if (!this.#queue.offer(kind, { task, guardMs, resolve, reject }))
        throw new PhpRuntimeError({ code: 'RUNTIME_BUSY', waitingMax: RUNS_WAITING_MAX })
      this.#next()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const { reject } of [...this.#queue.drain(), ...this.#running]) reject(new PhpRuntimeError({ code: 'RUNTIME_CLOSED' }))
    await Promise.all(this.#seats.map((seat) => seat.close()))
  }

  #next(): void {
    for (let taken = this.#queue.take(); taken !== undefined; taken = this.#queue.take()) void this.#perform(taken.kind, taken.item)
  }

  async #perform(kind: RunKind, waiting: Waiting): Promise<void> {
    const seat = this.#idle.pop() as WorkerSeat
    this.#running.add(waiting)
    waiting.resolve(await seat.perform(waiting.task, waiting.guardMs))
    this.#running.delete(waiting)
    this.#idle.push(seat)
    this.#queue.ended(kind)
    if (!this.#closed) this.#next()
  }
}
