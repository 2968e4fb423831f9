import { type BlockStore, type Missing, readTree } from '@interpeer/content-store'
import type { ContentId } from '@interpeer/crypto-ids'
import type { ScriptOutcome, ScriptRequest, ScriptRuntime } from '../script-runtime.js'

type Task = { readonly run: () => Promise<void>; readonly write: boolean }

/** Reads that may wait for the runtime; more are answered 503 at once. */
const READS_WAITING_MAX = 256
/** File trees kept in the runtime: the one being read, the one being written, and a few before. */
const TREES_MAX = 6

/**
 * The one place that runs scripts: agreed writes go before reads, since a whole group waits for them; reads go in the order they came.
 * It sees to it that the runtime holds the file tree that a run starts from.
 */
export class ScriptQueue {
  readonly #runtime: ScriptRuntime
  readonly #store: BlockStore
  readonly #tasks: Task[] = []
  readonly #trees: ContentId[] = []
  #running = false

  constructor(runtime: ScriptRuntime, store: BlockStore) {
    this.#runtime = runtime
    this.#store = store
  }

  /** What shapes results beside a request and its files: members of a group must have the same. */
  get runtimeId(): string {
    return this.#runtime.runtimeId
  }

  /** Whether a run on this tree would need nothing from the store. */
  holds(root: ContentId): boolean {
    return this.#runtime.has(root)
  }

  /** Says what is missing here of the tree's files where something is: fetch that and read again. */
  read(
    root: ContentId,
    request: ScriptRequest,
    at: { timeMs: number; seed: Uint8Array },
  ): Promise<ScriptOutcome | Missing | { readonly type: 'busy' }> {
    if (this.#tasks.length >= READS_WAITING_MAX) return Promise.resolve({ type: 'busy' })
    return this.#enqueue(false, async () => {
      return (await this.#hold(root)) ?? this.#runtime.run(root, request, at)
    })
  }

  /**
   * Runs `work` with nothing else between its steps: an agreed batch is several runs, each on the files that the one before left.
   * `hold` sees to it that the runtime has a tree, or says what is missing here of its files.
   */
  write<T>(work: (scripts: ScriptRuntime, hold: (root: ContentId) => Promise<Missing | undefined>) => Promise<T>): Promise<T> {
    return this.#enqueue(true, () => work(this.#runtime, (root) => this.#hold(root)))
  }

  /** Marks a tree that `write` derived as used, so that older ones are forgotten first. */
  used(root: ContentId): void {
    const known = this.#trees.indexOf(root)
    if (known >= 0) this.#trees.splice(known, 1)
    this.#trees.push(root)
    while (this.#trees.length > TREES_MAX) this.#runtime.forget(this.#trees.shift() as ContentId)
  }

  async #hold(root: ContentId): Promise<Missing | undefined> {
    if (!this.#runtime.has(root)) {
      const tree = readTree(this.#store.get, root)
      if ('missing' in tree) return tree
      await this.#runtime.load(root, tree.files, tree.directories, tree.symlinks)
    }
    this.used(root)
    return undefined
  }

  #enqueue<T>(write: boolean, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = async () => resolve(await work())
      const task = { write, run: () => run().catch(reject) }
      const firstRead = write ? this.#tasks.findIndex((waiting) => !waiting.write) : -1
      if (firstRead >= 0) this.#tasks.splice(firstRead, 0, task)
      else this.#tasks.push(task)
      if (!this.#running) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#running = true
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) await task.run()
    this.#running = false
  }
}
