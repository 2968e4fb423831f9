import { Worker } from 'node:worker_threads'
import type { SqliteWrite, SqliteWritten } from './sqlite-worker.js'
import type { Change } from './tables.js'

interface Waiting {
  readonly resolve: () => void
  readonly reject: (cause: Error) => void
}

/** What SQLite refused, with its error code. */
export class SqliteRefusal extends Error {
  override readonly name = 'SqliteRefusal'
  readonly errcode: number
  constructor({ message, errcode }: NonNullable<SqliteWritten['failure']>) {
    super(message)
    this.errcode = errcode
  }
}

/** This side of the thread that writes. When the thread dies all that waits for it is rejected, and so is what comes later. */
export class SqliteWriter {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #last = 0
  #death: Error | undefined

  constructor(path: string) {
    // no execArgv: what this process was started with (--input-type, --import) may not suit a worker
    this.#worker = new Worker(new URL('./sqlite-worker.js', import.meta.url), { workerData: path, execArgv: [], name: 'interpeer-store' })
    this.#worker.unref() // an idle store keeps no process alive
    this.#worker.on('message', (written: SqliteWritten) => this.#settle(written))
    this.#worker.on('error', (error) => this.#die(error instanceof Error ? error : new Error(String(error))))
    this.#worker.on('exit', () => this.#die(new Error('the thread that writes has ended')))
  }

  write(changes: readonly Change[]): Promise<void> {
    if (this.#death) return Promise.reject(this.#death)
    const id = ++this.#last
    // Copies: of a view the whole buffer below it would be sent, and what is sent away is lost to the caller. (`slice` of a Buffer is
    // none.)
    const copied = changes.map(({ table, key, value }) => ({ table, key, value: value && new Uint8Array(value) }))
    const buffers = copied.flatMap(({ value }) => (value ? [value.buffer] : []))
    this.#worker.ref()
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, changes: copied } satisfies SqliteWrite, buffers)
    })
  }

  /** Comes after the last write. */
  async close(): Promise<void> {
    if (this.#death) return
    this.#worker.ref()
    // not once(): whatever goes wrong at the end, what was told is in the log
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve))
    this.#worker.postMessage('close')
    await exited
  }

  #settle({ id, failure }: SqliteWritten): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) this.#worker.unref()
    if (failure) waiting?.reject(new SqliteRefusal(failure))
    else waiting?.resolve()
  }
  #die(cause: Error): void {
    this.#death ??= cause
    for (const { reject } of this.#waiting.values()) reject(this.#death)
    this.#waiting.clear()
  }
}
