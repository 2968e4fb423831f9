import { type BlockStore, type Missing, type OpenTree, openTree } from '@interpeer/content-store'
import type { ContentId } from '@interpeer/crypto-ids'
import type { JobFacts, ScriptOutcome, ScriptRequest, ScriptRuntime } from '../script-runtime.js'
import { SITE_MAX_BYTES } from '../site-size.js'

type Task = () => Promise<void>

/** Looked through before others may work. */
const LOOK_STEP_BYTES = 4 * 1024 * 1024
/** What one chunk counts at the least, however short. */
const LOOK_BYTES_MIN = 4096

/** Reads that may wait for the runtime; more are answered 503 at once. */
const READS_WAITING_MAX = 256
/** File trees kept in the runtime beside those that further readers read: the one being read, the one being written, and a few before. */
const TREES_MAX = 6

/**
 * The one place that runs scripts: agreed writes go one at a time and before reads, since a whole group waits for them; reads go in the order they
 * came, as many at a time as the runtime can. Where that is one, no write goes beside it.
 * It sees to it that the runtime holds the file tree that a run starts from.
 */
export class ScriptQueue {
  readonly #runtime: ScriptRuntime
  readonly #store: BlockStore
  readonly #readers: number
  readonly #reads: Task[] = []
  readonly #writes: Task[] = []
  readonly #trees: ContentId[] = []
  /** Trees that are being loaded: who wants one too waits for the same. */
  readonly #loading = new Map<ContentId, Promise<Missing | undefined>>()
  /** What the batch that runs began from: it stays until all of its runs have ended. */
  #writingFrom: ContentId | undefined
  #reading = 0
  #isWriting = false

  constructor(runtime: ScriptRuntime, store: BlockStore) {
    this.#runtime = runtime
    this.#readers = runtime.readers ?? 1
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

  /** Says what is missing here of the tree's files where something is: fetch that and read again. @param onBegin its turn has come, and its files are loaded */
  read(
    root: ContentId,
    request: ScriptRequest,
    at: { timeMs: number; seed: Uint8Array; job?: JobFacts },
    onBegin?: () => void,
  ): Promise<ScriptOutcome | Missing | { readonly type: 'busy' }> {
    if (this.#reads.length + this.#writes.length >= READS_WAITING_MAX) return Promise.resolve({ type: 'busy' })
    return this.#enqueue(this.#reads, async () => {
      const missing = await this.#hold(root)
      if (missing !== undefined) return missing
      onBegin?.()
      return this.#runtime.run(root, request, at, { kind: 'read', inPieces: true })
    })
  }

  /** Gets a tree ready before anybody asks. Nothing where files of it are missing here: then its first reader waits. */
  async prepare(root: ContentId): Promise<void> {
    await this.#enqueue(this.#reads, async () => {
      if ((await this.#hold(root)) === undefined) await this.#runtime.prepare?.(root)
    })
  }

  /**
   * Runs `work` with nothing else between its steps: an agreed batch is several runs, each on the files that the one before left.
   * `hold` sees to it that the runtime has a tree, or says what is missing here of its files.
   */
  write<T>(work: (scripts: ScriptRuntime, hold: (root: ContentId) => Promise<Missing | undefined>) => Promise<T>): Promise<T> {
    const hold = (root: ContentId) => {
      this.#writingFrom = root
      return this.#hold(root)
    }
    return this.#enqueue(this.#writes, async () => {
      try {
        return await work(this.#runtime, hold)
      } finally {
        this.#writingFrom = undefined
      }
    })
  }

  /** Marks a tree that `write` derived as used, so that older ones are forgotten first. */
  used(root: ContentId): void {
    const known = this.#trees.indexOf(root)
    if (known >= 0) this.#trees.splice(known, 1)
    this.#trees.push(root)
    while (this.#trees.length > TREES_MAX + this.#readers - 1) {
      const oldest = this.#trees.findIndex((one) => one !== this.#writingFrom)
      for (const root of this.#trees.splice(oldest, 1)) this.#runtime.forget(root)
    }
  }

  async #hold(root: ContentId): Promise<Missing | undefined> {
    if (!this.#runtime.has(root)) {
      const loading = this.#loading.get(root) ?? this.#load(root).finally(() => this.#loading.delete(root))
      this.#loading.set(root, loading)
      const missing = await loading
      if (missing !== undefined) return missing
    }
    this.used(root)
    return undefined
  }

  async #load(root: ContentId): Promise<Missing | undefined> {
    const tree = openTree(this.#store.get, root, { maxBytes: SITE_MAX_BYTES })
    if ('missing' in tree) return tree
    try {
      await this.#runtime.load(root, tree.files, tree.directories, tree.symlinks)
      return undefined
    } catch (cause) {
      if (tree.lacks) return allMissing(tree)
      throw cause
    }
  }

  #enqueue<T>(tasks: Task[], work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = async () => resolve(await work())
      tasks.push(() => run().catch(reject))
      this.#next()
    })
  }

  /** Starts what may run now. */
  #next(): void {
    const isAlone = this.#readers === 1
    if (!this.#isWriting && !(isAlone && this.#reading > 0)) {
      const write = this.#writes.shift()
      if (write !== undefined) void this.#write(write)
    }
    while (this.#reading < this.#readers && !(isAlone && this.#isWriting)) {
      const read = this.#reads.shift()
      if (read === undefined) return
      void this.#read(read)
    }
  }

  async #write(task: Task): Promise<void> {
    this.#isWriting = true
    await task()
    this.#isWriting = false
    this.#next()
  }

  async #read(task: Task): Promise<void> {
    this.#reading++
    await task()
    this.#reading--
    this.#next()
  }
}

/** A site may be large: others work in between. */
async function allMissing(tree: OpenTree): Promise<Missing> {
  const look = tree.lookForMissing()
  let since = 0
  for (;;) {
    const step = look.next()
    if (step.done) return step.value
    since += Math.max(step.value, LOOK_BYTES_MIN)
    if (since < LOOK_STEP_BYTES) continue
    since = 0
    await new Promise((resolve) => setImmediate(resolve))
  }
}
