import { applyChanges, type Block, type BlockStore, type Missing } from '@interpeer/content-store'
import { type ContentId, sha256 } from '@interpeer/crypto-ids'
import type { ExecutionResult, SiteRequest } from '@interpeer/peer-group'
import { batchTranscript } from '../batch-transcript.js'
import { effectsDigest } from '../effects-digest.js'
import { type LoggedRun, loggedRun } from '../job-log/logged-run.js'
import type { ScriptChange, ScriptEffect, ScriptRequest, ScriptRuntime } from '../script-runtime.js'
import { blocksOfResponse, responseOf } from '../site-response-block.js'
import type { KnownRequests } from './known-requests.js'
import type { ScriptQueue } from './script-queue.js'

export interface Batch {
  readonly from: ContentId
  readonly requests: readonly ContentId[]
  readonly timeMs: number
  readonly seed: Uint8Array
}
/** What a batch came to, and what its runs left for the site's log. */
export type BatchResult = ExecutionResult & { readonly runs: readonly LoggedRun[] }

/**
 * Runs an agreed batch, request by request, each on the files that the one before left (WP §6.2). Time and seed are the batch's, so that
 * every member gets the same bytes. Everything it made is durable when it resolves: only then may the member reveal its root. Where blocks are
 * missing here it says so: fetch them and run it again, which gives the same.
 */
export async function runBatch(
  batch: Batch,
  store: BlockStore,
  scripts: ScriptQueue,
  requests: KnownRequests,
): Promise<BatchResult | Missing> {
  return scripts.write(async (runtime, hold) => {
    const unheld = await hold(batch.from)
    if (unheld !== undefined) return unheld
    const lacking = missingOf(batch.requests, store)
    if (lacking !== undefined) return lacking
    const made = new UnwrittenBlocks(store)
    const tree = new GrowingTree(batch.from, runtime, made)
    try {
      return await runAll(batch, { store, runtime, requests, made, tree }, scripts)
    } finally {
      tree.end()
    }
  })
}

interface Running {
  readonly store: BlockStore
  readonly runtime: ScriptRuntime
  readonly requests: KnownRequests
  readonly made: UnwrittenBlocks
  readonly tree: GrowingTree
}
async function runAll(
  batch: Batch,
  { store, runtime, requests, made, tree }: Running,
  scripts: ScriptQueue,
): Promise<BatchResult | Missing> {
  const responses: ContentId[] = []
  const transcripts: Uint8Array[] = []
  const effects: (readonly ScriptEffect[])[] = []
  let fuel = 0
  const runs: LoggedRun[] = []
  for (const [index, cid] of batch.requests.entries()) {
    const bytes = store.get(cid)
    if (bytes === undefined) return { missing: [cid] }
    const request = requests.find(cid, bytes)
    if (request === undefined) {
      // the same error by every member
      const refused = blocksOfResponse({ request: sha256(bytes), ...MALFORMED })
      await made.add(refused.blocks)
      responses.push(refused.cid)
      transcripts.push(new Uint8Array(0))
      effects.push([])
      continue
    }
    const seed = sha256(batch.seed, Uint8Array.of(index >> 8, index & 255))
    const outcome = await runtime.run(tree.name, scriptRequestOf(request), { timeMs: batch.timeMs, seed })
    runs.push(loggedRun(request, outcome, { ran: 'write', timeMs: batch.timeMs }))
    if (outcome.type === 'abstained') return { type: 'abstained', runs }
    const response = blocksOfResponse({ request: sha256(bytes), ...responseOf(outcome) })
    await made.add(response.blocks)
    responses.push(response.cid)
    transcripts.push(outcome.transcript)
    effects.push(outcome.effects ?? [])
    fuel += outcome.fuel
    const missing = await tree.take(outcome.changes)
    if (missing !== undefined) return missing
  }
  const files = await tree.finish()
  if (typeof files !== 'string') return files
  scripts.used(files)
  await made.write()
  return { type: 'ran', files, responses, fuel, effects: effectsDigest(effects), transcript: batchTranscript(transcripts), runs }
}

/**
 * The files as the runs of one batch leave them, one after another. They are made into blocks once for all of them, unless they are large: only the last
 * root is agreed on. What lies between the runtime knows by names that are no roots.
 */
class GrowingTree {
  readonly #from: ContentId
  readonly #runtime: ScriptRuntime
  readonly #made: UnwrittenBlocks
  #root: ContentId
  #name: string
  #runs = 0
  #changes: ScriptChange[] = []
  #bytes = 0

  constructor(from: ContentId, runtime: ScriptRuntime, made: UnwrittenBlocks) {
    this.#from = from
    this.#runtime = runtime
    this.#made = made
    this.#root = from
    this.#name = from
  }

  /** What the runtime has the files under now. */
  get name(): string {
    return this.#name
  }

  /** What is missing here to make blocks of them, if something is. */
  async take(changes: readonly ScriptChange[]): Promise<Missing | undefined> {
    if (changes.length === 0) return undefined
    await this.#rename(`${this.#from}+${++this.#runs}`, changes)
    this.#changes.push(...changes)
    for (const change of changes) this.#bytes += bytesIn(change)
    return this.#bytes > UNWRITTEN_MAX_BYTES ? this.#seal() : undefined
  }

  /** The root of the files after all runs. The runtime has them under it. */
  async finish(): Promise<ContentId | Missing> {
    const missing = await this.#seal()
    if (missing !== undefined) return missing
    if (!this.#runtime.has(this.#root)) await this.#rename(this.#root, [])
    return this.#root
  }

  /** However it ended: the runtime forgets what lies between. */
  end(): void {
    if (this.#name.startsWith(`${this.#from}+`)) this.#runtime.forget(this.#name)
  }

  async #rename(name: string, changes: readonly ScriptChange[]): Promise<void> {
    await this.#runtime.derive(name, this.#name, changes)
    this.end()
    this.#name = name
  }

  async #seal(): Promise<Missing | undefined> {
    if (this.#changes.length === 0) return undefined
    const applied = applyChanges(this.#made.get, this.#root, this.#changes)
    if ('missing' in applied) return applied
    await this.#made.add(applied.blocks)
    this.#root = applied.root
    this.#changes = []
    this.#bytes = 0
    return undefined
  }
}

function bytesIn(change: ScriptChange): number {
  if (change.type === 'write') return change.bytes.length
  return change.type === 'patch' ? change.parts.reduce((total, { bytes }) => total + bytes.length, 0) : 0
}

/** Before anything runs: a batch that stops half-way ran for nothing. */
function missingOf(cids: readonly ContentId[], store: BlockStore): Missing | undefined {
  const missing = cids.filter((cid) => !store.has(cid))
  return missing.length > 0 ? { missing } : undefined
}

/** What a batch has made and not yet written: written together, so that a batch waits for the disk once, unless it is large. */
class UnwrittenBlocks {
  readonly #store: BlockStore
  #blocks = new Map<ContentId, Block>()
  #bytes = 0

  constructor(store: BlockStore) {
    this.#store = store
  }

  readonly get = (cid: ContentId): Uint8Array | undefined => this.#blocks.get(cid)?.bytes ?? this.#store.get(cid)

  async add(blocks: readonly Block[]): Promise<void> {
    for (const block of blocks) {
      this.#blocks.set(block.cid, block)
      this.#bytes += block.bytes.length
    }
    if (this.#bytes > UNWRITTEN_MAX_BYTES) await this.write()
  }

  async write(): Promise<void> {
    await this.#store.put([...this.#blocks.values()])
    this.#blocks = new Map()
    this.#bytes = 0
  }
}
const UNWRITTEN_MAX_BYTES = 4 * 1024 * 1024
const MALFORMED = {
  status: 400,
  headers: [{ name: 'content-type', value: 'text/plain; charset=utf-8' }],
  body: new TextEncoder().encode('REQUEST_MALFORMED\n'),
}

export const scriptRequestOf = ({ method, target, host, https, headers, body }: SiteRequest): ScriptRequest => ({
  method,
  target,
  host,
  https,
  headers: headers.map(({ name, value }) => [name, value] as const),
  body,
})
