import { randomBytes } from 'node:crypto'
import type { TreeListing } from '@interpeer/content-store'
import type { Effect, FileChange, ScriptOutcome, ScriptRequest, SiteConfiguration } from '@interpeer/php-runtime-bridge'
import type { AgreedPoint, PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { HISTORY } from '../folder/history.js'
import { listingChanges } from '../folder/listing-changes.js'
import { type FolderSnapshot, readFolder } from '../folder/read-folder.js'
import { type Closer, lookCloser } from './closer-look.js'
import type { KeptChanges } from './kept-changes.js'

/** What became of one request. */
export interface DevRun {
  readonly outcome: ScriptOutcome
  /** `promoted`: a GET or HEAD that changed something, or asked for something, and so ran again as a write. */
  readonly ran: 'read' | 'write' | 'promoted'
  /** What the read changed that was promoted: not always the same as what the write did, which finds scratch empty. */
  readonly because: readonly FileChange[]
  /** Until the answer was there: with the wait for writes before it, without what `explain` runs. */
  readonly ms: number
  /** With `explain`. */
  readonly closer?: Closer
}
export interface DevSiteParts {
  readonly folder: string
  readonly runtime: PhpRuntime
  /** What the folder's interpeer.json means now; undefined where it is faulty: then each request is told so. */
  readonly configuration: () => SiteConfiguration | undefined
  readonly kept?: KeptChanges
  /** Takes over what scripts changed, also into the folder itself. */
  readonly writeBack?: (changes: readonly FileChange[]) => void
  readonly explain: boolean
  /** Takes what a write asked for, once what it changed is in the site. */
  readonly asked?: (effects: readonly Effect[], timeMs: number) => void
}
const READ = { passOver: HISTORY }
/** What a job has in its account here: enough for any test, and printed with what is paid. */
const BALANCE = 1_000_000_000_000n

/** One site on one machine, as its group would run it: reads beside each other, writes one after another, each on what the one before it left. */
export class DevSite {
  /** What of the folder was not read, when it was opened. */
  readonly leftOut: FolderSnapshot['leftOut']
  readonly #parts: DevSiteParts
  #seen: TreeListing
  #version = 0
  #step = 0
  #tail: Promise<unknown> = Promise.resolve()
  /** Runs on each version that is still there, and those versions that go when their last run ends. */
  readonly #users = new Map<string, number>()
  readonly #retired = new Set<string>()

  private constructor(parts: DevSiteParts, { listing, leftOut }: FolderSnapshot) {
    this.#parts = parts
    this.#seen = listing
    this.leftOut = leftOut
  }

  /** @throws {ContentStoreError | PhpRuntimeError} what the folder has that no site can */
  static async open(parts: DevSiteParts): Promise<DevSite> {
    const snapshot = await readFolder(parts.folder, READ)
    const site = new DevSite(parts, snapshot)
    await site.#load(snapshot)
    const before = (await parts.kept?.changes()) ?? []
    if (before.length > 0) await site.#derive(before)
    return site
  }

  get #root(): string {
    return `version ${this.#version}`
  }

  /** Takes up what was saved in the folder. @returns the paths, none where nothing changed. @throws as `open` */
  reload(): Promise<readonly string[]> {
    return this.#inOrder(async () => {
      const snapshot = await readFolder(this.#parts.folder, READ)
      const changes = listingChanges(this.#seen, snapshot.listing, snapshot.file)
      if (changes.length === 0) return []
      const paths = changes.map(({ path }) => path)
      this.#parts.kept?.forget(changes)
      try {
        await this.#derive(changes)
      } catch (error) {
        // what scripts made is in the way of what was saved: the folder alone holds
        if ((error as { code?: unknown }).code !== 'PATH_CLASH') throw error
        await this.#load(snapshot)
      }
      this.#seen = snapshot.listing
      return paths
    })
  }

  async answer(request: ScriptRequest): Promise<DevRun> {
    const startedMs = performance.now()
    const since = () => performance.now() - startedMs
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (!isRead) return { ran: 'write', because: [], ...(await this.#write(request, since)) }
    const read = await this.#using(async (root) => {
      const at = this.#point()
      const outcome = await this.#parts.runtime.run(root, request, at, { kind: 'read', scratch: true })
      const ms = since()
      const isPure = outcome.type === 'abstained' || (outcome.changes.length === 0 && outcome.effects.length === 0)
      return { outcome, isPure, ms, ...(isPure ? await this.#look(root, request, at, outcome) : {}) }
    })
    const { isPure, ...rest } = read
    if (isPure || rest.outcome.type === 'abstained') return { ran: 'read', because: [], ...rest }
    return { ran: 'promoted', because: rest.outcome.changes, ...(await this.#write(request, since)) }
  }

  /** What the group itself would have run: a timer, a line of cron, an answer. */
  async event(request: ScriptRequest): Promise<DevRun> {
    const startedMs = performance.now()
    return { ran: 'write', because: [], ...(await this.#write(request, () => performance.now() - startedMs)) }
  }

  /** What the configuration plans, as the site is now. */
  lines(): ReturnType<PhpRuntime['cron']> {
    return this.#parts.runtime.cron(this.#root)
  }

  #write(request: ScriptRequest, since: () => number): Promise<Pick<DevRun, 'outcome' | 'closer' | 'ms'>> {
    return this.#inOrder(async () => {
      const [root, at] = [this.#root, this.#point()]
      const outcome = await this.#parts.runtime.run(root, request, at)
      const ms = since()
      const closer = await this.#look(root, request, at, outcome)
      if (outcome.type === 'answered' && outcome.changes.length > 0) {
        await this.#derive(outcome.changes)
        this.#parts.kept?.put(outcome.changes)
        this.#parts.writeBack?.(outcome.changes)
      }
      this.#step++
      if (outcome.type === 'answered') this.#parts.asked?.(outcome.effects, at.timeMs)
      return { outcome, ms, ...closer }
    })
  }

  async #look(root: string, request: ScriptRequest, at: AgreedPoint, outcome: ScriptOutcome): Promise<{ readonly closer?: Closer }> {
    const { runtime, explain } = this.#parts
    const configuration = this.#parts.configuration()
    if (!explain || configuration === undefined || outcome.type === 'abstained') return {}
    return { closer: await lookCloser({ runtime, root, configuration, request, at, outcome }) }
  }

  #point(): AgreedPoint {
    return { timeMs: Date.now(), seed: randomBytes(32), job: { id: 'dev', account: 'dev', step: this.#step }, balance: BALANCE }
  }

  async #load({ files }: FolderSnapshot): Promise<void> {
    const tree = files()
    await this.#change((root) => this.#parts.runtime.load(root, tree.files, tree.directories, tree.symlinks))
  }

  async #derive(changes: readonly FileChange[]): Promise<void> {
    await this.#change((root, before) => this.#parts.runtime.derive(root, before, changes))
  }

  /** Runs that have begun keep the version that they began on. */
  async #change(make: (root: string, before: string) => Promise<void>): Promise<void> {
    const before = this.#root
    await make(`version ${this.#version + 1}`, before)
    this.#version++
    this.#retired.add(before)
    this.#forgetUnused(before)
  }

  /** The version stays until the work has ended, also what runs it again to look closer. */
  async #using<T>(work: (root: string) => Promise<T>): Promise<T> {
    const root = this.#root
    this.#users.set(root, (this.#users.get(root) ?? 0) + 1)
    try {
      return await work(root)
    } finally {
      const left = (this.#users.get(root) ?? 1) - 1
      if (left > 0) this.#users.set(root, left)
      else this.#users.delete(root)
      this.#forgetUnused(root)
    }
  }

  #forgetUnused(root: string): void {
    if (this.#retired.has(root) && !this.#users.has(root) && this.#retired.delete(root)) this.#parts.runtime.forget(root)
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work)
    this.#tail = done.catch(() => {})
    return done
  }
}
